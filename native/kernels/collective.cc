// Sums over the processes of a group.
#include "support/collective.h"

#include "kernels/parts.h"

namespace simdnn::SIMDNN_ISA {

void all_reduce(Run& run, float* values, size_t n, const AllReduceAttributes& attributes) {
  const Collective* const ranks = collective();
  double total = attributes.weight;
  if (ranks != nullptr) {
    // The length is part of the call's number, so that ranks whose lengths differ are refused.
    const auto call = static_cast<uint32_t>(attributes.call) ^ static_cast<uint32_t>(n * 2654435761u);
    const char* const refused = ranks->meet(call, attributes.weight, &total);
    if (refused != nullptr) {
      run.fault.refuse(refused);
      return;
    }
  }
  const double scale = attributes.mean ? (total == 0 ? 0 : attributes.weight / total) : attributes.weight;
  const auto factor = static_cast<float>(scale);
  if (factor == 0) {
    for (size_t i = 0; i < n; ++i) values[i] = 0;  // not values[i] * 0, which keeps NaN and infinities
  } else if (factor != 1) {
    for (size_t i = 0; i < n; ++i) values[i] *= factor;
  }
  if (ranks != nullptr && n > 0) ranks->sum(values, n);
}

}  // namespace simdnn::SIMDNN_ISA
