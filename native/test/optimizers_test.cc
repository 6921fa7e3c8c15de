// One step from any state against the formula, and the same bits for any number of threads.
#include <cstring>

#include "test/test.h"

using simdnn::Run;
using simdnn::test::Buffer;
using simdnn::test::Context;
using simdnn::test::kEpsilon;
using simdnn::test::Random;

namespace {

constexpr size_t kSizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 2265, 60001};

// The parameters, moments and gradient of a model, small or large by `scale`.
struct State {
  Buffer<float> param, m, v, max_v, grad;
  State(Context& t, size_t n, size_t misaligned)
      : param(t, n, misaligned), m(t, n, misaligned / 2), v(t, n, misaligned / 3), max_v(t, n, 1), grad(t, n, 2) {}
  void fill(Random& random, double scale) {
    fill_normal(param, random);
    fill_normal(m, random, 0.1 * scale);
    fill_normal(v, random, 0.1 * scale);
    fill_normal(max_v, random, 0.1 * scale);
    fill_normal(grad, random, scale);
    for (size_t i = 0; i < v.size(); ++i) v[i] *= v[i], max_v[i] *= max_v[i];
  }
  void copy(State& other) {
    const auto copy = [](Buffer<float>& to, Buffer<float>& from) {
      std::memcpy(to.data(), from.data(), to.size() * sizeof(float));
    };
    copy(param, other.param), copy(m, other.m), copy(v, other.v), copy(max_v, other.max_v), copy(grad, other.grad);
  }
  bool same(State& other) {
    const auto same = [](Buffer<float>& a, Buffer<float>& b) {
      return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
    };
    return same(param, other.param) && same(m, other.m) && same(v, other.v) && same(max_v, other.max_v) &&
           same(grad, other.grad);
  }
};

// How far from the formula one element of each array may be; what a step does not know it leaves as it is.
struct Bounds {
  double param, m = 0, v = 0, max_v = 0;
};

// step(table, threads, state) takes the step; within(start, after, i) are the bounds of element i.
template <class Step, class Within>
void all_threads(Context& t, State& start, Step step, Within within) {
  const size_t n = start.param.size();
  State one(t, n, 5), more(t, n, 9), expected(t, n, 0);
  one.copy(start), expected.copy(start);
  step(t.kernel, 1, one);
  step(t.twin, 1, expected);
  for (size_t i = 0; i < n; ++i) {
    const Bounds bounds = within(start, expected, i);
    t.close(one.m[i], expected.m[i], bounds.m, "m", i);
    t.close(one.v[i], expected.v[i], bounds.v, "v", i);
    t.close(one.max_v[i], expected.max_v[i], bounds.max_v, "max_v", i);
    t.close(one.param[i], expected.param[i], bounds.param, "param", i);
  }
  for (int threads = 2; threads <= 4; ++threads) {
    more.copy(start);
    step(t.kernel, threads, more);
    t.check(more.same(one), "bits depend on the threads");
  }
}

// The bounds where terms(start, after, i) is the sum of the magnitudes of what the update of param[i] is made of: they may cancel.
template <class Terms>
auto within_terms(Terms terms) {
  return [=](State& start, State& after, size_t i) {
    const double p = std::fabs(start.param[i]), g = std::fabs(start.grad[i]) + p;
    return Bounds{kEpsilon * (p + 8 * terms(start, after, i)), 2 * kEpsilon * (std::fabs(start.m[i]) + g),
                  2 * kEpsilon * (start.v[i] + g * g), 2 * kEpsilon * (start.max_v[i] + start.v[i] + g * g)};
  };
}

// Bounds that go rounding by rounding: `size` is the sum of the magnitudes of a result's terms, `error` how far it may be from the formula's.
// A rounding is half of kEpsilon, a factor is rounded itself, products are rounded before they are added on targets without fused ones, and the
// twin rounds what it stores.
struct Rounded {
  double size, error;
};

