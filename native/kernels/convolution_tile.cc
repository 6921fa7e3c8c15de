#include "kernels/convolution_tile.h"

#include "kernels/unroll.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The accumulators of kRows x kVectors after all segments. Where kMasked, the last vector of B has `tail` columns.
template <size_t kRows, size_t kVectors, bool kMasked, bool kMajorK>
HWY_INLINE void sum_segments(const SegmentsCall& t, VF (&sum)[kRows * kVectors]) {
  // Three rows of a row-major A share one pointer, as in gemm_tile.cc.
  constexpr size_t kGroups = kMajorK ? 1 : (kRows + 2) / 3;
  size_t a_stride = t.a_stride, b_stride = t.b_stride;
  const size_t tail = t.tail;
  for (const Segment *s = t.segments, *end = s + t.count; s < end; ++s) {
    const float* a[kGroups];
    unroll<kGroups>(SIMDNN_UNROLLED(i) { a[i] = s->a + 3 * i * a_stride; });
    const float* b = s->b;
    for (size_t k = s->k; k > 0; --k) {
      asm("" : "+r"(a_stride), "+r"(b_stride));  // as in gemm_tile.cc
      VF columns[kVectors];
      unroll<kVectors>(SIMDNN_UNROLLED(v) {
        constexpr bool kLast = kMasked && v + 1 == kVectors;
        columns[v] = kLast ? load_tail(kF, b + v * kLanes, tail) : hn::LoadU(kF, b + v * kLanes);
      });
      b += b_stride;
      unroll<kRows>(SIMDNN_UNROLLED(r) {
        const VF element = hn::Set(kF, kMajorK ? a[0][r] : a[r / 3 % kGroups][r % 3 * a_stride]);
        unroll<kVectors>(SIMDNN_UNROLLED(v) { sum[r * kVectors + v] = hn::MulAdd(element, columns[v], sum[r * kVectors + v]); });
      });
      unroll<kGroups>(SIMDNN_UNROLLED(i) { a[i] += kMajorK ? a_stride : 1; });
    }
  }
}

template <size_t kRows, size_t kVectors, bool kPartial, bool kMajorK>
void segments_tile(const SegmentsCall& t) {
  VF sum[kRows * kVectors];
  unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) { sum[i] = hn::Zero(kF); });
  sum_segments<kRows, kVectors, kPartial && kMajorK, kMajorK>(t, sum);
  const size_t tail = t.tail;
  const auto load_columns = [&](const float* p, auto last) __attribute__((always_inline)) { return last ? load_tail(kF, p, tail) : hn::LoadU(kF, p); };
  const auto each = [&](auto body) __attribute__((always_inline)) {
    unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) {
      constexpr size_t kV = i % kVectors;
      body(t.c + i / kVectors * t.c_stride + kV * kLanes, std::integral_constant<size_t, kV>(), std::integral_constant<bool, kPartial && kV + 1 == kVectors>(), sum[i]);
    });
  };
  if (t.partial) {
    each([&](float* c, auto, auto last, VF& s) __attribute__((always_inline)) { s = hn::Add(load_columns(c, last), s); });
  }
  if (t.bias != nullptr) {
    each([&](float*, auto v, auto last, VF& s) __attribute__((always_inline)) { s = hn::Add(s, load_columns(t.bias + v * kLanes, last)); });
  }
  if (t.relu) {
    unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) { sum[i] = rectified(sum[i]); });
  }
  each([&](float* c, auto, auto last, VF& s) __attribute__((always_inline)) {
    if constexpr (last) {
      store_tail(s, kF, c, tail);
    } else {
      hn::StoreU(s, kF, c);
    }
  });
}

template <bool kPartial, bool kMajorK, size_t... kR>
constexpr SegmentsKernels segments_kernels(std::index_sequence<kR...>) {
  return {{{segments_tile<kR + 1, 1, kPartial, kMajorK>, segments_tile<kR + 1, 2, kPartial, kMajorK>}...}};
}
constexpr std::make_index_sequence<kTileRows> kHeights;

}  // namespace

const SegmentsKernels kSegmentsKernels[2][2] = {{segments_kernels<false, false>(kHeights), segments_kernels<false, true>(kHeights)},
                                                {segments_kernels<true, false>(kHeights), segments_kernels<true, true>(kHeights)}};

}  // namespace simdnn::SIMDNN_ISA
