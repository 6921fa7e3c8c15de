// The multiply-add rate of one thread: chains enough to hide the latency, operands in registers; and the clock.
#include <cstring>

#include "bench/bench.h"

namespace simdnn::bench {
namespace {

constexpr int kChains = 12;
constexpr int kSteps = 1 << 13;

#if defined(__x86_64__)
#define FMA_STEP(i) asm volatile("vfmadd231ps %1, %2, %0" : "+v"(sum[i]) : "v"(x), "v"(y))
#define MUL_ADD_STEP(i) asm volatile("movaps %1, %%xmm15\n mulps %2, %%xmm15\n addps %%xmm15, %0" : "+x"(sum[i]) : "x"(x), "x"(y) : "xmm15")
#elif defined(__aarch64__)
#define FMA_STEP(i) asm volatile("fmla %0.4s, %1.4s, %2.4s" : "+w"(sum[i]) : "w"(x), "w"(y))
#endif
#define ALL_CHAINS(STEP) \
  STEP(0); STEP(1); STEP(2); STEP(3); STEP(4); STEP(5); STEP(6); STEP(7); STEP(8); STEP(9); STEP(10); STEP(11)
#define DEFINE_CHAINS(name, lanes, attributes, STEP)                         \
  attributes void name() {                                                   \
    typedef float Vector __attribute__((vector_size(4 * (lanes))));          \
    Vector sum[kChains] = {}, x = {}, y = {};                                \
    for (int i = 0; i < kSteps; ++i) {                                       \
      ALL_CHAINS(STEP);                                                      \
    }                                                                        \
  }

#if defined(__x86_64__)
DEFINE_CHAINS(chains_avx512, 16, __attribute__((target("avx512f"))), FMA_STEP)
DEFINE_CHAINS(chains_avx2, 8, __attribute__((target("avx2,fma"))), FMA_STEP)
DEFINE_CHAINS(chains_sse4, 4, , MUL_ADD_STEP)
#elif defined(__aarch64__)
DEFINE_CHAINS(chains_neon, 4, , FMA_STEP)
#endif

double rate(void (*chains)(), int lanes) { return 2.0 * lanes * kChains * kSteps / best_seconds(chains, 0.3); }

}  // namespace

double muladd_peak(const char* target) {
#if defined(__x86_64__)
  if (std::strcmp(target, "avx512") == 0) return rate(chains_avx512, 16);
  if (std::strcmp(target, "avx2") == 0) return rate(chains_avx2, 8);
  return rate(chains_sse4, 4);
#elif defined(__aarch64__)
  (void)target;
  return rate(chains_neon, 4);
#else
  (void)target;
  return 0;
#endif
}

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
