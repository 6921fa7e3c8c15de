// The functions by which kernels communicate with the other processes (ranks) of a group. The addon of native/mpi provides them.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

// A rank's contribution to a meeting: a copy of its values, which the receiving thread may change, and which is valid until that thread's next meeting.
struct Share {
  double weight;
  float* values;
};

// The result of a meeting, in which all ranks exchange their weights and, if they are few, their values.
struct Meeting {
  double total;         // the sum of the weights
  const Share* shares;  // each rank's contribution; null if the values were not exchanged, because there are none or too many, and are still to be summed
  size_t ranks;
};

struct Collective {
  // Agrees with the other ranks before a sum: each rank sends the number of its `call`, the `weight` of its values, and the values if they are few. Fills in `met`
  // and returns null, or returns the reason why the sum must not be made, the same on every rank. One reason is that the ranks' `call` or `n` differ.
  const char* (*meet)(uint32_t call, double weight, const float* values, size_t n, Meeting* met);
  // values = the sum of values over all ranks.
  void (*sum)(float* values, size_t n);
  // Begins such a sum and does not wait: nothing else may read or write `values` until `end` has returned. All ranks begin their sums in the same order.
  void (*begin)(float* values, size_t n);
  // Waits until all sums that have begun are done.
  void (*end)();
  // Agrees as `meet` does, and values = the sum of values over all ranks; returns null, or why it must not be made.
  const char* (*add)(uint32_t call, double* values, size_t n);
};

// The sum of the weights at this thread's last meeting. Sums that are `joined` to that meeting's sum use it.
double& weights_met();

// Null if the process is not in a group. A collective that has been set must stay valid to the end of the process.
const Collective* collective();
void set_collective(const Collective* next);

}  // namespace simdnn
