// Exponentials of matrices, computed in double and rounded to float when they are written.
#include <math.h>

#include "kernels/matrices.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// out = a b, all [n, n]; nothing overlaps. Each pass over a row of out adds four rows of b.
void multiply(double* out, const double* a, const double* b, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    double* const row = out + i * n;
    for (size_t j = 0; j < n; ++j) row[j] = 0;
    size_t k = 0;
    for (; k + 4 <= n; k += 4) {
      const double *const f = a + i * n + k, *const b0 = b + k * n, *const b1 = b0 + n, *const b2 = b1 + n, *const b3 = b2 + n;
      for (size_t j = 0; j < n; ++j) row[j] += (f[0] * b0[j] + f[1] * b1[j]) + (f[2] * b2[j] + f[3] * b3[j]);
    }
    for (; k < n; ++k)
      for (size_t j = 0; j < n; ++j) row[j] += a[i * n + k] * b[k * n + j];
  }
}

// The largest sum of magnitudes in a row; NaN if the matrix has a NaN.
double norm_of(const double* a, size_t rows, size_t columns) {
  double most = 0;
  for (size_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (size_t j = 0; j < columns; ++j) sum += magnitude(a[i * columns + j]);
    if (!(sum <= most)) most = sum;
  }
  return most;
}

// The number of n x n matrices that `exponential` needs. The first has the argument, and the result afterwards.
constexpr size_t kMatrices = 6;

// exp(a) = exp(a / 2^s)^(2^s), where s is such that the norm of a / 2^s is at most 1/4. The first 13 terms of the Taylor series are enough then: the next one is at
// most 0.25^13 / 13! = 2e-18. Source: Higham, Functions of Matrices, 10.3.
void exponential(double* a, size_t n) {
  const size_t all = n * n;
  double *const x2 = a + all, *const x3 = x2 + all, *const x4 = x3 + all, *const sum = x4 + all, *const next = sum + all;
  const double norm = norm_of(a, n, n);
  if (!(norm < 1e300)) {
    for (size_t i = 0; i < all; ++i) a[i] = NAN;
    return;
  }
  int halvings = 0;
  double scale = 1;
  for (; norm * scale > 0.25; ++halvings) scale *= 0.5;
  for (size_t i = 0; i < all; ++i) a[i] *= scale;
  multiply(x2, a, a, n), multiply(x3, x2, a, n), multiply(x4, x2, x2, n);
  double inverse[13] = {1};  // inverse[k] = 1 / k!
  for (int k = 1; k < 13; ++k) inverse[k] = inverse[k - 1] / k;
  for (size_t i = 0; i < all; ++i) sum[i] = inverse[12] * x4[i];
  for (int k = 8; k >= 0; k -= 4) {  // sum = sum x^4 + the terms k to k + 3
    if (k < 8) multiply(next, sum, x4, n);
    for (size_t i = 0; i < all; ++i)
      sum[i] = (k < 8 ? next[i] : sum[i]) + (inverse[k + 1] * a[i] + (inverse[k + 2] * x2[i] + inverse[k + 3] * x3[i]));
    for (size_t i = 0; i < n; ++i) sum[i * n + i] += inverse[k];
  }
  for (int k = 0; k < halvings; ++k) {
    multiply(next, sum, sum, n);
    for (size_t i = 0; i < all; ++i) sum[i] = next[i];
  }
  for (size_t i = 0; i < all; ++i) a[i] = sum[i];
}

}  // namespace

// Error: one rounding to float, and for a norm of 2^s about 2^s * 2^-52 times the norm of the result. A result that is too large becomes infinite or NaN.
void matrix_exp(Run& run, float* y, const float* x, size_t batch, size_t n) {
  if (n == 0) return;  // there is nothing to do, and no memory limits the batch
  each_matrix(run, batch, kMatrices * n * n, 8 * cube(n), [=](double* memory, size_t one) {
    widen(memory, x + one * n * n, n * n);
    exponential(memory, n);
    round_to(y + one * n * n, memory, n * n);
  });
}

// dx = the upper right block of exp([[x^T, dy], [0, x^T]]). dy is first divided by its norm, so that it does not increase the number of halvings.
void matrix_exp_backward(Run& run, float* dx, const float* dy, const float* x, size_t batch, size_t n) {
  if (n == 0) return;
  const size_t width = 2 * n;
  each_matrix(run, batch, kMatrices * width * width, 8 * cube(width), [=](double* memory, size_t one) {
    const float *const own = x + one * n * n, *const given = dy + one * n * n;
    double norm = 0;
    for (size_t i = 0; i < n * n; ++i) norm += magnitude(static_cast<double>(given[i]));
    const double factor = norm > 0 ? 1 / norm : 1;
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        const double v = static_cast<double>(own[j * n + i]);
        memory[i * width + j] = v, memory[(n + i) * width + n + j] = v;
        memory[i * width + n + j] = static_cast<double>(given[i * n + j]) * factor;
        memory[(n + i) * width + j] = 0;
      }
    }
    exponential(memory, width);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) dx[(one * n + i) * n + j] = static_cast<float>(memory[i * width + n + j] / factor);
  });
}

}  // namespace simdnn::SIMDNN_ISA
