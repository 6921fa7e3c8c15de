// The micro-kernel of every matrix product: a tile of C held in registers over one block of K.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Tile height and width in vectors, from the registers there are: accumulators, one row of B and one
// broadcast element of A. With 32 registers 14 x 2 leaves 2 free and loads 16 times for 28 MulAdds.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kTileRows = 3, kUnroll = 1;  // g++ takes a quarter of an hour to instrument 14 x 2
#elif HWY_TARGET == HWY_EMU128
constexpr size_t kTileRows = 2, kUnroll = 1;  // no registers to fill: a vector is a loop over its lanes
#elif (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3) || HWY_ARCH_ARM_A64
constexpr size_t kTileRows = 14, kUnroll = 4;
#else
constexpr size_t kTileRows = 6, kUnroll = 4;
#endif
constexpr size_t kTileVectors = 2;
constexpr size_t kTileColumns = kTileVectors * kLanes;
// Of small products: as fast from the L1 cache, and layers of different sizes run the same code more often, which otherwise drops out
// of the instruction cache: 0.94 of the time of a small network's kernels. One row less than a tile can have leaves a register for `sums`.
constexpr size_t kSmallTileRows = kTileRows > 10 ? 10 : kTileRows - 1, kMostSmallTileRows = kTileRows - 1;

// Where loads of part of a vector cost what whole ones do, B need not be packed to be padded.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
constexpr bool kMaskedLoads = true;
#else
constexpr bool kMaskedLoads = false;
#endif

}  // namespace

// c[r, j] = act(sum over k of a[k, r] * b[k, j] + partial[r, j] + bias[j]) (+ c[r, j] where `accumulate`), 0 where gate[r, j] <= 0.
// sums[r] = sum over k of a[k, r] (+ sums[r] where `accumulate`): one more column of C, in the lane behind the `tail`, of a B that is 1 there.
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

// Calls tile(i, height) for tiles of at most `most` rows that cover `rows`: all `usual` high but the last two, which are not too low for
// their few chains.
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
