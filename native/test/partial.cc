// The only kernel of a target that takes all others from the target below it.
#include "kernels/table.h"

namespace simdnn::SIMDNN_ISA {

void fill(Run&, float* out, size_t n, const FillAttributes& attributes) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<float>(attributes.value);
}

}  // namespace simdnn::SIMDNN_ISA
