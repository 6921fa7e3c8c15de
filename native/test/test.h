// The native tests compare every kernel, on every target that this machine runs, with its reference (native/reference).
// References flush denormal numbers as kernels do (support/denormals.h): denormal float operands are read as zeros, and results below 2^-126 become zeros. A test
// that needs IEEE arithmetic calls set_flush_denormal(false) while it runs.
// A test is one TEST(kernel) block. main.cc runs it once for each target, and fails and names each kernel without a test.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "kernels/table.h"
#include "support/targets.h"

namespace simdnn {
namespace reference {
extern const KernelTable table;
}

namespace test {

constexpr double kEpsilon = 1.1920928955078125e-7;  // 2^-23, float32's

// One test on one target. `check` and `close` record a failure and go on.
struct Context {
  const Target& target;
  const KernelTable& kernel;          // the target's kernels
  const KernelTable& reference;            // the reference
  std::string where;                  // set it to say which case of a loop failed
  int failures = 0;

  void fail(const std::string& what) {
    if (++failures <= 5) std::printf("  %s\n", (where.empty() ? what : where + ": " + what).c_str());
  }
  void check(bool ok, const char* what) {
    if (!ok) fail(what);
  }
  // |actual - expected| <= bound; NaN matches NaN alone, infinities match themselves. Where denormal
  // numbers are flushed, 0 also matches up to 2^-126 + bound: of a number at the least normal one either may be flushed.
  void close(double actual, double expected, double bound, const char* what, size_t i = 0);
};

// A deterministic generator: splitmix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t bits();
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double normal();
  size_t below(size_t n) { return static_cast<size_t>(bits() % n); }

 private:
  uint64_t state_;
};

// Elements with guard words on both sides, `misaligned` elements off a 64-byte boundary. The destructor checks the guards; AddressSanitizer also catches reads
// beyond the vector.
template <typename T>
class Buffer {
 public:
  Buffer(Context& context, size_t n, size_t misaligned = 0)
      : context_(context), n_(n), storage_(n + 2 * kGuard + 16 + misaligned) {
    auto address = reinterpret_cast<uintptr_t>(storage_.data() + kGuard);
    begin_ = kGuard + (64 - address % 64) % 64 / sizeof(T) + misaligned;
    storage_.resize(begin_ + n + kGuard);
    for (size_t i = 0; i < begin_; ++i) storage_[i] = guard();
    for (size_t i = begin_ + n; i < storage_.size(); ++i) storage_[i] = guard();
  }
  Buffer(const Buffer&) = delete;
  ~Buffer() {
    for (size_t i = 0; i < storage_.size(); ++i) {
      if ((i < begin_ || i >= begin_ + n_) && !(storage_[i] == guard())) {
        context_.fail("wrote outside its output at " + std::to_string(static_cast<long>(i) - static_cast<long>(begin_)));
        break;
      }
    }
  }
  T* data() { return storage_.data() + begin_; }
  T& operator[](size_t i) { return data()[i]; }
  size_t size() const { return n_; }

 private:
  static constexpr size_t kGuard = 64;
  static T guard() { return static_cast<T>(12345); }
  Context& context_;
  size_t n_;
  std::vector<T> storage_;
  size_t begin_;
};

// Fills with normal numbers; with `corners` also with zeros, denormals, infinities, NaN and the largest numbers.
void fill_normal(Buffer<float>& out, Random& random, double scale = 1);
void fill_corners(Buffer<float>& out, Random& random);

// Which results linear_backward adds to the previous contents of their arrays, by the bits of `accumulate`: 1 dx, 2 dweight, 4 dbias.
inline LinearBackwardAttributes accumulating(int accumulate) {
  LinearBackwardAttributes attributes;
  attributes.accumulate_dx = (accumulate & 1) != 0;
  attributes.accumulate_dweight = (accumulate & 2) != 0;
  attributes.accumulate_dbias = (accumulate & 4) != 0;
  return attributes;
}

struct Entry {
  const char* kernel;
  void (*body)(Context&);
};
std::vector<Entry>& entries();
struct Register {
  Register(const char* kernel, void (*body)(Context&)) { entries().push_back({kernel, body}); }
};

#define TEST(kernel_name)                                                                \
  static void test_##kernel_name(::simdnn::test::Context& t);                            \
  static const ::simdnn::test::Register register_##kernel_name(#kernel_name, test_##kernel_name); \
  static void test_##kernel_name(::simdnn::test::Context& t)

}  // namespace test
}  // namespace simdnn
