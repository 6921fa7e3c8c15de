// One step of each of the other optimizers from an arbitrary state, compared with the formula.
#include "test/optimizers_test.h"

TEST(sgd_step) {
  struct Options {
    simdnn::SgdStepAttributes attributes;
    double scale;
  };
  // lr, momentum, dampening, weight_decay
  const Options options[] = {
      {{0.1, 0, 0, 0}, 1}, {{0.01, 0.9, 0, 0}, 1}, {{0.1, 0.8, 0.3, 0.01}, 1}, {{1e-3, 0.9, 0, 0.1}, 1e10}};
  Random random(4);
  for (const auto& [attributes, scale] : options) {
    for (int flags = 0; flags < 8; ++flags) {
      simdnn::SgdStepAttributes o = attributes;
      o.nesterov = (flags & 1) != 0;
      o.maximize = (flags & 2) != 0;
      o.first_step = (flags & 4) != 0;
      for (bool buffer : {false, true}) {
        const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
          Run run(threads);
          table.sgd_step(run, s.param.data(), buffer ? s.m.data() : nullptr, s.grad.data(), s.param.size(), o);
        };
        const auto terms = [&](State& start, State&, size_t i) {
          const double g = std::fabs(start.grad[i]) + o.weight_decay * std::fabs(start.param[i]);
          return o.lr * (1 + o.momentum) * (o.momentum * std::fabs(start.m[i]) + g);
        };
        for (size_t n : kSizes) {
          t.where = "n " + std::to_string(n) + ", flags " + std::to_string(flags) + ", buffer " + std::to_string(buffer);
          State start(t, n, n % 16);
          start.fill(random, scale);
          all_threads(t, start, step, within_terms(terms));
        }
        alone(t, step);
      }
    }
  }
}

// In a state, m is the mean of the gradients, v the mean of their squares, and max_v the direction.
TEST(rmsprop_step) {
  // lr, alpha, eps, weight_decay, momentum
  const simdnn::RmspropStepAttributes options[] = {
      {0.01, 0.99, 1e-8, 0, 0}, {0.1, 0.9, 1e-4, 0.05, 0.9}, {1e-3, 0.5, 1e-8, 0, 0.5, true}, {0.1, 0.9, 1e-4, 0.05, 0.9, false, true}};
  Random random(4);
  for (const auto& o : options) {
    for (int arrays = 0; arrays < 4; ++arrays) {
      const bool centered = (arrays & 1) != 0, momentum = (arrays & 2) != 0;
      const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
        Run run(threads);
        table.rmsprop_step(run, s.param.data(), s.v.data(), centered ? s.m.data() : nullptr,
                           momentum ? s.max_v.data() : nullptr, s.grad.data(), s.param.size(), o);
      };
      const auto within = [&](State& start, State& after, size_t i) {
        const double g = std::fabs(start.grad[i]) + o.weight_decay * std::fabs(start.param[i]);
        const double square = o.alpha * start.v[i] + (1 - o.alpha) * g * g;
        const double mean = centered ? std::fabs(o.alpha * start.m[i]) + (1 - o.alpha) * g : 0;
        // The variance is a difference, so its rounding error is relative to its terms. The root halves relative errors, and an error below eps does not matter.
        const double center = centered ? after.m[i] : 0, variance = std::fmax(after.v[i] - center * center, 0);
        const double lost = 4 * kEpsilon * (square + mean * mean);
        const auto root_of = [&](double x) {
          return o.tfjs ? std::sqrt(x + (centered ? -o.eps : o.eps)) / o.lr : std::sqrt(std::fmax(x, 0)) + o.eps;
        };
        const double least = root_of(variance - lost), root = root_of(variance), rate = o.tfjs ? 1 : o.lr;
        const double direction = g / least * (6 * kEpsilon) + g * (1 / least - 1 / root);
        const double before = momentum ? o.momentum * std::fabs(start.max_v[i]) : 0;
        return Bounds{kEpsilon * std::fabs(start.param[i]) + rate * (direction + 3 * kEpsilon * (before + g / least)),
                      3 * kEpsilon * (mean + std::fabs(start.m[i])), 3 * kEpsilon * square, direction + 2 * kEpsilon * before};
      };
      for (size_t n : kSizes) {
        t.where = "n " + std::to_string(n) + ", arrays " + std::to_string(arrays) + ", alpha " + std::to_string(o.alpha);
        State start(t, n, n % 16);
        start.fill(random, 1);
        for (size_t i = 0; i < n; ++i) start.v[i] += 2 * start.m[i] * start.m[i] + 1e-3f;  // more than the square of the mean
        all_threads(t, start, step, within);
      }
      alone(t, step);
    }
  }
  t.where = "the same gradient again and again, centered";
  float param[1] = {0}, square[1] = {}, mean[1] = {}, grad[1] = {0.3f};
  Run run(1);
  for (int i = 0; i < 5000; ++i) t.kernel.rmsprop_step(run, param, square, mean, nullptr, grad, 1, {0.01, 0.9, 1e-8});
  t.check(std::isfinite(param[0]), "the root of a negative number");
}

