// An all-gather of small messages: afterwards each rank has the messages of all ranks.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mpi/world.h"

namespace simdnn {

// The header of a rank's message. The values follow it.
struct Header {
  uint32_t call;   // the number of the collective call that the rank is about to make
  uint32_t stops;  // 1: the rank has stopped and makes no further calls
  double weight;
  uint64_t bytes;  // the size of the values
};

class Gathering {
 public:
  // The largest size of the values in a message: a rank receives at most 32,000 bytes of values in all. Open MPI sends messages of that size without a
  // handshake, and a sum by the MPI library would take as long. With more bytes MPI is faster, because it divides the additions among the ranks, while after a
  // gathering each rank does all of them.
  static size_t max_bytes(const World& world);

  // All ranks call this at the same time, whatever calls they are about to make. Returns null, or the reason why the ranks must not continue, which is the same
  // on every rank.
  const char* gather(World& world, const Header& own, const void* values);

  // The header and the values of a rank's message. They are valid until the next call of gather().
  const Header& header(size_t rank) const { return *reinterpret_cast<const Header*>(at(rank)); }
  void* values(size_t rank) { return at(rank) + sizeof(Header); }
  double total_weight(const World& world) const;

 private:
  const char* at(size_t rank) const { return reinterpret_cast<const char*>(memory_.data()) + offsets_[rank]; }
  char* at(size_t rank) { return reinterpret_cast<char*>(memory_.data()) + offsets_[rank]; }

  std::vector<uint64_t> memory_;  // the messages, one after the other
  std::vector<size_t> offsets_;   // for each rank the offset of its message in memory_, in bytes
};

}  // namespace simdnn
