// A step of each optimizer over the lecture's network (2,325 numbers in its blocks) and over ten million parameters.
#include "bench/bench.h"
#include "support/denormals.h"

namespace simdnn::bench {
namespace {

constexpr size_t kParameters[] = {2325, 10'000'000};

// A state for a step that is repeated many times, in which the moments do not become denormal.
struct State {
  Floats param, m, v, max_v, grad;
  explicit State(size_t n) : param(n), m(n), v(n), max_v(n), grad(n) {
    for (size_t i = 0; i < n; ++i) {
      v.data()[i] *= v.data()[i];
      max_v.data()[i] *= max_v.data()[i];
    }
  }
};

// The tenth step, with default hyperparameters.
constexpr AdamStepAttributes kTenth{10};

}  // namespace

BENCH(optimizers, adam_step) {
  for (size_t n : kParameters) {
    for (bool amsgrad : {false, true}) {
      State s(n);
      Run run(bench.threads);
      row(bench, "adam_step", std::to_string(n) + (amsgrad ? " amsgrad" : ""), {n, 1, 0, amsgrad ? 4 : 3}, [&] {
        bench.kernel.adam_step(run, s.param.data(), s.m.data(), s.v.data(), amsgrad ? s.max_v.data() : nullptr,
                               s.grad.data(), n, kTenth);
      });
    }
  }
  // While the gradient stays 0, the moments decay: to zeros where denormal numbers are flushed, otherwise to denormal numbers that rounding never makes smaller.
  for (bool flush : {true, false}) {
    set_flush_denormal(flush);
    const size_t n = kParameters[0];
    State s(n);
    for (size_t i = 0; i < n; ++i) {
      s.m.data()[i] = s.v.data()[i] = 1e-42f;
      s.grad.data()[i] = 0;
    }
    Run run(bench.threads);
    row(bench, "adam_step", std::to_string(n) + (flush ? " decayed" : " decayed, denormals kept"), {n, 1, 0, 3}, [&] {
      bench.kernel.adam_step(run, s.param.data(), s.m.data(), s.v.data(), nullptr, s.grad.data(), n, kTenth);
    });
  }
  set_flush_denormal(true);
}

BENCH(optimizers, sgd_step) {
  for (size_t n : kParameters) {
    for (bool momentum : {false, true}) {
      State s(n);
      Run run(bench.threads);
      row(bench, "sgd_step", std::to_string(n) + (momentum ? " momentum" : ""), {n, 1, 0, momentum ? 2 : 1}, [&] {
        bench.kernel.sgd_step(run, s.param.data(), momentum ? s.m.data() : nullptr, s.grad.data(), n, {1e-3, 0.9});
      });
    }
  }
}

// Steps that update 640 rows of a table of 100,000 rows.
BENCH(optimizers, rows_step) {
  constexpr size_t kRows = 100'000, kColumns = 64, kTouched = 640;
  State s(kRows * kColumns);
  std::vector<int32_t> set(2 * kRows + 1);
  for (; set[0] < static_cast<int32_t>(kTouched); ++set[0]) {
    const size_t k = static_cast<size_t>(set[0]), r = k * 149;
    set[1 + k] = static_cast<int32_t>(r);
    set[1 + kRows + r] = set[0];
  }
  Run run(bench.threads);
  const std::string shape = std::to_string(kTouched) + " of " + std::to_string(kRows) + "x" + std::to_string(kColumns);
  row(bench, "sgd_rows_step", shape, {kTouched * kColumns, 1, 0, 1}, [&] {
    bench.kernel.sgd_rows_step(run, s.param.data(), s.grad.data(), set.data(), kRows, kColumns, {1e-3, false});
  });
  row(bench, "adagrad_rows_step", shape, {kTouched * kColumns, 1, 0, 2}, [&] {
    bench.kernel.adagrad_rows_step(run, s.param.data(), s.v.data(), s.grad.data(), set.data(), kRows, kColumns, {2, 0.01, 0, 1e-10, 0, false});
  });
  row(bench, "sparse_adam_step", shape, {kTouched * kColumns, 1, 0, 3}, [&] {
    bench.kernel.sparse_adam_step(run, s.param.data(), s.m.data(), s.v.data(), s.grad.data(), set.data(), kRows, kColumns, {10, 1e-3, 0.9, 0.999, 1e-8, false});
  });
}

}  // namespace simdnn::bench
