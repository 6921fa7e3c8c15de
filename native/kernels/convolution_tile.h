// The microkernel of convolutions: a tile of C in registers over segments of k, which lie anywhere in an image, so that no matrix of windows is written.
#pragma once
#include "kernels/gemm_tile.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {

// A part of the sum over k: k elements of each row of A, and the rows of B by which they are multiplied.
struct Segment {
  const float* a;
  const float* b;
  size_t k;
};

// The most segments and the most steps of k of one call. A longer sum is made by several calls, which add to C: the chains of a product's blocks.
constexpr size_t kMostSegments = 64, kSegmentSteps = 256;

// c[r, j] = relu(sum over the segments, and over k of each, of a(k, r) * b[k, j] + c[r, j] + bias[j]), each part optional. The sum is one chain of MulAdd from zero.
struct SegmentsCall {
  Segment segments[kMostSegments];
  size_t count;
  size_t a_stride;  // from k to k + 1 where A is k-major, and its rows are neighbours; else from row to row, and each is contiguous along k
  size_t b_stride;  // from k to k + 1
  float* c;
  size_t c_stride;
  const float* bias;  // or null
  size_t tail;        // columns in the last vector, where it is partial
  bool partial;       // c is added
  bool relu;
};

using SegmentsKernel = void (*)(const SegmentsCall&);
struct SegmentsKernels {
  SegmentsKernel of[kTileRows][kTileVectors];
};
extern const SegmentsKernels kSegmentsKernels[2][2];  // by a partial last vector, k_major: convolution_tile.cc

// B's last vector is loaded whole where A is not k-major.
static inline void multiply_segments(const SegmentsCall& call, size_t rows, size_t columns, bool k_major) {
  kSegmentsKernels[call.tail != 0][k_major].of[rows - 1][(columns + kLanes - 1) / kLanes - 1](call);
}

}  // namespace simdnn::SIMDNN_ISA
