// The element-wise functions of one argument, with a = 2 and b = 20 for those that have parameters.
#include <cstring>

#include "bench/bench.h"

namespace simdnn::bench {
namespace {

using Forward = decltype(KernelTable::relu_forward);
using Backward = decltype(KernelTable::relu_backward);

void forward(const Bench& bench, const char* name, Forward kernel, double a) {
  for (size_t n : kSizes) {
    Floats y(n), x(n);
    Run run(bench.threads);
    row(bench, name, std::to_string(n), {n, 1, 1}, [&] { kernel(run, y.data(), x.data(), n, a, 20); });
  }
}

// A gradient needs one of x and y, that of neg none.
void backward(const Bench& bench, const char* name, Backward kernel, double a) {
  const int reads = std::strcmp(name, "neg_backward") == 0 ? 1 : 2;
  for (size_t n : kSizes) {
    Floats dx(n), dy(n), x(n), y(n);
    Run run(bench.threads);
    row(bench, name, std::to_string(n), {n, reads, 1},
        [&] { kernel(run, dx.data(), dy.data(), x.data(), y.data(), n, a, 20); });
  }
}

}  // namespace

#define UNARY(name)                                                                                          \
  BENCH(unary, name##_forward) { forward(bench, #name "_forward", bench.kernel.name##_forward, 2); }         \
  BENCH(unary, name##_backward) { backward(bench, #name "_backward", bench.kernel.name##_backward, 2); }
#include "kernels/unary.def"

}  // namespace simdnn::bench
