// The activation that a kernel applies to its result.
#pragma once
#include "kernels/table.h"

namespace simdnn::reference {

inline void activate(Run& run, float* y, size_t n, Unary function, const UnaryAttributes& parameters) {
  switch (function) {
#define UNARY(name)                           \
  case Unary::name:                           \
    name##_forward(run, y, y, n, parameters); \
    break;
#include "generated/unary.def"
    default:
      break;
  }
}

}  // namespace simdnn::reference
