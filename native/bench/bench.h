// The native benchmark: each BENCH block measures one kernel; rows of all others are made from
// their descriptions (described_bench.cc). main.cc fails, by name, a kernel that nothing measures.
#pragma once
#include <time.h>

#include <cstdio>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "kernels/table.h"
#include "support/targets.h"

namespace simdnn::bench {

struct Bench {
  const Target& target;
  const KernelTable& kernel;
  int threads;
  double peak;   // MulAdd rate of one thread on this target, FLOP/s, measured in this run
  double clock;  // cycles a second, measured in this run
};

inline double now(clockid_t clock = CLOCK_MONOTONIC) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Seconds of one call of each body: the best of windows of about 0.3 ms, the bodies' windows in turn, within
// `seconds` for each. Short windows, so that some fall between the interruptions of a shared machine; the best,
// because noise only ever adds. One thread's calls that are too long for that are timed by its CPU clock, which
// is too coarse for the short ones.
using Body = std::function<void()>;
std::vector<double> best_seconds_of(const std::vector<Body>& bodies, double seconds = 0.15);
inline double best_seconds(const Body& body, double seconds = 0.15) { return best_seconds_of({body}, seconds)[0]; }

// Cycles a second: dependent additions of integers.
double clock_rate();

// n floats in (-0.5, 0.5), 64-byte aligned, of a fixed pattern. None is 0.
class Floats {
 public:
  explicit Floats(size_t n);
  ~Floats();
  Floats(const Floats&) = delete;
  float* data() { return data_; }
  int32_t* ints() { return reinterpret_cast<int32_t*>(data_); }
  uint32_t* words() { return reinterpret_cast<uint32_t*>(data_); }

 private:
  float* data_;
};

// What a kernel has to move, at the least: arrays of `floats` that are read, written, or both in place.
struct Traffic {
  size_t floats;
  int reads, writes, updates = 0;
};

// Prints a row: the time of `call`, and of streams of the same traffic in turn with it, on as many threads: the
// limit is the faster of ordinary and non-temporal stores. Share is limit / time; a line is 16 elements.
void row(const Bench&, const char* kernel, const std::string& shape, const Traffic&, const Body& call);

// Elements of an array in the L1 cache (a layer of the lecture's network), in the L2 cache, in DRAM.
constexpr size_t kSizes[] = {960, size_t{1} << 16, size_t{1} << 24};

// The traffic of a call by its arrays: those as long as the longest count.
enum class Role {
  read,
  written,
  updated,
};
struct Moved {
  size_t floats;
  Role role;
};
Traffic traffic_of(std::initializer_list<Moved> arrays);

struct Entry {
  const char* section;
  std::vector<const char*> kernels;
  void (*body)(const Bench&);
};
std::vector<Entry>& entries();
struct Register {
  Register(const char* section, std::vector<const char*> kernels, void (*body)(const Bench&)) {
    entries().push_back({section, std::move(kernels), body});
  }
};

// Rows made from a kernel's description, for one without a block of its own.
std::vector<Entry>& described();
struct RegisterDescribed {
  RegisterDescribed(const char* section, const char* kernel, void (*body)(const Bench&)) {
    described().push_back({section, {kernel}, body});
  }
};

#define BENCH_BLOCK(section, id, ...)                                                                       \
  static void bench_##id(const ::simdnn::bench::Bench& bench);                                              \
  static const ::simdnn::bench::Register register_##id(section, {__VA_ARGS__}, bench_##id);                 \
  static void bench_##id([[maybe_unused]] const ::simdnn::bench::Bench& bench)
// The rows of one kernel; a table of several.
#define BENCH(section, kernel) BENCH_BLOCK(#section, kernel, #kernel)
#define SECTION(section, ...) BENCH_BLOCK(#section, section, __VA_ARGS__)

}  // namespace simdnn::bench
