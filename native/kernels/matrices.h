// Helpers of the kernels that compute batches of matrices in double. Include it last.
#pragma once
#include "kernels/parts.h"

namespace simdnn::SIMDNN_ISA {
namespace {

inline double magnitude(double v) { return v < 0 ? -v : v; }

inline double cube(size_t n) { return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n); }

// Calls body(memory, i) for each matrix i of a batch. Each thread has its own `memory` of `doubles` numbers. `work` is the time of one matrix in nanoseconds.
template <class Body>
void each_matrix(Run& run, size_t batch, size_t doubles, double work, Body body) {
  if (batch == 0) return;
  const size_t most = static_cast<size_t>(run.threads), parts = batch < most ? batch : most;
  auto* const memory = reinterpret_cast<double*>(scratch(Scratch::kBlocks, parts * 2 * doubles));
  for_each_part(run, parts, batch, work * static_cast<double>(batch), [=](size_t part, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) body(memory + part * doubles, i);
  });
}

inline void widen(double* out, const float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<double>(x[i]);
}

inline void round_to(float* out, const double* x, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<float>(x[i]);
}

// out = the transpose of a [n, n].
inline void widen_transposed(double* out, const float* a, size_t n) {
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) out[j * n + i] = static_cast<double>(a[i * n + j]);
}

// out -= factor * x
inline void subtract(double* out, double factor, const double* x, size_t n) {
  for (size_t j = 0; j < n; ++j) out[j] -= factor * x[j];
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