// The gradient with its weight decay.
Rounded slope(State& start, size_t i, double weight_decay) {
  const double decay = weight_decay * std::fabs(start.param[i]), size = std::fabs(start.grad[i]) + decay;
  return {size, decay == 0 ? 0 : kEpsilon * (decay + size / 2)};
}
// beta * before + (1 - beta) x.
Rounded mean(double beta, double before, Rounded x) {
  const double size = beta * std::fabs(before) + (1 - beta) * x.size;
  return {size, (1 - beta) * x.error + 2 * kEpsilon * size};
}
// kept * before + (1 - kept) x^2.
Rounded mean_square(double kept, double before, Rounded x) {
  const double squared = (1 - kept) * x.size * x.size, size = kept * before + squared;
  return {size, 2 * (1 - kept) * x.size * x.error + kEpsilon * (1.5 * squared + kept * before + size / 2)};
}
// sqrt(x) + eps, where x is `value`.
Rounded root(double value, double eps, Rounded x) {
  const double size = std::sqrt(value) + eps;
  return {size, x.error / (2 * std::sqrt(value)) + kEpsilon * size};
}
// factor * x / by.
Rounded quotient(double factor, Rounded x, Rounded by) {
  const double size = factor * x.size / by.size;
  return {size, factor * x.error / by.size + size * (by.error / by.size + 1.5 * kEpsilon)};
}
// An array's element, or a parameter of size p after its step.
double stored(Rounded x) { return x.error + kEpsilon / 2 * x.size; }
double stepped(double p, Rounded update) { return update.error + kEpsilon * (p + update.size); }

// Each element alone gives the bits it has in the block.
template <class Step>
void alone(Context& t, Step step) {
  const size_t n = 37;
  Random random(5);
  State start(t, n, 0), block(t, n, 0), single(t, 1, 3);
  start.fill(random, 1);
  block.copy(start);
  step(t.kernel, 1, block);
  for (size_t i = 0; i < n; ++i) {
    single.param[0] = start.param[i], single.m[0] = start.m[i], single.v[0] = start.v[i];
    single.max_v[0] = start.max_v[i], single.grad[0] = start.grad[i];
    step(t.kernel, 1, single);
    t.check(std::memcmp(&single.param[0], &block.param[i], sizeof(float)) == 0, "an element alone has other bits");
  }
}

// The step at all sizes, and elements alone.
template <class Step, class Within>
void check_steps(Context& t, Random& random, Step step, Within within) {
  const std::string where = t.where;
  for (size_t n : kSizes) {
    t.where = where + ", n " + std::to_string(n);
    State start(t, n, n % 16);
    start.fill(random, 1);
    all_threads(t, start, step, within);
  }
  t.where = where;
  alone(t, step);
}

}  // namespace

