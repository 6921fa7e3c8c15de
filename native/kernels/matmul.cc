#include "kernels/gemm.h"

namespace simdnn::SIMDNN_ISA {

// c[m, n] = op(a) op(b), or added to c where `accumulate`; op(a) is [m, k], stored as [k, m] where
// transpose_a; op(b) is [k, n], stored as [n, k] where transpose_b. c overlaps neither. k == 0: zeros.
// Order of the sum and error: struct Product in gemm.h.
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
  multiply(run, g);
}

}  // namespace simdnn::SIMDNN_ISA
