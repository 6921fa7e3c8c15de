// Systems of linear equations and determinants, by Gaussian elimination with partial pivoting, computed in double and rounded to float when they are written.
#include <math.h>

#include "kernels/matrices.h"

namespace simdnn::SIMDNN_ISA {
namespace {

void exchange(double* a, double* b, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    const double held = a[j];
    a[j] = b[j], b[j] = held;
  }
}

// Whether pivot a is to be preferred to b. NaN counts as the largest number, so that it becomes the pivot and the result is NaN.
bool is_larger(double a, double b) { return b == b && !(magnitude(a) <= magnitude(b)); }

// Brings the matrix a [n, n] to U, and b [n, m] to L^-1 P b; returns the determinant of P.
// With `columns` [n] the columns of a are exchanged too, where no row has a pivot in the next one: column k has been exchanged with columns[k], in ascending k, and
// only the last pivot can be 0. It is replaced by `nothing`. Where two or more pivots would be 0, so are all cofactors, and it returns 0 at once.
// Source: Golub and Van Loan, Matrix Computations, 3.4.
double eliminate(double* a, double* b, size_t n, size_t m, double* columns = nullptr, double nothing = 0) {
  double sign = 1;
  const auto exchange_rows = [&](size_t i, size_t k) {
    if (i == k) return;
    sign = -sign;
    exchange(a + i * n + k, a + k * n + k, n - k);
    exchange(b + i * m, b + k * m, m);
  };
  const auto exchange_columns = [&](size_t j, size_t k) {
    if (j == k) return;
    sign = -sign;
    for (size_t i = 0; i < n; ++i) exchange(a + i * n + j, a + i * n + k, 1);
  };
  for (size_t k = 0; k < n; ++k) {
    double* const row = a + k * n;
    size_t best = k;
    for (size_t i = k + 1; i < n; ++i)
      if (is_larger(a[i * n + k], a[best * n + k])) best = i;
    exchange_rows(best, k);
    if (columns != nullptr) {
      size_t i = k, j = k;
      if (row[k] == 0) {
        for (size_t e = 0; e < (n - k) * (n - k); ++e) {
          const size_t r = k + e / (n - k), c = k + e % (n - k);
          if (is_larger(a[r * n + c], a[i * n + j])) i = r, j = c;
        }
        exchange_columns(j, k);
        exchange_rows(i, k);
      }
      columns[k] = static_cast<double>(j);
      if (row[k] == 0) {
        if (n - k > 1) return 0;
        row[k] = nothing;
      }
    }
    for (size_t i = k + 1; i < n; ++i) {
      if (a[i * n + k] == 0) continue;
      const double factor = a[i * n + k] / row[k];
      subtract(a + i * n + k + 1, factor, row + k + 1, n - k - 1);
      subtract(b + i * m, factor, b + k * m, m);
    }
  }
  return sign;
}

// b = U^-1 b.
void substitute(const double* u, double* b, size_t n, size_t m) {
  for (size_t k = n; k-- > 0;) {
    double* const row = b + k * m;
    for (size_t i = k + 1; i < n; ++i) subtract(row, u[k * n + i], b + i * m, m);
    for (size_t j = 0; j < m; ++j) row[j] /= u[k * n + k];
  }
}

bool has_zero_on_diagonal(const double* u, size_t n) {
  for (size_t k = 0; k < n; ++k)
    if (u[k * n + k] == 0) return true;
  return false;
}

// sign * the product of the diagonal, as mantissa * 2^exponent, because an intermediate product could overflow a double.
struct Product {
  double mantissa;
  int exponent = 0;

