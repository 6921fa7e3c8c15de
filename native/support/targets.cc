#include "support/targets.h"

#include <cstring>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace simdnn {
namespace {

// These say whether this machine supports the instructions that the target's compiler flags in CMakeLists.txt allow.
bool runs_scalar() { return true; }
#if defined(__x86_64__)
// The features of the processor, and the registers that the operating system saves. It does not use __builtin_cpu_supports, which needs a compiler library that
// zig does not have.
class Processor {
 public:
  Processor() {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    constexpr unsigned kPclmul = 1u << 1, kFma = 1u << 12, kSse42 = 1u << 20, kOsSaves = 1u << 27;
    sse4_ = (c & (kSse42 | kPclmul)) == (kSse42 | kPclmul);
    const unsigned saved = (c & kOsSaves) != 0 ? saved_registers() : 0;
    const bool fma = (c & kFma) != 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    constexpr unsigned kAvx2 = 1u << 5 | 1u << 3 | 1u << 8;                                       // with BMI and BMI2
    constexpr unsigned kAvx512 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;  // F, DQ, CD, BW, VL
    avx2_ = sse4_ && fma && (b & kAvx2) == kAvx2 && (saved & kYmm) == kYmm;
    avx512_ = avx2_ && (b & kAvx512) == kAvx512 && (saved & kZmm) == kZmm;
  }
  bool sse4() const { return sse4_; }
  bool avx2() const { return avx2_; }
  bool avx512() const { return avx512_; }

 private:
  static constexpr unsigned kYmm = 0x06, kZmm = 0xe6;  // bits of XCR0
  static unsigned saved_registers() {
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
#if defined(__APPLE__)
    // macOS saves the 512-bit registers of a thread only after their first use, and sets their bits in XCR0 only then.
    if ((low & kYmm) == kYmm) low |= kZmm;
#endif
    return low;
  }
  bool sse4_ = false, avx2_ = false, avx512_ = false;
};

const Processor& processor() {
  static const Processor known;
  return known;
}
bool runs_sse4() { return processor().sse4(); }
bool runs_avx2() { return processor().avx2(); }
bool runs_avx512() { return processor().avx512(); }
#elif defined(__aarch64__)
bool runs_neon() { return true; }
#endif

}  // namespace

const Target targets[] = {
#define X(target) {#target, &target::table, runs_##target},
#include "targets.def"
};
const int target_count = sizeof(targets) / sizeof(targets[0]);

const Target& best_target() {
  int best = 0;
  for (int i = 1; i < target_count; ++i) {
    if (targets[i].supported()) best = i;
  }
  return targets[best];
}

const Target* find_target(const char* name) {
  for (const Target& target : targets) {
    if (std::strcmp(target.name, name) == 0) return &target;
  }
  return nullptr;
}

}  // namespace simdnn
