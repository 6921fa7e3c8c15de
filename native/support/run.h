// What a kernel is given besides its arguments: threads to divide its outputs among, scratch memory,
// a place to report an element that must not be used, how products take their operands, and how arithmetic treats denormal numbers.
#pragma once
#include <cstddef>
#include <cstdint>

#include "support/denormals.h"
#include "support/pair_tile.h"
#include "support/precision.h"

namespace simdnn {

// The first element (lowest position, whatever the order of the threads) that a kernel refused: an index or a label outside [0, limit), or,
// without a limit, an argument as a whole. Reading it is for whoever made the call, once that is done.
class Fault {
 public:
  // `array` must be a string literal: the operand's name in native/descriptions. Any thread of a call may report.
  void report(const char* array, size_t position, int32_t value, size_t limit);
  void report(const char* array, size_t position);
  // For a reason, which outlives the call: "is singular".
  void report(const char* array, size_t position, const char* reason);
  // The call as a whole, for a reason, which outlives the call.
  void refuse(const char* reason);

  const char* array() const { return array_; }
  size_t position() const { return position_; }
  const char* reason() const { return reason_; }
  bool has_limit() const { return has_limit_; }
  int32_t value() const { return value_; }
  size_t limit() const { return limit_; }

 private:
  const char* array_ = nullptr;
  const char* reason_ = nullptr;
  size_t position_ = SIZE_MAX;
  bool has_limit_ = false;
  int32_t value_ = 0;
  size_t limit_ = 0;
};

// Lives on the stack of the thread that calls kernels: while it does, that thread's arithmetic flushes denormal numbers if the process wants so.
struct Run {
  explicit Run(int threads = 1, Precision precision = Precision::kHighest, const PairUnit* unit = nullptr)
      : threads(threads), precision(precision), unit(unit) {}

  const FlushDenormals flush;
  const int threads;  // the most threads this call may use, the caller included
  Precision precision;
  const PairUnit* unit;  // that products of a lower precision may use: one that this machine runs, or null
  Fault fault;
};

// `floats` floats of 64-byte aligned scratch of the calling thread, uninitialised, valid until this
// thread's next call with the same slot. Throws std::bad_alloc; call it before going parallel, or
// from inside a task only with a size that an earlier call on this thread has already reached.
enum class Scratch {
  kPackA,
  kPackB,
  kRows,
  kColumns,
  kBlocks,
  kCopyA,
  kCount,
};
float* scratch(Scratch slot, size_t floats);

// Calls task(context, i) once for each i in [0, tasks), spread over the process's thread pool; returns
// when all are done. Tasks must not throw. Runs in the caller alone when threads or tasks is 1, or when
// another thread holds the pool. All threads treat denormal numbers as the caller does.
void run_tasks(int threads, size_t tasks, void (*task)(void* context, size_t index), void* context);

// From how many nanoseconds of one thread on a call is worth dividing: to wake a thread takes 40 to 70 us, a hand-off to one that is
// awake 0.1 to 0.5 us, and as long again for data that the other core has to fetch.
constexpr double kParallelWork = 20e3, kAwakeWork = 5e3;

// Among how many threads a call of `work` >= kAwakeWork is best divided: of a short one, whether the workers spin for their next job, as
// they do for some 30 us after one.
size_t threads_for_long(const Run& run, double work);

// The same of any call. Only this much is inlined: every kernel has it, for every target.
inline size_t threads_for(const Run& run, double work) {
  return work < kAwakeWork || run.threads <= 1 ? 1 : threads_for_long(run, work);
}

// Calls body(begin, end) over disjoint ranges that cover [0, count), each but the last a multiple of
// `grain` long. `work` is the cost of the whole call in nanoseconds or so of one thread.
template <typename Body>
void parallel(Run& run, size_t count, size_t grain, double work, Body body) {
  if (count == 0) return;
  if (grain == 0) grain = 1;
  const size_t grains = (count + grain - 1) / grain;
  const size_t most = threads_for(run, work);
  const size_t ranges = grains < most ? grains : most;
  if (ranges == 1) {
    body(size_t{0}, count);
    return;
  }
  struct Shared {
    Body& body;
    size_t count, grain, grains, ranges;
  } shared{body, count, grain, grains, ranges};
  run_tasks(
      run.threads, ranges,
      [](void* context, size_t i) {
        Shared& s = *static_cast<Shared*>(context);
        const size_t begin = s.grains * i / s.ranges * s.grain;
        const size_t end = s.grains * (i + 1) / s.ranges * s.grain;
        s.body(begin, end < s.count ? end : s.count);
      },
      &shared);
}

}  // namespace simdnn
