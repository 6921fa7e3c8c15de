// Tiles of products of bfloat16 numbers, by units of the processor that take them in pairs along k (support/features.h).
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

// A tile of C has at most so many rows, and so many columns; pairs are read in steps.
constexpr size_t kPairRows = 32, kPairColumns = 32, kPairStep = 16;

// sums[i, j] = sum over terms t and pairs p of low(a[t][i, p]) * low(b[t][p, j]) + high(a[t][i, p]) * high(b[t][p, j]), in float32, terms in order. A pair holds
// the bfloat16 number of an even k in its low half, that of the next in its high half.
struct PairTile {
  const uint32_t* a[3];  // row i begins at a[t] + i * a_stride. All kPairRows rows may be read; those behind `rows` may hold anything
  const uint32_t* b[3];  // [pairs, kPairColumns]
  size_t a_stride;
  size_t terms;
  size_t pairs;  // a multiple of kPairStep: the packed operands end with zeros
  size_t rows;
  float* sums;  // [kPairRows, kPairColumns]: rows behind `rows` may be written
};

// A unit: each thread calls `begin` before its tiles and `end` behind them.
struct PairUnit {
  void (*begin)();
  void (*multiply)(const PairTile& tile);
  void (*end)();
};

}  // namespace simdnn
