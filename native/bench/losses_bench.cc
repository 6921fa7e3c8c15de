// The losses whose targets are class labels, with the shapes of a classifier's last layer.
#include "bench/bench.h"

namespace simdnn::bench {
namespace {

constexpr struct {
  size_t rows, classes;
} kShapes[] = {{32, 5}, {1024, 7}, {128, 10}, {512, 100}, {4096, 1000}};

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
                                         s.rows, s.classes, {});
    });
  }
}

// The kernel reads one number of each row of log-probabilities.
BENCH(losses, nll_loss) {
  for (const auto& s : kShapes) {
    const size_t n = s.rows * s.classes;
    Floats gradient(n), log_probs(n), loss(1);
    const std::vector<int32_t> labels = labels_of(s.rows, s.classes);
    Run run(bench.threads);
    row(bench, "nll_loss", std::to_string(s.rows) + "x" + std::to_string(s.classes), {n, 0, 1}, [&] {
      bench.kernel.nll_loss(run, loss.data(), gradient.data(), log_probs.data(), labels.data(), nullptr, s.rows,
                            s.classes, {});
    });
  }
}

}  // namespace simdnn::bench
