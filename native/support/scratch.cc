// Scratch memory of each thread: grows to the largest request and stays, freed when the thread ends.
#include <cstdlib>
#include <new>

#include "support/run.h"

namespace simdnn {
namespace {

struct Block {
  float* data = nullptr;
  size_t floats = 0;
  ~Block() { std::free(data); }
};

}  // namespace

float* scratch(Scratch slot, size_t floats) {
  thread_local Block blocks[static_cast<int>(Scratch::kCount)];
  Block& block = blocks[static_cast<int>(slot)];
  if (floats > block.floats) {
    if (floats > SIZE_MAX / sizeof(float) - 64) throw std::bad_alloc();
    const size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
    void* fresh = std::aligned_alloc(64, bytes);
    if (fresh == nullptr) throw std::bad_alloc();
    std::free(block.data);
    block.data = static_cast<float*>(fresh);
    block.floats = bytes / sizeof(float);
  }
  return block.data;
}

}  // namespace simdnn
