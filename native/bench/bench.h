// The native benchmark. Each BENCH block measures one kernel; described_bench.cc makes the rows of all other kernels from their descriptions. main.cc fails and
// names each kernel that has no row.
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

// The seconds that one call of each body takes: the best of windows of about 0.3 ms, in `seconds` for each body. The bodies' windows alternate. The windows are
// short, so that some fall between the interruptions of a shared machine; the best one counts, because noise only adds time. Longer calls of one thread are
// timed by its CPU clock, which is too coarse for short ones.
using Body = std::function<void()>;
std::vector<double> best_seconds_of(const std::vector<Body>& bodies, double seconds = 0.15);
inline double best_seconds(const Body& body, double seconds = 0.15) { return best_seconds_of({body}, seconds)[0]; }

// Cycles a second, measured by dependent additions of integers, of which a processor does one a cycle.
double clock_rate();

// n 64-byte aligned floats in (-0.5, 0.5), in a fixed pattern without zeros.
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

// The least memory traffic of a kernel: the numbers of arrays of `floats` elements that it reads, writes, or updates in place.
struct Traffic {
  size_t floats;
  int reads, writes, updates = 0;
};

// Prints a row: the time of `call`, and the limit, which is the time of a loop with the same memory traffic on as many threads, with ordinary or non-temporal
// stores, whichever is faster. Calls and loops alternate. The share is limit / time; a line is 16 elements.
void row(const Bench&, const char* kernel, const std::string& shape, const Traffic&, const Body& call);

// Elements of an array in the L1 cache (a layer of the lecture's network), in the L2 cache, in DRAM.
constexpr size_t kSizes[] = {960, size_t{1} << 16, size_t{1} << 24};

// The traffic of a call, in which only the arrays that are as long as its longest one count.
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

// Makes rows from a kernel's description, for a kernel without a BENCH block.
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
// BENCH prints the rows of one kernel, SECTION a table of several kernels.
#define BENCH(section, kernel) BENCH_BLOCK(#section, kernel, #kernel)
#define SECTION(section, ...) BENCH_BLOCK(#section, section, __VA_ARGS__)

}  // namespace simdnn::bench
