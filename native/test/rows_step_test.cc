// Steps that update the rows of a set: those rows agree with the formula, all others keep their bits.
#include "test/optimizers_test.h"
#include "test/row_sets.h"

using simdnn::test::fill_set;
using simdnn::test::kSetKinds;

namespace {

// step(table, run, state, set) takes the step; within(start, after, i) are the bounds of an element of a row of the set. `all` says that other rows may change too.
template <class Step, class Within>
void check_rows(Context& t, bool all, Step step, Within within) {
  const size_t shapes[][2] = {{0, 4}, {3, 0}, {1, 1}, {5, 7}, {40, 16}, {300, 33}};
  const std::string where = t.where;
  Random random(5);
  for (const auto& [rows, columns] : shapes) {
    for (int kind = 0; kind < kSetKinds; ++kind) {
      t.where = where + ", " + std::to_string(rows) + "x" + std::to_string(columns) + " set=" + std::to_string(kind);
      const size_t n = rows * columns;
      Buffer<int32_t> set(t, 2 * rows + 1, 1);
      fill_set(set, rows, kind, random);
      const std::vector<bool> in = simdnn::reference::rows_of(set.data(), rows);
      State start(t, n, 3);
      start.fill(random, 1);
      const auto run_it = [&, rows = rows, columns = columns](const simdnn::KernelTable& table, int threads, State& s) {
        Run run(threads);
        step(table, run, s, set.data(), rows, columns);
      };
      all_threads(t, start, run_it, [&, columns = columns](State& from, State& after, size_t i) {
        return in[i / columns] || all ? within(from, after, i) : Bounds{0};
      });
    }
  }
}

}  // namespace

TEST(sparse_adam_step) {
  const simdnn::SparseAdamStepAttributes options[] = {{1, 1e-3, 0.9, 0.999, 1e-8, false}, {7, 0.1, 0.5, 0.9, 1e-4, true}};
  for (const simdnn::SparseAdamStepAttributes& o : options) {
    t.where = "step " + std::to_string(o.step);
    const auto step = [&](const simdnn::KernelTable& table, Run& run, State& s, const int32_t* set, size_t rows, size_t columns) {
      table.sparse_adam_step(run, s.param.data(), s.m.data(), s.v.data(), s.grad.data(), set, rows, columns, o);
    };
    check_rows(t, false, step, [&](State& start, State& after, size_t i) {
      const double terms = std::fabs(start.m[i]) + std::fabs(start.grad[i]);
      const double scale = o.lr / (1 - std::pow(o.beta1, static_cast<double>(o.step))) / (std::sqrt(after.v[i]) + o.eps);
      return Bounds{kEpsilon * (std::fabs(start.param[i]) + 8 * scale * terms), 2 * kEpsilon * terms, 2 * kEpsilon * after.v[i]};
    });
  }
}

TEST(sgd_rows_step) {
  for (const simdnn::SgdRowsStepAttributes& o : {simdnn::SgdRowsStepAttributes{0.1, false}, simdnn::SgdRowsStepAttributes{0.5, true}}) {
    const auto step = [&](const simdnn::KernelTable& table, Run& run, State& s, const int32_t* set, size_t rows, size_t columns) {
      table.sgd_rows_step(run, s.param.data(), s.grad.data(), set, rows, columns, o);
    };
    check_rows(t, false, step, [&](State& start, State&, size_t i) {
      return Bounds{kEpsilon * (std::fabs(start.param[i]) + 2 * o.lr * std::fabs(start.grad[i]))};
    });
  }
}

TEST(adagrad_rows_step) {
  const simdnn::AdagradRowsStepAttributes options[] = {
      {1, 0.01, 0, 1e-10, 0, false}, {1, 0.1, 0.5, 1e-10, 0.01, false}, {7, 0.1, 0.25, 1e-3, 1e10, true}};
  for (const simdnn::AdagradRowsStepAttributes& o : options) {
    t.where = "step " + std::to_string(o.step);
    const auto step = [&](const simdnn::KernelTable& table, Run& run, State& s, const int32_t* set, size_t rows, size_t columns) {
      table.adagrad_rows_step(run, s.param.data(), s.v.data(), s.grad.data(), set, rows, columns, o);
    };
    const bool all = o.step == 1 && o.initial > 0;
    check_rows(t, all, step, [&](State& start, State& after, size_t i) {
      const double g = std::fabs(start.grad[i]), before = std::fmax(start.v[i], o.step == 1 ? o.initial : 0);
      const Rounded sum{before + g * g, kEpsilon * (before + g * g)};
      const double rate = o.lr / (1 + (static_cast<double>(o.step) - 1) * o.lr_decay);
      return Bounds{stepped(std::fabs(start.param[i]), quotient(rate, {g, 0}, root(after.v[i], o.eps, sum))), 0, stored(sum)};
    });
  }
}
