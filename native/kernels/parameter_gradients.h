// The gradients of a layer's weight and bias.
#pragma once
#include "kernels/gemm.h"

namespace simdnn::SIMDNN_ISA {

// dbias[out] = the sum of dy [rows, out] over its rows, written or added to. Up to 64 rows are summed one after the other, so that the product for dweight can
// do it along the way. More rows are summed in blocks of 256, each in four chains over r mod 4, which hide the latency of the additions; then the blocks are added
// in order. Only the number of rows decides. At most 64 + 2 + rows / 256 roundings.
void bias_sums(Run& run, float* dbias, const float* dy, size_t rows, size_t out, bool add);

// dweight [out, in] from dy, an operand of `out` vectors of length rows, and x [rows, in]; written or added to. If dbias is not null, the product is small and
// has a free lane, and both results are written or both added to, it also computes dbias in that lane, with the bits of bias_sums. Returns whether it computed
// dbias.
bool multiply_dweight(Run& run, float* dweight, float* dbias, const Operand& dy, const float* x, size_t rows, size_t in,
                      size_t out, const LinearBackwardAttributes& attributes);

}  // namespace simdnn::SIMDNN_ISA
