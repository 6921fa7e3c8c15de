#include "plan/arena.h"

#include <algorithm>
#include <numeric>

namespace simdnn {

Placement place(const std::vector<Lifetime>& lifetimes, size_t guard) {
  constexpr size_t kAlignment = 64;
  Placement out;
  out.offsets.assign(lifetimes.size(), 0);
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });

  struct Range {
    size_t begin, end;
  };
  std::vector<size_t> placed;
  std::vector<Range> occupied;
  for (size_t i : order) {
    const Lifetime& life = lifetimes[i];
    const size_t bytes = (life.bytes + guard + kAlignment - 1) / kAlignment * kAlignment;
    occupied.clear();
    for (size_t j : placed) {
      const Lifetime& other = lifetimes[j];
      if (life.first <= other.last && other.first <= life.last) {
        const size_t other_bytes = (other.bytes + guard + kAlignment - 1) / kAlignment * kAlignment;
        occupied.push_back({out.offsets[j], out.offsets[j] + other_bytes});
      }
    }
    std::sort(occupied.begin(), occupied.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    size_t offset = 0;
    for (const Range& range : occupied) {
      if (offset + bytes <= range.begin) break;
      offset = std::max(offset, range.end);
    }
    out.offsets[i] = offset;
    out.bytes = std::max(out.bytes, offset + bytes);
    placed.push_back(i);
  }
  return out;
}

}  // namespace simdnn
