// Softmax, the losses, and their gradients, at the shapes of a classifier's last layer.
#include "bench/bench.h"

namespace simdnn::bench {
namespace {

constexpr struct {
  size_t rows, classes;
} kShapes[] = {{32, 5}, {1024, 7}, {128, 10}, {512, 100}, {4096, 1000}};

// call(run, rows, classes, out, a, b) over matrices; reads of them and one is written.
template <class Call>
void each_shape(const Bench& bench, const char* name, int reads, Call call) {
  for (const auto& s : kShapes) {
    const size_t n = s.rows * s.classes;
    Floats out(n), a(n), b(n);
    Run run(bench.threads);
    row(bench, name, std::to_string(s.rows) + "x" + std::to_string(s.classes), {n, reads, 1},
        [&] { call(run, s.rows, s.classes, out.data(), a.data(), b.data()); });
  }
}

std::vector<int32_t> labels_of(size_t rows, size_t classes) {
  std::vector<int32_t> labels(rows);
  for (size_t r = 0; r < rows; ++r) labels[r] = static_cast<int32_t>(r * 7 % classes);
  return labels;
}

}  // namespace

BENCH(losses, softmax_cross_entropy) {
  for (const auto& s : kShapes) {
    const size_t n = s.rows * s.classes;
    Floats gradient(n), logits(n), loss(1);
    const std::vector<int32_t> labels = labels_of(s.rows, s.classes);
    Run run(bench.threads);
    row(bench, "softmax_cross_entropy", std::to_string(s.rows) + "x" + std::to_string(s.classes), {n, 1, 1}, [&] {
      bench.kernel.softmax_cross_entropy(run, loss.data(), gradient.data(), logits.data(), labels.data(), nullptr,
                                         s.rows, s.classes, -100, 0, kMean);
    });
  }
}

BENCH(losses, softmax_cross_entropy_soft) {
  Floats loss(1);
  each_shape(bench, "softmax_cross_entropy_soft", 2,
             [&](Run& run, size_t rows, size_t classes, float* out, float* a, float* b) {
               bench.kernel.softmax_cross_entropy_soft(run, loss.data(), out, a, b, nullptr, rows, classes, 0, kMean);
             });
}

#define FORWARD(name)                                                                                     \
  BENCH(losses, name) {                                                                                   \
    each_shape(bench, #name, 1, [&](Run& run, size_t rows, size_t classes, float* y, float* x, float*) {  \
      bench.kernel.name(run, y, x, rows, classes);                                                        \
    });                                                                                                   \
  }
#define BACKWARD(name)                                                                                       \
  BENCH(losses, name) {                                                                                      \
    each_shape(bench, #name, 2, [&](Run& run, size_t rows, size_t classes, float* dx, float* dy, float* y) { \
      bench.kernel.name(run, dx, dy, y, rows, classes);                                                      \
    });                                                                                                      \
  }
FORWARD(softmax)
BACKWARD(softmax_backward)
FORWARD(log_softmax)
BACKWARD(log_softmax_backward)

// Of the log-probabilities one number of a row is read.
BENCH(losses, nll_loss) {
  for (const auto& s : kShapes) {
    const size_t n = s.rows * s.classes;
    Floats gradient(n), log_probs(n), loss(1);
    const std::vector<int32_t> labels = labels_of(s.rows, s.classes);
    Run run(bench.threads);
    row(bench, "nll_loss", std::to_string(s.rows) + "x" + std::to_string(s.classes), {n, 0, 1}, [&] {
      bench.kernel.nll_loss(run, loss.data(), gradient.data(), log_probs.data(), labels.data(), nullptr, s.rows,
                            s.classes, -100, kMean);
    });
  }
}

BENCH(losses, mse_loss) {
  for (size_t n : kSizes) {
    Floats gradient(n), x(n), target(n), loss(1);
    Run run(bench.threads);
    row(bench, "mse_loss", std::to_string(n), {n, 2, 1},
        [&] { bench.kernel.mse_loss(run, loss.data(), gradient.data(), x.data(), target.data(), n, kMean); });
  }
}

}  // namespace simdnn::bench
