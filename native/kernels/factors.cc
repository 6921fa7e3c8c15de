// Cholesky and QR factorizations (QR by Householder reflections), computed in double and rounded to float when they are written.
#include <math.h>

#include "kernels/matrices.h"

namespace simdnn::SIMDNN_ISA {
namespace {

double dot(const double* a, const double* b, size_t n) {
  double sum = 0;
  for (size_t j = 0; j < n; ++j) sum += a[j] * b[j];
  return sum;
}

// Replaces the diagonal of a [n, n] and the elements below it by l, row by row. Returns false if a pivot is not above 0. Source: Golub and Van Loan, 4.2.
bool factorize(double* a, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    double* const row = a + i * n;
    for (size_t j = 0; j < i; ++j) row[j] = (row[j] - dot(row, a + j * n, j)) / a[j * n + j];
    const double pivot = row[i] - dot(row, row, i);
    if (!(pivot > 0)) return false;
    row[i] = ::sqrt(pivot);
  }
  return true;
}

// a = a - v (factor v^T a) for a [rows, columns] whose rows are `stride` apart; `sums` [columns] is scratch memory.
void reflect(double* a, const double* v, double factor, double* sums, size_t rows, size_t columns, size_t stride) {
  if (factor == 0) return;
  for (size_t j = 0; j < columns; ++j) sums[j] = 0;
  for (size_t i = 0; i < rows; ++i) subtract(sums, -factor * v[i], a + i * stride, columns);
  for (size_t i = 0; i < rows; ++i) subtract(a + i * stride, v[i], sums, columns);
}

// Finds the Householder reflection H = 1 - factor v v^T that makes all elements of x but the first 0; x is v before the call, and v[0] is 1 after it. Returns the
// first element of H x. If all elements but the first are 0 already, H is the identity. Source: LAPACK's dlarfg.
double reflection(double* v, double* factor, size_t n) {
  const double first = v[0], rest = dot(v + 1, v + 1, n - 1);
  v[0] = 1;
  *factor = 0;
  if (rest == 0) return first;
  const double length = ::sqrt(first * first + rest), left = -::copysign(length, first);
  *factor = (left - first) / left;
  for (size_t i = 1; i < n; ++i) v[i] /= first - left;
  return left;
}

}  // namespace

// a = l l^T. Relative error: one rounding to float, and the condition number of a times 2^-52. l may be a.
void cholesky(Run& run, float* l, const float* a, size_t batch, size_t n) {
  if (n == 0) return;  // there is nothing to do, and no memory limits the batch
  Run* const calling = &run;
  each_matrix(run, batch, n * n, cube(n) / 3, [=](double* memory, size_t one) {
    widen(memory, a + one * n * n, n * n);
    if (!factorize(memory, n)) return calling->fault.report("a", one, "is not positive definite");
    for (size_t i = 0; i < n; ++i)
      for (size_t j = i + 1; j < n; ++j) memory[i * n + j] = 0;
    round_to(l + one * n * n, memory, n * n);
  });
}

// a = q r with the signs of LAPACK's dgeqrf: each element of r's diagonal has the opposite sign of the element that was reflected onto it. The vectors of the
// reflections are the rows of `vectors`.
void qr(Run& run, float* q, float* r, const float* a, size_t batch, size_t m, size_t n, size_t k) {
  if (k > m) return run.fault.report("q", 0, "has more columns than rows");
  if (m == 0 || (n == 0 && (k == 0 || q == nullptr))) return;  // there is nothing to do, and no memory limits the batch
  const size_t count = m < n ? m : n;
  const double work = 4 * static_cast<double>(m) * static_cast<double>(n + k) * static_cast<double>(count);
  each_matrix(run, batch, m * (n + k) + count * (m + 1) + n + k, work, [=](double* memory, size_t one) {
    double *const matrix = memory, *const columns = matrix + m * n, *const vectors = columns + m * k, *const factors = vectors + count * m,
                  *const sums = factors + count;
    widen(matrix, a + one * m * n, m * n);
    for (size_t c = 0; c < count; ++c) {
      double *const v = vectors + c * m + c, *const from = matrix + c * n + c;
      for (size_t i = 0; i < m - c; ++i) v[i] = from[i * n];
      from[0] = reflection(v, factors + c, m - c);
      for (size_t i = 1; i < m - c; ++i) from[i * n] = 0;
      reflect(from + 1, v, factors[c], sums, m - c, n - c - 1, n);
    }
    round_to(r + one * k * n, matrix, k * n);
    if (q == nullptr) return;
    for (size_t i = 0; i < m * k; ++i) columns[i] = i / k == i % k ? 1 : 0;
    for (size_t c = count; c-- > 0;) {
      if (c < k) reflect(columns + c * k + c, vectors + c * m + c, factors[c], sums, m - c, k - c, k);
    }
    round_to(q + one * m * k, columns, m * k);
  });
}

}  // namespace simdnn::SIMDNN_ISA
