// Sets of a table's rows for tests (see kernels/row_set.h).
#pragma once
#include "reference/row_set.h"
#include "test/test.h"

namespace simdnn::test {

// A set of kind 0 has random rows, kind 1 all rows (-1), kind 2 all rows in a list, kind 3 none, and kind 4 has invalid numbers, as user code might write them.
constexpr int kSetKinds = 5;

inline void fill_set(Buffer<int32_t>& set, size_t rows, int kind, Random& random) {
  const auto any = [&] { return static_cast<int32_t>(random.below(2 * rows + 3)) - 2; };
  for (size_t i = 0; i < set.size(); ++i) set[i] = any();
  set[0] = kind == 1 ? -1 : 0;
  if (kind == 0 || kind == 2) {
    for (size_t r = rows; r-- > 0;) {
      if (kind == 0 && random.below(2) == 0) continue;
      set[1 + rows + r] = set[0];
      set[1 + static_cast<size_t>(set[0]++)] = static_cast<int32_t>(r);
    }
  } else if (kind == 4) {
    set[0] = any();
    for (size_t r = 0; r < rows; ++r) {
      if (set[1 + r] >= 0 && static_cast<size_t>(set[1 + r]) < rows && random.below(2) == 0) set[1 + rows + static_cast<size_t>(set[1 + r])] = static_cast<int32_t>(r);
    }
  }
}

}  // namespace simdnn::test
