// The ranks meet: each has then what every one of them has brought.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mpi/world.h"

namespace simdnn {

// What a rank says, before the bytes that it brings.
struct Word {
  uint32_t call;   // what it is about to do
  uint32_t stops;  // whether it does no more
  double weight;
  uint64_t bytes;
};

class Gathering {
 public:
  // The most bytes that a rank brings: what all others send to one is at most 32,000, which Open MPI sends at once, and which a sum of MPI's would not send in less
  // time. More would be gathered on every rank, where MPI's sums divide the work.
  static size_t most(const World& world);

  // All ranks do so together, whatever they say and bring. Returns null, or why they must not go on, which is the same on every rank.
  const char* meet(World& world, const Word& own, const void* brought);

  // What a rank has said and brought, until the next meeting.
  const Word& word(size_t rank) const { return *reinterpret_cast<const Word*>(at(rank)); }
  void* brought(size_t rank) { return at(rank) + sizeof(Word); }
  double total_weight(const World& world) const;

 private:
  const char* at(size_t rank) const { return reinterpret_cast<const char*>(memory_.data()) + places_[rank]; }
  char* at(size_t rank) { return reinterpret_cast<char*>(memory_.data()) + places_[rank]; }

  std::vector<uint64_t> memory_;  // words and what follows them, one after the other
  std::vector<size_t> places_;    // of each rank's word, in bytes
};

}  // namespace simdnn