// In a state, v is the sum of the squares of the gradients.
TEST(adagrad_step) {
  // step, lr, lr_decay, eps, weight_decay, initial
  const simdnn::AdagradStepAttributes options[] = {{1, 0.01, 0, 1e-10, 0, 0},
                                                   {1, 0.1, 0.5, 1e-10, 0, 0.01},
                                                   {7, 0.1, 0.25, 1e-3, 0.05, 1e10},
                                                   {1000000, 0.1, 1e-3, 1e-10, 0, 0, true},
                                                   {2, 0.1, 0, 1e-3, 0.05, 0, false, true}};
  Random random(6);
  for (const auto& o : options) {
    t.where = "step " + std::to_string(o.step);
    const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
      Run run(threads);
      table.adagrad_step(run, s.param.data(), s.v.data(), s.grad.data(), s.param.size(), o);
    };
    check_steps(t, random, step, [&](State& start, State& after, size_t i) {
      const Rounded g = slope(start, i, o.weight_decay);
      const double before = std::fmax(start.v[i], o.step == 1 ? o.initial : 0), squared = g.size * g.size;
      const Rounded sum{before + squared, 2 * g.size * g.error + kEpsilon * (before + squared)};
      const double rate = o.lr / (1 + (static_cast<double>(o.step) - 1) * o.lr_decay);
      const Rounded within{sum.size + o.eps, sum.error + kEpsilon * (sum.size + o.eps)};
      const Rounded below = o.tfjs ? root(after.v[i] + o.eps, 0, within) : root(after.v[i], o.eps, sum);
      const Rounded update = quotient(rate, g, below);
      return Bounds{stepped(std::fabs(start.param[i]), update), 0, stored(sum)};
    });
  }

  t.where = "a gradient of NaN, a sum of NaN, a gradient of zero";
  const float kNan = std::nanf("");
  float param[] = {1, 1, 1}, sum[] = {0, kNan, 0}, grad[] = {kNan, 1, 0};
  Run run(1);
  t.kernel.adagrad_step(run, param, sum, grad, 3, {1, 0.01, 0, 1e-10, 0, 0});
  t.check(std::isnan(param[0]) && std::isnan(sum[0]) && std::isnan(param[1]) && std::isnan(sum[1]), "NaN must show");
  t.check(param[2] == 1 && sum[2] == 0, "a zero gradient must not move the parameter");
}

