// Adam and its variants against their references.
#include "test/optimizers_test.h"

TEST(adam_step) {
  struct Options {
    simdnn::AdamStepAttributes attributes;
    double scale;
  };
  // step, lr, beta1, beta2, eps, weight_decay
  // clang-format off
  const Options options[] = {{{1, 1e-3, 0.9, 0.999, 1e-8, 0}, 1},       {{2, 0.1, 0.5, 0.9, 1e-4, 0.01}, 1},
                             {{7, 1e-3, 0.9, 0.999, 1e-8, 0.05}, 1e-8}, {{1000000, 1e-3, 0.9, 0.999, 1e-8, 0}, 1e10},
                             {{3, 1e-2, 0, 0, 1e-8, 0}, 1}};
  // clang-format on
  Random random(3);
  for (const auto& [attributes, scale] : options) {
    for (int flags = 0; flags < 4; ++flags) {
      simdnn::AdamStepAttributes o = attributes;
      o.decoupled = (flags & 1) != 0;
      o.maximize = (flags & 2) != 0;
      for (bool amsgrad : {false, true}) {
        const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
          Run run(threads);
          table.adam_step(run, s.param.data(), s.m.data(), s.v.data(), amsgrad ? s.max_v.data() : nullptr, s.grad.data(),
                          s.param.size(), o);
        };
        const auto terms = [&](State& start, State& after, size_t i) {
          const double g = std::fabs(start.grad[i]) + o.weight_decay * std::fabs(start.param[i]);
          const double v = amsgrad ? after.max_v[i] : after.v[i];
          const double root = std::sqrt(v / (1 - std::pow(o.beta2, o.step))) + o.eps;
          const double mean = std::fabs(o.beta1 * start.m[i]) + (1 - o.beta1) * g;
          return o.lr / (1 - std::pow(o.beta1, o.step)) * mean / root * (1 + (1 - o.beta2) * g * g / v);
        };
        for (size_t n : kSizes) {
          t.where = "n " + std::to_string(n) + ", flags " + std::to_string(flags) + ", amsgrad " + std::to_string(amsgrad) +
                    ", step " + std::to_string(o.step);
          State start(t, n, n % 16);
          start.fill(random, scale);
          all_threads(t, start, step, within_terms(terms));
        }
        alone(t, step);
      }
    }
  }

  t.where = "a gradient of NaN, of infinity, of zero";
  const float kInf = std::numeric_limits<float>::infinity();
  float param[] = {1, 1, 1}, m[3] = {}, v[3] = {}, grad[] = {std::nanf(""), kInf, 0};
  Run run(1);
  t.kernel.adam_step(run, param, m, v, nullptr, grad, 3, {1, 1e-3, 0.9, 0.999, 1e-8, 0});
  t.check(std::isnan(param[0]) && std::isnan(m[0]) && std::isnan(v[0]), "NaN must show");
  t.check(std::isnan(param[1]) && m[1] == kInf && v[1] == kInf, "infinity must show");
  t.check(param[2] == 1 && m[2] == 0 && v[2] == 0, "a zero gradient must not move the parameter");
}

