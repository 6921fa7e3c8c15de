// Bags of rows of a table: checks of their bounds, and weighted sums of their rows. Bag b has the elements offsets[b] to offsets[b + 1] of index; the last bag
// ends at count.
//
// Another thread may write to index while a kernel reads it: each entry is loaded once, checked, and only then used. An entry outside [0, rows) is reported as
// ("index", position) and skipped, like padding_index. An offset that is less than the one before it or above count is reported as ("offsets", bag), and that
// bag is empty.
#pragma once
#include "kernels/past_caches.h"
#include "kernels/row_set.h"
#include "kernels/unroll.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The bags with checked bounds: bag b has the elements [begin[b], end[b]) of index.
struct Bags {
  size_t *begin, *end;
};

inline Bags check_offsets(Run& run, const int32_t* offsets, size_t bags, size_t count) {
  auto* const memory = reinterpret_cast<size_t*>(scratch(Scratch::kRows, 4 * bags));
  const Bags checked{memory, memory + bags};
  int32_t next = bags > 0 ? load_once(offsets) : 0;
  if (next != 0) run.fault.report("offsets", 0, next, 1);
  next = 0;
  for (size_t b = 0; b < bags; ++b) {
    const int32_t from = next;
    next = b + 1 < bags ? load_once(offsets + b + 1) : static_cast<int32_t>(count);
    if (next < from || static_cast<size_t>(next) > count) {
      run.fault.report("offsets", b + 1, next, count + 1);
      next = from;
    }
    checked.begin[b] = static_cast<size_t>(from);
    checked.end[b] = static_cast<size_t>(next);
  }
  return checked;
}

// Whether element i is valid and not padding; if so, sets `row` to the row that it names.
HWY_INLINE bool counts(Run& run, const int32_t* index, size_t i, size_t rows, int32_t padding, size_t& row) {
  const int32_t at = load_once(index + i);
  if (at < 0 || static_cast<size_t>(at) >= rows) {
    run.fault.report("index", i, at, rows);
    return false;
  }
  row = static_cast<size_t>(at);
  return at != padding;
}

// The factor of a bag's rows: 1 for a sum, 1 / (the number of its elements that are not ignored) for a mean.
inline float scale_of(Run& run, const int32_t* index, size_t begin, size_t end, size_t rows, int32_t padding, bool mean) {
  if (!mean) return 1;
  size_t counted = 0, row;
  for (size_t i = begin; i < end; ++i) counted += counts(run, index, i, rows, padding, row) ? 1 : 0;
  return counted == 0 ? 0.0f : 1.0f / static_cast<float>(counted);
}

// How many rows are added at once, and how many elements ahead a row is prefetched. The hardware cannot predict where the rows lie, and adding one row takes
// less time than fetching the next one from memory.
constexpr size_t kTogether = 4, kAhead = 2 * kTogether;

// The rows to add, the factor of each, and the rows to prefetch.
struct Terms {
  const float* row[kTogether];
  float factor[kTogether];
  const float* ahead[kTogether];
};

// to += factor[k] row[k] for the first kTerms rows; with kFirst `to` counts as zeros. The terms are added one after the other in their order, so the
// bits do not depend on kTerms, but `to` is read and written only once.
template <size_t kTerms, bool kFirst>
HWY_INLINE void add_terms(float* to, const Terms& terms, size_t columns, bool past) {
  const float *row[kTerms], *ahead[kTerms];
  VF factor[kTerms];
  unroll<kTerms>(SIMDNN_UNROLLED(k) {
    row[k] = terms.row[k];
    ahead[k] = terms.ahead[k];
    factor[k] = hn::Set(kF, terms.factor[k]);
  });
  // `first` tells that a cache line begins at c
  const auto sum_at = [&](size_t c, size_t n, bool first) HWY_ATTR __attribute__((always_inline)) {
    VF sum = hn::Zero(kF);
    if constexpr (!kFirst) sum = load(kF, to + c, n);
    unroll<kTerms>(SIMDNN_UNROLLED(k) {
      if (first) __builtin_prefetch(ahead[k] + c);
      sum = hn::MulAdd(load(kF, row[k] + c, n), factor[k], sum);
    });
    return sum;
  };
  size_t c = 0;
  for (; past && c + kLine <= columns; c += kLine) {
    for (size_t v = 0; v < kLine; v += kLanes) hn::Stream(sum_at(c + v, kLanes, v == 0), kF, to + c + v);
  }
  for (; c + kLine <= columns; c += kLine) {
    for (size_t v = 0; v < kLine; v += kLanes) hn::StoreU(sum_at(c + v, kLanes, v == 0), kF, to + c + v);
  }
  for (; c < columns; c += kLanes) store(sum_at(c, columns - c, c % kLine == 0), kF, to + c, columns - c);
}

// Calls the function above for the number of terms at run time, 1 to kTogether.
template <bool kFirst>
HWY_INLINE void add_some_terms(float* to, const Terms& terms, size_t count, size_t columns, bool past) {
  switch (count) {
    case 1:
      return add_terms<1, kFirst>(to, terms, columns, past);
    case 2:
      return add_terms<2, kFirst>(to, terms, columns, past);
    case 3:
      return add_terms<3, kFirst>(to, terms, columns, past);
    default:
      return add_terms<kTogether, kFirst>(to, terms, columns, past);
  }
}

HWY_INLINE void put_zeros(float* to, size_t columns, bool past) {
  write_row(to, columns, past, [](size_t, size_t) HWY_ATTR { return hn::Zero(kF); });
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