// In a state, v is the mean square of the gradients and max_v the mean square of the changes.
TEST(adadelta_step) {
  // lr, rho, eps, weight_decay
  const simdnn::AdadeltaStepAttributes options[] = {
      {1, 0.9, 1e-6, 0}, {0.1, 0.5, 1e-3, 0.05}, {0.5, 0, 1e-6, 0, true}, {1, 1, 1e-6, 0}, {1, 0.9, 1e-6, 0.05, false, true}};
  Random random(7);
  for (const auto& o : options) {
    t.where = "rho " + std::to_string(o.rho);
    const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
      Run run(threads);
      table.adadelta_step(run, s.param.data(), s.v.data(), s.max_v.data(), s.grad.data(), s.param.size(), o);
    };
    check_steps(t, random, step, [&](State& start, State& after, size_t i) {
      const Rounded g = slope(start, i, o.weight_decay), square = mean_square(o.rho, start.v[i], g);
      // eps is added under the roots, and rounded to float before.
      const double over = start.max_v[i] + o.eps, under = (o.tfjs ? start.v[i] : after.v[i]) + o.eps;
      const Rounded above = root(over, 0, {over, kEpsilon * over}), below = root(under, 0, {under, (o.tfjs ? 0 : square.error) + kEpsilon * under});
      const Rounded ratio = quotient(1, above, below);
      const Rounded delta{ratio.size * g.size, ratio.size * g.error + g.size * ratio.error + kEpsilon / 2 * ratio.size * g.size};
      const Rounded update{o.lr * delta.size, o.lr * (delta.error + kEpsilon * delta.size)};
      return Bounds{stepped(std::fabs(start.param[i]), update), 0, stored(square), stored(mean_square(o.rho, start.max_v[i], delta))};
    });
  }

  t.where = "a gradient of NaN, of zero, and a huge one, whose mean square's quotient is no float";
  float param[] = {1, 1, 1}, square[3] = {}, delta[3] = {}, grad[] = {std::nanf(""), 0, 1e19f};
  Run run(1);
  t.kernel.adadelta_step(run, param, square, delta, grad, 3, {1, 0.9, 1e-8, 0});
  t.check(std::isnan(param[0]) && std::isnan(square[0]) && std::isnan(delta[0]), "NaN must show");
  t.check(param[1] == 1 && square[1] == 0 && delta[1] == 0, "a zero gradient must not move the parameter");
  t.close(param[2], 1 - std::sqrt(1e-8 / 0.1), 2 * kEpsilon, "param");
}

// In a state, m is the mean of the gradients.
TEST(lion_step) {
  // lr, beta1, beta2, weight_decay
  const simdnn::LionStepAttributes options[] = {
      {1e-4, 0.9, 0.99, 0}, {0.1, 0.5, 0.9, 0.05}, {0.01, 0, 0, 0, true}, {-0.1, 0.95, 0.4, 0.1, true}};
  Random random(10);
  for (const auto& o : options) {
    t.where = "beta1 " + std::to_string(o.beta1);
    const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
      Run run(threads);
      table.lion_step(run, s.param.data(), s.m.data(), s.grad.data(), s.param.size(), o);
    };
    check_steps(t, random, step, [&](State& start, State&, size_t i) {
      const Rounded g = slope(start, i, 0), m = mean(o.beta2, start.m[i], g);
      const double blend = o.beta1 * start.m[i] + (1 - o.beta1) * (o.maximize ? -start.grad[i] : start.grad[i]);
      const bool either = std::fabs(blend) <= 1.5 * kEpsilon * mean(o.beta1, start.m[i], g).size;
      const double lr = std::fabs(o.lr), p = std::fabs(start.param[i]) * (1 + lr * o.weight_decay);
      return Bounds{stepped(o.weight_decay == 0 ? p : 2 * p, {lr, kEpsilon / 2 * lr + (either ? 2 * lr : 0)}), stored(m)};
    });
  }

  t.where = "a gradient of NaN, of zero, small ones";
  float param[] = {1, 1, 1, 1}, mean[4] = {}, grad[] = {std::nanf(""), 0, 1e-30f, -1e-30f};
  Run run(1);
  t.kernel.lion_step(run, param, mean, grad, 4, {0.5, 0.9, 0.99, 0});
  t.check(std::isnan(param[0]) && std::isnan(mean[0]), "NaN must show");
  t.check(param[1] == 1 && mean[1] == 0, "a zero gradient must not move the parameter");
  t.check(param[2] == 0.5f && param[3] == 1.5f, "a step is as long for a small gradient");
}
