// How kernels reach the other processes of a group. The addon of native/mpi provides it; without a group there is none.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

// What a rank has brought to a meeting: a copy of its values, which whoever has met may change until the thread's next meeting.
struct Share {
  double weight;
  float* values;
};

// What a rank knows after a meeting.
struct Meeting {
  double total;         // the sum of the weights
  const Share* shares;  // what each rank has brought; null: they brought no values, or too many, which are still to be summed
  size_t ranks;
};

struct Collective {
  // Agrees with the other ranks before a sum: each rank tells the number of its `call` and the `weight` of its values, and brings the values if they are few. Fills in
  // `met` and returns null, or returns why the sum must not be made, which is the same on every rank. Ranks whose `n` differ make different calls.
  const char* (*meet)(uint32_t call, double weight, const float* values, size_t n, Meeting* met);
  // values = the sum of values over all ranks.
  void (*sum)(float* values, size_t n);
  // The same, without waiting: values belong to the sum until `end` has returned. All ranks begin their sums in the same order.
  void (*begin)(float* values, size_t n);
  // Waits until all sums that have begun are done.
  void (*end)();
  // Agrees as `meet` does, and values = the sum of values over all ranks; returns null, or why it must not be made.
  const char* (*add)(uint32_t call, double* values, size_t n);
};

// The sum of the weights at this thread's last meeting, for the sums that are joined to the one that met.
double& weights_met();

// Null if the process is not in a group. A collective that has been set must stay valid to the end of the process.
const Collective* collective();
void set_collective(const Collective* next);

}  // namespace simdnn
