// Replays plans over the batches of a dataset, epoch after epoch, on the thread that calls it. It shuffles the rows, gathers each batch, replays the
// step, adds up the losses and collects the outputs.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "support/aligned.h"
#include "support/gate.h"

namespace simdnn {

// Tensors whose rows are the samples of a dataset, each with [count, width] elements of 4 bytes. They are copies, because JavaScript may change or
// detach its own memory while a thread reads them.
struct Rows {
  struct Column {
    Aligned data;
    size_t width;
  };
  std::vector<Column> columns;
  size_t count = 0;
};

// The memory that outlasts a step: parameters, states of optimizers, captured tensors. These are copies as well.
struct PersistentMemory {
  struct Piece {
    Aligned data;
    size_t bytes;
  };
  std::vector<Piece> pieces;
  uint64_t steps = 0;  // that were done over them
};

// A number that differs from step to step, as a linear function of what has happened since it was set:
// base + per_draw * (Philox counters used) + sum over clocks c of per_step[c] * (steps done that advance clock c).
struct LiveNumber {
  double base;
  double per_draw;
  std::vector<double> per_step;
};

// The position of a result among the inputs of a step's plan.
struct ResultPlace {
  size_t input;
  size_t offset;
  size_t bytes;
};

// One kind of step, for batches of the same shapes. The inputs of its plan are the batch's tensors, then the results, then the persistent pieces.
struct Step {
  Plan plan;
  std::vector<size_t> own_bytes;  // of the batch's tensors and the results
  size_t arguments;               // how many of them are the batch's
  uint64_t draws;                 // Philox counters that one step uses
  size_t clock;                   // the count of steps that it advances: kinds that step the same optimizers share a clock
  std::vector<ResultPlace> losses;   // one float each
  std::vector<ResultPlace> outputs;  // collected after every step; a tensor of the batch can be one
  double loss_weight = 1;            // of each loss in the sums
  std::vector<ResultPlace> undone{};  // persistent memory that the step changes before ranks meet in it: if they refuse each other, the step has not been done
  // 0: the outputs are collected as they are. Otherwise they are pairs of predictions and targets, int32, of so many classes, which are only counted.
  size_t classes = 0;
};

// Which rows make the batches of an epoch. Batch b holds rows [b * batch, (b + 1) * batch) of the epoch's order.
struct BatchSampler {
  std::shared_ptr<const Rows> rows;
  std::vector<int32_t> subset;  // indices of rows; empty: all rows
  size_t batch = 1;
  size_t batches = 0;  // in an epoch
  size_t group = 1;    // the batches of one step, whose tensors follow one another; the last step of an epoch has what is left
  size_t full = 0, last = 0;  // the kinds of step for a whole group and for the last one
  // Where several ranks draw the same order, this one takes every `ranks`-th row from `rank` on, `items` in an epoch; behind the last row come the first ones again.
  size_t ranks = 1, rank = 0, items = 0;
  bool shuffle = false;
  bool own_seed = false;  // whether orders are a function of (seed, order_offset); if not, the loop's random numbers are used
  uint64_t seed = 0;
  uint64_t order_offset = 0;  // for the order of the next epoch
  bool ordered = false;       // whether each run brings its rows along, `items` at most: the batches of an epoch of its own
};

// A batch that is given as tensors, for a loop that has no rows.
struct GivenBatch {
  size_t kind;
  uint64_t random_offset;
  std::vector<Aligned> tensors;
};

// The live numbers of steps that were calculated in advance: for each step its kind, and where its numbers begin, which are all that its plan has.
struct NumbersAhead {
  std::vector<size_t> kinds, begins;
  std::vector<double> numbers;

