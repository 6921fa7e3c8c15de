// Batches of small matrices, and one matrix that fills a cache.
#include "bench/bench.h"

namespace simdnn::bench {
namespace {

constexpr struct {
  size_t batch, n;
} kShapes[] = {{64, 8}, {1, 128}};

// The diagonal is larger than the sum of the rest of its row, so that each matrix has an inverse and is positive definite where it is symmetric.
struct Matrices : Floats {
  Matrices(size_t batch, size_t n) : Floats(batch * n * n) {
    for (size_t i = 0; i < batch * n; ++i) data()[i * n + i % n] = static_cast<float>(n);
  }
};

// Calls `call(run, batch, n, out, in, a)`, where each array has as many elements as the batch of matrices.
template <class Call>
void each_shape(const Bench& bench, const char* kernel, const Traffic& arrays, Call call) {
  for (const auto& s : kShapes) {
    Matrices a(s.batch, s.n);
    Floats out(s.batch * s.n * s.n), in(s.batch * s.n * s.n);
    Run run(bench.threads);
    const std::string shape = std::to_string(s.batch) + " of " + std::to_string(s.n) + "x" + std::to_string(s.n);
    row(bench, kernel, shape, {s.batch * s.n * s.n, arrays.reads, arrays.writes}, [&] { call(run, s.batch, s.n, out.data(), in.data(), a.data()); });
  }
}

}  // namespace

BENCH(matrices, solve) {
  each_shape(bench, "solve", {0, 2, 1}, [&](Run& run, size_t batch, size_t n, float* x, float* b, float* a) {
    bench.kernel.solve(run, x, a, b, batch, n, n, {});
  });
}

BENCH(matrices, determinant) {
  each_shape(bench, "determinant", {0, 1, 0}, [&](Run& run, size_t batch, size_t n, float* det, float* rest, float* a) {
    bench.kernel.determinant(run, det, rest, rest + batch, a, batch, n);
  });
}

BENCH(matrices, determinant_backward) {
  each_shape(bench, "determinant_backward", {0, 1, 1}, [&](Run& run, size_t batch, size_t n, float* da, float* dy, float* a) {
    bench.kernel.determinant_backward(run, da, dy, a, batch, n, {});
  });
}

BENCH(matrices, cholesky) {
  each_shape(bench, "cholesky", {0, 1, 1}, [&](Run& run, size_t batch, size_t n, float* l, float*, float* a) {
    bench.kernel.cholesky(run, l, a, batch, n);
  });
}

BENCH(matrices, qr) {
  each_shape(bench, "qr", {0, 1, 2}, [&](Run& run, size_t batch, size_t n, float* q, float* r, float* a) {
    bench.kernel.qr(run, q, r, a, batch, n, n, n);
  });
}

BENCH(matrices, matrix_exp) {
  each_shape(bench, "matrix_exp", {0, 1, 1}, [&](Run& run, size_t batch, size_t n, float* y, float*, float* x) {
    bench.kernel.matrix_exp(run, y, x, batch, n);
  });
}

BENCH(matrices, matrix_exp_backward) {
  each_shape(bench, "matrix_exp_backward", {0, 2, 1}, [&](Run& run, size_t batch, size_t n, float* dx, float* dy, float* x) {
    bench.kernel.matrix_exp_backward(run, dx, dy, x, batch, n);
  });
}

}  // namespace simdnn::bench
