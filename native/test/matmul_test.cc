#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

struct Shape {
  size_t m, n, k;
  bool transpose_a, transpose_b, accumulate;
};

// The project's bound for sums of products: 4 * 2^-23 * max|expected| + 2^-23 * sqrt(k) * the largest
// 2-norm of the products of one output (an accumulated c counts as one more product). It takes as many products as the kernel; sanitizers, which slow it down,
// are off as they are for the reference.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
__attribute__((no_sanitize("address", "thread", "undefined")))
#endif
double bound_of(const Shape& s, const float* a, const float* b, const float* c, const float* expected) {
  double largest = 0, norm = 0;
  for (size_t i = 0; i < s.m; ++i) {
    for (size_t j = 0; j < s.n; ++j) {
      double squares = s.accumulate ? static_cast<double>(c[i * s.n + j]) * c[i * s.n + j] : 0;
      for (size_t l = 0; l < s.k; ++l) {
        const double product = static_cast<double>(s.transpose_a ? a[l * s.m + i] : a[i * s.k + l]) *
                               (s.transpose_b ? b[j * s.k + l] : b[l * s.n + j]);
        squares += product * product;
      }
      norm = std::max(norm, std::sqrt(squares));
      largest = std::max(largest, std::fabs(static_cast<double>(expected[i * s.n + j])));
    }
  }
  return kEpsilon * (4 * largest + std::sqrt(static_cast<double>(s.k)) * norm);
}

void check_shape(Context& t, const Shape& s, size_t misaligned, Random& random) {
  t.where = std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k) + (s.transpose_a ? " ta" : "") +
            (s.transpose_b ? " tb" : "") + (s.accumulate ? " +=" : "");
  Buffer<float> a(t, s.m * s.k, misaligned), b(t, s.k * s.n, misaligned * 3), before(t, s.m * s.n);
  Buffer<float> c(t, s.m * s.n, misaligned * 5), expected(t, s.m * s.n), again(t, s.m * s.n);
  fill_normal(a, random);
  fill_normal(b, random);
  fill_normal(before, random);
  const size_t bytes = s.m * s.n * sizeof(float);
  const auto call = [&](const KernelTable& table, Buffer<float>& out, int threads) {
    std::memcpy(out.data(), before.data(), bytes);
    Run run(threads);
    table.matmul(run, out.data(), a.data(), b.data(), s.m, s.n, s.k,
                 {s.transpose_a, s.transpose_b, s.accumulate});
  };
  call(t.kernel, c, 1);
  call(t.reference, expected, 1);
  const double bound = bound_of(s, a.data(), b.data(), before.data(), expected.data());
  for (size_t i = 0; i < c.size(); ++i) t.close(c[i], expected[i], bound, "c", i);
  for (int threads = 2; threads <= 4; ++threads) {
    call(t.kernel, again, threads);
    t.check(std::memcmp(c.data(), again.data(), bytes) == 0, "bits depend on the number of threads");
  }
}

// The magnitudes are such that rounding shows the order of additions: the old c must be added to the complete product, not to its first block.
void check_accumulates_finished_product(Context& t) {
  const size_t m = 3, n = 21, k = 600;
  Random random(5);
  Buffer<float> a(t, m * k), b(t, k * n), product(t, m * n), c(t, m * n);
  fill_normal(a, random);
  fill_normal(b, random);
  Run run(2);
  t.kernel.matmul(run, product.data(), a.data(), b.data(), m, n, k, {});
  for (size_t i = 0; i < c.size(); ++i) c[i] = static_cast<float>(i) * 7.25f;
  t.kernel.matmul(run, c.data(), a.data(), b.data(), m, n, k, {false, false, true});
  for (size_t i = 0; i < c.size(); ++i) {
    t.check(c[i] == static_cast<float>(i) * 7.25f + product[i], "accumulate is not c + product");
  }
}

