// The sizes and strides of up to two strided operands over one index space.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

// Arithmetic on element counts that saturates instead of wrapping: a size that overflows is then larger than any buffer, and the ordinary length check refuses
// it.
class Count {
 public:
  constexpr Count(size_t value = 0) : value_(value) {}
  constexpr operator size_t() const { return value_; }
  friend constexpr Count operator*(Count a, Count b) {
    size_t out = 0;
    return __builtin_mul_overflow(a.value_, b.value_, &out) ? Count(SIZE_MAX) : Count(out);
  }
  friend constexpr Count operator+(Count a, Count b) {
    size_t out = 0;
    return __builtin_add_overflow(a.value_, b.value_, &out) ? Count(SIZE_MAX) : Count(out);
  }

 private:
  size_t value_;
};

// Element (i0, i1, ...) of operand k is at offset[k] + i0 * stride[k][0] + i1 * stride[k][1] + ...
// Sizes, strides and offsets are never negative; a stride of 0 repeats an operand.
struct Layout {
  static constexpr int kMaxRank = 8;
  static constexpr int kOperands = 2;

  int rank = 0;
  size_t size[kMaxRank] = {};
  size_t stride[kOperands][kMaxRank] = {};
  size_t offset[kOperands] = {};

  // The number of elements in the index space.
  Count count() const {
    Count n = 1;
    for (int d = 0; d < rank; ++d) n = n * Count(size[d]);
    return n;
  }

  // The number of elements that an operand's buffer must have: one more than the largest offset.
  Count extent(int operand) const {
    if (count() == 0) return 0;
    Count last = offset[operand];
    for (int d = 0; d < rank; ++d) last = last + Count(size[d] - 1) * Count(stride[operand][d]);
    return last + Count(1);
  }
};

}  // namespace simdnn
