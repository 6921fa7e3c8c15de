#include "kernels/gemm_tile.h"

#include "kernels/unroll.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Loads and stores the last vector of a row of B and C, which may be partial. Where masked loads are cheap, the mask is made once; load_tail would make it
// again in each step.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
struct Tail {
  explicit HWY_INLINE Tail(size_t n) : mask(hn::FirstN(kF, n)) {}
  HWY_INLINE VF load(const float* p) const { return hn::MaskedLoad(mask, kF, p); }
  HWY_INLINE void store(VF v, float* p) const { hn::BlendedStore(v, mask, kF, p); }
  hn::Mask<F> mask;
};
#else
struct Tail {
  explicit HWY_INLINE Tail(size_t n) : n(n) {}
  HWY_INLINE VF load(const float* p) const { return load_tail(kF, p, n); }
  HWY_INLINE void store(VF v, float* p) const { store_tail(v, kF, p, n); }
  size_t n;
};
#endif
template <bool kPartial>
HWY_INLINE VF load_columns(const float* p, const Tail& tail) {
  if constexpr (kPartial) return tail.load(p);
  return hn::LoadU(kF, p);
}

// Up to this k the loop is not unrolled, because the code of many small products must fit into the instruction cache: 0.96 of the time of the
// twelve products in a small network's backward pass.
constexpr size_t kShort = 64;

