// The cross entropies against their references: every reduction, with weights, label smoothing and ignored rows.
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr int32_t kIgnore = -100;

struct Shape {
  size_t rows, classes;
};
// clang-format off
const Shape kShapes[] = {{0, 5},  {1, 1},  {5, 1},  {32, 5}, {7, 2},  {9, 3},  {4, 4},   {3, 7},     {5, 8},   {2, 9},
                         {6, 10}, {3, 15}, {3, 16}, {3, 17}, {33, 31}, {2, 33}, {16, 64}, {17, 100}, {2, 129}, {18, 1000}};
// clang-format on

struct Options {
  bool weighted;
  double smoothing;
  Reduction reduction;
};

std::vector<Options> all_options() {
  std::vector<Options> all;
  for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
    for (bool weighted : {false, true}) {
      for (double smoothing : {0.0, 0.1, 1.0}) all.push_back({weighted, smoothing, reduction});
    }
  }
  return all;
}

std::string describe(const Shape& s, const Options& o) {
  return std::to_string(s.rows) + "x" + std::to_string(s.classes) + " weighted=" + std::to_string(o.weighted) +
         " smoothing=" + std::to_string(o.smoothing) + " reduction=" + std::to_string(static_cast<int>(o.reduction));
}

// Inputs of one call; `target` holds distributions, `labels` classes with every fifth row ignored.
struct Inputs {
  Buffer<float> logits, target, weight;
  Buffer<int32_t> labels;

  Inputs(Context& t, const Shape& s, Random& random, double spread)
      : logits(t, s.rows * s.classes, s.classes % 5), target(t, s.rows * s.classes, 1), weight(t, s.classes, 3),
        labels(t, s.rows, 1) {
    fill_normal(logits, random, spread);
    for (size_t c = 0; c < s.classes; ++c) weight[c] = static_cast<float>(0.1 + random.uniform());
    for (size_t r = 0; r < s.rows; ++r) {
      labels[r] = r % 5 == 4 ? kIgnore : static_cast<int32_t>(random.below(s.classes));
      for (size_t c = 0; c < s.classes; ++c) {
        target[r * s.classes + c] = static_cast<float>(random.uniform() / static_cast<double>(s.classes));
      }
    }
  }
};

// Calls either kernel by the same signature, so that both have the same tests.
using Call = void (*)(const KernelTable&, Run&, float* loss, float* gradient, const float* logits, Inputs&, size_t first,
                      size_t rows, size_t classes, const Options&);

void with_labels(const KernelTable& table, Run& run, float* loss, float* gradient, const float* logits, Inputs& in,
                 size_t first, size_t rows, size_t classes, const Options& o) {
  table.softmax_cross_entropy(run, loss, gradient, logits, in.labels.data() + first,
                              o.weighted ? in.weight.data() : nullptr, rows, classes,
                              {kIgnore, o.smoothing, o.reduction});
}

void with_target(const KernelTable& table, Run& run, float* loss, float* gradient, const float* logits, Inputs& in,
                 size_t first, size_t rows, size_t classes, const Options& o) {
  table.softmax_cross_entropy_soft(run, loss, gradient, logits, in.target.data() + first * classes,
                                   o.weighted ? in.weight.data() : nullptr, rows, classes, {o.smoothing, o.reduction});
}

