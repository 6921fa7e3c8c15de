// Sums over the processes of a group.
#include "support/collective.h"

#include "kernels/parts.h"

namespace simdnn::SIMDNN_ISA {
namespace {

void scale(float* values, size_t n, double weight, double total, bool mean) {
  const auto factor = static_cast<float>(mean ? (total == 0 ? 0 : weight / total) : weight);
  if (factor == 0) {
    for (size_t i = 0; i < n; ++i) values[i] = 0;  // not values[i] * 0, which keeps NaN and infinities
  } else if (factor != 1) {
    for (size_t i = 0; i < n; ++i) values[i] *= factor;
  }
}

// values = the sum of all ranks' weighted values. The order depends on the number of ranks alone: neighbouring ranks first, then neighbouring sums.
void add_up(const Meeting& met, float* values, size_t n, bool mean) {
  for (size_t rank = 0; rank < met.ranks; ++rank) scale(met.shares[rank].values, n, met.shares[rank].weight, met.total, mean);
  for (size_t apart = 1; apart < met.ranks; apart *= 2) {
    for (size_t rank = 0; rank + apart < met.ranks; rank += 2 * apart) {
      float* const sum = met.shares[rank].values;
      const float* const other = met.shares[rank + apart].values;
      for (size_t i = 0; i < n; ++i) sum[i] += other[i];
    }
  }
  for (size_t i = 0; i < n; ++i) values[i] = met.shares[0].values[i];
}

}  // namespace

// values = the sum over ranks of weight * values, with `mean` divided by the sum of the weights. With `joined` the ranks do not exchange weights again: the sum
// uses those of the thread's last meeting. The phases `begin` and `end` divide a sum into two calls, between which nothing else may read or write its values.
void all_reduce(Run& run, float* values, size_t n, const AllReduceAttributes& attributes) {
  const Collective* const ranks = collective();
  if (attributes.phase == SumPhase::end) {
    if (ranks != nullptr) ranks->end();
    return;
  }
  Meeting met{attributes.weight, nullptr, 1};
  if (!attributes.joined) {
    if (ranks != nullptr) {
      // The length is part of the call's number, so that ranks whose lengths differ are refused.
      const auto call = static_cast<uint32_t>(attributes.call) ^ static_cast<uint32_t>(n * 2654435761u);
      // A sum that only begins here must not wait, so its values are not part of the meeting, for which all ranks wait.
      const size_t brought = attributes.phase == SumPhase::whole ? n : 0;
      const char* const refused = ranks->meet(call, attributes.weight, values, brought, &met);
      if (refused != nullptr) {
        run.fault.refuse(refused);
        return;
      }
    }
    weights_met() = met.total;
  }
  if (met.shares != nullptr) {
    add_up(met, values, n, attributes.mean);
    return;
  }
  scale(values, n, attributes.weight, weights_met(), attributes.mean);
  if (ranks == nullptr || n == 0) return;
  attributes.phase == SumPhase::begin ? ranks->begin(values, n) : ranks->sum(values, n);
}

}  // namespace simdnn::SIMDNN_ISA
