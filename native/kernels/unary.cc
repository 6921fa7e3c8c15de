#include "kernels/activations.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Ranges of threads end on multiples of it: 4 KiB, so that they share no cache line of an aligned array.
constexpr size_t kGrain = 1024;
// About 16 cycles a vector.
double work(size_t n) { return 4.0 * static_cast<double>(n) / kLanes; }

// Calls body(i, n) for the vectors of [0, count): n == kLanes elements from i on, fewer in the last.
template <class Body>
void for_each_vector(Run& run, size_t count, Body body) {
  parallel(run, count, kGrain, work(count), [&](size_t begin, size_t end) {
    size_t i = begin;
    for (; i + kLanes <= end; i += kLanes) body(i, kLanes);
    if (i < end) body(i, end - i);
  });
}

}  // namespace

// y[i] = f(x[i]); y may be x. dx[i] = dy[i] * f'(x[i]), where y[i] = f(x[i]); dx may be dy.
// f, its parameters and its error: the struct of the same name in activations.h.
#define UNARY(name)                                                                                           \
  void name##_forward(Run& run, float* y, const float* x, size_t count, double a, double b) {                 \
    const unary::name f(a, b);                                                                                \
    for_each_vector(run, count, [=](size_t i, size_t n) { store(f(load(kF, x + i, n)), kF, y + i, n); });     \
  }                                                                                                           \
  void name##_backward(Run& run, float* dx, const float* dy, const float* x, const float* y, size_t count,    \
                       double a, double b) {                                                                  \
    const unary::name f(a, b);                                                                                \
    for_each_vector(run, count, [=](size_t i, size_t n) {                                                     \
      store(f.gradient(load(kF, dy + i, n), load(kF, x + i, n), load(kF, y + i, n)), kF, dx + i, n);          \
    });                                                                                                       \
  }
#include "kernels/unary.def"

}  // namespace simdnn::SIMDNN_ISA