// In a state, m is the mean of the gradients and v their largest magnitude.
TEST(adamax_step) {
  // step, lr, beta1, beta2, eps, weight_decay
  const simdnn::AdamaxStepAttributes options[] = {{1, 2e-3, 0.9, 0.999, 1e-8, 0},
                                                  {3, 0.1, 0.4, 0.9, 1e-3, 0.05},
                                                  {1000000, 2e-3, 0.9, 0.999, 1e-8, 0, true},
                                                  {2, 0.1, 0, 0, 1e-8, 0},
                                                  {4, 0.1, 0.9, 0.999, 1e-3, 0.05, false, true}};
  Random random(8);
  for (const auto& o : options) {
    t.where = "step " + std::to_string(o.step);
    const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
      Run run(threads);
      table.adamax_step(run, s.param.data(), s.m.data(), s.v.data(), s.grad.data(), s.param.size(), o);
    };
    check_steps(t, random, step, [&](State& start, State& after, size_t i) {
      const Rounded g = slope(start, i, o.weight_decay), m = mean(o.beta1, start.m[i], g);
      const Rounded norm{after.v[i], g.error + kEpsilon * after.v[i]};
      const double beside = o.tfjs ? o.eps : 0;
      const Rounded below{norm.size + beside, norm.error + kEpsilon * beside};
      const Rounded update = quotient(o.lr / (1 - std::pow(o.beta1, o.step)), m, below);
      return Bounds{stepped(std::fabs(start.param[i]), update), stored(m), stored(norm)};
    });
  }

  t.where = "a gradient of NaN, a norm of NaN, a gradient of zero";
  const float kNan = std::nanf("");
  float param[] = {1, 1, 1}, mean[3] = {}, norm[] = {0, kNan, 0}, grad[] = {kNan, 1, 0};
  Run run(1);
  t.kernel.adamax_step(run, param, mean, norm, grad, 3, {1, 2e-3, 0.9, 0.999, 1e-8, 0});
  t.check(std::isnan(param[0]) && std::isnan(norm[0]) && std::isnan(param[1]) && std::isnan(norm[1]), "NaN must show");
  t.check(param[2] == 1 && mean[2] == 0 && norm[2] == 1e-8f, "a zero gradient must not move the parameter");
}

// In a state, m is the mean of the gradients and v the mean of their squares.
TEST(radam_step) {
  // step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize; at 0.999 the sixth step is the first that is rectified
  // clang-format off
  const simdnn::RadamStepAttributes options[] = {
      {1, 1e-3, 0.9, 0.999, 1e-8, 0},        {5, 1e-2, 0.9, 0.999, 1e-8, 0.05},
      {6, 1e-2, 0.9, 0.999, 1e-8, 0.05},     {20, 0.1, 0.4, 0.9, 1e-3, 0.05, true},
      {9, 0.1, 0, 0, 1e-8, 0.01, true, true}, {1000000, 1e-3, 0.9, 0.999, 1e-8, 0, false, true}};
  // clang-format on
  Random random(9);
  for (const auto& o : options) {
    t.where = "step " + std::to_string(o.step);
    const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
      Run run(threads);
      table.radam_step(run, s.param.data(), s.m.data(), s.v.data(), s.grad.data(), s.param.size(), o);
    };
    const double power = std::pow(o.beta2, o.step), longest = 2 / (1 - o.beta2) - 1;
    const double length = longest - 2 * static_cast<double>(o.step) * power / (1 - power), rate = o.lr / (1 - std::pow(o.beta1, o.step));
    const double squared = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length);
    t.check((length > 5) == (o.step > 5 && o.beta2 > 0), "rectified from the sixth step on");
    check_steps(t, random, step, [&](State& start, State& after, size_t i) {
      const double p = std::fabs(start.param[i]);
      const Rounded g = slope(start, i, o.decoupled ? 0 : o.weight_decay);
      const Rounded m = mean(o.beta1, start.m[i], g), v = mean_square(o.beta2, start.v[i], g);
      const Rounded update = length > 5 ? quotient(rate * std::sqrt((1 - power) * squared), m, root(after.v[i], o.eps, v))
                                        : quotient(rate, m, {1, 0});
      return Bounds{stepped(o.decoupled ? 2 * p : p, update), stored(m), stored(v)};
    });
  }

  t.where = "a gradient of NaN, of zero";
  float param[] = {1, 1}, mean[2] = {}, square[2] = {}, grad[] = {std::nanf(""), 0};
  Run run(1);
  for (uint64_t count : {1, 6}) t.kernel.radam_step(run, param, mean, square, grad, 2, {count, 1e-3, 0.9, 0.999, 1e-8, 0});
  t.check(std::isnan(param[0]) && std::isnan(mean[0]) && std::isnan(square[0]), "NaN must show");
  t.check(param[1] == 1 && mean[1] == 0 && square[1] == 0, "a zero gradient must not move the parameter");
}
