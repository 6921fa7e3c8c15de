// How kernels reach the other processes of a group. The addon of native/mpi provides it; without a group there is none.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

struct Collective {
  // Agrees with the other ranks before a sum: each rank tells the number of its `call` and the `weight` of its values. Sets `total` to the sum of the weights and
  // returns null, or returns why the sum must not be made, which is the same on every rank.
  const char* (*meet)(uint32_t call, double weight, double* total);
  // values = the sum of values over all ranks.
  void (*sum)(float* values, size_t n);
};

// Null if the process is not in a group. A collective that has been set must stay valid to the end of the process.
const Collective* collective();
void set_collective(const Collective* next);

}  // namespace simdnn
