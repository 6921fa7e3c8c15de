// Sorting and scans along the middle dimension, by their definitions.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

template <class Line>
void each_line(size_t outer, size_t n, size_t inner, Line line) {
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < inner; ++i) line([=](size_t k) { return (o * n + k) * inner + i; });
  }
}

template <typename T>
void sorted(T* values, int32_t* indices, const T* x, size_t outer, size_t n, size_t inner, bool descending) {
  each_line(outer, n, inner, [=](auto at) {
    const auto below = [=](T a, T b) { return std::isnan(static_cast<double>(b)) ? !std::isnan(static_cast<double>(a)) : a < b; };
    std::vector<size_t> order(n);
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [=](size_t a, size_t b) {
      return descending ? below(x[at(b)], x[at(a)]) : below(x[at(a)], x[at(b)]);
    });
    for (size_t k = 0; k < n; ++k) values[at(k)] = x[at(order[k])], indices[at(k)] = static_cast<int32_t>(order[k]);
  });
}

template <typename T, class Total, class Add>
void scanned(T* out, const T* x, size_t outer, size_t n, size_t inner, bool reverse, Total start, Add add) {
  each_line(outer, n, inner, [=](auto at) {
    Total total = start;
    for (size_t k = 0; k < n; ++k) {
      const size_t place = at(reverse ? n - 1 - k : k);
      total = add(total, x[place]);
      out[place] = static_cast<T>(total);
    }
  });
}

}  // namespace

void sort(Run&, float* values, int32_t* indices, const float* x, size_t outer, size_t n, size_t inner, const SortAttributes& a) {
  sorted(values, indices, x, outer, n, inner, a.descending);
}
void sort_int(Run&, int32_t* values, int32_t* indices, const int32_t* x, size_t outer, size_t n, size_t inner, const SortIntAttributes& a) {
  sorted(values, indices, x, outer, n, inner, a.descending);
}
void cumsum(Run&, float* out, const float* x, size_t outer, size_t n, size_t inner, const CumsumAttributes& a) {
  scanned(out, x, outer, n, inner, a.reverse, 0.0, [](double total, double v) { return total + v; });
}
void cumsum_int(Run&, int32_t* out, const int32_t* x, size_t outer, size_t n, size_t inner, const CumsumIntAttributes& a) {
  scanned(out, x, outer, n, inner, a.reverse, uint32_t{0}, [](uint32_t total, int32_t v) { return total + static_cast<uint32_t>(v); });
}
void cumprod(Run&, float* out, const float* x, size_t outer, size_t n, size_t inner, const CumprodAttributes& a) {
  scanned(out, x, outer, n, inner, a.reverse, 1.0, [](double total, double v) { return total * v; });
}

// Computes each product from the start, without the others.
void cumprod_backward(Run&, float* dx, const float* dy, const float* x, size_t outer, size_t n, size_t inner) {
  each_line(outer, n, inner, [=](auto at) {
    for (size_t k = 0; k < n; ++k) {
      double sum = 0;
      for (size_t j = k; j < n; ++j) {
        double product = dy[at(j)];
        for (size_t i = 0; i <= j; ++i) product *= i == k ? 1.0 : static_cast<double>(x[at(i)]);
        sum += product;
      }
      dx[at(k)] = static_cast<float>(sum);
    }
  });
}

}  // namespace simdnn::reference
