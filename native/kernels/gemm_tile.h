// The microkernel of every matrix product: computes a tile of C in registers over one block of K.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The tile's height, and its width in vectors, follow from the number of registers, which hold the accumulators, one row of B and one broadcast element of A.
// With 32 registers a tile of 14 x 2 leaves 2 free and does 28 MulAdds for 16 loads.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kTileRows = 3, kUnroll = 1;  // g++ takes a quarter of an hour to instrument 14 x 2
#elif HWY_TARGET == HWY_EMU128
constexpr size_t kTileRows = 2, kUnroll = 1;  // a vector is a loop over its lanes here, so there are no registers to fill
#elif (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3) || HWY_ARCH_ARM_A64
constexpr size_t kTileRows = 14, kUnroll = 4;
#else
constexpr size_t kTileRows = 6, kUnroll = 4;
#endif
constexpr size_t kTileVectors = 2;
constexpr size_t kTileColumns = kTileVectors * kLanes;
// The tile's height in small products. It is as fast with operands in the L1 cache, and layers of different sizes run the same code more often, so that it stays in
// the instruction cache: 0.94 of the time of a small network's kernels. At least one row less than the largest tile leaves a register for `sums`.
constexpr size_t kSmallTileRows = kTileRows > 10 ? 10 : kTileRows - 1, kMostSmallTileRows = kTileRows - 1;

// Where loading a part of a vector costs no more than loading a whole one, B need not be packed only to pad its last vector.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
constexpr bool kMaskedLoads = true;
#else
constexpr bool kMaskedLoads = false;
#endif

// relu's bits: 0 where x < 0, and NaN and -0 stay what they are.
HWY_INLINE VF rectified(VF x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128
  return hn::Max(hn::Zero(kF), x);  // MAXPS gives its second operand where one is NaN or both are zeros
#else
  return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(kF)), x);
#endif
}

}  // namespace

// c[r, j] = relu(sum over k of a[k, r] * b[k, j] + partial[r, j] + bias[j]), each part optional, plus c[r, j] where `accumulate`; 0 where gate[r, j] <= 0.
// sums[r] = sum over k of a[k, r], plus sums[r] where `accumulate`. It is computed as one more column of C, in the lane behind the `tail`, for which B is 1.
struct TileCall {
  const float* a;
  size_t a_stride;  // from k to k + 1 where A is k-major, else from row to row
  const float* b;
  size_t b_stride;  // from k to k + 1
  size_t k;
  const float* partial;  // the sum of earlier blocks of K, or null
  size_t partial_stride;
  const float* bias;  // or null
  float* c;
  size_t c_stride;
  const float* gate;  // with c's stride, or null
  float* sums;        // or null; only where kSums
  size_t tail;        // columns in the last vector, where it is partial
  bool relu, accumulate;
};

using TileKernel = void (*)(const TileCall&);
struct TileKernels {
  TileKernel of[kTileRows][kTileVectors];
};
extern const TileKernels kTileKernels[2][2];  // by partial, k_major: gemm_tile.cc

static inline TileKernel tile_kernel(size_t rows, size_t vectors, bool partial, bool k_major) {
  return kTileKernels[partial][k_major].of[rows - 1][vectors - 1];
}

// Calls tile(i, height) for tiles that cover `rows`. All have `usual` rows except the last two, which have at most `most` rows and are balanced: a low tile has
// too few chains to hide the latency of MulAdd.
template <class Tile>
HWY_INLINE void for_tiles(size_t rows, size_t usual, size_t most, Tile tile) {
  constexpr size_t kLeast = kTileRows > 6 ? 4 : kTileRows / 2;
  for (size_t i = 0; i < rows;) {
    const size_t left = rows - i;
    const size_t height = left <= most ? left : (left - kLeast < usual ? left - kLeast : usual);
    tile(i, height);
    i += height;
  }
}

}  // namespace simdnn::SIMDNN_ISA
