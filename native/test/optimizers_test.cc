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

// step(table, threads, state) takes the step; terms(start, after, i) is the sum of the magnitudes of what the
// update of param[i] is made of, which bounds its error where they cancel.
template <class Step, class Terms>
void all_threads(Context& t, State& start, State& expected, Step step, Terms terms) {
  State one(t, start.param.size(), 5), more(t, start.param.size(), 9);
  one.copy(start);
  step(t.kernel, 1, one);
  expected.copy(start);
  step(t.twin, 1, expected);
  for (size_t i = 0; i < start.param.size(); ++i) {
    const double g = std::fabs(start.grad[i]) + std::fabs(start.param[i]);
    t.close(one.m[i], expected.m[i], 2 * kEpsilon * (std::fabs(start.m[i]) + g), "m", i);
    t.close(one.v[i], expected.v[i], 2 * kEpsilon * (start.v[i] + g * g), "v", i);
    t.close(one.max_v[i], expected.max_v[i], 2 * kEpsilon * (start.max_v[i] + start.v[i] + g * g), "max_v", i);
    t.close(one.param[i], expected.param[i], kEpsilon * (std::fabs(start.param[i]) + 8 * terms(start, expected, i)), "param", i);
  }
  for (int threads = 2; threads <= 4; ++threads) {
    more.copy(start);
    step(t.kernel, threads, more);
    t.check(more.same(one), "bits depend on the threads");
  }
}

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
          State start(t, n, n % 16), expected(t, n, 0);
          start.fill(random, scale);
          all_threads(t, start, expected, step, terms);
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
          State start(t, n, n % 16), expected(t, n, 0);
          start.fill(random, scale);
          all_threads(t, start, expected, step, terms);
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
      for (size_t n : kSizes) {
        t.where = "n " + std::to_string(n) + ", arrays " + std::to_string(arrays) + ", alpha " + std::to_string(o.alpha);
        State start(t, n, n % 16), one(t, n, 5), more(t, n, 9), expected(t, n, 0);
        start.fill(random, 1);
        for (size_t i = 0; i < n; ++i) start.v[i] += 2 * start.m[i] * start.m[i] + 1e-3f;  // more than the square of the mean
        one.copy(start), expected.copy(start);
        step(t.kernel, 1, one);
        step(t.twin, 1, expected);
        for (size_t i = 0; i < n; ++i) {
          const double g = std::fabs(start.grad[i]) + o.weight_decay * std::fabs(start.param[i]);
          const double square = o.alpha * start.v[i] + (1 - o.alpha) * g * g;
          const double mean = centered ? std::fabs(o.alpha * start.m[i]) + (1 - o.alpha) * g : 0;
          t.close(one.v[i], expected.v[i], 3 * kEpsilon * square, "square_avg", i);
          t.close(one.m[i], expected.m[i], 3 * kEpsilon * (mean + std::fabs(start.m[i])), "grad_avg", i);
          // The variance is a difference: its roundings, of the size of its terms, count half in the root, and none does below eps.
          const double variance = std::fmax(expected.v[i] - static_cast<double>(centered ? expected.m[i] : 0) * (centered ? expected.m[i] : 0), 0);
          const double lost = 4 * kEpsilon * (square + mean * mean);
          const double least = std::sqrt(std::fmax(variance - lost, 0)) + o.eps, root = std::sqrt(variance) + o.eps;
          const double direction = g / least * (6 * kEpsilon) + g * (1 / least - 1 / root);
          const double before = momentum ? o.momentum * std::fabs(start.max_v[i]) : 0;
          t.close(one.max_v[i], expected.max_v[i], direction + 2 * kEpsilon * before, "momentum_buffer", i);
          t.close(one.param[i], expected.param[i],
                  kEpsilon * std::fabs(start.param[i]) + o.lr * (direction + 3 * kEpsilon * (before + g / least)), "param", i);
        }
        for (int threads = 2; threads <= 4; ++threads) {
          more.copy(start);
          step(t.kernel, threads, more);
          t.check(more.same(one), "bits depend on the threads");
        }
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
