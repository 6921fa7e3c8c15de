// The functions by which kernels communicate with the other processes (ranks) of a group. The addon in native/mpi implements them.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simdnn {

// What one rank has contributed to a meeting. The values are a copy that the receiving thread may change, valid until that thread's next meeting.
struct Share {
  double weight;
  float* values;
};

// The result of a meeting: an all-gather in which the ranks exchange their weights and, if these are few, their values.
struct Meeting {
  double total;         // the sum of the weights
  const Share* shares;  // one for each rank; null if there are no values or too many, which were not exchanged and must be summed by sum() or begin()
  size_t ranks;
};

struct Collective {
  // The meeting before a sum: each rank sends the number of its `call`, the `weight` of its values, and the values if they are few. Returns null, or the reason
  // why the ranks must not make the sum, which is the same on every rank. One reason is that `call` or `n` differs between the ranks.
  const char* (*meet)(uint32_t call, double weight, const float* values, size_t n, Meeting* result);
  // values = the sum of values over all ranks.
  void (*sum)(float* values, size_t n);
  // Begins such a sum without waiting for it. No other code may read or write `values` until `end` has returned. All ranks begin their sums in the same order.
  void (*begin)(float* values, size_t n);
  // Waits until all sums that were begun are done.
  void (*end)();
  // A meeting, then values = the sum of values over all ranks. Returns null, or the reason why the ranks must not make the sum.
  const char* (*add)(uint32_t call, double* values, size_t n);
};

// The sum of the weights at this thread's last meeting. Sums without a meeting of their own (`joined`) use it.
double& weights_met();

// Null if the process is not in a group. An object that was set must stay valid until the process ends.
const Collective* collective();
void set_collective(const Collective* next);

}  // namespace simdnn
