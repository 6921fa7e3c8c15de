// Sums over the processes of a group.
#include "support/collective.h"

#include "kernels/parts.h"

namespace simdnn::SIMDNN_ISA {

// values = the sum over ranks of weight * values, divided by the sum of the weights with `mean`. A sum that is joined to another one uses the weights of that
// one's meeting. The phases `begin` and `end` divide a sum into two calls, between which nothing may touch its values.
void all_reduce(Run& run, float* values, size_t n, const AllReduceAttributes& attributes) {
  const Collective* const ranks = collective();
  if (attributes.phase == SumPhase::end) {
    if (ranks != nullptr) ranks->end();
    return;
  }
  if (!attributes.joined) {
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
    weights_met() = total;
  }
  const double total = weights_met();
  const double scale = attributes.mean ? (total == 0 ? 0 : attributes.weight / total) : attributes.weight;
  const auto factor = static_cast<float>(scale);
  if (factor == 0) {
    for (size_t i = 0; i < n; ++i) values[i] = 0;  // not values[i] * 0, which keeps NaN and infinities
  } else if (factor != 1) {
    for (size_t i = 0; i < n; ++i) values[i] *= factor;
  }
  if (ranks == nullptr || n == 0) return;
  attributes.phase == SumPhase::begin ? ranks->begin(values, n) : ranks->sum(values, n);
}

}  // namespace simdnn::SIMDNN_ISA
