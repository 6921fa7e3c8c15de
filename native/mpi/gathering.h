// An all-gather of small messages: afterwards each rank has the messages of all ranks.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mpi/world.h"

namespace simdnn {

// The header of a rank's message, which its values follow.
struct Header {
  uint32_t call;   // the number of the collective call that the rank is about to make
  uint32_t stops;  // whether the rank has stopped, and makes no more calls
  double weight;
  uint64_t bytes;
};

class Gathering {
 public:
  // The most bytes of values in a message: a rank receives at most 32,000 bytes from all others. Open MPI sends that many without a handshake, and a sum of the MPI
  // library would not be faster. For more bytes it is faster, because it divides the additions among the ranks instead of repeating them on each.
  static size_t most(const World& world);

  // All ranks call this at the same time, whatever calls they are about to make. Returns null, or the reason why the ranks must not go on, the same on every rank.
  const char* meet(World& world, const Header& own, const void* brought);

  // The header and the values of a rank's message; valid until the next call of `meet`.
  const Header& header(size_t rank) const { return *reinterpret_cast<const Header*>(at(rank)); }
  void* brought(size_t rank) { return at(rank) + sizeof(Header); }
  double total_weight(const World& world) const;

 private:
  const char* at(size_t rank) const { return reinterpret_cast<const char*>(memory_.data()) + places_[rank]; }
  char* at(size_t rank) { return reinterpret_cast<char*>(memory_.data()) + places_[rank]; }

  std::vector<uint64_t> memory_;  // the messages, one after the other
  std::vector<size_t> places_;    // the offset of each rank's message in memory_, in bytes
};

}  // namespace simdnn
