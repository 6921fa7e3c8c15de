// nll_loss and the losses of pairs against their references.
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

constexpr int32_t kIgnore = 2;  // a class, so that ignoring comes before the check of the label

}  // namespace

TEST(nll_loss) {
  Random random(7);
  for (size_t rows : {0, 1, 3, 16, 33, 5000}) {
    for (size_t classes : {3, 5, 17, 100}) {
      for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
        for (bool weighted : {false, true}) {
          t.where = std::to_string(rows) + "x" + std::to_string(classes) + " reduction=" +
                    std::to_string(static_cast<int>(reduction)) + " weighted=" + std::to_string(weighted);
          const size_t n = rows * classes, losses = reduced(rows, reduction);
          Buffer<float> x(t, n, 1), weight(t, classes), dx(t, n, 2), expected_dx(t, n), loss(t, losses, 1);
          Buffer<float> expected(t, losses), other_loss(t, losses), other_dx(t, n);
          Buffer<int32_t> labels(t, rows, 1);
          fill_normal(x, random, 3);
          for (size_t c = 0; c < classes; ++c) weight[c] = static_cast<float>(random.uniform());
          for (size_t r = 0; r < rows; ++r) labels[r] = static_cast<int32_t>(random.below(classes));
          const float* const w = weighted ? weight.data() : nullptr;
          Run run, twin_run;
          t.kernel.nll_loss(run, loss.data(), dx.data(), x.data(), labels.data(), w, rows, classes,
                            {kIgnore, reduction});
          t.reference.nll_loss(twin_run, expected.data(), expected_dx.data(), x.data(), labels.data(), w, rows, classes,
                               {kIgnore, reduction});
          double magnitude = 0;
          for (size_t r = 0; r < rows; ++r) magnitude += std::fabs(x[r * classes + static_cast<size_t>(labels[r])]);
          if (reduction == Reduction::mean) magnitude /= static_cast<double>(rows == 0 ? 1 : rows) * 0.05;
          for (size_t i = 0; i < losses; ++i) {
            const double size = reduction == Reduction::none ? std::fabs(expected[i]) : magnitude;
            t.close(loss[i], expected[i], kEpsilon * size, "loss", i);
          }
          for (size_t i = 0; i < n; ++i) t.close(dx[i], expected_dx[i], kEpsilon * std::fabs(expected_dx[i]), "dx", i);
          t.check(run.fault.array() == nullptr, "refused a good label");
          for (int threads = 2; threads <= 4; ++threads) {
            Run parallel(threads);
            t.kernel.nll_loss(parallel, other_loss.data(), other_dx.data(), x.data(), labels.data(), w, rows, classes,
                              {kIgnore, reduction});
            t.check(std::memcmp(loss.data(), other_loss.data(), losses * sizeof(float)) == 0 &&
                        std::memcmp(dx.data(), other_dx.data(), n * sizeof(float)) == 0,
                    "bits depend on the threads");
          }
          Run without;
          t.kernel.nll_loss(without, other_loss.data(), nullptr, x.data(), labels.data(), w, rows, classes,
                            {kIgnore, reduction});
          t.check(std::memcmp(loss.data(), other_loss.data(), losses * sizeof(float)) == 0,
                  "the loss depends on the gradient");
        }
      }
    }
  }

  t.where = "labels that are no classes";
  Buffer<float> x(t, 9), dx(t, 9), loss(t, 3);
  Buffer<int32_t> labels(t, 3);
  fill_normal(x, random);
  labels[0] = 0;
  labels[1] = 3;
  labels[2] = std::numeric_limits<int32_t>::min();
  Run run;
  t.kernel.nll_loss(run, loss.data(), dx.data(), x.data(), labels.data(), nullptr, 3, 3, {kIgnore, Reduction::none});
  t.check(run.fault.array() != nullptr && std::string(run.fault.array()) == "labels" && run.fault.position() == 1,
          "the first bad label is reported");
  t.check(run.fault.has_limit() && run.fault.value() == 3 && run.fault.limit() == 3, "with its value and the number of classes");
  t.check(loss[1] == 0 && loss[2] == 0 && dx[0] == -1 && dx[3] == 0 && dx[6] == 0, "refused rows are 0");
}

