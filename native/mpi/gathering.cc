#include "mpi/gathering.h"

#include <cstring>

namespace simdnn {
namespace {

// The size of a message whose values have this size. It is rounded up, so that the header of the next message is aligned.
size_t padded_length(uint64_t bytes) { return sizeof(Header) + (bytes + 7) / 8 * 8; }

}  // namespace

size_t Gathering::max_bytes(const World& world) {
  const int others = world.size() - 1;
  return 32000 / static_cast<size_t>(others > 1 ? others : 1);
}

// An all-gather by Bruck's algorithm. A rank that has the messages of `gathered` ranks sends them, or as many as the receiver still lacks, to rank me - gathered,
// and receives as many from rank me + gathered. So there are log2(ranks) rounds. Each message begins with its size, so that ranks which are about to make
// different calls can detect that; a sum by the MPI library requires the same size on all ranks.
const char* Gathering::gather(World& world, const Header& own, const void* values) {
  const auto size = static_cast<size_t>(world.size()), me = static_cast<size_t>(world.rank());
  memory_.resize(size * padded_length(max_bytes(world)) / sizeof(uint64_t));
  offsets_.assign(size, 0);
  auto* const bytes = reinterpret_cast<char*>(memory_.data());
  std::memcpy(bytes, &own, sizeof(own));
  if (own.bytes > 0) std::memcpy(bytes + sizeof(own), values, own.bytes);
  size_t end = padded_length(own.bytes);
  for (size_t gathered = 1; gathered < size;) {
    const size_t sent = gathered < size - gathered ? gathered : size - gathered;
    const size_t until = sent == gathered ? end : offsets_[(me + sent) % size];
    world.exchange(bytes, until, static_cast<int>((me + size - gathered) % size), bytes + end, memory_.size() * sizeof(uint64_t) - end, static_cast<int>((me + gathered) % size));
    for (size_t i = 0; i < sent; ++i, ++gathered) {
      const size_t rank = (me + gathered) % size;
      offsets_[rank] = end;
      end += padded_length(header(rank).bytes);
    }
  }
  bool are_alike = true;
  for (size_t rank = 0; rank < size; ++rank) {
    if (header(rank).stops != 0) return "another rank has stopped: it was aborted, or has met an error";
    are_alike = are_alike && header(rank).call == own.call && header(rank).bytes == own.bytes;
  }
  return are_alike ? nullptr : "the ranks do different things: their models, or the order of their calls, are not the same";
}

double Gathering::total_weight(const World& world) const {
  double total = 0;
  for (int rank = 0; rank < world.size(); ++rank) total += header(static_cast<size_t>(rank)).weight;
  return total;
}

}  // namespace simdnn
