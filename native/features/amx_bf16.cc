// AMX: registers of 16 rows of 64 bytes, tdpbf16ps multiplies two of them. A's rows hold 16 pairs each, B's 16 columns of one pair each; a tile of C is two by
// two registers of sums. Denormal operands and results are zeros to it.
#include "support/pair_tile.h"
#ifdef SIMDNN_INTRINSICS  // plain functions of the same names
#include SIMDNN_INTRINSICS
#else
#include <immintrin.h>
#endif

namespace simdnn::SIMDNN_FEATURE {
namespace {

struct alignas(64) Registers {
  uint8_t palette, first_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(Registers) == 64, "what ldtilecfg reads");
constexpr Registers kRegisters = {1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

// Before it the tiles' instructions are illegal.
void begin() { _tile_loadconfig(&kRegisters); }

// Else each switch of threads saves 8 KiB.
void end() { _tile_release(); }

void multiply(const PairTile& tile) {
  constexpr size_t kHalf = 16, kRowB = kPairColumns * sizeof(uint32_t), kRowC = kPairColumns * sizeof(float);
  const size_t row_a = tile.a_stride * sizeof(uint32_t);
  const bool two = tile.rows > kHalf;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (size_t t = 0; t < tile.terms; ++t) {
    const uint32_t* a = tile.a[t];
    const uint32_t* b = tile.b[t];
    for (size_t p = 0; p < tile.pairs; p += kPairStep, a += kPairStep, b += kPairStep * kPairColumns) {
      _tile_loadd(4, a, row_a);
      _tile_loadd(6, b, kRowB);
      _tile_loadd(7, b + kHalf, kRowB);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      if (!two) continue;
      _tile_loadd(5, a + kHalf * tile.a_stride, row_a);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, tile.sums, kRowC);
  _tile_stored(1, tile.sums + kHalf, kRowC);
  if (!two) return;
  _tile_stored(2, tile.sums + kHalf * kPairColumns, kRowC);
  _tile_stored(3, tile.sums + kHalf * kPairColumns + kHalf, kRowC);
}

}  // namespace

extern const PairUnit unit;
const PairUnit unit = {begin, multiply, end, nullptr, nullptr};

}  // namespace simdnn::SIMDNN_FEATURE
