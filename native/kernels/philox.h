// The counter-based generator Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011. Key = the seed's low and high word, counter = (c's low and high
// word, 0, 0): word j of a stream is output word j % 4 of counter offset + j / 4.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using U = hn::RebindToUnsigned<F>;
using U64 = hn::Repartition<uint64_t, U>;
constexpr U kU;
constexpr U64 kU64;
using VU = hn::Vec<U>;
using VU64 = hn::Vec<U64>;

constexpr size_t kPhiloxWords = 2 * kLanes;  // the number of words made at a time

struct PhiloxWords {
  VU first, second;
};

// kPhiloxWords words of the stream, from word 4 (counter - offset) on.
HWY_INLINE PhiloxWords philox(uint64_t seed, uint64_t counter) {
  // A 64-bit lane holds one counter. The words of the state are in its low half; the high half is not read. The counters are assigned to lanes in the order in
  // which interleaving pairs of 128-bit blocks puts the words in sequence.
  constexpr size_t kCounters = kLanes / 2;
  const VU64 lane = hn::Iota(kU64, 0);
  const VU64 odd = hn::And(lane, hn::Set(kU64, 1));
  const VU64 place = hn::Add(hn::ShiftRight<1>(lane), hn::And(hn::Sub(hn::Zero(kU64), odd), hn::Set(kU64, kCounters / 2)));

  VU64 c0 = hn::Add(hn::Set(kU64, counter), place), c1 = hn::ShiftRight<32>(c0), c2 = hn::Zero(kU64), c3 = c2;
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const VU64 product0 = hn::MulEven(hn::BitCast(kU, c0), hn::Set(kU, 0xd2511f53u));
    const VU64 product1 = hn::MulEven(hn::BitCast(kU, c2), hn::Set(kU, 0xcd9e8d57u));
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product1), c1), hn::Set(kU64, key0));
    c1 = product1;
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product0), c3), hn::Set(kU64, key1));
    c3 = product0;
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  const VU64 low = hn::Set(kU64, 0xffffffffu);
  const VU64 words01 = hn::Or(hn::And(c0, low), hn::ShiftLeft<32>(c1));
  const VU64 words23 = hn::Or(hn::And(c2, low), hn::ShiftLeft<32>(c3));
  return {hn::BitCast(kU, hn::InterleaveLower(kU64, words01, words23)),
          hn::BitCast(kU, hn::InterleaveUpper(kU64, words01, words23))};
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
