// kernels_bench [threads [section or kernel...]] measures all kernels, or the named ones, on the best target of this machine or on SIMDNN_TARGET.
// kernels_bench 0 only checks that every kernel has a row.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "bench/bench.h"
#include "support/aligned.h"
#include "support/peak.h"

namespace simdnn::bench {

std::vector<Entry>& entries() {
  static std::vector<Entry> all;
  return all;
}

std::vector<Entry>& described() {
  static std::vector<Entry> all;
  return all;
}

namespace {

bool one_thread = false;

const char* const kKernels[] = {
#define NAME(name) #name,
#include "generated/names.def"
};

bool is_measured(const char* kernel) {
  for (const Entry& entry : entries()) {
    for (const char* name : entry.kernels) {
      if (std::strcmp(name, kernel) == 0) return true;
    }
  }
  return false;
}

// Adds the rows that are made from descriptions. Returns the number of kernels that have no row afterwards.
int missing_rows() {
  for (const Entry& entry : described()) {
    if (!is_measured(entry.kernels[0])) entries().push_back(entry);
  }
  int missing = 0;
  for (const char* kernel : kKernels) {
    if (is_measured(kernel)) continue;
    std::printf("FAIL %s: no BENCH of it in native/bench, and no rows by its description\n", kernel);
    ++missing;
  }
  return missing;
}

bool wanted(const Entry& entry, int argc, char** argv) {
  if (argc <= 2) return true;
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], entry.section) == 0) return true;
    for (const char* kernel : entry.kernels) {
      if (std::strcmp(argv[i], kernel) == 0) return true;
    }
  }
  return false;
}

int run(int argc, char** argv) {
  const char* forced = std::getenv("SIMDNN_TARGET");
  const Target* target = forced == nullptr ? &best_target() : find_target(forced);
  if (target == nullptr || !target->supported()) {
    std::printf("this machine does not run SIMDNN_TARGET=%s\n", forced);
    return 1;
  }
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  if (threads < 0 || (argc > 1 && !(argv[1][0] >= '0' && argv[1][0] <= '9'))) {
    std::printf("usage: kernels_bench [threads [section or kernel...]]\n");
    return 1;
  }
  const int missing = missing_rows();
  if (threads == 0) {
    const int kernels = sizeof kKernels / sizeof *kKernels;
    std::printf("%d passed, %d failed\n", kernels - missing, missing);
  }
  if (missing > 0 || threads == 0) return missing > 0;
  one_thread = threads == 1;
  const Bench bench{*target, *target->table, threads, muladd_peak(target->name, 0.3), clock_rate()};
  std::printf("target %s, %d thread(s), multiply-add peak of one thread %.1f GFLOP/s, %.2f GHz\n", target->name,
              threads, bench.peak / 1e9, bench.clock / 1e9);
  const char* section = "";
  for (const Entry& entry : entries()) {
    if (!wanted(entry, argc, argv)) continue;
    if (std::strcmp(section, entry.section) != 0) std::printf("\n%s\n", section = entry.section);
    entry.body(bench);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

Floats::Floats(size_t n) {
  data_ = static_cast<float*>(allocate_on(64, (n * sizeof(float) + 127) / 64 * 64));
  if (data_ == nullptr) std::abort();
  for (size_t i = 0; i < n; ++i) {
    data_[i] = (static_cast<float>(static_cast<uint32_t>(i) * 2654435761u >> 8 & 1023) + 0.5f) / 1024.0f - 0.5f;
  }
}

Floats::~Floats() { free_allocated_on(data_); }

std::vector<double> best_seconds_of(const std::vector<Body>& bodies, double seconds) {
  struct Time {
    int calls = 1;
    double best = 1e30, best_cpu = 1e30;
  };
  std::vector<Time> times(bodies.size());
  for (size_t k = 0; k < bodies.size(); ++k) {
    // The shorter time of two calls, because a first or an interrupted call can take 150 us more. A window with a single short call would measure the clock instead.
    const auto window = [&] {
      const double begin = now();
      for (int i = 0; i < times[k].calls; ++i) bodies[k]();
      return now() - begin;
    };
    while (window() < 150e-6 || window() < 150e-6) times[k].calls *= 2;
  }
  const double end = now() + seconds * static_cast<double>(bodies.size());
  for (int windows = 0; windows < 5 || now() < end; ++windows) {
    for (size_t k = 0; k < bodies.size(); ++k) {
      Time& time = times[k];
      bodies[k]();  // brings its data back into the caches
      const double begin = now(), begin_cpu = now(CLOCK_THREAD_CPUTIME_ID);
      for (int i = 0; i < time.calls; ++i) bodies[k]();
      const double each = (now() - begin) / time.calls, each_cpu = (now(CLOCK_THREAD_CPUTIME_ID) - begin_cpu) / time.calls;
      if (each < time.best) time.best = each;
      if (each_cpu < time.best_cpu) time.best_cpu = each_cpu;
    }
  }
  std::vector<double> best;
  for (const Time& time : times) {
    best.push_back(one_thread && time.best > 2e-3 && time.best_cpu < time.best ? time.best_cpu : time.best);
  }
  return best;
}

}  // namespace simdnn::bench

int main(int argc, char** argv) { return simdnn::bench::run(argc, argv); }
