#include "support/peak.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace simdnn {
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
#if defined(__clang__) && __clang_major__ >= 18 && __clang_major__ <= 21
#define AVX512 "avx512f,evex512"  // in these versions of clang 512-bit vectors are a separate feature
#else
#define AVX512 "avx512f"
#endif
DEFINE_CHAINS(chains_avx512, 16, __attribute__((target(AVX512))), FMA_STEP)
DEFINE_CHAINS(chains_avx2, 8, __attribute__((target("avx2,fma"))), FMA_STEP)
DEFINE_CHAINS(chains_sse4, 4, , MUL_ADD_STEP)
#elif defined(__aarch64__)
DEFINE_CHAINS(chains_neon, 4, , FMA_STEP)
#endif

double rate(void (*chains)(), int lanes, double seconds) {
  using Clock = std::chrono::steady_clock;
  double best = 1e300, passed = 0;
  for (const Clock::time_point begin = Clock::now(); passed < seconds;) {
    const Clock::time_point start = Clock::now();
    chains();
    const Clock::time_point end = Clock::now();
    best = std::min(best, std::chrono::duration<double>(end - start).count());
    passed = std::chrono::duration<double>(end - begin).count();
  }
  return 2.0 * lanes * kChains * kSteps / best;
}

}  // namespace

double muladd_peak(const char* target, double seconds) {
#if defined(__x86_64__)
  if (std::strcmp(target, "avx512") == 0) return rate(chains_avx512, 16, seconds);
  if (std::strcmp(target, "avx2") == 0) return rate(chains_avx2, 8, seconds);
  return rate(chains_sse4, 4, seconds);
#elif defined(__aarch64__)
  (void)target;
  return rate(chains_neon, 4, seconds);
#else
  (void)target;
  (void)seconds;
  return 0;
#endif
}

}  // namespace simdnn
