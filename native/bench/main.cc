// kernels_bench [threads [section...]]: runs all sections, or those named, on the best target of this
// machine or on SIMDNN_TARGET.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "bench/bench.h"

namespace simdnn::bench {

bool one_thread = false;

std::vector<Section>& sections() {
  static std::vector<Section> all;
  return all;
}

Floats::Floats(size_t n) {
  data_ = static_cast<float*>(std::aligned_alloc(64, (n * sizeof(float) + 127) / 64 * 64));
  if (data_ == nullptr) std::abort();
  for (size_t i = 0; i < n; ++i) {
    data_[i] = static_cast<float>(static_cast<uint32_t>(i) * 2654435761u >> 8 & 1023) / 1024.0f - 0.5f;
  }
}

Floats::~Floats() { std::free(data_); }

namespace {

int run(int argc, char** argv) {
  const char* forced = std::getenv("SIMDNN_TARGET");
  const Target* target = forced == nullptr ? &best_target() : find_target(forced);
  if (target == nullptr || !target->supported()) {
    std::printf("this machine does not run SIMDNN_TARGET=%s\n", forced);
    return 1;
  }
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  if (threads < 1) {
    std::printf("usage: kernels_bench [threads [section...]]\n");
    return 1;
  }
  one_thread = threads == 1;
  const Bench bench{*target, *target->table, threads, muladd_peak(target->name)};
  std::printf("target %s, %d thread(s), multiply-add peak of one thread %.1f GFLOP/s\n", target->name, threads,
              bench.peak / 1e9);
  for (const Section& section : sections()) {
    bool wanted = argc <= 2;
    for (int i = 2; i < argc; ++i) wanted = wanted || std::strcmp(argv[i], section.name) == 0;
    if (!wanted) continue;
    std::printf("\n%s\n", section.name);
    section.body(bench);
  }
  return 0;
}

}  // namespace
}  // namespace simdnn::bench

int main(int argc, char** argv) { return simdnn::bench::run(argc, argv); }
