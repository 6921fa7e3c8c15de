// A set of a table's rows that is cleared, filled and walked in the time that its members take (Briggs and Torczon, 1993), in an int32 array [2 rows + 1]: the
// number of its members, or -1 for every row; the members; and for each row its place among the members, which means something only if that member is the row.
//
// JavaScript may have written anything there, and another thread may write to it while a kernel reads it. So a number that cannot be is taken for -1, each
// entry is loaded once and compared with its bound, and a member whose place is another's is none: no row is visited twice.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

HWY_INLINE int32_t load_once(const int32_t* p) { return *static_cast<const volatile int32_t*>(p); }

constexpr uint32_t kNoRow = UINT32_MAX;

// The row that is member k, or kNoRow.
HWY_INLINE uint32_t member(const int32_t* set, size_t rows, size_t k) {
  const int32_t row = load_once(set + 1 + k);
  if (row < 0 || static_cast<size_t>(row) >= rows || load_once(set + 1 + rows + row) != static_cast<int32_t>(k)) return kNoRow;
  return static_cast<uint32_t>(row);
}

// Sets `count` to the number of members; false if every row is one.
HWY_INLINE bool is_listed(const int32_t* set, size_t rows, size_t& count) {
  const int32_t members = load_once(set);
  count = members < 0 || static_cast<size_t>(members) > rows ? rows : static_cast<size_t>(members);
  return count == static_cast<size_t>(members);
}

// How many rows ahead a row is prefetched, and how much of it at most: the hardware cannot predict where rows lie, and brings the rest of a long one.
constexpr size_t kRowsAhead = 8, kMostAhead = 512;

HWY_INLINE void prefetch_row_for_writing(const float* row, size_t columns) {
  for (size_t c = 0; c < columns && c < kMostAhead; c += kLine) prefetch_for_writing(row + c);
}

// Calls row(r) for each row of the set, which threads share; with `all` for each row of the table. ahead(r) is called some rows before row(r), to prefetch it.
// `ns` is the time that a row takes.
template <class Row, class Ahead>
void each_row_of(Run& run, const int32_t* set, size_t rows, bool all, double ns, Row row, Ahead ahead) {
  size_t count;
  const bool listed = is_listed(set, rows, count) && !all;
  if (!listed) count = rows;
  parallel(run, count, 16, static_cast<double>(count) * ns, [=](size_t begin, size_t end) {
    const Row each = row;  // a copy stays in registers
    for (size_t k = begin; k < end; ++k) {
      const uint32_t r = listed ? member(set, rows, k) : static_cast<uint32_t>(k);
      const uint32_t next = listed && k + kRowsAhead < end ? member(set, rows, k + kRowsAhead) : kNoRow;
      if (next != kNoRow) ahead(next);
      if (r != kNoRow) each(r);
    }
  });
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