namespace {

// Compares a loss of pairs, call(table, run, loss, dx, x, target, n, reduction), with its reference. The bound is relative to the loss itself or to its terms.
template <class Call>
void test_pairwise(Context& t, double loss_bound, double dx_bound, Call call) {
  Random random(8);
  for (size_t n : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 511, 513, 8191, 8193, 200003}) {
    for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
      t.where = "n=" + std::to_string(n) + " reduction=" + std::to_string(static_cast<int>(reduction));
      const size_t losses = reduced(n, reduction);
      Buffer<float> x(t, n, 1), target(t, n, 2), dx(t, n, 3), loss(t, losses, 1), expected(t, losses);
      Buffer<float> expected_dx(t, n), other_loss(t, losses), other_dx(t, n);
      fill_normal(x, random);
      fill_normal(target, random);
      Run run;
      call(t.kernel, run, loss.data(), dx.data(), x.data(), target.data(), n, reduction);
      call(t.reference, run, expected.data(), expected_dx.data(), x.data(), target.data(), n, reduction);
      for (size_t i = 0; i < losses; ++i) t.close(loss[i], expected[i], loss_bound * kEpsilon * expected[i], "loss", i);
      for (size_t i = 0; i < n; ++i) {
        t.close(dx[i], expected_dx[i], dx_bound * kEpsilon * std::fabs(expected_dx[i]), "dx", i);
      }
      for (int threads = 2; threads <= 4; ++threads) {
        Run parallel(threads);
        call(t.kernel, parallel, other_loss.data(), other_dx.data(), x.data(), target.data(), n, reduction);
        t.check(std::memcmp(loss.data(), other_loss.data(), losses * sizeof(float)) == 0 &&
                    std::memcmp(dx.data(), other_dx.data(), n * sizeof(float)) == 0,
                "bits depend on the threads");
      }
      call(t.kernel, run, other_loss.data(), nullptr, x.data(), target.data(), n, reduction);
      t.check(std::memcmp(loss.data(), other_loss.data(), losses * sizeof(float)) == 0,
              "the loss depends on the gradient");
      call(t.kernel, run, other_loss.data(), x.data(), x.data(), target.data(), n, reduction);
      t.check(std::memcmp(dx.data(), x.data(), n * sizeof(float)) == 0, "in place differs");
    }
  }
  t.where = "corners";
  Buffer<float> x(t, 300), target(t, 300), loss(t, 300), dx(t, 300), expected(t, 300), expected_dx(t, 300);
  fill_corners(x, random);
  fill_corners(target, random);
  Run run;
  call(t.kernel, run, loss.data(), dx.data(), x.data(), target.data(), 300, Reduction::none);
  call(t.reference, run, expected.data(), expected_dx.data(), x.data(), target.data(), 300, Reduction::none);
  for (size_t i = 0; i < 300; ++i) {
    t.check(std::isnan(loss[i]) == std::isnan(expected[i]) && std::isnan(dx[i]) == std::isnan(expected_dx[i]),
            "NaN where there is none, or none where there is");
  }
}

// The same for losses whose errors are relative to their terms: value_size and slope_size give the magnitudes of the terms of a pair.
template <class Fill, class ValueSize, class SlopeSize, class Call>
void test_terms(Context& t, double loss_bound, double dx_bound, Fill fill, ValueSize value_size, SlopeSize slope_size, Call call) {
  Random random(8);
  for (size_t n : {0, 1, 3, 4, 5, 8, 9, 15, 16, 17, 33, 511, 513, 8193, 100003}) {
    for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
      t.where = "n=" + std::to_string(n) + " reduction=" + std::to_string(static_cast<int>(reduction));
      const size_t losses = reduced(n, reduction);
      Buffer<float> x(t, n, 1), target(t, n, 2), dx(t, n, 3), loss(t, losses, 1), expected(t, losses);
      Buffer<float> expected_dx(t, n), other_loss(t, losses), other_dx(t, n);
      for (size_t i = 0; i < n; ++i) fill(random, x[i], target[i]);
      Run run;
      call(t.kernel, run, loss.data(), dx.data(), x.data(), target.data(), n, reduction);
      call(t.reference, run, expected.data(), expected_dx.data(), x.data(), target.data(), n, reduction);
      const double share = reduction == Reduction::mean ? 1 / static_cast<double>(n) : 1;
      double size = 0;
      for (size_t i = 0; i < n; ++i) {
        size += value_size(x[i], target[i]);
        if (reduction == Reduction::none) t.close(loss[i], expected[i], loss_bound * kEpsilon * value_size(x[i], target[i]), "loss", i);
        t.close(dx[i], expected_dx[i], dx_bound * kEpsilon * share * slope_size(x[i], target[i]), "dx", i);
      }
      if (reduction != Reduction::none) t.close(loss[0], expected[0], loss_bound * kEpsilon * size * share, "loss", 0);
      for (int threads = 2; threads <= 4; ++threads) {
        Run parallel(threads);
        call(t.kernel, parallel, other_loss.data(), other_dx.data(), x.data(), target.data(), n, reduction);
        t.check(std::memcmp(loss.data(), other_loss.data(), losses * sizeof(float)) == 0 &&
                    std::memcmp(dx.data(), other_dx.data(), n * sizeof(float)) == 0,
                "bits depend on the threads");
      }
      call(t.kernel, run, other_loss.data(), nullptr, x.data(), target.data(), n, reduction);
      t.check(std::memcmp(loss.data(), other_loss.data(), losses * sizeof(float)) == 0, "the loss depends on the gradient");
    }
  }
}

