// Plain functions in place of the intrinsics that features/amx_bf16.cc calls. They abort where the processor would raise an exception.
#pragma once
#include <cstdlib>

#include "test/bfloat16_emulation.h"

namespace simdnn::SIMDNN_FEATURE {
namespace {

struct Tile {
  uint32_t rows[16][16];
};
thread_local Tile tiles[8];
thread_local bool configured = false;

inline void check_tiles(bool legal) {
  if (!legal) std::abort();
}

inline void _tile_loadconfig(const void* from) {
  const auto* bytes = static_cast<const uint8_t*>(from);
  check_tiles(bytes[0] == 1);
  for (size_t i = 1; i < 16; ++i) check_tiles(bytes[i] == 0);
  for (size_t i = 0; i < 16; ++i) {  // all 8 registers whole, as these functions take them
    uint16_t row_bytes;
    std::memcpy(&row_bytes, bytes + 16 + 2 * i, sizeof row_bytes);
    check_tiles(row_bytes == (i < 8 ? 64 : 0) && bytes[48 + i] == (i < 8 ? 16 : 0));
  }
  configured = true;
  for (Tile& tile : tiles) tile = {};
}
inline void _tile_release() { configured = false; }
inline void _tile_zero(int tile) {
  check_tiles(configured);
  tiles[tile] = {};
}
inline void _tile_loadd(int tile, const void* from, size_t stride) {
  check_tiles(configured);
  for (size_t i = 0; i < 16; ++i) std::memcpy(tiles[tile].rows[i], static_cast<const char*>(from) + i * stride, 64);
}
inline void _tile_stored(int tile, void* to, size_t stride) {
  check_tiles(configured);
  for (size_t i = 0; i < 16; ++i) std::memcpy(static_cast<char*>(to) + i * stride, tiles[tile].rows[i], 64);
}

// Within one instruction the products of the low halves are added in one chain, those of the high halves in another.
inline void _tile_dpbf16ps(int sums, int a, int b) {
  check_tiles(configured && sums != a && sums != b && a != b);
  for (size_t i = 0; i < 16; ++i) {
    float low[16] = {}, high[16] = {}, sum[16];
    for (size_t p = 0; p < 16; ++p) {
      const uint32_t pair = tiles[a].rows[i][p];
      const uint32_t* const across = tiles[b].rows[p];
      for (size_t j = 0; j < 16; ++j) low[j] = with_product(low[j], pair, across[j], false);
      for (size_t j = 0; j < 16; ++j) high[j] = with_product(high[j], pair, across[j], true);
    }
    std::memcpy(sum, tiles[sums].rows[i], sizeof sum);
    for (size_t j = 0; j < 16; ++j) sum[j] = flushed(flushed(sum[j]) + flushed(low[j] + high[j]));
    std::memcpy(tiles[sums].rows[i], sum, sizeof sum);
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_FEATURE
