// Copies of what steps change, one for each of the last rounds, so that rounds can be taken back that were done ahead of a decision.
#pragma once
#include <vector>

#include "plan/loop.h"

namespace simdnn {

class Snapshots {
 public:
  // Room for the `pieces` of the memory after each of the last `count` rounds, at least one. Throws std::bad_alloc.
  Snapshots(const PersistentMemory& memory, const std::vector<size_t>& pieces, size_t count);

  size_t bytes() const { return slots_.size() * slot_bytes_; }

  // Copies the pieces as they are after this round, in place of those of `count` rounds before.
  void take(const PersistentMemory& memory, size_t round);
  void put_back(PersistentMemory& memory, size_t round) const;
  // Piece `i` after this round, one of the last `count`; null if it is not among the pieces.
  const char* piece(size_t i, size_t round) const;

 private:
  struct Place {
    size_t piece, offset, bytes;
  };
  std::vector<Place> places_;
  size_t slot_bytes_ = 0;
  std::vector<Aligned> slots_;
};

}  // namespace simdnn
