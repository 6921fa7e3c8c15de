// The gradients of a layer's weight and bias.
#pragma once
#include "kernels/gemm.h"

namespace simdnn::SIMDNN_ISA {

// dbias[out], written or added to, from dy [rows, out]. Up to 64 rows are summed one after the other, as the product for dweight can do along the
// way; more in blocks of 256, each in four chains over r mod 4, which hide the latency of the adds, and the blocks in order. Only the
// number of rows decides. At most 64 + 2 + rows / 256 roundings.
void bias_sums(Run& run, float* dbias, const float* dy, size_t rows, size_t out, bool add);

// dweight [out, in] from dy, an operand of `out` vectors of length rows, and x [rows, in]; written or added to. In a lane that it leaves
// empty it makes dbias too, with the bits of bias_sums, where there is one, both are added to or neither, and the product is small. Returns
// whether it did.
bool multiply_dweight(Run& run, float* dweight, float* dbias, const Operand& dy, const float* x, size_t rows, size_t in,
                      size_t out, const LinearBackwardAttributes& attributes);

}  // namespace simdnn::SIMDNN_ISA