// The microkernel for a tile of kRows x kVectors. Where kPartial, the last vector of each row of C has `tail` columns. It is one long function because the
// accumulators must stay in registers from the loop over k to the stores.
// Each element is one chain of MulAdd from zero over ascending k, whatever the tile, so that bits do not depend on how C is divided.
template <size_t kRows, size_t kVectors, bool kPartial, bool kMajorK>
void tile(const TileCall& t) {
  VF sum[kRows * kVectors];
  unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) { sum[i] = hn::Zero(kF); });

  // Three rows of a row-major A share one pointer: x86 can address p, p + s and p + 2s, so only a third of the rows need a register.
  constexpr size_t kGroups = kMajorK ? 1 : (kRows + 2) / 3;
  const float* a[kGroups];
  unroll<kGroups>(SIMDNN_UNROLLED(i) { a[i] = t.a + 3 * i * t.a_stride; });
  const float* b = t.b;
  size_t a_stride = t.a_stride, b_stride = t.b_stride;
  const Tail tail(t.tail);
  constexpr bool kMasked = kPartial && kMaskedLoads, kSums = kMasked && kRows < kTileRows;
  // 1 in the lane that computes `sums`. The last vector of B is 0 from that lane on.
  const auto lane_of_sums = hn::RebindMask(kF, hn::Eq(hn::Iota(kI, 0), hn::Set(kI, static_cast<int32_t>(t.tail))));
  const VF behind = t.sums == nullptr ? hn::Zero(kF) : hn::IfThenElseZero(lane_of_sums, hn::Set(kF, 1));

  const auto step = SIMDNN_UNROLLED(ahead) {
    // Without this g++ keeps stride + 4, stride + 8, ... in a register each, and runs out of registers.
    asm("" : "+r"(a_stride), "+r"(b_stride));
    VF columns[kVectors];
    unroll<kVectors>(SIMDNN_UNROLLED(v) {
      constexpr bool kLast = kMasked && v + 1 == kVectors;
      columns[v] = load_columns<kLast>(b + v * kLanes, tail);
      if constexpr (kSums && kLast) columns[v] = hn::Or(columns[v], behind);
    });
    b += b_stride;
    unroll<kRows>(SIMDNN_UNROLLED(r) {
      const VF element = hn::Set(kF, kMajorK ? a[0][r] : a[r / 3 % kGroups][r % 3 * a_stride + ahead]);
      unroll<kVectors>(SIMDNN_UNROLLED(v) {
        sum[r * kVectors + v] = hn::MulAdd(element, columns[v], sum[r * kVectors + v]);
      });
    });
    if constexpr (kMajorK) a[0] += a_stride;
  };
  size_t k = t.k;
  if (k > kShort) {
    for (; k >= kUnroll; k -= kUnroll) {
      unroll<kUnroll>(step);
      if constexpr (!kMajorK) unroll<kGroups>(SIMDNN_UNROLLED(i) { a[i] += kUnroll; });
    }
  }
  for (; k > 0; --k) {
    step(std::integral_constant<size_t, 0>());
    if constexpr (!kMajorK) unroll<kGroups>(SIMDNN_UNROLLED(i) { ++a[i]; });
  }

  const auto each = [&](auto body) __attribute__((always_inline)) {
    unroll<kRows>(SIMDNN_UNROLLED(r) {
      unroll<kVectors>(SIMDNN_UNROLLED(v) {
        constexpr bool kLast = kPartial && v + 1 == kVectors;
        body(r, std::integral_constant<size_t, v * kLanes>(), std::integral_constant<bool, kLast>(),
             sum[r * kVectors + v]);
      });
    });
  };
  if (t.partial != nullptr) {
    each([&](size_t r, size_t j, auto last, VF& s) __attribute__((always_inline)) {
      s = hn::Add(load_columns<last>(t.partial + r * t.partial_stride + j, tail), s);
    });
  }
  if (t.bias != nullptr) {
    VF bias[kVectors];
    unroll<kVectors>(SIMDNN_UNROLLED(v) {
      bias[v] = load_columns<(kPartial && v + 1 == kVectors)>(t.bias + v * kLanes, tail);
    });
    unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) { sum[i] = hn::Add(sum[i], bias[i % kVectors]); });
  }
  if (t.relu) {
    unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) { sum[i] = rectified(sum[i]); });
  }
  if (t.accumulate) {
    each([&](size_t r, size_t j, auto last, VF& s) __attribute__((always_inline)) {
      s = hn::Add(load_columns<last>(t.c + r * t.c_stride + j, tail), s);
    });
  }
  if constexpr (kSums) {
    if (t.sums != nullptr) {
      // A vector whose lane `tail` is sums[r]; it may begin before `sums`, but only that lane is read and written.
      const uintptr_t first = reinterpret_cast<uintptr_t>(t.sums) - t.tail * sizeof(float);
      unroll<kRows>(SIMDNN_UNROLLED(r) {
        float* const at = reinterpret_cast<float*>(first + r * sizeof(float));
        VF s = sum[r * kVectors + kVectors - 1];
        if (t.accumulate) s = hn::Add(hn::MaskedLoad(lane_of_sums, kF, at), s);
        hn::BlendedStore(s, lane_of_sums, kF, at);
      });
    }
  }
  if (t.gate != nullptr) {
    each([&](size_t r, size_t j, auto last, VF& s) __attribute__((always_inline)) {
      const VF gate = load_columns<last>(t.gate + r * t.c_stride + j, tail);
      s = hn::IfThenZeroElse(hn::Le(gate, hn::Zero(kF)), s);
    });
  }
  each([&](size_t r, size_t j, auto last, VF& s) __attribute__((always_inline)) {
    float* c = t.c + r * t.c_stride + j;
    if constexpr (last) {
      tail.store(s, c);
    } else {
      hn::StoreU(s, kF, c);
    }
  });
}

template <bool kPartial, bool kMajorK, size_t... kR>
constexpr TileKernels tile_kernels(std::index_sequence<kR...>) {
  return {{{tile<kR + 1, 1, kPartial, kMajorK>, tile<kR + 1, 2, kPartial, kMajorK>}...}};
}
constexpr std::make_index_sequence<kTileRows> kHeights;

}  // namespace

const TileKernels kTileKernels[2][2] = {{tile_kernels<false, false>(kHeights), tile_kernels<false, true>(kHeights)},
                                        {tile_kernels<true, false>(kHeights), tile_kernels<true, true>(kHeights)}};

}  // namespace simdnn::SIMDNN_ISA
