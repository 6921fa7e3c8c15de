#include "support/targets.h"

#include <cstring>

namespace simdnn {
namespace {

// What each target's compile flags in CMakeLists.txt assume. __builtin_cpu_supports also asks whether the
// operating system saves the wide registers.
bool runs_scalar() { return true; }
#if defined(__x86_64__)
bool runs_sse4() { return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"); }
bool runs_avx2() {
  return runs_sse4() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
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