  bool empty() const { return kinds.empty(); }
  size_t size() const { return kinds.size(); }
};

// A loop that others wait for runs for so many milliseconds before it is their turn: long in relation to the 0.1 ms that JavaScript takes between two runs.
constexpr double kTurn = 8;

// How a loop over rows makes the figures of an epoch those of all ranks of a group, where there is one: when an epoch ends, the ranks sum its mean loss times its rows, its rows,
// and what has been counted in it.
struct Joining {
  bool wanted = false;
  double divisor = 1;  // that makes the mean of the sum of an epoch's losses
  double rows = 0;     // of an epoch
};

struct Limits {
  size_t epochs = 1;            // the run ends when so many are finished
  double milliseconds = 1e300;  // the run ends with the first step that ends later than this
  size_t output_bytes = SIZE_MAX;  // the run ends with the step whose outputs reach this
  int threads = 1;
  bool finite = false;  // the run ends with the first value that is not finite
  // The number of other loops that wait for the thread; null: none. If there are any, the run ends with the first step that ends later than kTurn.
  const std::atomic<size_t>* waiting = nullptr;
  std::vector<bool> kinds;  // the kinds of step whose live numbers are set
  // The live numbers of each of the next steps, for numbers that are not linear functions of the counts; the run ends where the list ends. Empty if all are
  // linear. Of these steps so many were done in runs before.
  NumbersAhead ahead;
  size_t ahead_done = 0;
  Joining joining;

  // Whether a run that has taken so long ends.
  bool is_over(double so_long) const {
    if (so_long >= milliseconds) return true;
    return so_long >= kTurn && waiting != nullptr && waiting->load(std::memory_order_relaxed) > 0;
  }
};

struct Report {
  enum End {
    kDone,
    kTime,
    kStopped,
    kFull,
    kRefused,
    kNotFinite,
    kNoMemory,
  };
  End end = kDone;
  std::vector<double> epoch_loss_sums;  // for each epoch that was finished, the sum over its batches of weight * loss
  std::vector<double> joined;           // the same over the ranks: for each, the sum of mean loss times rows, and that of rows
  size_t batch = 0;                     // batches done of the epoch that is under way
  double loss_sum = 0;                  // the same sum for these
  std::vector<uint64_t> steps;  // for each kind, the steps done in this run
  size_t done = 0;              // the steps of all kinds
  uint64_t orders = 0;          // epochs begun in this run
  uint64_t random_offset = 0;
  std::vector<std::vector<char>> outputs;  // for each output of a step, the values of all steps
  size_t output_bytes = 0;
  std::vector<double> counts;                 // a confusion matrix, [classes, classes]: rows are targets, columns predictions; of all ranks' whole epoch, if they join it
  std::vector<int32_t> predictions, targets;  // of samples where one of the two is none of the classes
  std::vector<double> positions;              // the positions of these among the run's samples
  size_t samples = 0;                         // all samples of the run, counted or not
  const char* kernel = nullptr;               // the kernel that refused an element
  Fault fault;                                // that element
  size_t call = 0;                            // with kNotFinite: the call that wrote a value that is not finite; with kRefused: the kernel's
  size_t kind = 0;                            // of the last step
  double seconds = 0;                         // how long it took
  std::vector<std::vector<char>> batch_tensors;  // with kNotFinite: the batch of that step
};

class Loop {
 public:
  // Throws std::bad_alloc.
  Loop(std::shared_ptr<PersistentMemory> persistent, std::vector<Step> steps, BatchSampler sampler);
  // Adds a kind of step. The persistent memory may have grown since the last one was added. Throws std::bad_alloc.
  void add(Step step);

  size_t kinds() const { return steps_.size(); }
  size_t clocks() const { return clocks_.size(); }
  bool has_rows() const { return sampler_.rows != nullptr; }
  bool is_ordered() const { return sampler_.ordered; }
  bool has_same_batches(const Loop& other) const {
    return sampler_.rows == other.sampler_.rows && sampler_.batch == other.sampler_.batch && sampler_.batches == other.sampler_.batches &&
           sampler_.group == other.sampler_.group && sampler_.subset.size() == other.sampler_.subset.size() &&
           sampler_.ranks == other.sampler_.ranks && sampler_.rank == other.sampler_.rank && sampler_.items == other.sampler_.items;
  }
  const Step& step(size_t kind) const { return steps_[kind].step; }

