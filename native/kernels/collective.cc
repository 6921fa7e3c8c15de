// Sums over the processes of a group.
#include "support/collective.h"

#include "kernels/parts.h"

namespace simdnn::SIMDNN_ISA {
namespace {

float factor_of(double weight, double total, bool mean) {
  return static_cast<float>(mean ? (total == 0 ? 0 : weight / total) : weight);
}

// Not value * 0 for a factor of 0, because that keeps NaN and infinities.
float scaled(float value, float factor) { return factor == 0 ? 0 : value * factor; }

void scale(const float* values, size_t n, float factor, float* out) {
  if (factor == 1 && out == values) return;
  for (size_t i = 0; i < n; ++i) out[i] = scaled(values[i], factor);
}

// values = the sum of all ranks' weighted values. The order depends on the number of ranks alone: neighbouring ranks first, then neighbouring sums. Two ranks, or
// the last two sums, are read once and written to their place in the same pass.
void add_up(const Meeting& met, float* values, size_t n, bool mean) {
  const auto out_of = [&](size_t rank, size_t apart) { return 2 * apart >= met.ranks ? values : met.shares[rank].values; };
  for (size_t rank = 0; rank < met.ranks; rank += 2) {
    const Share &one = met.shares[rank], &other = met.shares[rank + 1 < met.ranks ? rank + 1 : rank];
    const float first = factor_of(one.weight, met.total, mean), second = factor_of(other.weight, met.total, mean);
    float* const out = out_of(rank, 1);
    if (rank + 1 == met.ranks) {
      scale(one.values, n, first, out);
    } else {
      for (size_t i = 0; i < n; ++i) out[i] = scaled(one.values[i], first) + scaled(other.values[i], second);
    }
  }
  for (size_t apart = 2; apart < met.ranks; apart *= 2) {
    for (size_t rank = 0; rank + apart < met.ranks; rank += 2 * apart) {
      const float *const one = met.shares[rank].values, *const other = met.shares[rank + apart].values;
      float* const out = out_of(rank, apart);
      for (size_t i = 0; i < n; ++i) out[i] = one[i] + other[i];
    }
  }
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
  scale(values, n, factor_of(attributes.weight, weights_met(), attributes.mean), values);
  if (ranks == nullptr || n == 0) return;
  attributes.phase == SumPhase::begin ? ranks->begin(values, n) : ranks->sum(values, n);
}

}  // namespace simdnn::SIMDNN_ISA
