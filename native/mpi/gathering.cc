#include "mpi/gathering.h"

#include <cstring>

namespace simdnn {
namespace {

// A word with what follows it, so that the next one is aligned.
size_t length_of(uint64_t bytes) { return sizeof(Word) + (bytes + 7) / 8 * 8; }

}  // namespace

size_t Gathering::most(const World& world) {
  const int others = world.size() - 1;
  return 32000 / static_cast<size_t>(others > 1 ? others : 1);
}

// In the round in which each rank has what `met` of them have brought, it sends all of it, or as much as is still missing, to the rank that stands `met` before it: the
// number of rounds is the logarithm of that of ranks. Each message says how long it is. So no rank needs to know what the others are about to do, and ranks
// that do different things still understand each other. A sum of MPI's must have one length on all ranks.
const char* Gathering::meet(World& world, const Word& own, const void* brought) {
  const auto size = static_cast<size_t>(world.size()), me = static_cast<size_t>(world.rank());
  memory_.resize(size * length_of(most(world)) / sizeof(uint64_t));
  places_.assign(size, 0);
  auto* const bytes = reinterpret_cast<char*>(memory_.data());
  std::memcpy(bytes, &own, sizeof(own));
  if (own.bytes > 0) std::memcpy(bytes + sizeof(own), brought, own.bytes);
  size_t end = length_of(own.bytes);
  for (size_t met = 1; met < size;) {
    const size_t sent = met < size - met ? met : size - met;
    const size_t until = sent == met ? end : places_[(me + sent) % size];
    world.exchange(bytes, until, static_cast<int>((me + size - met) % size), bytes + end, memory_.size() * sizeof(uint64_t) - end, static_cast<int>((me + met) % size));
    for (size_t i = 0; i < sent; ++i, ++met) {
      const size_t rank = (me + met) % size;
      places_[rank] = end;
      end += length_of(word(rank).bytes);
    }
  }
  bool are_alike = true;
  for (size_t rank = 0; rank < size; ++rank) {
    if (word(rank).stops != 0) return "another rank has stopped: it was aborted, or has met an error";
    are_alike = are_alike && word(rank).call == own.call && word(rank).bytes == own.bytes;
  }
  return are_alike ? nullptr : "the ranks do different things: their models, or the order of their calls, are not the same";
}

double Gathering::total_weight(const World& world) const {
  double total = 0;
  for (int rank = 0; rank < world.size(); ++rank) total += word(static_cast<size_t>(rank)).weight;
  return total;
}

}  // namespace simdnn
