// The native benchmark: sections of measurements, each a SECTION(name) block that prints its table.
#pragma once
#include <time.h>

#include <cstdio>
#include <vector>

#include "kernels/table.h"
#include "kernels/table.h"
#include "support/targets.h"

namespace simdnn::bench {

struct Bench {
  const Target& target;
  const KernelTable& kernel;
  int threads;
  double peak;  // MulAdd rate of one thread on this target, FLOP/s, measured in this run
};

inline double now(clockid_t clock = CLOCK_MONOTONIC) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// True where one thread does all the work: its CPU clock can then replace the wall's.
extern bool one_thread;

// Seconds of one call: the best of windows of about 0.3 ms within `seconds`. Short windows, so that some
// fall between the interruptions of a shared machine; the best, because noise only ever adds. Calls too
// long for that are timed by the thread's CPU clock, which is too coarse for the short ones.
template <class Body>
double best_seconds(Body body, double seconds = 0.15) {
  int calls = 1;
  for (;; calls *= 2) {
    const double begin = now();
    for (int i = 0; i < calls; ++i) body();
    if (now() - begin > 150e-6) break;
  }
  double best = 1e30, best_cpu = 1e30;
  const double end = now() + seconds;
  for (int windows = 0; windows < 5 || now() < end; ++windows) {
    const double begin = now(), begin_cpu = now(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < calls; ++i) body();
    const double each = (now() - begin) / calls, each_cpu = (now(CLOCK_THREAD_CPUTIME_ID) - begin_cpu) / calls;
    if (each < best) best = each;
    if (each_cpu < best_cpu) best_cpu = each_cpu;
  }
  return one_thread && best > 2e-3 && best_cpu < best ? best_cpu : best;
}

// FLOP/s of independent multiply-adds in registers, as the target's kernels make them: fused where it has
// FMA, else a multiplication and an addition.
double muladd_peak(const char* target);

// n floats in [-0.5, 0.5), 64-byte aligned, of a fixed pattern.
class Floats {
 public:
  explicit Floats(size_t n);
  ~Floats();
  Floats(const Floats&) = delete;
  float* data() { return data_; }

 private:
  float* data_;
};

struct Section {
  const char* name;
  void (*body)(const Bench&);
};
std::vector<Section>& sections();
struct Register {
  Register(const char* name, void (*body)(const Bench&)) { sections().push_back({name, body}); }
};

#define SECTION(section_name)                                                              \
  static void bench_##section_name(const ::simdnn::bench::Bench& bench);                   \
  static const ::simdnn::bench::Register register_##section_name(#section_name, bench_##section_name); \
  static void bench_##section_name(const ::simdnn::bench::Bench& bench)

}  // namespace simdnn::bench