TEST(adam_step) {
  struct Options {
    simdnn::AdamStepAttributes attributes;
    double scale;
  };
  // step, lr, beta1, beta2, eps, weight_decay
  const Options options[] = {{{1, 1e-3, 0.9, 0.999, 1e-8, 0}, 1},       {{2, 0.1, 0.5, 0.9, 1e-4, 0.01}, 1},
                             {{7, 1e-3, 0.9, 0.999, 1e-8, 0.05}, 1e-8}, {{1000000, 1e-3, 0.9, 0.999, 1e-8, 0}, 1e10},
                             {{3, 1e-2, 0, 0, 1e-8, 0}, 1}};
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

// Of a state m is the mean of the gradients, v that of their squares, max_v the direction.
TEST(rmsprop_step) {
  // lr, alpha, eps, weight_decay, momentum
  const simdnn::RmspropStepAttributes options[] = {
      {0.01, 0.99, 1e-8, 0, 0}, {0.1, 0.9, 1e-4, 0.05, 0.9}, {1e-3, 0.5, 1e-8, 0, 0.5, true}};
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
        // The variance is a difference: its roundings, of the size of its terms, count half in the root, and none does below eps.
        const double center = centered ? after.m[i] : 0, variance = std::fmax(after.v[i] - center * center, 0);
        const double lost = 4 * kEpsilon * (square + mean * mean);
        const double least = std::sqrt(std::fmax(variance - lost, 0)) + o.eps, root = std::sqrt(variance) + o.eps;
        const double direction = g / least * (6 * kEpsilon) + g * (1 / least - 1 / root);
        const double before = momentum ? o.momentum * std::fabs(start.max_v[i]) : 0;
        return Bounds{kEpsilon * std::fabs(start.param[i]) + o.lr * (direction + 3 * kEpsilon * (before + g / least)),
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

// Of a state v is the sum.
TEST(adagrad_step) {
  // step, lr, lr_decay, eps, weight_decay, initial
  const simdnn::AdagradStepAttributes options[] = {{1, 0.01, 0, 1e-10, 0, 0},
                                                   {1, 0.1, 0.5, 1e-10, 0, 0.01},
                                                   {7, 0.1, 0.25, 1e-3, 0.05, 1e10},
                                                   {1000000, 0.1, 1e-3, 1e-10, 0, 0, true}};
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
      const Rounded update = quotient(rate, g, root(after.v[i], o.eps, sum));
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

// Of a state v is the mean square of the gradients, max_v that of the changes.
TEST(adadelta_step) {
  // lr, rho, eps, weight_decay
  const simdnn::AdadeltaStepAttributes options[] = {
      {1, 0.9, 1e-6, 0}, {0.1, 0.5, 1e-3, 0.05}, {0.5, 0, 1e-6, 0, true}, {1, 1, 1e-6, 0}};
  Random random(7);
  for (const auto& o : options) {
    t.where = "rho " + std::to_string(o.rho);
    const auto step = [&](const simdnn::KernelTable& table, int threads, State& s) {
      Run run(threads);
      table.adadelta_step(run, s.param.data(), s.v.data(), s.max_v.data(), s.grad.data(), s.param.size(), o);
    };
    check_steps(t, random, step, [&](State& start, State& after, size_t i) {
      const Rounded g = slope(start, i, o.weight_decay), square = mean_square(o.rho, start.v[i], g);
      // Below the roots eps is added, and rounded itself.
      const double over = start.max_v[i] + o.eps, under = after.v[i] + o.eps;
      const Rounded above = root(over, 0, {over, kEpsilon * over}), below = root(under, 0, {under, square.error + kEpsilon * under});
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

// Of a state m is the mean of the gradients, v their greatest size.
TEST(adamax_step) {
  // step, lr, beta1, beta2, eps, weight_decay
  const simdnn::AdamaxStepAttributes options[] = {{1, 2e-3, 0.9, 0.999, 1e-8, 0},
                                                  {3, 0.1, 0.4, 0.9, 1e-3, 0.05},
                                                  {1000000, 2e-3, 0.9, 0.999, 1e-8, 0, true},
                                                  {2, 0.1, 0, 0, 1e-8, 0}};
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
      const Rounded update = quotient(o.lr / (1 - std::pow(o.beta1, o.step)), m, norm);
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

// Of a state m is the mean of the gradients, v that of their squares.
TEST(radam_step) {
  // step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize; at 0.999 the sixth step is the first that is rectified
  const simdnn::RadamStepAttributes options[] = {
      {1, 1e-3, 0.9, 0.999, 1e-8, 0},        {5, 1e-2, 0.9, 0.999, 1e-8, 0.05},
      {6, 1e-2, 0.9, 0.999, 1e-8, 0.05},     {20, 0.1, 0.4, 0.9, 1e-3, 0.05, true},
      {9, 0.1, 0, 0, 1e-8, 0.01, true, true}, {1000000, 1e-3, 0.9, 0.999, 1e-8, 0, false, true}};
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

// Of a state m is the mean of the gradients.
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
