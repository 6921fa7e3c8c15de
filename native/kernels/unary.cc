#include "kernels/activations.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Threads' ranges end on multiples of this, 4 KiB, so that no two threads write to one cache line of an aligned array.
constexpr size_t kGrain = 1024;
// The time in nanoseconds at about 16 cycles a vector.
double work(size_t n) { return 4.0 * static_cast<double>(n) / kLanes; }

// out[i...] = value(i, n) for the vectors of [0, count): n >= kLanes elements from i on, fewer in the last vector. Four vectors at a time, which the compiler
// interleaves (-fschedule-insns in CMakeLists.txt): one vector's exponential is a chain of 75 cycles, and a Zen 5 holds only about 150 waiting vector
// instructions. Cycles a vector with operands in the L1 cache, before and after: log 13.1 and 10.7, gelu 18 and 15, exp 6.2 and 5.2.
template <class Value>
void for_each_vector(Run& run, float* out, size_t count, Value value) {
  parallel(run, count, kGrain, work(count), [=](size_t begin, size_t end) {
    const Value each = value;  // a copy stays in registers, while a reference is loaded again after each store
    float* const to = out;
    size_t i = begin;
    for (; i + 4 * kLanes <= end; i += 4 * kLanes) {
      const VF v0 = each(i, kLanes), v1 = each(i + kLanes, kLanes);
      const VF v2 = each(i + 2 * kLanes, kLanes), v3 = each(i + 3 * kLanes, kLanes);
      hn::StoreU(v0, kF, to + i);
      hn::StoreU(v1, kF, to + i + kLanes);
      hn::StoreU(v2, kF, to + i + 2 * kLanes);
      hn::StoreU(v3, kF, to + i + 3 * kLanes);
    }
    for (; i < end; i += kLanes) store(each(i, end - i), kF, to + i, end - i);
  });
}

}  // namespace

// y[i] = f(x[i]); y may be x. dx[i] = dy[i] * f'(x[i]), where y[i] = f(x[i]); dx may be dy. The struct of the same name in activations.h (or
// functions_in_double.h) has f, its parameters and its error.
#define UNARY(name)                                                                                           \
  void name##_forward(Run& run, float* y, const float* x, size_t count, const UnaryAttributes& attributes) {  \
    const unary::name f(attributes);                                                                          \
    for_each_vector(run, y, count, [=](size_t i, size_t n) HWY_ATTR { return f(load(kF, x + i, n)); });       \
  }                                                                                                           \
  void name##_backward(Run& run, float* dx, const float* dy, const float* x, const float* y, size_t count,    \
                       const UnaryAttributes& attributes) {                                                   \
    const unary::name f(attributes);                                                                          \
    for_each_vector(run, dx, count, [=](size_t i, size_t n) HWY_ATTR {                                        \
      return f.gradient(load(kF, dy + i, n), load(kF, x + i, n), load(kF, y + i, n));                         \
    });                                                                                                       \
  }
#include "generated/unary.def"

}  // namespace simdnn::SIMDNN_ISA