void compare(Context& t, Call call, const Shape& s, const Options& o, Random& random, double spread) {
  t.where = describe(s, o);
  Inputs in(t, s, random, spread);
  const size_t losses = reduced(s.rows, o.reduction);
  Buffer<float> loss(t, losses, 1), gradient(t, s.rows * s.classes, 2), expected_loss(t, losses);
  Buffer<float> expected_gradient(t, gradient.size()), loss_alone(t, losses);
  Run run;
  call(t.kernel, run, loss.data(), gradient.data(), in.logits.data(), in, 0, s.rows, s.classes, o);
  call(t.reference, run, expected_loss.data(), expected_gradient.data(), in.logits.data(), in, 0, s.rows, s.classes, o);
  t.check(run.fault.array() == nullptr, "refused a good label");

  // roundings in sums over classes partly cancel
  const double roundings = 4 + std::sqrt(static_cast<double>(s.classes)) / 16;
  for (size_t i = 0; i < losses; ++i) {
    const double size = std::fabs(expected_loss[i]);
    const double terms = o.reduction == Reduction::sum ? static_cast<double>(s.rows) : 1;
    t.close(loss[i], expected_loss[i], kEpsilon * (roundings * size + 2 * terms), "loss", i);
  }
  double largest = 0;
  for (size_t i = 0; i < gradient.size(); ++i) largest = std::fmax(largest, std::fabs(expected_gradient[i]));
  for (size_t i = 0; i < gradient.size(); ++i) {
    t.close(gradient[i], expected_gradient[i], 4 * kEpsilon * largest, "dlogits", i);
  }

  call(t.kernel, run, loss_alone.data(), nullptr, in.logits.data(), in, 0, s.rows, s.classes, o);
  t.check(std::memcmp(loss.data(), loss_alone.data(), losses * sizeof(float)) == 0, "the loss depends on the gradient");
  for (size_t r = 0; o.reduction == Reduction::none && r < s.rows; ++r) {  // alone, elsewhere, in place
    Buffer<float> row(t, s.classes, r % 7), row_loss(t, 1);
    std::memcpy(row.data(), in.logits.data() + r * s.classes, s.classes * sizeof(float));
    call(t.kernel, run, row_loss.data(), row.data(), row.data(), in, r, 1, s.classes, o);
    t.check(std::memcmp(row.data(), gradient.data() + r * s.classes, s.classes * sizeof(float)) == 0 &&
                std::memcmp(row_loss.data(), loss.data() + r, sizeof(float)) == 0,
            "a row's bits depend on its place");
  }
}

void compare_threads(Context& t, Call call, Random& random) {
  const Shape s{1003, 77};
  for (const Options& o : all_options()) {
    t.where = "threads " + describe(s, o);
    Inputs in(t, s, random, 2);
    const size_t losses = reduced(s.rows, o.reduction);
    Buffer<float> loss(t, losses), gradient(t, s.rows * s.classes), loss_alone(t, losses), alone(t, gradient.size());
    Run serial(1);
    call(t.kernel, serial, loss_alone.data(), alone.data(), in.logits.data(), in, 0, s.rows, s.classes, o);
    for (int threads = 2; threads <= 4; ++threads) {
      Run run(threads);
      call(t.kernel, run, loss.data(), gradient.data(), in.logits.data(), in, 0, s.rows, s.classes, o);
      t.check(std::memcmp(loss.data(), loss_alone.data(), losses * sizeof(float)) == 0 &&
                  std::memcmp(gradient.data(), alone.data(), alone.size() * sizeof(float)) == 0,
              "bits depend on the threads");
    }
  }
}

// Rows in which one class is ahead of all others by a gap that grows until their exponentials underflow, with every class as the target. Each element of the
// gradient, and the loss, must be within 8 roundings of its own magnitude.
void test_confident(Context& t, Call call, double nearly) {
  Random random(9);
  for (size_t classes : {2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33, 65, 100}) {
    for (double base : {0.0, 43.7, -61.3, 250.0, -3000.0}) {
      for (double gap = 0; gap <= 100; gap += 2.5) {
        const Shape s{classes, classes};
        Inputs in(t, s, random, 1);
        const Options o{random.below(2) == 1, 0, random.below(2) == 1 ? Reduction::none : Reduction::sum};
        t.where = describe(s, o) + " around " + std::to_string(base) + ", ahead by " + std::to_string(gap);
        const size_t top = random.below(classes);
        for (size_t r = 0; r < classes; ++r) {
          in.labels[r] = static_cast<int32_t>(r);
          for (size_t c = 0; c < classes; ++c) {
            in.logits[r * classes + c] = static_cast<float>(base + random.uniform() - (c == top ? 0 : 1 + gap));
            in.target[r * classes + c] = static_cast<float>(c == r ? 1 : nearly * random.uniform());
          }
        }
        const double underflow = static_cast<double>(classes) * 0x1p-126;  // each exponential below 2^-126 is zero
        const size_t losses = reduced(classes, o.reduction);
        Buffer<float> loss(t, losses), gradient(t, classes * classes), expected_loss(t, losses), expected(t, gradient.size());
        Run run;
        call(t.kernel, run, loss.data(), gradient.data(), in.logits.data(), in, 0, classes, classes, o);
        call(t.reference, run, expected_loss.data(), expected.data(), in.logits.data(), in, 0, classes, classes, o);
        // with probabilities as targets x - max is rounded first, which adds half a rounding for each e-fold
        const double roundings = 8 + (call == with_labels ? 0 : (gap + 2) / 2);
        for (size_t i = 0; i < losses; ++i) t.close(loss[i], expected_loss[i], roundings * kEpsilon * std::fabs(expected_loss[i]) + underflow, "loss", i);
        for (size_t i = 0; i < gradient.size(); ++i) {
          // for a target with nearly all of its mass at one class, the gradient is a difference of two terms: p times the others' targets, and the class's
          // target times the others' p
          const double terms = std::fabs(expected[i]) + (i % classes == top ? static_cast<double>(classes) : 2) * nearly;
          t.close(gradient[i], expected[i], roundings * kEpsilon * terms + underflow, "dlogits", i);
        }
      }
    }
  }
}

