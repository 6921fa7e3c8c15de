#include "support/features.h"

#include <cstring>

#include "support/targets.h"
#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__aarch64__) && defined(_WIN32)
#include <windows.h>
#endif

namespace simdnn {

// CMakeLists.txt writes features.def, the list of the features of this build: X(amx_bf16) ...
#define X(feature)              \
  namespace feature {           \
  extern const PairUnit unit;   \
  }
#include "features.def"

namespace {

struct BuiltUnit {
  const char* name;
  const PairUnit* unit;
};
constexpr BuiltUnit kBuiltUnits[] = {
#define X(feature) {#feature, &feature::unit},
#include "features.def"
    {"", nullptr},
};

constexpr bool same(const char* x, const char* y) {
  while (*x != 0 && *x == *y) ++x, ++y;
  return *x == *y;
}
constexpr const PairUnit* unit_of(const char* name) {
  for (const BuiltUnit& built : kBuiltUnits) {
    if (same(built.name, name)) return built.unit;
  }
  return nullptr;
}

bool runs_target(const char* name) {
  const Target* target = find_target(name);
  return target != nullptr && target->supported();
}

#if defined(__x86_64__)
bool has_avx512_bf16() {
  unsigned a, b, c, d;
  return runs_target("avx512") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5) != 0;
}

// Intel's processors start one vdpbf16ps in two cycles, but two fused multiply-adds in each cycle. With the unit a step takes 1.5 times as long as with float32
// arithmetic on rounded operands.
bool is_faster_avx512_bf16() {
  unsigned a, b, c, d;
  return __get_cpuid(0, &a, &b, &c, &d) && b != signature_INTEL_ebx;
}
#else
bool has_avx512_bf16() { return false; }
bool is_faster_avx512_bf16() { return false; }
#endif

#if defined(__x86_64__) && defined(__linux__)
// Linux lets a process use the tile registers (8 KiB, which it must save) only after a request, and refuses it if an alternative signal stack of the process is
// too small for them. Other systems need no request.
bool permits_tiles() {
  constexpr long kGetPermission = 0x1022, kAskForPermission = 0x1023, kTileData = 18;
  unsigned long permitted = 0;
  if (syscall(SYS_arch_prctl, kAskForPermission, kTileData) != 0) return false;
  return syscall(SYS_arch_prctl, kGetPermission, &permitted) == 0 && (permitted & 1ul << kTileData) != 0;
}

bool has_amx_bf16() {
  constexpr unsigned kUnits = 1u << 22 | 1u << 24;    // CPUID bits of bfloat16 products and of tiles
  constexpr unsigned kTiles = 1u << 17 | 1u << 18;  // XCR0 bits of the tile registers
  unsigned a, b, c, d, low, high;
  if (!runs_target("avx512") || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & kUnits) != kUnits) return false;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));  // every processor with AVX-512 has this instruction
  return (low & kTiles) == kTiles && permits_tiles();
}
#else
bool has_amx_bf16() { return false; }
#endif

bool has_neon_bf16() {
#if defined(__aarch64__) && defined(__linux__)
  constexpr unsigned long kBf16 = 1ul << 14;
  return runs_target("neon") && (getauxval(AT_HWCAP2) & kBf16) != 0;
#elif defined(__aarch64__) && defined(__APPLE__)
  int has = 0;
  size_t size = sizeof has;
  return runs_target("neon") && sysctlbyname("hw.optional.arm.FEAT_BF16", &has, &size, nullptr, 0) == 0 && has == 1;
#elif defined(__aarch64__) && defined(_WIN32)
  constexpr DWORD kBf16 = 68;  // PF_ARM_V86_BF16_INSTRUCTIONS_AVAILABLE, which older headers lack; a Windows that does not know it answers no
  return runs_target("neon") && IsProcessorFeaturePresent(kBf16) != 0;
#else
  return false;
#endif
}

template <bool (*has)()>
bool cached() {
  static const bool answer = has();
  return answer;
}

bool is_always_faster() { return true; }

}  // namespace

const Feature features[] = {
    {"amx_bf16", "avx512", cached<has_amx_bf16>, is_always_faster, unit_of("amx_bf16")},
    {"avx512_bf16", "avx512", cached<has_avx512_bf16>, is_faster_avx512_bf16, unit_of("avx512_bf16")},
    {"neon_bf16", "neon", cached<has_neon_bf16>, is_always_faster, unit_of("neon_bf16")},
};
const int feature_count = sizeof(features) / sizeof(features[0]);

const Feature* find_feature(const char* name) {
  for (const Feature& feature : features) {
    if (std::strcmp(feature.name, name) == 0) return &feature;
  }
  return nullptr;
}

}  // namespace simdnn
