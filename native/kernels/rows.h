// Iterates over the index space of a Layout row by row.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The size and the strides of the last dimension; rank 0 is one row of one element.
inline size_t row_length(const Layout& layout) { return layout.rank == 0 ? 1 : layout.size[layout.rank - 1]; }
inline size_t row_stride(const Layout& layout, int operand) {
  return layout.rank == 0 ? 0 : layout.stride[operand][layout.rank - 1];
}

// The same index space in fewer dimensions: dimensions are merged where both operands continue in memory where the inner one ends.
inline Layout merged(const Layout& layout) {
  Layout out = layout;
  int last = 0;
  for (int d = 1; d < layout.rank; ++d) {
    bool goes_on = true;
    for (int k = 0; k < Layout::kOperands; ++k) {
      goes_on = goes_on && out.stride[k][last] == layout.size[d] * layout.stride[k][d];
    }
    if (!goes_on) ++last;
    out.size[last] = goes_on ? out.size[last] * layout.size[d] : layout.size[d];
    for (int k = 0; k < Layout::kOperands; ++k) out.stride[k][last] = layout.stride[k][d];
  }
  out.rank = layout.rank == 0 ? 0 : last + 1;
  return out;
}

// Calls row(position, offset 0, offset 1, length) for each piece of a row of the last dimension that lies in [begin, end) of the row-major order; `position` is
// where the piece begins in that order.
template <class Row>
HWY_INLINE void for_each_row(const Layout& layout, size_t begin, size_t end, Row row) {
  if (begin >= end) return;
  const size_t length = row_length(layout);
  const int last = layout.rank - 1;
  size_t index[Layout::kMaxRank] = {};
  size_t at[Layout::kOperands] = {layout.offset[0], layout.offset[1]};
  size_t rest = begin / length;
  for (int d = last - 1; d >= 0; --d) {
    index[d] = rest % layout.size[d];
    rest /= layout.size[d];
    for (int k = 0; k < Layout::kOperands; ++k) at[k] += index[d] * layout.stride[k][d];
  }
  size_t column = begin % length;
  for (size_t position = begin; position < end;) {
    const size_t n = length - column < end - position ? length - column : end - position;
    row(position, at[0] + column * row_stride(layout, 0), at[1] + column * row_stride(layout, 1), n);
    position += n;
    column = 0;
    for (int d = last - 1; d >= 0; --d) {
      const bool wraps = ++index[d] == layout.size[d];
      for (int k = 0; k < Layout::kOperands; ++k) {
        at[k] += layout.stride[k][d];
        if (wraps) at[k] -= layout.size[d] * layout.stride[k][d];
      }
      if (!wraps) break;
      index[d] = 0;
    }
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
