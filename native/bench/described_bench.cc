// Rows of the kernels whose descriptions are enough for a benchmark: the sizes give the lengths of the arrays.
#include <algorithm>

#include "bench/bench.h"

namespace simdnn::bench {

Traffic traffic_of(std::initializer_list<Moved> arrays) {
  Traffic traffic{0, 0, 0};
  for (const Moved& array : arrays) traffic.floats = std::max(traffic.floats, array.floats);
  for (const Moved& array : arrays) {
    if (array.floats < traffic.floats) continue;
    ++(array.role == Role::read ? traffic.reads : (array.role == Role::written ? traffic.writes : traffic.updates));
  }
  return traffic;
}

namespace {

struct Shape {
  std::vector<size_t> sizes;

  std::string text() const {
    std::string out;
    for (size_t size : sizes) out += (out.empty() ? "" : "x") + std::to_string(size);
    return out;
  }
};

const Shape kFlat[] = {{{960}}, {{size_t{1} << 16}}, {{size_t{1} << 24}}};
// Sizes of classifiers' last layers and of tables of samples.
const Shape kTables[] = {{{32, 5}}, {{32, 30}}, {{2392, 13}}, {{128, 10}}, {{512, 100}}, {{512, 784}}, {{4096, 1000}}};
// Sums over everything, over rows, over columns, and over a middle dimension.
// clang-format off
const Shape kReduced[] = {{{1, 960, 1}},      {{32, 30, 1}},        {{1, 32, 30}},     {{1, 65536, 1}},
                          {{64, 1024, 1}},    {{4096, 16, 1}},      {{1, 1024, 64}},   {{1, 64, 1024}},
                          {{1, 13107, 5}},    {{16, 64, 64}},       {{1, 16777216, 1}}, {{4096, 4096, 1}},
                          {{1, 4096, 4096}},  {{1, 262144, 64}},    {{64, 64, 4096}}};
// clang-format on

#include "generated/benches.inc"

}  // namespace
}  // namespace simdnn::bench
