// Tiles of products of bfloat16 numbers, computed by units of the processor that multiply pairs of numbers along k (support/features.h).
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

// The most rows and columns of a tile of C; pairs are read in steps of kPairStep.
constexpr size_t kPairRows = 32, kPairColumns = 32, kPairStep = 16;

// sums[i, j] = the sum over pairs p of low(a[i, p]) * low(b[p, j]) + high(a[i, p]) * high(b[p, j]), in float32 and in an order of the unit's own. Where operands are
// split into two parts, the products a * low_b and low_a * b are added too. A pair holds the bfloat16 number of an even k in its low half and the next one in its
// high half. Before a unit multiplies them, it arranges operands of this layout. Where `exchanged`, low_a * b and a * low_b
// change places in that order, so that exchanging a and b gives the transposed tile with the same bits.
struct PairTile {
  const uint32_t* a;  // row i begins at a + i * a_stride. All kPairRows rows may be read; the values behind `rows` do not matter
  const uint32_t* b;  // [pairs, kPairColumns]
  const uint32_t *low_a, *low_b;  // laid out as a and b, or null
  size_t a_stride;
  size_t pairs;  // a multiple of kPairStep; packed operands are padded with zeros
  size_t rows;
  float* sums;  // [kPairRows, kPairColumns], rows `sums_stride` apart; rows behind `rows` may be overwritten
  size_t sums_stride;
  bool exchanged;
  bool continues;  // whether the sums continue those in `sums` or start from zero
};

// A unit's functions. Each thread calls `begin` before its tiles and `end` after them.
struct PairUnit {
  void (*begin)();
  void (*multiply)(const PairTile& tile);
  void (*end)();
  // Put a tile's A, of which a row behind an odd number of rows takes part, and its B in place into the order in which `multiply` reads them; or null.
  void (*arrange_rows)(uint32_t* a, size_t stride, size_t rows, size_t pairs);
  void (*arrange_columns)(uint32_t* b, size_t pairs);
};

}  // namespace simdnn