  // The kind of the nth step from now, in a loop over rows, in this epoch or in one of those that follow.
  size_t kind_of_next(size_t n) const {
    const auto steps_in = [this](size_t batches) { return (batches + sampler_.group - 1) / sampler_.group; };
    const size_t batch = in_epoch_ ? batch_ : 0;
    const size_t rest = steps_in(sampler_.batches - batch);
    return kind_at(n < rest ? batch + n * sampler_.group : (n - rest) % steps_in(sampler_.batches) * sampler_.group);
  }

  // The next run begins a new epoch, whether or not one is under way.
  void leave_epoch() {
    in_epoch_ = false;
    batch_ = 0;
    loss_sum_ = 0;
    counts_.clear();
  }

  // Continues in the middle of an epoch where another loop over the same batches has stopped.
  void take_position(Loop& other);

  // These set where counts, live numbers and random numbers begin in the next run. Live numbers are set for the kinds that have steps in it.
  void restart_clocks() { clocks_.assign(clocks_.size(), 0); }
  void set_live(size_t kind, std::vector<LiveNumber> numbers);
  void set_random(uint64_t seed, uint64_t offset);
  void set_order_offset(uint64_t offset) { sampler_.order_offset = offset; }
  // Random numbers go on here, others having been drawn; the live numbers count those as their own.
  void go_on_at(uint64_t random_offset) { random_offset_ = random_offset; }

  // Has the next run go through these rows: whole batches, and a last one only of the size that the sampler's has. False, and nothing is changed, if they make others.
  bool set_order(std::vector<int32_t> order);

  // Continues where the last run ended. Between two steps, `stop` ends the run, and a thread that waits at the gate pauses it.
  Report run(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, const Limits& limits);
  // The same over given batches. The batch and the sum of the report count from the first of them.
  Report run_given(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, const Limits& limits,
                   std::vector<GivenBatch>& batches);

 private:
  // A step, the memory of its inputs, and the present values of its live numbers.
  struct StepState {
    Step step;
    std::vector<Aligned> own;
    std::vector<void*> inputs;
    std::vector<LiveNumber> live;
    std::vector<double> live_now;
    std::vector<char> before;  // what may be undone, as it was before the step
  };

  size_t kind_at(size_t batch) const {
    if (sampler_.ordered) return order_.size() - batch * sampler_.batch >= sampler_.batch ? sampler_.full : sampler_.last;
    return batch + sampler_.group < sampler_.batches ? sampler_.full : sampler_.last;
  }
  void begin_epoch(const KernelTable& table, Report& report);
  void gather(const KernelTable& table, StepState& state, int threads);
  // Counts the pairs of predictions and targets among the outputs. Throws std::bad_alloc.
  static void count(const StepState& state, std::vector<double>& counts, Report& report);
  // Sums the figures of the epoch that has ended over the ranks. False if the run ends with it, because the ranks must not go on.
  bool join(const Joining& joining, Report& report);
  // Copies what may be undone, and puts it back.
  static void keep(StepState& state);
  static void undo(const StepState& state);
  // Calculates the live numbers of the next step from the counts.
  void update_live(StepState& state) const;
  // Runs one step, whose batch is in place. False if the run ends with it.
  bool do_step(const KernelTable& table, size_t kind, const Limits& limits, Report& report);
  Report finish(Report report) const;

  std::shared_ptr<PersistentMemory> persistent_;
  std::vector<StepState> steps_;
  std::vector<uint64_t> clocks_;  // steps done since restart_clocks()
  BatchSampler sampler_;
  std::vector<int32_t> order_;   // the rows of this epoch
  std::vector<int32_t> shared_;  // the order that all ranks draw, where there are several
  bool in_epoch_ = false;
  size_t batch_ = 0;
  double loss_sum_ = 0;
  std::vector<double> counts_;  // of the epoch under way, where ranks join its figures
  uint64_t random_seed_ = 0, random_offset_ = 0, random_begin_ = 0;
};

}  // namespace simdnn
