// Which rows a set of rows holds (see kernels/row_set.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace simdnn::reference {

inline std::vector<bool> rows_of(const int32_t* set, size_t rows) {
  const int32_t count = set[0];
  if (count < 0 || static_cast<size_t>(count) > rows) return std::vector<bool>(rows, true);
  std::vector<bool> in(rows, false);
  for (int32_t k = 0; k < count; ++k) {
    const int32_t row = set[1 + k];
    if (row >= 0 && static_cast<size_t>(row) < rows && set[1 + rows + static_cast<size_t>(row)] == k) in[static_cast<size_t>(row)] = true;
  }
  return in;
}

}  // namespace simdnn::reference
