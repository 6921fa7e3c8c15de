#include "plan/snapshots.h"

#include <cstring>

namespace simdnn {

Snapshots::Snapshots(const PersistentMemory& memory, const std::vector<size_t>& pieces, size_t count) {
  for (size_t piece : pieces) {
    const size_t bytes = memory.pieces[piece].bytes;
    places_.push_back({piece, slot_bytes_, bytes});
    slot_bytes_ += bytes;
  }
  for (size_t i = 0; i < count; ++i) slots_.push_back(allocate_unset(slot_bytes_));
}

void Snapshots::take(const PersistentMemory& memory, size_t round) {
  char* slot = slots_[round % slots_.size()].get();
  for (const Place& place : places_) {
    if (place.bytes > 0) std::memcpy(slot + place.offset, memory.pieces[place.piece].data.get(), place.bytes);
  }
}

void Snapshots::restore(PersistentMemory& memory, size_t round) const {
  const char* slot = slots_[round % slots_.size()].get();
  for (const Place& place : places_) {
    if (place.bytes > 0) std::memcpy(memory.pieces[place.piece].data.get(), slot + place.offset, place.bytes);
  }
}

const char* Snapshots::piece(size_t i, size_t round) const {
  for (const Place& place : places_) {
    if (place.piece == i) return slots_[round % slots_.size()].get() + place.offset;
  }
  return nullptr;
}

}  // namespace simdnn
