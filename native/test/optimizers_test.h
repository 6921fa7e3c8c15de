// Helpers of the optimizers' tests: they compare a step from an arbitrary state with the formula, and check that the bits are the same for any number of threads.
#pragma once
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

// The largest allowed differences between one element of each array and the formula. A step leaves the arrays that it does not use unchanged.
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
  step(t.reference, 1, expected);
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

// The bounds if terms(start, after, i) is the sum of the magnitudes of the terms of param[i]'s update, which may cancel.
template <class Terms>
auto within_terms(Terms terms) {
  return [=](State& start, State& after, size_t i) {
    const double p = std::fabs(start.param[i]), g = std::fabs(start.grad[i]) + p;
    return Bounds{kEpsilon * (p + 8 * terms(start, after, i)), 2 * kEpsilon * (std::fabs(start.m[i]) + g),
                  2 * kEpsilon * (start.v[i] + g * g), 2 * kEpsilon * (start.max_v[i] + start.v[i] + g * g)};
  };
}

// Bounds that are derived rounding by rounding: `size` is the sum of the magnitudes of a result's terms, `error` the bound of its difference from the formula.
// A rounding is half of kEpsilon, a factor is rounded itself, products are rounded before they are added on targets without fused ones, and the
// reference rounds what it stores.
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
// The bounds of an element of an array, and of a parameter of magnitude p after its step.
double stored(Rounded x) { return x.error + kEpsilon / 2 * x.size; }
double stepped(double p, Rounded update) { return update.error + kEpsilon * (p + update.size); }

// A step of a single element gives the bits that this element has in a step of the whole block.
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

// Checks the step at all sizes, and steps of single elements.
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
