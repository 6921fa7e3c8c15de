// Sums over a group of one process, by the definition.
#include "kernels/table.h"

namespace simdnn::reference {

void all_reduce(Run&, float* values, size_t n, const AllReduceAttributes& attributes) {
  const double scale = attributes.mean ? (attributes.weight == 0 ? 0 : 1) : attributes.weight;
  for (size_t i = 0; i < n; ++i) values[i] = scale == 0 ? 0 : static_cast<float>(static_cast<double>(values[i]) * static_cast<double>(static_cast<float>(scale)));
}

}  // namespace simdnn::reference
