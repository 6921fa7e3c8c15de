#include "mpi/gathering.h"

#include <cstring>

namespace simdnn {
namespace {

// The bytes of a rank's message header and its values, rounded up so that the next header is aligned.
size_t padded_length(uint64_t bytes) { return sizeof(Header) + (bytes + 7) / 8 * 8; }

}  // namespace

size_t Gathering::most(const World& world) {
  const int others = world.size() - 1;
  return 32000 / static_cast<size_t>(others > 1 ? others : 1);
}

// An all-gather by Bruck's algorithm. When each rank has the messages of `met` ranks, it sends them, or as many as are still missing, to rank me - met, and receives
// as many from rank me + met. So there are log2(ranks) rounds. Each message starts with its length, so that ranks which are about to make different calls
// can still find that out; a sum of the MPI library would require the same length on all ranks.
const char* Gathering::meet(World& world, const Header& own, const void* brought) {
  const auto size = static_cast<size_t>(world.size()), me = static_cast<size_t>(world.rank());
  memory_.resize(size * padded_length(most(world)) / sizeof(uint64_t));
  places_.assign(size, 0);
  auto* const bytes = reinterpret_cast<char*>(memory_.data());
  std::memcpy(bytes, &own, sizeof(own));
  if (own.bytes > 0) std::memcpy(bytes + sizeof(own), brought, own.bytes);
  size_t end = padded_length(own.bytes);
  for (size_t met = 1; met < size;) {
    const size_t sent = met < size - met ? met : size - met;
    const size_t until = sent == met ? end : places_[(me + sent) % size];
    world.exchange(bytes, until, static_cast<int>((me + size - met) % size), bytes + end, memory_.size() * sizeof(uint64_t) - end, static_cast<int>((me + met) % size));
    for (size_t i = 0; i < sent; ++i, ++met) {
      const size_t rank = (me + met) % size;
      places_[rank] = end;
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
