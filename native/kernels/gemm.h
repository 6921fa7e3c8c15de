// C = A B for single precision, shared by every kernel that multiplies matrices.
#pragma once
#include "kernels/table.h"

namespace simdnn::SIMDNN_ISA {

// An operand of a product: A's rows or B's columns i in [0, n), each of length k. One stride is 1.
struct Operand {
  const float* p;
  size_t k_stride, n_stride;  // element (k, i) is p[k * k_stride + i * n_stride]

  const float* at(size_t k, size_t i) const { return p + k * k_stride + i * n_stride; }
};

// An operand of `n` vectors of length k stored row by row: [n, k], or [k, n] where `k_rows`.
static inline Operand operand(const float* p, size_t n, size_t k, bool k_rows) {
  if (n == 1) return {p, 1, 1};
  return k_rows ? Operand{p, n, 1} : Operand{p, 1, k};
}

// c[i, j] = sum over k of a(k, i) * b(k, j), + bias[j], relu; or added to c[i, j]; then 0 where relu's `gate` was closed.
//
// The sum is one chain of MulAdd over ascending k within each block of kBlockK, from zero; the blocks
// are added in order. Only k decides where blocks end, so an element's bits depend on its row of A, its
// column of B and nothing else: not on m, n, the tile or the threads. But a C of one column, of operands that run along k, whatever m,
// has dot products: sums of 64 chains (for vectors of 16), with fewer roundings (dots.cc).
// Error: at most min(k, kBlockK) + k / kBlockK roundings of 2^-24 each, relative to the sum of |a * b|.
//
// With a lower precision the operands are rounded first (bfloat16.h), and there are no dot products. kMedium: 2^-7 more. kHigh: the chains of a block
// are those of high * high, high * low and low * high, added in this order: 2^-15 more. A unit of bfloat16
// pairs (run.unit) adds the products of a block in its own order, from zero too.
struct Product {
  float* c;
  size_t c_stride;
  Operand a, b;
  size_t m, n, k;
  const float* bias;  // n, or null
  const float* gate;  // laid out as c: relu's values; c becomes 0 where they are at most 0; or null
  float* sums;     // [i] = sum over k of a(k, i), in one chain; added to what is there where `accumulate`; only where sums_fit, or null
  bool relu, accumulate;
  Precision precision;
  bool packed;  // b.p is what pack_operand made of B, whose k and n it has
  // Unless null, called for parts [i0, i1) x [j0, j1) that cover C, each by the thread that made it.
  void (*finish)(const Product& g, size_t i0, size_t i1, size_t j0, size_t j1);
  const void* finish_context;
};

constexpr size_t kBlockK = 256;

// From so many elements of B on, and this many rows and columns of it, a product has a lower precision where one is wanted. Of B alone, a layer's weight: a
// row of A then has the same bits in a batch of any size.
constexpr size_t kLeastRounded = 8192, kLeastRoundedSide = 32;
static inline Precision precision_of(const Run& run, size_t k, size_t n) {
  const bool large = k >= kLeastRoundedSide && n >= kLeastRoundedSide && k * n >= kLeastRounded;
  return large ? run.precision : Precision::kHighest;
}

// Rows a multiple of so many floats apart, 4 KiB, all fall into one set of a usual L1 cache.
constexpr size_t kCrowded = 1024;

// Whether g may have `sums`: a small product with a lane to spare.
bool sums_fit(const Product& g);

void multiply(Run& run, const Product& g);

// Packs a B of n columns that run along k as the tiles read it, for products with it to come. `out` has room for
// packed(k, n).
void pack_operand(const Operand& b, size_t n, size_t k, float* out);

// Whether `threads` best divide blocks of k, for an [m, n] that is small against operands whose rows lie along k: a layer's dweight or dbias
// where the batch is long.
bool divides_depth(size_t k, size_t m, size_t n, size_t threads);

// Columns [j0, j1) of a product with one row, m = 1.
void multiply_row(const Product& g, size_t j0, size_t j1);

// Rows [i0, i1) of a product with one column, n = 1, and operands that run along k.
void multiply_column(const Product& g, size_t i0, size_t i1);

}  // namespace simdnn::SIMDNN_ISA
