// AMX has tile registers of 16 rows of 64 bytes, and tdpbf16ps multiplies two of them. A register of A has 16 pairs in each row; each row of a register of B has
// one pair of 16 columns. A tile of C is two by two registers of sums. The instruction treats denormal operands and results as zeros.
#include <cstddef>

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

// Configures the tile registers; until then their instructions are illegal.
void begin() { _tile_loadconfig(&kRegisters); }

// Releases the tile registers; otherwise each switch of threads would save their 8 KiB.
void end() { _tile_release(); }

constexpr size_t kHalf = 16, kRowB = kPairColumns * sizeof(uint32_t);

// Registers 0 to 3 have the sums, 4 and 5 the two halves of A's rows, 6 and 7 the two halves of B's columns. For split operands each of the registers 4 to 7 is
// loaded once per step and part.
template <bool kTwo, bool kSplit, bool kExchanged>
void multiply_rows(const PairTile& tile) {
  const size_t row_a = tile.a_stride * sizeof(uint32_t), row_c = tile.sums_stride * sizeof(float);
  float* const lower = tile.sums + kHalf * tile.sums_stride;
  if (tile.continues) {
    _tile_loadd(0, tile.sums, row_c);
    _tile_loadd(1, tile.sums + kHalf, row_c);
    if (kTwo) _tile_loadd(2, lower, row_c);
    if (kTwo) _tile_loadd(3, lower + kHalf, row_c);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    if (kTwo) _tile_zero(2);
    if (kTwo) _tile_zero(3);
  }
  const uint32_t *a = tile.a, *b = tile.b;
  const ptrdiff_t low_a = kSplit ? tile.low_a - tile.a : 0, low_b = kSplit ? tile.low_b - tile.b : 0;
  const auto load_rows = [&](const uint32_t* from) __attribute__((always_inline)) {
    _tile_loadd(4, from, row_a);
    if (kTwo) _tile_loadd(5, from + kHalf * tile.a_stride, row_a);
  };
  const auto load_columns = [&](const uint32_t* from) __attribute__((always_inline)) {
    _tile_loadd(6, from, kRowB);
    _tile_loadd(7, from + kHalf, kRowB);
  };
  const auto add = [&]() __attribute__((always_inline)) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if (kTwo) _tile_dpbf16ps(2, 5, 6);
    if (kTwo) _tile_dpbf16ps(3, 5, 7);
  };
  for (size_t p = 0; p < tile.pairs; p += kPairStep, a += kPairStep, b += kPairStep * kPairColumns) {
    if (!kSplit) {
      load_rows(a);
      load_columns(b);
      add();
    } else if (!kExchanged) {
      load_rows(a);
      load_columns(b + low_b);
      add();
      load_columns(b);
      add();
      load_rows(a + low_a);
      add();
    } else {
      load_columns(b);
      load_rows(a + low_a);
      add();
      load_rows(a);
      add();
      load_columns(b + low_b);
      add();
    }
  }
  _tile_stored(0, tile.sums, row_c);
  _tile_stored(1, tile.sums + kHalf, row_c);
  if (kTwo) _tile_stored(2, lower, row_c);
  if (kTwo) _tile_stored(3, lower + kHalf, row_c);
}

void multiply(const PairTile& tile) {
  const bool split = tile.low_a != nullptr, two = tile.rows > kHalf;
  if (!split) return two ? multiply_rows<true, false, false>(tile) : multiply_rows<false, false, false>(tile);
  if (!tile.exchanged) return two ? multiply_rows<true, true, false>(tile) : multiply_rows<false, true, false>(tile);
  two ? multiply_rows<true, true, true>(tile) : multiply_rows<false, true, true>(tile);
}

}  // namespace

extern const PairUnit unit;
const PairUnit unit = {begin, multiply, end, nullptr, nullptr};

}  // namespace simdnn::SIMDNN_FEATURE
