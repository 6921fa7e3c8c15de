// A product with k = 1 (outer product): each element of C is one multiplication, so the time is that of writing C.
#include "kernels/gemm.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {

// Stores are aligned with cache lines, except at the ends of a row. A store that straddles two lines takes as long as two stores, and tiles make such stores
// wherever C's rows are not a multiple of a line.
void multiply_outer(const Product& g, size_t i0, size_t i1) {
  const float* const b = g.b.p;
  for (size_t i = i0; i < i1; ++i) {
    const VF element = hn::Set(kF, *g.a.at(0, i));
    float* const c = g.c + i * g.c_stride;
    const auto put = [&](size_t j, size_t n) __attribute__((always_inline)) {
      VF value = hn::MulAdd(element, load(kF, b + j, n), hn::Zero(kF));
      if (g.accumulate) value = hn::Add(load(kF, c + j, n), value);
      store(value, kF, c + j, n);
    };
    const size_t boundary = to_boundary(c);
    size_t j = boundary < g.n ? boundary : g.n;
    if (j > 0) put(0, j);
    for (; j + kLanes <= g.n; j += kLanes) put(j, kLanes);
    if (j < g.n) put(j, g.n - j);
  }
}

}  // namespace simdnn::SIMDNN_ISA
