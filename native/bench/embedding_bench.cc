// Bags of rows of a table, as for texts of a hundred words each.
#include "bench/bench.h"

namespace simdnn::bench {
namespace {

constexpr size_t kBags = 32, kEach = 100, kCount = kBags * kEach, kRows = 50000;

struct Bags {
  std::vector<int32_t> index, offsets;
  Bags() : index(kCount), offsets(kBags) {
    uint32_t state = 1;
    for (int32_t& i : index) {
      state = state * 1664525u + 1013904223u;
      i = static_cast<int32_t>((uint64_t{state} * kRows) >> 32);
    }
    for (size_t b = 0; b < kBags; ++b) offsets[b] = static_cast<int32_t>(b * kEach);
  }
};

std::string shape_of(size_t columns) { return std::to_string(kCount) + " of " + std::to_string(kRows) + "x" + std::to_string(columns); }

}  // namespace

BENCH(embedding, embedding_bag_forward) {
  for (size_t columns : {size_t{16}, size_t{128}}) {
    const Bags bags;
    Floats out(kBags * columns), weight(kRows * columns);
    Run run(bench.threads);
    row(bench, "embedding_bag_forward", shape_of(columns), {kCount * columns, 1, 0}, [&] {
      bench.kernel.embedding_bag_forward(run, out.data(), weight.data(), bags.index.data(), bags.offsets.data(), nullptr, kBags, kCount, kRows,
                                         columns, {-1, false});
    });
  }
}

BENCH(embedding, embedding_bag_backward) {
  for (size_t columns : {size_t{16}, size_t{128}}) {
    const Bags bags;
    Floats dweight(kRows * columns), dy(kBags * columns);
    Run run(bench.threads);
    row(bench, "embedding_bag_backward", shape_of(columns), {kCount * columns, 0, 0, 1}, [&] {
      bench.kernel.embedding_bag_backward(run, dweight.data(), dy.data(), bags.index.data(), bags.offsets.data(), nullptr, kBags, kCount, kRows,
                                          columns, {-1, false, false});
    });
  }
}

// Each call empties the set of rows and fills it again.
BENCH(embedding, embedding_bag_rows_backward) {
  for (size_t columns : {size_t{16}, size_t{128}}) {
    const Bags bags;
    Floats dweight(kRows * columns), dy(kBags * columns);
    std::vector<int32_t> touched(2 * kRows + 1);
    Run run(bench.threads);
    row(bench, "embedding_bag_rows_backward", shape_of(columns), {kCount * columns, 0, 0, 1}, [&] {
      bench.kernel.embedding_bag_rows_backward(run, dweight.data(), touched.data(), dy.data(), bags.index.data(), bags.offsets.data(), nullptr,
                                               kBags, kCount, kRows, columns, {-1, false, false});
    });
  }
}

BENCH(embedding, embedding_bag_factors_backward) {
  for (size_t columns : {size_t{16}, size_t{128}}) {
    const Bags bags;
    Floats dfactors(kCount), dy(kBags * columns), weight(kRows * columns);
    Run run(bench.threads);
    row(bench, "embedding_bag_factors_backward", shape_of(columns), {kCount * columns, 1, 0}, [&] {
      bench.kernel.embedding_bag_factors_backward(run, dfactors.data(), dy.data(), weight.data(), bags.index.data(), bags.offsets.data(), kBags,
                                                  kCount, kRows, columns, {-1});
    });
  }
}

}  // namespace simdnn::bench
