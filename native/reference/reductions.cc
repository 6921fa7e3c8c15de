// Sums and extrema over the middle dimension of [outer, n, inner].
#include "kernels/table.h"

namespace simdnn::reference {
namespace {

template <typename T, class Better>
void extremum(Run& run, T* values, int32_t* indices, const T* x, size_t outer, size_t n, size_t inner, Better better) {
  if (n == 0 && outer * inner > 0) return run.fault.report("x", 0);
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < inner; ++i) {
      size_t best = 0;
      const auto at = [&](size_t k) { return x[(o * n + k) * inner + i]; };
      for (size_t k = 1; k < n; ++k) {
        const bool first_nan = at(k) != at(k) && at(best) == at(best);
        if (first_nan || better(at(k), at(best))) best = k;
      }
      values[o * inner + i] = at(best);
      indices[o * inner + i] = static_cast<int32_t>(best);
    }
  }
}

template <typename T>
bool greater(T a, T b) { return a > b; }
template <typename T>
bool less(T a, T b) { return a < b; }

}  // namespace

void sum(Run&, float* out, const float* x, size_t outer, size_t n, size_t inner, const SumAttributes& attributes) {
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < inner; ++i) {
      double total = 0;
      for (size_t k = 0; k < n; ++k) total += x[(o * n + k) * inner + i];
      out[o * inner + i] = static_cast<float>(attributes.scale * total);
    }
  }
}

void sum_int(Run&, int32_t* out, const int32_t* x, size_t outer, size_t n, size_t inner) {
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < inner; ++i) {
      uint32_t total = 0;
      for (size_t k = 0; k < n; ++k) total += static_cast<uint32_t>(x[(o * n + k) * inner + i]);
      out[o * inner + i] = static_cast<int32_t>(total);
    }
  }
}

void max(Run& run, float* values, int32_t* indices, const float* x, size_t outer, size_t n, size_t inner) {
  extremum(run, values, indices, x, outer, n, inner, greater<float>);
}
void min(Run& run, float* values, int32_t* indices, const float* x, size_t outer, size_t n, size_t inner) {
  extremum(run, values, indices, x, outer, n, inner, less<float>);
}
void max_int(Run& run, int32_t* values, int32_t* indices, const int32_t* x, size_t outer, size_t n, size_t inner) {
  extremum(run, values, indices, x, outer, n, inner, greater<int32_t>);
}
void min_int(Run& run, int32_t* values, int32_t* indices, const int32_t* x, size_t outer, size_t n, size_t inner) {
  extremum(run, values, indices, x, outer, n, inner, less<int32_t>);
}

}  // namespace simdnn::reference
