// kernels_test [kernel...] runs all tests, or those of the named kernels, on every target, or on the one that SIMDNN_TARGET names.
// kernels_test -kernel... runs all tests but those of the named kernels.
#include <cstdlib>
#include <cstring>

#include "support/denormals.h"
#include "test/test.h"

namespace simdnn::test {

std::vector<Entry>& entries() {
  static std::vector<Entry> all;
  return all;
}

uint64_t Random::bits() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double Random::normal() {
  return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform());
}

void Context::close(double actual, double expected, double bound, const char* what, size_t i) {
  if (std::isnan(expected) && std::isnan(actual)) return;
  if (actual == expected) return;
  if (flush_denormal() && (actual == 0 || expected == 0) && std::fabs(actual - expected) <= 0x1p-126 + bound) return;
  if (!(std::fabs(actual - expected) <= bound)) {
    char text[200];
    std::snprintf(text, sizeof text, "%s[%zu] is %.9g, expected %.9g within %.3g", what, i, actual, expected, bound);
    fail(text);
  }
}

void fill_normal(Buffer<float>& out, Random& random, double scale) {
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(scale * random.normal());
}

void fill_corners(Buffer<float>& out, Random& random) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const float corners[] = {0.0f, -0.0f, 1e-40f, -1e-45f, kInf, -kInf, std::numeric_limits<float>::quiet_NaN(),
                           3e38f, -3e38f, 1.18e-38f, 88.0f, -88.0f, -104.0f, 1.0f, -1.0f, 20.5f};
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = random.below(2) ? corners[random.below(sizeof corners / sizeof *corners)]
                             : static_cast<float>(4 * random.normal());
  }
}

namespace {

const char* const kKernels[] = {
#define NAME(name) #name,
#include "generated/names.def"
};

bool wanted(const char* kernel, int argc, char** argv) {
  const bool leave_out = argc < 2 || argv[1][0] == '-';
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i] + leave_out, kernel) == 0) return !leave_out;
  }
  return leave_out;
}

int run_all(int argc, char** argv) {
  int passed = 0, failed = 0;
  for (const char* kernel : kKernels) {
    bool tested = false;
    for (const Entry& entry : entries()) tested = tested || std::strcmp(entry.kernel, kernel) == 0;
    if (!tested && wanted(kernel, argc, argv)) {
      std::printf("FAIL %s: no TEST(%s) in native/test\n", kernel, kernel);
      ++failed;
    }
  }
  const char* forced = std::getenv("SIMDNN_TARGET");
  for (int i = 0; i < target_count; ++i) {
    const Target& target = targets[i];
    if (!target.supported() || (forced != nullptr && std::strcmp(forced, target.name) != 0)) continue;
    for (const Entry& entry : entries()) {
      if (!wanted(entry.kernel, argc, argv)) continue;
      const FlushDenormals flush;
      Context context{target, *target.table, reference::table, "", 0};
      entry.body(context);
      if (context.failures > 0) std::printf("FAIL %s on %s: %d\n", entry.kernel, target.name, context.failures);
      ++(context.failures > 0 ? failed : passed);
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed > 0 || passed == 0 ? 1 : 0;
}

}  // namespace
}  // namespace simdnn::test

int main(int argc, char** argv) { return simdnn::test::run_all(argc, argv); }