void test_all(Context& t, Call call) {
  Random random(5);
  for (const Shape& s : kShapes) {
    for (const Options& o : all_options()) {
      for (double spread : {2.0, 60.0}) compare(t, call, s, o, random, spread);
    }
  }
  compare_threads(t, call, random);
}

}  // namespace

TEST(softmax_cross_entropy) {
  test_all(t, with_labels);
  test_confident(t, with_labels, 0);

  Buffer<float> logits(t, 12), gradient(t, 12), loss(t, 4), weight(t, 3);
  Buffer<int32_t> labels(t, 4);
  const auto run_rows = [&](const float* x, const int32_t* y, const float* w, double smoothing, Reduction reduction) {
    std::memcpy(logits.data(), x, 12 * sizeof(float));
    std::memcpy(labels.data(), y, 4 * sizeof(int32_t));
    Run run;
    t.kernel.softmax_cross_entropy(run, loss.data(), gradient.data(), logits.data(), labels.data(), w, 4, 3,
                                   {kIgnore, smoothing, reduction});
    return std::string(run.fault.array() == nullptr ? "" : run.fault.array()) + std::to_string(run.fault.position());
  };
  const std::string no_fault = std::to_string(SIZE_MAX);

  t.where = "infinite logits";
  const float infinite[] = {-kInf, 0, 0, -kInf, 0, 0, -kInf, -kInf, -kInf, kInf, 0, 0};
  const int32_t zero_one[] = {1, 0, 1, 1};
  t.check(run_rows(infinite, zero_one, nullptr, 0, Reduction::none) == no_fault, "refused a good label");
  t.close(loss[0], std::log(2.0), 1e-7, "loss beside a masked class");
  t.check(gradient[0] == 0 && gradient[1] == -0.5f && gradient[2] == 0.5f, "gradient beside a masked class");
  t.check(loss[1] == kInf && gradient[3] == -1 && gradient[4] == 0.5f, "a label of probability 0");
  t.check(std::isnan(loss[2]) && std::isnan(gradient[6]), "a row of -inf has no distribution");
  t.check(std::isnan(loss[3]) && std::isnan(gradient[9]), "+inf has no distribution");

  t.where = "all ignored";
  const float finite[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3};
  const int32_t ignored[] = {kIgnore, kIgnore, kIgnore, kIgnore};
  for (double smoothing : {0.0, 0.1}) {
    run_rows(finite, ignored, nullptr, smoothing, Reduction::mean);
    t.check(std::isnan(loss[0]), "the mean of nothing is NaN");
    for (size_t i = 0; i < 12; ++i) t.check(gradient[i] == 0, "nothing has no gradient");
    run_rows(finite, ignored, nullptr, smoothing, Reduction::sum);
    t.check(loss[0] == 0, "the sum of nothing is 0");
  }

  t.where = "a NaN row ignored";
  const int32_t third_ignored[] = {1, 1, kIgnore, kIgnore};
  run_rows(infinite, third_ignored, nullptr, 0, Reduction::mean);
  t.close(loss[0], std::log(2.0), 1e-7, "the mean of the others");
  t.check(gradient[6] == 0 && gradient[9] == 0, "ignored rows have gradient 0");

  t.where = "labels that are no classes";
  const int32_t bad[] = {1, 3, -1, 2};
  t.check(run_rows(finite, bad, nullptr, 0, Reduction::none) == "labels1", "the first bad label is reported");
  t.check(loss[1] == 0 && gradient[3] == 0 && gradient[5] == 0, "a refused row has loss and gradient 0");

  t.where = "weights of zero";
  for (size_t c = 0; c < 3; ++c) weight[c] = 0;
  run_rows(finite, zero_one, weight.data(), 0, Reduction::mean);
  t.check(std::isnan(loss[0]) && std::isnan(gradient[0]), "0 / 0");

  t.where = "weights that cancel";
  weight[0] = 1, weight[1] = -1;
  const int32_t one_zero[] = {1, 0, kIgnore, kIgnore};
  run_rows(finite, one_zero, weight.data(), 0, Reduction::mean);
  for (size_t i = 0; i < 12; ++i) {
    const bool at_label = i == 1 || i == 3;
    t.check(at_label ? std::isnan(gradient[i]) : (i < 6 ? std::isinf(gradient[i]) : gradient[i] == 0), "infinite but at the label, 0 where ignored");
  }
  weight[0] = weight[1] = 0;

  const int32_t last_ignored[] = {1, 0, 1, kIgnore};
  for (double smoothing : {0.1, 1.0}) {
    for (float other : {0.0f, 2.0f}) {
      t.where = "weights of zero at the labels, smoothing " + std::to_string(smoothing) + ", another weight " + std::to_string(other);
      weight[2] = other;
      run_rows(finite, last_ignored, weight.data(), smoothing, Reduction::mean);
      t.check(std::isnan(loss[0]), "a loss that is a number");
      for (size_t i = 0; i < 12; ++i) t.check(i < 9 ? std::isnan(gradient[i]) : gradient[i] == 0, "NaN but for the ignored row");
    }
    t.where = "weights that cancel, smoothing " + std::to_string(smoothing);
    weight[0] = 1, weight[1] = -1, weight[2] = 2;
    const int32_t both[] = {0, 1, kIgnore, kIgnore};
    const float rising[] = {1, 2, 3, 0.5f, -1, 0, 7, 8, 9, -1, -2, -3};
    run_rows(rising, both, weight.data(), smoothing, Reduction::mean);
    t.check(smoothing == 1 ? std::isnan(loss[0]) : loss[0] == kInf, "what divisions by zero give");
    t.check(std::isnan(gradient[0]) && std::isnan(gradient[5]) && gradient[6] == 0, "a gradient that is a number");
    for (size_t c = 0; c < 3; ++c) weight[c] = 0;
  }
}

