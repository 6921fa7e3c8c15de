#include "plan/loop.h"

#include <chrono>
#include <new>
#include <thread>

#include "support/collective.h"

namespace simdnn {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Whether the live numbers of the next step are known.
bool has_next_numbers(const Limits& limits, const Report& report) {
  return limits.ahead.empty() || limits.ahead_done + report.done < limits.ahead.size();
}

// Whether the next numbers of `limits.ahead` are those of a step of this kind. Other kinds have plans with more or fewer numbers, so a wrong list must not
// be read.
bool next_numbers_fit(const Limits& limits, const Report& report, size_t kind) {
  return limits.ahead.empty() || limits.ahead.kinds[limits.ahead_done + report.done] == kind;
}

// When a run reads the clock. That takes 30 ns or more, and a small step 4 us. So the clock is read only every `interval_` steps, up to 64, and in every step if it
// has last moved by more than 1 ms: a run ends at most 64 steps or about 1 ms late.
class Pace {
 public:
  explicit Pace(Clock::time_point began) : began_(began) {}

  // Called after each step: whether the time of the run is over.
  bool is_over(const Limits& limits) {
    if (--until_ > 0) return false;
    // Otherwise a thread that wakes, JavaScript's or one of V8's, waits for the end of a time slice of several milliseconds.
    std::this_thread::yield();
    const double now = milliseconds_since(began_);
    interval_ = now - last_ > 1 ? 1 : (interval_ < 64 ? 2 * interval_ : 64);
    until_ = interval_;
    last_ = now;
    return limits.is_over(now);
  }

 private:
  Clock::time_point began_;
  size_t until_ = 1, interval_ = 1;
  double last_ = 0;
};

}  // namespace

Loop::Loop(std::shared_ptr<PersistentMemory> persistent, std::vector<Step> steps, BatchSampler sampler)
    : persistent_(std::move(persistent)), sampler_(std::move(sampler)) {
  for (Step& step : steps) add(std::move(step));
}

void Loop::add(Step step) {
  StepState state{std::move(step), {}, {}, {}, {}, {}};
  size_t undone = 0;
  for (const ResultPlace& place : state.step.undone) undone += place.bytes;
  state.undo_copy.resize(undone);
  for (size_t bytes : state.step.own_bytes) {
    state.own.push_back(allocate_aligned(bytes));
    state.inputs.push_back(state.own.back().get());
  }
  for (const PersistentMemory::Piece& piece : persistent_->pieces) state.inputs.push_back(piece.data.get());
  if (state.step.clock >= clocks_.size()) clocks_.resize(state.step.clock + 1);
  steps_.push_back(std::move(state));
}

void Loop::continue_from(Loop& other) {
  order_ = std::move(other.order_);
  in_epoch_ = other.in_epoch_;
  batch_ = other.batch_;
  loss_sum_ = other.loss_sum_;
  counts_ = std::move(other.counts_);
}

void Loop::set_live(size_t kind, std::vector<LiveNumber> numbers) {
  steps_[kind].live_now.resize(numbers.size());
  steps_[kind].live = std::move(numbers);
}

void Loop::set_random(uint64_t seed, uint64_t offset) {
  random_seed_ = seed;
  random_offset_ = random_begin_ = offset;
}

bool Loop::set_order(std::vector<int32_t> order) {
  const size_t rest = order.size() % sampler_.batch;
  if (!sampler_.ordered || order.empty() || order.size() > sampler_.items || (rest != 0 && rest != sampler_.items % sampler_.batch)) return false;
  for (int32_t row : order) {
    if (row < 0 || static_cast<size_t>(row) >= sampler_.rows->count) return false;
  }
  order_ = std::move(order);
  sampler_.batches = (order_.size() + sampler_.batch - 1) / sampler_.batch;
  in_epoch_ = true;
  batch_ = 0;
  loss_sum_ = 0;
  counts_.clear();
  return true;
}

void Loop::begin_epoch(const KernelTable& table, Report& report) {
  const size_t count = sampler_.subset.empty() ? sampler_.rows->count : sampler_.subset.size();
  std::vector<int32_t>& order = sampler_.ranks > 1 ? all_ranks_order_ : order_;
  const bool fresh = order.size() != count;
  order.resize(count);
  if (sampler_.shuffle) {
    Run run(1);
    uint64_t& offset = sampler_.own_seed ? sampler_.order_offset : random_offset_;
    table.random_permutation(run, order.data(), count, {sampler_.own_seed ? sampler_.seed : random_seed_, offset});
    offset += count;
  }
  if (sampler_.shuffle || fresh) {
    for (size_t i = 0; i < count; ++i) {
      const int32_t item = sampler_.shuffle ? order[i] : static_cast<int32_t>(i);
      order[i] = sampler_.subset.empty() ? item : sampler_.subset[static_cast<size_t>(item)];
    }
  }
  if (sampler_.ranks > 1) {
    order_.resize(sampler_.items);
    size_t at = sampler_.rank % count;
    for (size_t i = 0; i < sampler_.items; ++i) {
      order_[i] = all_ranks_order_[at];
      at += sampler_.ranks;
      if (at >= count) at %= count;  // a division in each iteration would double the time of the loop
    }
  }
  ++report.orders;
  in_epoch_ = true;
}

