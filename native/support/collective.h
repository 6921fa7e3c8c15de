// How kernels reach the other processes of a group. The addon of native/mpi has it; without a group there is none, and a process is alone.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

struct Collective {
  // Meets the other ranks before a sum: all say what they are about to do, `call`, and the weight of what they bring. Gives the sum of the weights, or
  // returns why the sum must not be made, the same on every rank; null: it may.
  const char* (*meet)(uint32_t call, double weight, double* total);
  // values = the sum over all ranks.
  void (*sum)(float* values, size_t n);
  // The same, without waiting: values belong to the sum until `end` has returned. All ranks begin their sums in the same order.
  void (*begin)(float* values, size_t n);
  // Waits until all sums that have begun are done.
  void (*end)();
};

// The sum of the weights at this thread's last meeting, for the sums that are joined to the one that met.
double& weights_met();

// Null: the process is alone. Whoever sets one keeps it for ever.
const Collective* collective();
void set_collective(const Collective* next);

}  // namespace simdnn
