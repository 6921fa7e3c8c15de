// Sorting along the middle dimension of x = [outer, n, inner]. Nothing overlaps.
//
// values[o, :, i] are the elements of x[o, :, i] in ascending or descending order; indices are their places in x. Equal elements (0 and -0 are equal) keep
// their order, and NaN is larger than all, as in torch.sort(stable=True). n is below 2^31.
#include <cstring>

#include "kernels/parts.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Lines up to this length are sorted by insertion, longer ones by an LSD radix sort over the bytes of their keys.
constexpr size_t kShort = 48;

// The element as an unsigned number with the same order.
inline uint32_t key_of(float x) {
  if (!(x == x)) return UINT32_MAX;
  uint32_t bits;
  const float canonical = x + 0.0f;  // makes -0 zero, and denormal numbers too where these are flushed
  std::memcpy(&bits, &canonical, sizeof bits);
  return bits ^ (bits >> 31 != 0 ? UINT32_MAX : uint32_t{1} << 31);
}
inline uint32_t key_of(int32_t x) { return static_cast<uint32_t>(x) ^ (uint32_t{1} << 31); }

// The key in the upper half, the element's place in the lower half. So all entries differ, and any sort of them is stable.
using Entry = uint64_t;

void insertion_sort(Entry* entries, size_t n) {
  for (size_t i = 1; i < n; ++i) {
    const Entry entry = entries[i];
    size_t k = i;
    for (; k > 0 && entries[k - 1] > entry; --k) entries[k] = entries[k - 1];
    entries[k] = entry;
  }
}

// Sorts by the four bytes of the keys; a byte that is the same in all entries needs no pass. Returns where the sorted entries are.
Entry* radix_sort(Entry* from, Entry* to, size_t n) {
  for (int shift = 32; shift < 64; shift += 8) {
    size_t counts[257] = {};
    for (size_t i = 0; i < n; ++i) ++counts[(from[i] >> shift & 255) + 1];
    if (counts[(from[0] >> shift & 255) + 1] == n) continue;
    for (size_t digit = 0; digit < 256; ++digit) counts[digit + 1] += counts[digit];
    for (size_t i = 0; i < n; ++i) to[counts[from[i] >> shift & 255]++] = from[i];
    Entry* const other = from;
    from = to;
    to = other;
  }
  return from;
}

template <typename T>
void sort_lines(Run& run, T* values, int32_t* indices, const T* x, size_t outer, size_t n, size_t inner, bool descending) {
  if (outer == 0 || n == 0 || inner == 0) return;
  const size_t lines = outer * inner, most = static_cast<size_t>(run.threads), parts = lines < most ? lines : most;
  const double work = static_cast<double>(lines) * static_cast<double>(n) * 10;
  auto* const memory = reinterpret_cast<Entry*>(scratch(Scratch::kBlocks, parts * 4 * n));
  for_each_part(run, parts, lines, work, [=](size_t part, size_t begin, size_t end) {
    Entry* const entries = memory + part * 2 * n;
    for (size_t line = begin; line < end; ++line) {
      const size_t first = line / inner * n * inner + line % inner;
      for (size_t k = 0; k < n; ++k) {
        const uint32_t key = key_of(x[first + k * inner]);
        entries[k] = static_cast<Entry>(descending ? ~key : key) << 32 | k;
      }
      const Entry* sorted = entries;
      if (n <= kShort) {
        insertion_sort(entries, n);
      } else {
        sorted = radix_sort(entries, entries + n, n);
      }
      for (size_t k = 0; k < n; ++k) {
        const size_t from = static_cast<uint32_t>(sorted[k]), at = first + k * inner;
        values[at] = x[first + from * inner];
        indices[at] = static_cast<int32_t>(from);
      }
    }
  });
}

}  // namespace

void sort(Run& run, float* values, int32_t* indices, const float* x, size_t outer, size_t n, size_t inner,
          const SortAttributes& attributes) {
  sort_lines(run, values, indices, x, outer, n, inner, attributes.descending);
}

void sort_int(Run& run, int32_t* values, int32_t* indices, const int32_t* x, size_t outer, size_t n, size_t inner,
              const SortIntAttributes& attributes) {
  sort_lines(run, values, indices, x, outer, n, inner, attributes.descending);
}

}  // namespace simdnn::SIMDNN_ISA