void Loop::gather(const KernelTable& table, StepState& state, int threads) {
  const size_t columns = sampler_.rows->columns.size();
  for (size_t a = 0; a < state.step.arguments; ++a) {
    const size_t begin = (batch_ + a / columns) * sampler_.batch;
    const size_t count = order_.size() - begin < sampler_.batch ? order_.size() - begin : sampler_.batch;
    const Rows::Column& column = sampler_.rows->columns[a % columns];
    Run run(threads);
    table.gather_rows(run, reinterpret_cast<uint32_t*>(state.own[a].get()),
                      reinterpret_cast<const uint32_t*>(column.data.get()), order_.data() + begin, 1,
                      sampler_.rows->count, column.width, count);
  }
}

void Loop::count(const StepState& state, std::vector<double>& counts, Report& report) {
  const size_t classes = state.step.classes;
  counts.resize(classes * classes);
  for (size_t i = 0; i + 1 < state.step.outputs.size(); i += 2) {
    const auto values = [&](const ResultPlace& place) {
      return reinterpret_cast<const int32_t*>(static_cast<const char*>(state.inputs[place.input]) + place.offset);
    };
    const int32_t* predictions = values(state.step.outputs[i]);
    const int32_t* targets = values(state.step.outputs[i + 1]);
    const size_t samples = state.step.outputs[i].bytes / sizeof(int32_t);
    for (size_t n = 0; n < samples; ++n) {
      const size_t row = static_cast<uint32_t>(targets[n]), column = static_cast<uint32_t>(predictions[n]);
      if (row < classes && column < classes) {
        ++counts[row * classes + column];
      } else {
        report.predictions.push_back(predictions[n]);
        report.targets.push_back(targets[n]);
        report.positions.push_back(static_cast<double>(report.samples + n));
        report.output_bytes += 2 * sizeof(int32_t) + sizeof(double);
      }
    }
    report.samples += samples;
  }
}

void Loop::copy_for_undo(StepState& state) {
  char* to = state.undo_copy.data();
  for (const ResultPlace& place : state.step.undone) {
    std::memcpy(to, static_cast<const char*>(state.inputs[place.input]) + place.offset, place.bytes);
    to += place.bytes;
  }
}

void Loop::undo(const StepState& state) {
  const char* from = state.undo_copy.data();
  for (const ResultPlace& place : state.step.undone) {
    std::memcpy(static_cast<char*>(state.inputs[place.input]) + place.offset, from, place.bytes);
    from += place.bytes;
  }
}

void Loop::update_live(StepState& state) const {
  const double drawn = static_cast<double>(random_offset_ - random_begin_);
  for (size_t i = 0; i < state.live.size(); ++i) {
    const LiveNumber& live = state.live[i];
    double value = live.base + live.per_draw * drawn;
    for (size_t c = 0; c < clocks_.size(); ++c) value += live.per_step[c] * static_cast<double>(clocks_[c]);
    state.live_now[i] = value;
  }
}

bool Loop::do_step(const KernelTable& table, size_t number, const Limits& limits, Report& report) {
  StepState& state = steps_[number];
  if (limits.ahead.empty()) {
    update_live(state);
  } else {
    const double* numbers = limits.ahead.numbers.data() + limits.ahead.begins[limits.ahead_done + report.done];
    state.live_now.assign(numbers, numbers + state.step.plan.live_numbers());
  }
  Run run(limits.threads);
  size_t not_finite = SIZE_MAX;
  report.kind = number;
  copy_for_undo(state);
  report.kernel = limits.finite
                      ? state.step.plan.replay_finite(table, run, state.inputs.data(), state.live_now.data(), not_finite)
                      : state.step.plan.replay(table, run, state.inputs.data(), state.live_now.data());
  if (report.kernel != nullptr) {
    if (run.fault.reason() != nullptr) undo(state);
    report.end = Report::kRefused;
    report.fault = run.fault;
    report.call = state.step.plan.finished();
    return false;
  }
  if (limits.finite && not_finite < state.step.plan.calls()) {
    report.end = Report::kNotFinite;
    report.call = not_finite;
    for (size_t a = 0; a < state.step.arguments; ++a) {
      const char* tensor = state.own[a].get();
      report.batch_tensors.emplace_back(tensor, tensor + state.step.own_bytes[a]);
    }
    return false;
  }
  random_offset_ += state.step.draws;
  ++clocks_[state.step.clock];
  ++report.steps[number];
  ++report.done;
  ++persistent_->steps;
  const auto at = [&](const ResultPlace& place) {
    return static_cast<const char*>(state.inputs[place.input]) + place.offset;
  };
  for (const ResultPlace& place : state.step.losses) {
    float loss;
    std::memcpy(&loss, at(place), sizeof loss);
    loss_sum_ += state.step.loss_weight * static_cast<double>(loss);
  }
  if (state.step.classes > 0) {
    count(state, limits.joining.wanted ? counts_ : report.counts, report);
    return true;
  }
  if (report.outputs.size() < state.step.outputs.size()) report.outputs.resize(state.step.outputs.size());
  for (size_t i = 0; i < state.step.outputs.size(); ++i) {
    const ResultPlace& place = state.step.outputs[i];
    report.outputs[i].insert(report.outputs[i].end(), at(place), at(place) + place.bytes);
    report.output_bytes += place.bytes;
  }
  return true;
}