  Product(double sign, const double* u, size_t n) : mantissa(sign) {
    for (size_t k = 0; k < n; ++k) {
      int more;
      mantissa = ::frexp(mantissa * u[k * n + k], &more);
      // frexp does not specify the exponent of an infinity or NaN.
      if (mantissa - mantissa == 0) exponent += more;
    }
  }
  double value() const { return ::ldexp(mantissa, exponent); }
  // The C library's log would tie the binary to a newer glibc; its log1p does not.
  double logarithm() const {
    const double size = magnitude(mantissa);
    return size == 0 ? -HUGE_VAL : ::log1p(size - 1) + exponent * 0.69314718055994531;
  }
  double sign() const { return mantissa > 0 ? 1 : mantissa < 0 ? -1
                                                               : mantissa; }
};

double work_of(size_t n, size_t m) { return cube(n) / 3 + static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(m); }

}  // namespace

// x [batch, n, m] = a^-1 b, or a^-T b with `transposed`; x may be b. Relative error: one rounding to float, and the condition number of a times 2^-52.
void solve(Run& run, float* x, const float* a, const float* b, size_t batch, size_t n, size_t m, const SolveAttributes& attributes) {
  if (n == 0) return;  // there is nothing to do, and no memory limits the batch
  const bool transposed = attributes.transposed;
  Run* const calling = &run;
  each_matrix(run, batch, n * (n + m), work_of(n, m), [=](double* memory, size_t one) {
    double *const matrix = memory, *const right = memory + n * n;
    if (transposed) {
      widen_transposed(matrix, a + one * n * n, n);
    } else {
      widen(matrix, a + one * n * n, n * n);
    }
    widen(right, b + one * n * m, n * m);
    eliminate(matrix, right, n, m);
    if (has_zero_on_diagonal(matrix, n)) return calling->fault.report("a", one, "is singular");
    substitute(matrix, right, n, m);
    round_to(x + one * n * m, right, n * m);
  });
}

// det(a), its sign (0 where a is singular), and log |det(a)|, which is finite also where det(a) overflows or underflows. Errors as in solve.
void determinant(Run& run, float* det, float* sign, float* logabsdet, const float* a, size_t batch, size_t n) {
  each_matrix(run, batch, n * n, work_of(n, 0), [=](double* matrix, size_t one) {
    widen(matrix, a + one * n * n, n * n);
    const double exchanges = eliminate(matrix, nullptr, n, 0);
    const Product product(exchanges, matrix, n);
    det[one] = static_cast<float>(product.value());
    sign[one] = static_cast<float>(product.sign());
    logabsdet[one] = static_cast<float>(product.logarithm());
  });
}

// da = dy det(a) a^-T, with `logarithm` dy a^-T. The cofactors of a singular a are the limit of those of matrices near it: 1e-60 times its largest element takes
// the place of the last pivot if that is 0, and the determinant takes its reciprocal back.
void determinant_backward(Run& run, float* da, const float* dy, const float* a, size_t batch, size_t n,
                          const DeterminantBackwardAttributes& attributes) {
  const bool logarithm = attributes.logarithm;
  each_matrix(run, batch, 2 * n * n + n, work_of(n, n), [=](double* memory, size_t one) {
    double *const matrix = memory, *const inverse = memory + n * n, *const columns = inverse + n * n;
    widen_transposed(matrix, a + one * n * n, n);
    double largest = 0;
    for (size_t i = 0; i < n * n; ++i) {
      inverse[i] = i % (n + 1) == 0 ? 1 : 0;
      if (magnitude(matrix[i]) > largest) largest = magnitude(matrix[i]);
    }
    const double sign = eliminate(matrix, inverse, n, n, logarithm ? nullptr : columns, 1e-60 * (largest > 0 ? largest : 1));
    if (sign == 0) {
      for (size_t i = 0; i < n * n; ++i) da[one * n * n + i] = 0;
      return;
    }
    const double factor = static_cast<double>(dy[one]) * (logarithm ? 1 : Product(sign, matrix, n).value());
    substitute(matrix, inverse, n, n);
    for (size_t k = n; !logarithm && k-- > 0;) {
      const size_t other = static_cast<size_t>(columns[k]);
      if (other != k) exchange(inverse + k * n, inverse + other * n, n);
    }
    for (size_t i = 0; i < n * n; ++i) da[one * n * n + i] = static_cast<float>(factor * inverse[i]);
  });
}

}  // namespace simdnn::SIMDNN_ISA
