// Measures the processor's clock.
#include "bench/bench.h"

namespace simdnn::bench {
double clock_rate() {
  constexpr int kAdditions = 1 << 16;
  const double seconds = best_seconds(
      [] {
        size_t x = 1;
        for (int i = 0; i < kAdditions; i += 8) {
#if defined(__x86_64__)
          asm volatile(".rept 8\n add %0, %0\n .endr" : "+r"(x));
#elif defined(__aarch64__)
          asm volatile(".rept 8\n add %0, %0, %0\n .endr" : "+r"(x));
#endif
        }
      },
      0.1);
  return kAdditions / seconds;
}

}  // namespace simdnn::bench
