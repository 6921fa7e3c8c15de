// Snapshots of the memory that steps change, one after each of the last rounds. The thread does rounds before JavaScript has decided about the epoch before; the
// snapshots let it return to the end of any of them.
#pragma once
#include <vector>

#include "plan/loop.h"

namespace simdnn {

class Snapshots {
 public:
  // Allocates memory for `count` >= 1 snapshots of these pieces of the memory. Throws std::bad_alloc.
  Snapshots(const PersistentMemory& memory, const std::vector<size_t>& pieces, size_t count);

  size_t bytes() const { return slots_.size() * slot_bytes_; }

  // Copies the pieces as they are after this round. This overwrites the snapshot of `count` rounds before.
  void take(const PersistentMemory& memory, size_t round);
  // Copies the snapshot of this round, one of the last `count`, to the memory.
  void restore(PersistentMemory& memory, size_t round) const;
  // The copy of piece `i` in that snapshot; null if the snapshots do not contain the piece.
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
