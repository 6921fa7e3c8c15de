// Reductions of [outer, n, inner] over n: of everything, of rows, of columns, of a middle dimension.
#include "bench/bench.h"

namespace simdnn::bench {
namespace {

constexpr struct {
  size_t outer, n, inner;
} kShapes[] = {{1, 960, 1},       {32, 30, 1},     {1, 32, 30},        {1, 65536, 1},       {64, 1024, 1},
               {4096, 16, 1},     {1, 1024, 64},   {1, 64, 1024},      {1, 13107, 5},       {16, 64, 64},
               {1, 16777216, 1},  {4096, 4096, 1}, {1, 4096, 4096},    {1, 262144, 64},     {64, 64, 4096}};

// call(run, out, places, x, outer, n, inner)
template <class Call>
void reduce(const Bench& bench, const char* name, Call call) {
  for (const auto& s : kShapes) {
    Floats out(s.outer * s.inner), places(s.outer * s.inner), x(s.outer * s.n * s.inner);
    Run run(bench.threads);
    row(bench, name, std::to_string(s.outer) + "x" + std::to_string(s.n) + "x" + std::to_string(s.inner),
        {s.outer * s.n * s.inner, 1, 0}, [&] { call(run, out, places.ints(), x, s.outer, s.n, s.inner); });
  }
}

}  // namespace

BENCH(reductions, sum) {
  reduce(bench, "sum", [&](Run& run, Floats& out, int32_t*, Floats& x, size_t outer, size_t n, size_t inner) {
    bench.kernel.sum(run, out.data(), x.data(), outer, n, inner, 1);
  });
}
BENCH(reductions, sum_int) {
  reduce(bench, "sum_int", [&](Run& run, Floats& out, int32_t*, Floats& x, size_t outer, size_t n, size_t inner) {
    bench.kernel.sum_int(run, out.ints(), x.ints(), outer, n, inner);
  });
}

#define EXTREMUM(name, access)                                                                                        \
  BENCH(reductions, name) {                                                                                           \
    reduce(bench, #name, [&](Run& run, Floats& out, int32_t* at, Floats& x, size_t outer, size_t n, size_t inner) {   \
      bench.kernel.name(run, out.access(), at, x.access(), outer, n, inner);                                          \
    });                                                                                                               \
  }
EXTREMUM(max, data)
EXTREMUM(min, data)
EXTREMUM(max_int, ints)
EXTREMUM(min_int, ints)

}  // namespace simdnn::bench
