// Batches of matrices by textbook methods: elimination, cofactors, reflections as whole matrices, Taylor series.
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

using Matrix = std::vector<double>;

Matrix times(const Matrix& a, const Matrix& b, size_t n) {
  Matrix out(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < n; ++k)
      for (size_t j = 0; j < n; ++j) out[i * n + j] += a[i * n + k] * b[k * n + j];
  return out;
}

Matrix widened(const float* x, size_t n) { return {x, x + n}; }

// The determinant by Gaussian elimination with partial pivoting.
double determinant_of(Matrix a, size_t n) {
  double product = 1;
  for (size_t k = 0; k < n; ++k) {
    size_t best = k;
    for (size_t i = k; i < n; ++i)
      if (std::fabs(a[i * n + k]) > std::fabs(a[best * n + k])) best = i;
    if (a[best * n + k] == 0) return 0;
    if (best != k) product = -product;
    for (size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[best * n + j]);
    product *= a[k * n + k];
    for (size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (size_t j = 0; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return product;
}

// The cofactor: the determinant of a without one row and one column, times (-1)^(row + column).
double cofactor(const Matrix& a, size_t n, size_t row, size_t column) {
  Matrix rest;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j)
      if (i != row && j != column) rest.push_back(a[i * n + j]);
  return ((row + column) % 2 == 0 ? 1 : -1) * determinant_of(rest, n - 1);
}

// exp(x / 2^10)^(2^10), with 30 terms of the Taylor series.
Matrix exponential(Matrix x, size_t n) {
  for (double& v : x) v /= 1024;
  Matrix sum(n * n), term(n * n);
  for (size_t i = 0; i < n; ++i) sum[i * n + i] = term[i * n + i] = 1;
  for (int k = 1; k <= 30; ++k) {
    term = times(term, x, n);
    for (size_t i = 0; i < n * n; ++i) term[i] /= k, sum[i] += term[i];
  }
  for (int k = 0; k < 10; ++k) sum = times(sum, sum, n);
  return sum;
}

}  // namespace

void solve(Run& run, float* x, const float* a, const float* b, size_t batch, size_t n, size_t m, const SolveAttributes& attributes) {
  for (size_t one = 0; one < batch; ++one) {
    std::vector<Matrix> rows(n, Matrix(n + m));
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) rows[i][j] = static_cast<double>(a[one * n * n + (attributes.transposed ? j * n + i : i * n + j)]);
      for (size_t j = 0; j < m; ++j) rows[i][n + j] = static_cast<double>(b[(one * n + i) * m + j]);
    }
    for (size_t k = 0; k < n; ++k) {
      size_t best = k;
      for (size_t i = k; i < n; ++i)
        if (std::fabs(rows[i][k]) > std::fabs(rows[best][k])) best = i;
      std::swap(rows[k], rows[best]);
      const double pivot = rows[k][k];
      if (pivot == 0) return run.fault.report("a", one, "is singular");
      for (double& v : rows[k]) v /= pivot;
      for (size_t i = 0; i < n; ++i) {
        if (i == k) continue;
        const double factor = rows[i][k];
        for (size_t j = 0; j < n + m; ++j) rows[i][j] -= factor * rows[k][j];
      }
    }
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < m; ++j) x[(one * n + i) * m + j] = static_cast<float>(rows[i][n + j]);
  }
}

void determinant(Run&, float* det, float* sign, float* logabsdet, const float* a, size_t batch, size_t n) {
  for (size_t one = 0; one < batch; ++one) {
    const double value = determinant_of(widened(a + one * n * n, n * n), n);
    det[one] = static_cast<float>(value);
    sign[one] = value > 0 ? 1.0f : value < 0 ? -1.0f
                                             : static_cast<float>(value);
    logabsdet[one] = static_cast<float>(std::log(std::fabs(value)));
  }
}

void determinant_backward(Run&, float* da, const float* dy, const float* a, size_t batch, size_t n,
                          const DeterminantBackwardAttributes& attributes) {
  for (size_t one = 0; one < batch; ++one) {
    const Matrix matrix = widened(a + one * n * n, n * n);
    const double scale = static_cast<double>(dy[one]) / (attributes.logarithm ? determinant_of(matrix, n) : 1);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) da[(one * n + i) * n + j] = static_cast<float>(scale * cofactor(matrix, n, i, j));
  }
}

