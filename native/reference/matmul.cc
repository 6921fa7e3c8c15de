#include "kernels/table.h"
#include "reference/rounded.h"

namespace simdnn::reference {

void matmul(Run& run, float* c, const float* a, const float* b, size_t m, size_t n, size_t k,
            const MatmulAttributes& attributes) {
  const Precision precision = precision_of(run, k, n);
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double sum = attributes.accumulate ? c[i * n + j] : 0;
      for (size_t l = 0; l < k; ++l) {
        const float left = attributes.transpose_a ? a[l * m + i] : a[i * k + l];
        const float right = attributes.transpose_b ? b[j * k + l] : b[l * n + j];
        sum += product(precision, left, right);
      }
      c[i * n + j] = static_cast<float>(sum);
    }
  }
}

void batched_matmul(Run& run, float* c, const float* a, const float* b, size_t batch, size_t m, size_t n, size_t k,
                    const BatchedMatmulAttributes& attributes) {
  MatmulAttributes each{};
  each.transpose_a = attributes.transpose_a;
  each.transpose_b = attributes.transpose_b;
  for (size_t i = 0; i < batch; ++i) matmul(run, c + i * m * n, a + i * m * k, b + i * k * n, m, n, k, each);
}

}  // namespace simdnn::reference
