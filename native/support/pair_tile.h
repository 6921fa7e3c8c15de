// Tiles of products of bfloat16 numbers, computed by units of the processor that multiply pairs of numbers along k (support/features.h).
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

// The most rows and columns of a tile of C; pairs are read in steps of kPairStep.
constexpr size_t kPairRows = 32, kPairColumns = 32, kPairStep = 16;

// sums[i, j] = the sum over terms t and pairs p of low(a[t][i, p]) * low(b[t][p, j]) + high(a[t][i, p]) * high(b[t][p, j]), in float32; terms are added in order. A
// pair holds the bfloat16 number of an even k in its low half and the next one in its high half. Before a unit multiplies them, it arranges operands of this layout.
struct PairTile {
  const uint32_t* a[3];  // row i begins at a[t] + i * a_stride. All kPairRows rows may be read; the values behind `rows` do not matter
  const uint32_t* b[3];  // [pairs, kPairColumns]
  size_t a_stride;
  size_t terms;
  size_t pairs;  // a multiple of kPairStep; packed operands are padded with zeros
  size_t rows;
  float* sums;  // [kPairRows, kPairColumns]; rows behind `rows` may be overwritten
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
