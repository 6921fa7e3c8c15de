// Random numbers.
#include "bench/bench.h"

namespace simdnn::bench {

#define FLAT(name, reads, ...)                                                                           \
  BENCH(random, name) {                                                                                  \
    for (size_t n : kSizes) {                                                                            \
      Floats out(n), x(n);                                                                               \
      Run run(bench.threads);                                                                            \
      row(bench, #name, std::to_string(n), {n, reads, 1}, [&] { bench.kernel.name(__VA_ARGS__); });      \
    }                                                                                                    \
  }
FLAT(fill_uniform, 0, run, out.data(), n, 1, 0, 0, 1)
FLAT(fill_normal, 0, run, out.data(), n, 1, 0, 0, 1)
FLAT(dropout, 1, run, out.data(), x.data(), n, 0.5, 1, 0)
FLAT(random_permutation, 0, run, out.ints(), n, 1, 0)

}  // namespace simdnn::bench