bool Loop::join(const Joining& joining, Report& report) {
  std::vector<double> figures{loss_sum_ / joining.divisor * joining.rows, joining.rows};
  figures.insert(figures.end(), counts_.begin(), counts_.end());
  if (const Collective* const ranks = collective()) {
    constexpr uint32_t kCall = 14;  // its number among the calls of src/train/ranks.ts
    const char* const refused = ranks->add(kCall + 16 * static_cast<uint32_t>(figures.size()), figures.data(), figures.size());
    if (refused != nullptr) {
      report.end = Report::kRefused;
      report.kernel = "allReduce";
      report.fault.refuse(refused);
      return false;
    }
  }
  report.joined.insert(report.joined.end(), figures.begin(), figures.begin() + 2);
  report.counts.assign(figures.begin() + 2, figures.end());
  counts_.clear();
  return true;
}

Report Loop::finish(Report report) const {
  report.batch = batch_;
  report.loss_sum = loss_sum_;
  report.random_offset = random_offset_;
  return report;
}

Report Loop::run(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, const Limits& limits) {
  Report report;
  const Clock::time_point began = Clock::now();
  Gate::Work work(gate);
  Pace pace(began);
  try {
    report.steps.assign(steps_.size(), 0);
    while (report.epoch_loss_sums.size() < limits.epochs) {
      work.pause();
      if (stop.load(std::memory_order_relaxed)) {
        report.end = Report::kStopped;
        break;
      }
      if (!has_next_numbers(limits, report)) {
        report.end = Report::kTime;
        break;
      }
      if (!in_epoch_) begin_epoch(table, report);
      if (batch_ < sampler_.batches) {
        const size_t kind = kind_at(batch_);
        if (!next_numbers_fit(limits, report, kind)) {
          report.end = Report::kTime;
          break;
        }
        gather(table, steps_[kind], limits.threads);
        if (!do_step(table, kind, limits, report)) break;
        batch_ += steps_[kind].step.arguments / sampler_.rows->columns.size();
      }
      if (batch_ == sampler_.batches) {
        if (limits.joining.wanted && !join(limits.joining, report)) break;
        report.epoch_loss_sums.push_back(loss_sum_);
        in_epoch_ = false;
        batch_ = 0;
        loss_sum_ = 0;
        if (report.epoch_loss_sums.size() == limits.epochs) break;
      }
      if (report.output_bytes >= limits.output_bytes) {
        report.end = Report::kFull;
        break;
      }
      if (pace.is_over(limits)) {
        report.end = Report::kTime;
        break;
      }
    }
  } catch (const std::bad_alloc&) {
    report.end = Report::kNoMemory;
  }
  report.seconds = milliseconds_since(began) / 1000;
  return finish(std::move(report));
}

Report Loop::run_given(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, const Limits& limits,
                       std::vector<GivenBatch>& batches) {
  Report report;
  batch_ = 0;
  const Clock::time_point began = Clock::now();
  Gate::Work work(gate);
  try {
    report.steps.assign(steps_.size(), 0);
    for (GivenBatch& given : batches) {
      work.pause();
      if (stop.load(std::memory_order_relaxed)) {
        report.end = Report::kStopped;
        break;
      }
      StepState& state = steps_[given.kind];
      for (size_t a = 0; a < state.step.arguments; ++a) {
        state.own[a] = std::move(given.tensors[a]);
        state.inputs[a] = state.own[a].get();
      }
      random_offset_ = given.random_offset;
      if (!do_step(table, given.kind, limits, report)) break;
      ++batch_;
      if (batch_ < batches.size() && (!has_next_numbers(limits, report) || limits.is_over(milliseconds_since(began)))) {
        report.end = Report::kTime;
        break;
      }
    }
  } catch (const std::bad_alloc&) {
    report.end = Report::kNoMemory;
  }
  report.seconds = milliseconds_since(began) / 1000;
  return finish(std::move(report));
}

}  // namespace simdnn
