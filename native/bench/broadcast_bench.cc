// Element-wise arithmetic and comparisons of two whole operands; and add with a row, a column and a scalar, as an example of all operators.
#include "bench/bench.h"

namespace simdnn::bench {
namespace {

Layout flat(size_t n) {
  Layout layout;
  layout.rank = 1;
  layout.size[0] = n;
  layout.stride[0][0] = layout.stride[1][0] = 1;
  return layout;
}

// [rows, columns] with an operand whose strides are given.
Layout matrix(size_t rows, size_t columns, size_t stride_row, size_t stride_column) {
  Layout layout;
  layout.rank = 2;
  layout.size[0] = rows, layout.size[1] = columns;
  layout.stride[0][0] = columns, layout.stride[0][1] = 1;
  layout.stride[1][0] = stride_row, layout.stride[1][1] = stride_column;
  return layout;
}

template <typename T>
T* as(Floats& floats) {
  return reinterpret_cast<T*>(floats.data());
}

template <typename R, typename T>
void whole(const Bench& bench, const char* name, void (*kernel)(Run&, R*, const T*, const T*, const Layout&)) {
  for (size_t n : kSizes) {
    Floats out(n), a(n), b(n);
    Run run(bench.threads);
    const Layout layout = flat(n);
    row(bench, name, std::to_string(n), {n, 2, 1}, [&] { kernel(run, as<R>(out), as<T>(a), as<T>(b), layout); });
  }
}

}  // namespace

#define WHOLE(name) \
  BENCH(broadcast, name) { whole(bench, #name, bench.kernel.name); }
WHOLE(sub)
WHOLE(mul)
WHOLE(div)
WHOLE(pow)
WHOLE(maximum)
WHOLE(minimum)
WHOLE(remainder)
WHOLE(fmod)
WHOLE(floor_divide)
WHOLE(atan2)
WHOLE(maximum_int)
WHOLE(minimum_int)
WHOLE(remainder_int)
WHOLE(floor_divide_int)
WHOLE(eq)
WHOLE(ne)
WHOLE(lt)
WHOLE(le)
WHOLE(gt)
WHOLE(ge)
WHOLE(add_int)
WHOLE(sub_int)
WHOLE(mul_int)
WHOLE(eq_int)
WHOLE(ne_int)
WHOLE(lt_int)
WHOLE(le_int)
WHOLE(gt_int)
WHOLE(ge_int)

BENCH(broadcast, add) {
  whole(bench, "add", bench.kernel.add);
  const struct {
    size_t rows, columns;
  } shapes[] = {{32, 30}, {256, 256}, {2048, 32}, {13107, 5}, {4096, 4096}};
  for (const auto& s : shapes) {
    const size_t n = s.rows * s.columns;
    Floats out(n), a(n), b(n);
    Run run(bench.threads);
    const auto with = [&](const char* what, const Layout& layout) {
      row(bench, "add", std::to_string(s.rows) + "x" + std::to_string(s.columns) + what, {n, 1, 1},
          [&] { bench.kernel.add(run, out.data(), a.data(), b.data(), layout); });
    };
    with("+row", matrix(s.rows, s.columns, 0, 1));
    with("+column", matrix(s.rows, s.columns, 1, 0));
    with("+scalar", matrix(s.rows, s.columns, 0, 0));
  }
}

}  // namespace simdnn::bench
