// Copies, gathers and scatters.
#include "bench/bench.h"

namespace simdnn::bench {
namespace {

// Row numbers in an order that the hardware prefetcher cannot predict.
std::vector<int32_t> order_of(size_t n) {
  std::vector<int32_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = static_cast<int32_t>(i);
  uint32_t state = 1;
  for (size_t i = n; i-- > 1;) {
    state = state * 1664525u + 1013904223u;
    std::swap(order[i], order[(uint64_t{state} * (i + 1)) >> 32]);
  }
  return order;
}

constexpr struct {
  size_t rows, columns;
} kTables[] = {{32, 30}, {2392, 13}, {4096, 16}, {512, 784}, {16384, 784}};

// A layout that copies a transposed matrix of [rows, columns] into contiguous memory.
Layout transposed(size_t rows, size_t columns) {
  Layout layout;
  layout.rank = 2;
  layout.size[0] = rows, layout.size[1] = columns;
  layout.stride[0][0] = columns, layout.stride[0][1] = 1;
  layout.stride[1][0] = 1, layout.stride[1][1] = rows;
  return layout;
}

}  // namespace

BENCH(movement, copy_strided) {
  for (size_t n : {size_t{30}, size_t{256}, size_t{4096}}) {
    Floats out(n * n), x(n * n);
    Run run(bench.threads);
    const std::string size = std::to_string(n) + "x" + std::to_string(n);
    Layout plain = transposed(n, n);
    plain.stride[1][0] = n, plain.stride[1][1] = 1;
    row(bench, "copy_strided", size, {n * n, 1, 1}, [&] { bench.kernel.copy_strided(run, out.words(), x.words(), plain); });
    const Layout across = transposed(n, n);
    row(bench, "copy_strided", size + " across", {n * n, 1, 1},
        [&] { bench.kernel.copy_strided(run, out.words(), x.words(), across); });
  }
}

BENCH(movement, gather_rows) {
  for (const auto& s : kTables) {
    const size_t n = s.rows * s.columns;
    Floats out(n), x(n);
    const std::vector<int32_t> order = order_of(s.rows);
    Run run(bench.threads);
    row(bench, "gather_rows", std::to_string(s.rows) + "x" + std::to_string(s.columns), {n, 1, 1}, [&] {
      bench.kernel.gather_rows(run, out.words(), x.words(), order.data(), 1, s.rows, s.columns, s.rows);
    });
  }
}

BENCH(movement, scatter_add_rows) {
  for (const auto& s : kTables) {
    const size_t n = s.rows * s.columns;
    Floats dx(n), dy(n);
    const std::vector<int32_t> order = order_of(s.rows);
    Run run(bench.threads);
    row(bench, "scatter_add_rows", std::to_string(s.rows) + "x" + std::to_string(s.columns), {n, 1, 0, 1}, [&] {
      bench.kernel.scatter_add_rows(run, dx.data(), dy.data(), order.data(), 1, s.rows, s.columns, s.rows);
    });
  }
}

// Single elements of one column in random order. Reading the index counts as memory traffic.
BENCH(movement, gather) {
  for (size_t n : kSizes) {
    Floats out(n), x(n);
    const std::vector<int32_t> order = order_of(n);
    Run run(bench.threads);
    row(bench, "gather", std::to_string(n), {n, 2, 1},
        [&] { bench.kernel.gather(run, out.words(), x.words(), order.data(), 1, n, 1, n); });
  }
}

BENCH(movement, scatter_add) {
  for (size_t n : kSizes) {
    Floats dx(n), dy(n);
    const std::vector<int32_t> order = order_of(n);
    Run run(bench.threads);
    row(bench, "scatter_add", std::to_string(n), {n, 2, 0, 1},
        [&] { bench.kernel.scatter_add(run, dx.data(), dy.data(), order.data(), 1, n, 1, n); });
  }
}

BENCH(movement, scatter_add_int) {
  for (size_t n : kSizes) {
    std::vector<int32_t> dx(n), dy(n);
    const std::vector<int32_t> order = order_of(n);
    Run run(bench.threads);
    row(bench, "scatter_add_int", std::to_string(n), {n, 2, 0, 1},
        [&] { bench.kernel.scatter_add_int(run, dx.data(), dy.data(), order.data(), 1, n, 1, n); });
  }
}

BENCH(movement, scatter) {
  for (size_t n : kSizes) {
    Floats out(n), x(n);
    const std::vector<int32_t> order = order_of(n);
    Run run(bench.threads);
    row(bench, "scatter", std::to_string(n), {n, 2, 1},
        [&] { bench.kernel.scatter(run, out.words(), x.words(), order.data(), 1, n, 1, n); });
  }
}

}  // namespace simdnn::bench