float between(Random& random, double low, double high) { return static_cast<float>(low + (high - low) * random.uniform()); }

}  // namespace

TEST(mse_loss) {
  test_pairwise(t, 4, 2, [](const KernelTable& table, Run& run, float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction) {
    table.mse_loss(run, loss, dx, x, target, n, {reduction});
  });
}

TEST(l1_loss) {
  test_pairwise(t, 2, 1, [](const KernelTable& table, Run& run, float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction) {
    table.l1_loss(run, loss, dx, x, target, n, {reduction});
  });
}

TEST(smooth_l1_loss) {
  for (double beta : {1.0, 0.3, 100.0, 0.0}) {
    test_pairwise(t, 6, 3, [=](const KernelTable& table, Run& run, float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction) {
      table.smooth_l1_loss(run, loss, dx, x, target, n, {beta, reduction});
    });
  }
}

TEST(huber_loss) {
  for (double delta : {1.0, 0.3, 100.0}) {
    test_pairwise(t, 5, 2, [=](const KernelTable& table, Run& run, float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction) {
      table.huber_loss(run, loss, dx, x, target, n, {delta, reduction});
    });
  }
}

// Probabilities with 0 and 1 among them, targets of any mixture.
TEST(binary_cross_entropy) {
  test_terms(
      t, 5, 3,
      [](Random& random, float& x, float& target) {
        const float corners[] = {0, 1, 1e-30f, 1 - 6e-8f};
        x = random.below(8) == 0 ? corners[random.below(4)] : between(random, 0, 1);
        target = random.below(2) == 0 ? static_cast<float>(random.below(2)) : between(random, 0, 1);
      },
      [](double x, double target) {
        return std::fabs(target * std::fmax(std::log(x), -100)) + std::fabs((1 - target) * std::fmax(std::log1p(-x), -100)) + 1e-7;
      },
      [](double x, double target) { return (std::fabs(x - target) + 6e-8) / std::fmax(x * (1 - x), 1e-12); },
      [](const KernelTable& table, Run& run, float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction) {
        table.binary_cross_entropy(run, loss, dx, x, target, n, {reduction});
      });
}

TEST(binary_cross_entropy_with_logits) {
  test_terms(
      t, 4, 4,
      [](Random& random, float& x, float& target) {
        x = static_cast<float>((random.below(8) == 0 ? 100 : 4) * random.normal());
        target = random.below(2) == 0 ? static_cast<float>(random.below(2)) : between(random, 0, 1);
      },
      [](double x, double target) { return std::fabs(x) * (1 + target) + std::log1p(std::exp(-std::fabs(x))); },
      [](double x, double target) { return 1 / (1 + std::exp(-x)) + target; },
      [](const KernelTable& table, Run& run, float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction) {
        table.binary_cross_entropy_with_logits(run, loss, dx, x, target, n, {reduction});
      });
}

TEST(kl_div) {
  for (bool log_target : {false, true}) {
    test_terms(
        t, 4, 2,
        [=](Random& random, float& x, float& target) {
          x = between(random, -20, 0);
          target = log_target ? between(random, -20, 0) : (random.below(4) == 0 ? 0.0f : between(random, 0, 1));
        },
        [=](double x, double target) {
          const double mass = log_target ? std::exp(target) : target;
          return mass == 0 ? 0 : mass * (std::fabs(std::log(mass)) + std::fabs(x));
        },
        [=](double, double target) { return log_target ? std::exp(target) : target; },
        [=](const KernelTable& table, Run& run, float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction) {
          table.kl_div(run, loss, dx, x, target, n, {log_target, reduction});
        });
  }
}

}  // namespace simdnn::test
