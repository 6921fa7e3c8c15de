// out = a op b over strided operands: the definition, one element at a time.
#include <cmath>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

template <typename R, typename T, class Op>
void broadcast(R* out, const T* a, const T* b, const Layout& layout, Op op) {
  const size_t count = layout.count();
  for (size_t i = 0; i < count; ++i) {
    size_t rest = i, at_a = layout.offset[0], at_b = layout.offset[1];
    for (int d = layout.rank - 1; d >= 0; --d) {
      at_a += rest % layout.size[d] * layout.stride[0][d];
      at_b += rest % layout.size[d] * layout.stride[1][d];
      rest /= layout.size[d];
    }
    out[i] = static_cast<R>(op(a[at_a], b[at_b]));
  }
}

uint32_t wrap(int32_t x) { return static_cast<uint32_t>(x); }

}  // namespace

#define BINARY(name, T, R, expression)                                                         \
  void name(Run&, R* out, const T* a_, const T* b_, const Layout& layout) {                    \
    broadcast(out, a_, b_, layout, [](T a, T b) { return expression; });                       \
  }

BINARY(add, float, float, static_cast<double>(a) + b)
BINARY(sub, float, float, static_cast<double>(a) - b)
BINARY(mul, float, float, static_cast<double>(a) * b)
BINARY(div, float, float, a / b)  // not in double: 1e-45 / 3 would round twice
BINARY(pow, float, float, std::pow(static_cast<double>(a), static_cast<double>(b)))
BINARY(eq, float, int32_t, a == b)
BINARY(ne, float, int32_t, a != b)
BINARY(lt, float, int32_t, a < b)
BINARY(le, float, int32_t, a <= b)
BINARY(gt, float, int32_t, a > b)
BINARY(ge, float, int32_t, a >= b)
BINARY(add_int, int32_t, int32_t, wrap(a) + wrap(b))
BINARY(sub_int, int32_t, int32_t, wrap(a) - wrap(b))
BINARY(mul_int, int32_t, int32_t, wrap(a) * wrap(b))
BINARY(eq_int, int32_t, int32_t, a == b)
BINARY(ne_int, int32_t, int32_t, a != b)
BINARY(lt_int, int32_t, int32_t, a < b)
BINARY(le_int, int32_t, int32_t, a <= b)
BINARY(gt_int, int32_t, int32_t, a > b)
BINARY(ge_int, int32_t, int32_t, a >= b)
#undef BINARY

}  // namespace simdnn::reference
