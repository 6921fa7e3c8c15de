#include "kernels/activate.h"
#include "kernels/gemm.h"

namespace simdnn::SIMDNN_ISA {

// c[m, n] = op(a) op(b), added to c where `accumulate`. op(a) is [m, k], stored as [k, m] where transpose_a; op(b) is [k, n], stored as [n, k] where
// transpose_b. c overlaps neither. For k = 0 the product is zero. The order of the sums and their error are those of struct Product in gemm.h.
void matmul(Run& run, float* c, const float* a, const float* b, size_t m, size_t n, size_t k,
            const MatmulAttributes& attributes) {
  Product g{};
  g.c = c;
  g.c_stride = n;
  g.a = operand(a, m, k, attributes.transpose_a);
  g.b = operand(b, n, k, !attributes.transpose_b);
  g.m = m;
  g.n = n;
  g.k = k;
  g.accumulate = attributes.accumulate;
  g.precision = precision_of(run, k, n);
  multiply(run, g);
}

// matmul for each of `batch` products, whose operands lie one behind the other.
void batched_matmul(Run& run, float* c, const float* a, const float* b, size_t batch, size_t m, size_t n, size_t k,
                    const BatchedMatmulAttributes& attributes) {
  MatmulAttributes each{};
  each.transpose_a = attributes.transpose_a;
  each.transpose_b = attributes.transpose_b;
  if (m == 0 || n == 0) return;  // c is empty then, so no array bounds `batch`
  // A large product is divided among the threads; of small products each thread computes whole ones.
  constexpr double kLarge = 1e6;
  const double work = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k + 1);
  if (work > kLarge) {
    for (size_t i = 0; i < batch; ++i) matmul(run, c + i * m * n, a + i * m * k, b + i * k * n, m, n, k, each);
    return;
  }
  const Precision precision = run.precision;
  const PairUnit* const unit = run.unit;
  parallel(run, batch, 1, static_cast<double>(batch) * work / 10, [=](size_t begin, size_t end) {
    SerialRun serial(precision, unit);
    for (size_t i = begin; i < end; ++i) matmul(serial.run, c + i * m * n, a + i * m * k, b + i * k * n, m, n, k, each);
  });
}

}  // namespace simdnn::SIMDNN_ISA
