// The comparison of kernels over windows of images with their references.
#pragma once
#include <algorithm>
#include <cstring>

#include "test/test.h"

namespace simdnn::test {

// 4 * 2^-23 * max|expected| + 2^-23 * sqrt(k) * the largest norm of the products of one output, which is at most sqrt(k) times the largest product of two elements.
inline double bound_of(Buffer<float>& a, Buffer<float>& b, size_t k, Buffer<float>& expected) {
  double largest[3] = {};
  Buffer<float>* const all[] = {&a, &b, &expected};
  for (int i = 0; i < 3; ++i) {
    for (size_t j = 0; j < all[i]->size(); ++j) largest[i] = std::max(largest[i], std::fabs(static_cast<double>((*all[i])[j])));
  }
  return kEpsilon * (4 * largest[2] + std::sqrt(static_cast<double>(k)) * largest[0] * largest[1]);
}

// Compares a kernel with its reference, for n elements that are sums of k products of elements of a and b, and the bits for other numbers of threads.
// call(table, run, out) calls it.
template <class Call>
void compare_windows(Context& t, size_t n, Buffer<float>& a, Buffer<float>& b, size_t k, Call call) {
  Buffer<float> expected(t, n), actual(t, n, 2);
  for (size_t i = 0; i < n; ++i) expected[i] = actual[i] = NAN;
  Run run;
  call(t.reference, run, expected.data());
  call(t.kernel, run, actual.data());
  const double bound = bound_of(a, b, k, expected);
  for (size_t i = 0; i < n; ++i) t.close(actual[i], expected[i], bound, "element", i);
  for (int threads = 2; threads <= 4; ++threads) {
    Buffer<float> again(t, n, 3);
    for (size_t i = 0; i < n; ++i) again[i] = NAN;
    Run with(threads);
    call(t.kernel, with, again.data());
    t.check(n == 0 || std::memcmp(actual.data(), again.data(), n * sizeof(float)) == 0, "bits depend on the number of threads");
  }
}

}  // namespace simdnn::test
