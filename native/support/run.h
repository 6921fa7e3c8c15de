// What a kernel gets besides its arguments: threads to share its outputs, scratch memory, a place to report an element that must not be used, the precision of
// products, and the handling of denormal numbers.
#pragma once
#include <cstddef>
#include <cstdint>

#include "support/denormals.h"
#include "support/pair_tile.h"
#include "support/precision.h"

namespace simdnn {

// The first element that a kernel refused, which is the one with the lowest position, whatever the order of the threads: an index or a label outside [0, limit);
// or, without a limit, an argument as a whole. Only the caller of the kernel reads it, after the call.
class Fault {
 public:
  // `array` must be a string literal: the operand's name in native/descriptions. Any thread of a call may report.
  void report(const char* array, size_t position, int32_t value, size_t limit);
  void report(const char* array, size_t position);
  // For a reason, which outlives the call: "is singular".
  void report(const char* array, size_t position, const char* reason);
  // Refuses the call as a whole. `reason` must outlive the call.
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

// Lives on the stack of the thread that calls kernels. While it lives, that thread's arithmetic flushes denormal numbers if the process wants that.
struct Run {
  explicit Run(int threads = 1, Precision precision = Precision::kHighest, const PairUnit* unit = nullptr)
      : threads(threads), precision(precision), unit(unit) {}

  const FlushDenormals flush;
  const int threads;  // the most threads this call may use, the caller included
  Precision precision;
  const PairUnit* unit;  // a unit that this machine supports, for products of a lower precision; or null
  Fault fault;
};

// `floats` uninitialised floats of 64-byte aligned scratch memory of the calling thread, valid until this thread's next call with the same slot. Throws
// std::bad_alloc. Call it before going parallel; inside a task only with a size that an earlier call on this thread has already reached.
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

// Calls task(context, i) once for each i in [0, tasks) on the process's thread pool; returns when all are done. Tasks must not throw. The caller runs all of
// them alone if threads or tasks is 1, or if another thread holds the pool. All threads handle denormal numbers as the caller does.
void run_tasks(int threads, size_t tasks, void (*task)(void* context, size_t index), void* context);

// The least work, in nanoseconds of one thread, for which a call is worth dividing: kParallelWork if workers sleep, as waking a thread takes 40 to 70 us;
// kAwakeWork if they spin, as a hand-off to a spinning thread takes 0.1 to 0.5 us, and fetching the data to the other core as long again.
constexpr double kParallelWork = 20e3, kAwakeWork = 5e3;

// The best number of threads for a call of `work` >= kAwakeWork. For a short call it depends on whether the workers spin, as they do for about 30 us after a job.
size_t threads_for_long(const Run& run, double work);

// The same for any call. Only this much is inlined, because every kernel of every target contains it.
inline size_t threads_for(const Run& run, double work) {
  return work < kAwakeWork || run.threads <= 1 ? 1 : threads_for_long(run, work);
}

// Calls body(begin, end) for disjoint ranges that cover [0, count); the length of each but the last is a multiple of `grain`. `work` is about the time of the whole
// call in nanoseconds of one thread.
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