// Solves for the factor l, column by column.
void cholesky(Run& run, float* l, const float* a, size_t batch, size_t n) {
  for (size_t one = 0; one < batch; ++one) {
    Matrix lower(n * n);
    for (size_t j = 0; j < n; ++j) {
      for (size_t i = j; i < n; ++i) {
        double sum = static_cast<double>(a[(one * n + i) * n + j]);
        for (size_t k = 0; k < j; ++k) sum -= lower[i * n + k] * lower[j * n + k];
        if (i == j && !(sum > 0)) return run.fault.report("a", one, "is not positive definite");
        lower[i * n + j] = i == j ? std::sqrt(sum) : sum / lower[j * n + j];
      }
    }
    for (size_t i = 0; i < n * n; ++i) l[one * n * n + i] = static_cast<float>(lower[i]);
  }
}

// Reflections H = 1 - 2 v v^T / v^T v of whole columns: r = ... H2 H1 a, q = H1 H2 ...
void qr(Run& run, float* q, float* r, const float* a, size_t batch, size_t m, size_t n, size_t k) {
  if (k > m) return run.fault.report("q", 0, "has more columns than rows");
  for (size_t one = 0; one < batch; ++one) {
    Matrix left = widened(a + one * m * n, m * n), basis(m * m);
    for (size_t i = 0; i < m; ++i) basis[i * m + i] = 1;
    for (size_t c = 0; c < m && c < n; ++c) {
      double length = 0, rest = 0;
      for (size_t i = c; i < m; ++i) length += left[i * n + c] * left[i * n + c], rest += i > c ? std::fabs(left[i * n + c]) : 0;
      if (rest == 0) continue;
      Matrix v(m);
      for (size_t i = c; i < m; ++i) v[i] = left[i * n + c];
      v[c] += std::copysign(std::sqrt(length), v[c]);
      double square = 0;
      for (const double x : v) square += x * x;
      Matrix mirror(m * m);
      for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < m; ++j) mirror[i * m + j] = (i == j ? 1 : 0) - 2 * v[i] * v[j] / square;
      Matrix next(m * n);
      for (size_t i = 0; i < m; ++i)
        for (size_t x = 0; x < m; ++x)
          for (size_t j = 0; j < n; ++j) next[i * n + j] += mirror[i * m + x] * left[x * n + j];
      for (size_t i = c + 1; i < m; ++i) next[i * n + c] = 0;
      left = next;
      basis = times(basis, mirror, m);
    }
    for (size_t i = 0; i < k * n; ++i) r[one * k * n + i] = static_cast<float>(left[i]);
    for (size_t i = 0; q != nullptr && i < m * k; ++i) q[one * m * k + i] = static_cast<float>(basis[i / k * m + i % k]);
  }
}

void matrix_exp(Run&, float* y, const float* x, size_t batch, size_t n) {
  for (size_t one = 0; one < batch; ++one) {
    const Matrix result = exponential(Matrix(x + one * n * n, x + (one + 1) * n * n), n);
    for (size_t i = 0; i < n * n; ++i) y[one * n * n + i] = static_cast<float>(result[i]);
  }
}

// Najfeld and Havel, Advances in Applied Mathematics 16 (1995): the derivative is a block of the exponential of a matrix of blocks.
void matrix_exp_backward(Run&, float* dx, const float* dy, const float* x, size_t batch, size_t n) {
  for (size_t one = 0; one < batch; ++one) {
    const size_t width = 2 * n;
    Matrix blocks(width * width);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        blocks[i * width + j] = blocks[(n + i) * width + n + j] = static_cast<double>(x[(one * n + j) * n + i]);
        blocks[i * width + n + j] = static_cast<double>(dy[(one * n + i) * n + j]);
      }
    }
    const Matrix result = exponential(blocks, width);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) dx[(one * n + i) * n + j] = static_cast<float>(result[i * width + n + j]);
  }
}

}  // namespace simdnn::reference
