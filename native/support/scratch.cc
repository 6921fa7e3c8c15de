// Scratch memory. Each thread has its own, which grows to the largest request and is freed when the thread ends.
#include <new>

#include "support/aligned.h"
#include "support/run.h"

namespace simdnn {
namespace {

struct Block {
  float* data = nullptr;
  size_t floats = 0;
  ~Block() { free_allocated_on(data); }
};

}  // namespace

float* scratch(Scratch slot, size_t floats) {
  thread_local Block blocks[static_cast<int>(Scratch::kCount)];
  Block& block = blocks[static_cast<int>(slot)];
  if (floats > block.floats) {
    if (floats > SIZE_MAX / sizeof(float) - 64) throw std::bad_alloc();
    const size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
    void* fresh = allocate_on(64, bytes);
    if (fresh == nullptr) throw std::bad_alloc();
    free_allocated_on(block.data);
    block.data = static_cast<float*>(fresh);
    block.floats = bytes / sizeof(float);
  }
  return block.data;
}

}  // namespace simdnn