TEST(softmax_cross_entropy_soft) {
  test_all(t, with_target);
  test_confident(t, with_target, 0);
  test_confident(t, with_target, 1e-9);

  t.where = "no rows";
  Buffer<float> empty(t, 0), loss(t, 1);
  Run run;
  t.kernel.softmax_cross_entropy_soft(run, loss.data(), nullptr, empty.data(), empty.data(), nullptr, 0, 3,
                                      {0, Reduction::mean});
  t.check(std::isnan(loss[0]), "the mean of nothing is NaN");

  t.where = "one-hot targets are labels";
  Buffer<float> logits(t, 12), one_hot(t, 12), by_label(t, 4), by_target(t, 4);
  Buffer<int32_t> labels(t, 4);
  Random random(6);
  fill_normal(logits, random);
  for (size_t r = 0; r < 4; ++r) {
    labels[r] = static_cast<int32_t>(r % 3);
    for (size_t c = 0; c < 3; ++c) one_hot[r * 3 + c] = c == r % 3 ? 1 : 0;
  }
  t.kernel.softmax_cross_entropy(run, by_label.data(), nullptr, logits.data(), labels.data(), nullptr, 4, 3,
                                 {kIgnore, 0.1, Reduction::none});
  t.kernel.softmax_cross_entropy_soft(run, by_target.data(), nullptr, logits.data(), one_hot.data(), nullptr, 4, 3,
                                      {0.1, Reduction::none});
  for (size_t r = 0; r < 4; ++r) t.close(by_target[r], by_label[r], 2e-7 * (1 + by_label[r]), "loss", r);
}

}  // namespace simdnn::test