// 0 * infinity and NaN reach every output of their row and column, and no other.
void check_specials(Context& t) {
  for (const float special : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const size_t m = 5, n = 37, k = 300;
    Buffer<float> a(t, m * k), b(t, k * n), c(t, m * n);
    for (size_t i = 0; i < a.size(); ++i) a[i] = 0;
    for (size_t i = 0; i < b.size(); ++i) b[i] = 1;
    b[277 * n + 20] = special;
    Run run;
    t.kernel.matmul(run, c.data(), a.data(), b.data(), m, n, k, {});
    for (size_t i = 0; i < c.size(); ++i) t.check(i % n == 20 ? std::isnan(c[i]) : c[i] == 0, "special in b");
    a[3 * k + 299] = special;
    t.kernel.matmul(run, c.data(), a.data(), b.data(), m, n, k, {});
    for (size_t i = 0; i < c.size(); ++i) {
      const bool finite = i % n != 20 && i / n != 3;
      t.check(finite ? c[i] == 0 : (i % n == 20 ? std::isnan(c[i]) : !std::isfinite(c[i])), "special in a");
    }
  }
}

}  // namespace

TEST(matmul) {
  Random random(1);
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      for (const bool accumulate : {false, true}) {
        const auto shape = [&](size_t m, size_t n, size_t k) {
          check_shape(t, {m, n, k, transpose_a, transpose_b, accumulate}, (m + n + k) % 3, random);
        };
        for (const size_t m : {1, 2, 3, 5, 7, 13, 14, 15, 29}) {
          for (const size_t n : {1, 3, 4, 7, 15, 16, 17, 31, 32, 33, 65}) {
            for (const size_t k : {1, 2, 3, 4, 5, 7, 31}) shape(m, n, k);
          }
        }
        for (const size_t k : {255, 256, 257, 513}) {
          for (const size_t m : {1, 4, 17, 43}) shape(m, 50, k);
        }
        shape(0, 5, 3);
        shape(5, 0, 3);
        shape(5, 3, 0);
        shape(97, 701, 263);    // several column blocks, packed operands
        shape(64, 64, 1024);    // rows that fall on the same cache sets
        shape(50, 530, 1024);   // rows of A that are copied to avoid cache-set conflicts, columns in two blocks
        shape(50, 530, 0);
        shape(20, 1024, 300);   // rows of C with cache-set conflicts: partial sums are kept in scratch
        shape(1100, 33, 259);   // several row blocks of partial sums
        shape(1, 700, 300);     // one row: gemv.cc
        shape(1, 1100, 530);    // in several strips
        for (const size_t n : {9, 17, 36, 45, 100, 129}) shape(1, n, 303);  // groups of columns that overlap
        for (const size_t n : {64, 75, 300}) shape(41, n, 1);  // outer products: outer_product.cc
        shape(700, 1, 300);     // one column
        shape(45, 1, 600);
      }
    }
  }
  t.where = "";
  check_accumulates_finished_product(t);
  check_specials(t);
}

// Each product of the batch has the bits of matmul.
TEST(batched_matmul) {
  Random random(21);
  const size_t shapes[][4] = {{0, 2, 3, 4}, {3, 2, 3, 0}, {5, 0, 3, 4}, {7, 3, 5, 9}, {40, 17, 1, 33}, {3, 130, 70, 90}};
  for (const auto& [batch, m, n, k] : shapes) {
    for (int kind = 0; kind < 4; ++kind) {
      t.where = std::to_string(batch) + " of " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
      Buffer<float> a(t, batch * m * k, 1), b(t, batch * k * n, 2), expected(t, batch * m * n, 3);
      fill_normal(a, random);
      fill_normal(b, random);
      const bool transpose_a = (kind & 1) != 0, transpose_b = (kind & 2) != 0;
      Run run;
      for (size_t i = 0; i < batch; ++i) {
        t.kernel.matmul(run, expected.data() + i * m * n, a.data() + i * m * k, b.data() + i * k * n, m, n, k,
                        {transpose_a, transpose_b, false});
      }
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<float> c(t, batch * m * n, 2);
        Run with(threads);
        t.kernel.batched_matmul(with, c.data(), a.data(), b.data(), batch, m, n, k, {transpose_a, transpose_b});
        t.check(std::memcmp(c.data(), expected.data(), c.size() * sizeof(float)) == 0, "another product");
      }
    }
  }
}

}  // namespace simdnn::test
