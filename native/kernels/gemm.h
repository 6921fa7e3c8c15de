// C = A B in single precision (GEMM), shared by every kernel that multiplies matrices.
#pragma once
#include "kernels/table.h"

namespace simdnn::SIMDNN_ISA {

// An operand of a product: the rows of A or the columns of B, numbered by i in [0, n), each of length k. One of the strides is 1.
struct Operand {
  const float* p;
  size_t k_stride, n_stride;  // element (k, i) is p[k * k_stride + i * n_stride]

  const float* at(size_t k, size_t i) const { return p + k * k_stride + i * n_stride; }
};

// An operand of `n` vectors of length k that are stored row by row: as [n, k], or as [k, n] where `k_rows`.
static inline Operand operand(const float* p, size_t n, size_t k, bool k_rows) {
  if (n == 1) return {p, 1, 1};
  return k_rows ? Operand{p, n, 1} : Operand{p, 1, k};
}

// c[i, j] = relu(sum over k of a(k, i) * b(k, j) + bias[j]), each part optional, or the sum is added to c[i, j]; then c[i, j] = 0 where relu's `gate` was closed.
//
// Within each block of kBlockK the sum is one chain of MulAdd over ascending k from zero; the blocks are added in order. Only k decides where blocks end, so an
// element's bits depend on its row of A and its column of B and nothing else: not on m, n, the tile or the threads. There is one exception: a C of one column
// with operands that are contiguous along k is made of dot products, for any m: sums of 64 chains (for vectors of 16), with fewer roundings (dots.cc).
// Error: at most min(k, kBlockK) + k / kBlockK roundings of 2^-24 each, relative to the sum of |a * b|.
//
// With a lower precision the operands are rounded first (bfloat16.h), and there are no dot products. kMedium adds an error of 2^-7. With kHigh the chains of
// a block are those of high * high, high * low and low * high, added in this order; it adds an error of 2^-15. A unit for bfloat16 pairs (run.unit) has an
// order of its own, in one chain over all blocks.
struct Product {
  float* c;
  size_t c_stride;
  Operand a, b;
  size_t m, n, k;
  const float* bias;  // n, or null
  const float* gate;  // null, or relu's values, laid out as c: c becomes 0 where they are at most 0
  float* sums;     // null, or [i] = sum over k of a(k, i), in one chain, added to sums[i] where `accumulate`; only where sums_fit
  bool relu, accumulate;
  Precision precision;
  bool packed;  // b.p is what pack_operand made of a B with this k and n
  // The epilogue, or null: called for parts [i0, i1) x [j0, j1) that together cover C, each by the thread that computed it.
  void (*epilogue)(const Product& g, size_t i0, size_t i1, size_t j0, size_t j1);
  const void* epilogue_context;
};

constexpr size_t kBlockK = 256;

// If a lower precision is wanted, a product has it where B has at least kLeastRounded elements and kLeastRoundedSide rows and columns. The rule looks only at
// B, a layer's weight, so that a row of A gives the same bits in a batch of any size.
constexpr size_t kLeastRounded = 8192, kLeastRoundedSide = 32;
static inline Precision precision_of(const Run& run, size_t k, size_t n) {
  const bool large = k >= kLeastRoundedSide && n >= kLeastRoundedSide && k * n >= kLeastRounded;
  return large ? run.precision : Precision::kHighest;
}

// Rows whose distance is a multiple of this many floats, 4 KiB, all fall into one set of a typical L1 cache: they have cache-set conflicts.
constexpr size_t kConflictStride = 1024;

// Whether g may have `sums`: it is a small product, and the last vector of C's columns has a free lane.
bool sums_fit(const Product& g);

void multiply(Run& run, const Product& g);

// The same for a lower precision, by run.unit (gemm_pairs.cc).
void multiply_pairs(Run& run, const Product& g);

// Packs a B of n columns that are contiguous along k in the order in which the tiles read it, for later products. `out` has room for packed(k, n).
void pack_operand(const Operand& b, size_t n, size_t k, float* out);

// Whether `threads` should divide blocks of k (split-K) rather than C. They should where C is small and k is long: a layer's dweight or dbias for a long batch.
bool splits_k(size_t k, size_t m, size_t n, size_t threads);

// Columns [j0, j1) of a product with one row, m = 1.
void multiply_row(const Product& g, size_t j0, size_t j1);

// Rows [i0, i1) of a product with k = 1 whose B has its columns side by side and whose C is not changed further.
void multiply_outer(const Product& g, size_t i0, size_t i1);

// Rows [i0, i1) of a product with one column, n = 1, and operands that run along k.
void multiply_column(const Product& g, size_t i0, size_t i1);

}  // namespace simdnn::SIMDNN_ISA
