// Philox4x32-10, one counter at a time: see kernels/philox.h for the source.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn::reference {

struct Philox {
  uint32_t word[4];
};

inline Philox philox(Philox counter, uint32_t key0, uint32_t key1) {
  uint32_t* c = counter.word;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xd2511f53} * c[0];
    const uint64_t product1 = uint64_t{0xcd9e8d57} * c[2];
    counter = {{static_cast<uint32_t>(product1 >> 32) ^ c[1] ^ key0, static_cast<uint32_t>(product1),
                static_cast<uint32_t>(product0 >> 32) ^ c[3] ^ key1, static_cast<uint32_t>(product0)}};
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  return counter;
}

// Word i of the stream of (seed, offset).
inline uint32_t random_word(uint64_t seed, uint64_t offset, size_t i) {
  const uint64_t counter = offset + i / 4;
  return philox({{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0}},
                static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32))
      .word[i % 4];
}

}  // namespace simdnn::reference
