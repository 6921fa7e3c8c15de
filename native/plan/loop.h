// Replays plans over the batches of a dataset, epoch after epoch, on whatever thread runs it: order, gather,
// step, sum of the losses, and what the steps give out.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "support/aligned.h"
#include "support/gate.h"

namespace simdnn {

// Tensors whose rows are the samples of a dataset, each [count, width] elements of 4 bytes. Copies:
// JavaScript may change or detach its own memory while a thread reads this.
struct Rows {
  struct Column {
    Aligned data;
    size_t width;
  };
  std::vector<Column> columns;
  size_t count = 0;
};

// The memory that outlasts a step (parameters, states of optimizers, captured tensors): copies as well.
struct PersistentMemory {
  struct Piece {
    Aligned data;
    size_t bytes;
  };
  std::vector<Piece> pieces;
};

// A number that differs from step to step:
// base + per_draw * (Philox counters used) + sum over clocks c of per_step[c] * (steps that advance clock c done), since it was set.
struct LiveNumber {
  double base;
  double per_draw;
  std::vector<double> per_step;
};

// Where a result of a step lies.
struct ResultPlace {
  size_t input;  // of the plan
  size_t offset;
  size_t bytes;
};

// One kind of step: a plan, whose inputs are the batch's tensors, then results, then the persistent pieces.
struct Step {
  Plan plan;
  std::vector<size_t> own_bytes;  // of the batch's tensors and the results
  size_t arguments;               // how many of them are the batch's
  uint64_t draws;                 // Philox counters that one step uses
  size_t clock;                   // which count of steps it advances: kinds that step the same optimizers share one
  std::vector<ResultPlace> losses;   // one float each
  std::vector<ResultPlace> outputs;  // handed out after every step; a tensor of the batch can be one
  double loss_weight = 1;            // of each loss in the sums
  // 0: outputs are handed out as they are. Else they are pairs of predictions and targets, int32, of so many classes: counted.
  size_t classes = 0;
};

// Which rows make the batches of an epoch. Batch b holds rows [b * batch, (b + 1) * batch) of the epoch's order.
struct BatchSampler {
  std::shared_ptr<const Rows> rows;
  std::vector<int32_t> subset;  // numbers of rows; empty: all
  size_t batch = 1;
  size_t batches = 0;  // an epoch
  size_t group = 1;    // so many batches go into one step, and what is left of them into the last one of an epoch: the tensors of one after those of the other
  size_t full = 0, last = 0;  // the kinds of a whole group and of the last one
  size_t ranks = 1, rank = 0;  // of the order, which several processes draw alike, this one has every nth
  size_t items = 0;            // of an epoch; more than are left over for the rank: the first ones come again
  bool shuffle = false;
  bool own_seed = false;        // orders are a function of (seed, order_offset), else of the loop's random numbers
  uint64_t seed = 0;
  uint64_t order_offset = 0;    // of the next epoch's order
};

// A batch that was brought along instead.
struct GivenBatch {
  size_t kind;
  uint64_t random_offset;
  std::vector<Aligned> tensors;
};

// The live numbers of one step.
struct StepNumbers {
  size_t kind;
  std::vector<double> numbers;  // as many as its plan has
};

constexpr double kTurn = 8;  // milliseconds: long beside what JavaScript does between two runs, some 0.1

struct Limits {
  size_t epochs = 1;            // to be finished in this run
  double milliseconds = 1e300;  // a run ends at the first step that ends later than this
  size_t output_bytes = SIZE_MAX;
  int threads = 1;
  bool finite = false;          // ends with the first value that is not finite
  // How many others wait for the thread; null: none. Where some do, a run ends at the first step that ends later than kTurn.
  const std::atomic<size_t>* waiting = nullptr;
  std::vector<bool> kinds;      // of which the live numbers are set
  // Where live numbers are no linear function of what is counted: those of the next steps of this epoch, one by one. A run ends where they end. Empty: they are.
  std::vector<StepNumbers> ahead;
};

struct Report {
  enum End { kDone, kTime, kStopped, kFull, kRefused, kNotFinite, kNoMemory };
  End end = kDone;
  std::vector<double> epoch_loss_sums;  // of each epoch that was finished: the sum over its batches of weight * loss
  size_t batch = 0;                     // batches done of the epoch that is under way
  double loss_sum = 0;                  // the same of these
  std::vector<uint64_t> steps;       // done in this run, of each kind
  size_t done = 0;                   // of all kinds
  uint64_t orders = 0;               // epochs begun in this run
  uint64_t random_offset = 0;
  std::vector<std::vector<char>> outputs;  // of all steps, each place by itself
  size_t output_bytes = 0;
  std::vector<double> counts;        // samples of target row and predicted column, [classes, classes]
  std::vector<int32_t> predictions, targets;  // of the samples that are of none of these classes
  std::vector<double> positions;              // which of the run's samples these are
  size_t samples = 0;                         // that were counted, or are among these
  const char* kernel = nullptr;  // that refused an element, or wrote what is not finite
  Fault fault;                   // the element
  size_t call = 0;
  size_t kind = 0;                               // of the last step
  std::vector<std::vector<char>> batch_tensors;  // with kNotFinite: what that step was given
};

class Loop {
 public:
  // Throws std::bad_alloc.
  Loop(std::shared_ptr<PersistentMemory> persistent, std::vector<Step> steps, BatchSampler sampler);
  // One more kind of step; the persistent memory may have grown since. Throws std::bad_alloc.
  void add(Step step);

  size_t kinds() const { return steps_.size(); }
  size_t clocks() const { return clocks_.size(); }
  bool has_rows() const { return sampler_.rows != nullptr; }
  bool same_course(const Loop& other) const {
    return sampler_.rows == other.sampler_.rows && sampler_.batch == other.sampler_.batch && sampler_.batches == other.sampler_.batches &&
           sampler_.group == other.sampler_.group && sampler_.subset.size() == other.sampler_.subset.size();
  }
  const Step& step(size_t kind) const { return steps_[kind].step; }

  // The kind of the nth step from now, over rows; as many as there are kinds where this epoch, or the next one if none is under way, ends before it.
  size_t kind_of_next(size_t n) const {
    const size_t batch = (in_epoch_ ? batch_ : 0) + n * sampler_.group;
    return batch >= sampler_.batches ? steps_.size() : kind_at(batch);
  }

  // Goes on in the middle of the epoch where another loop over the same sampler was.
  void take_position(Loop& other);

  // Where the live numbers and the random numbers begin in the next run: those of the kinds of which there are steps in it.
  void restart_clocks() { clocks_.assign(clocks_.size(), 0); }
  void set_live(size_t kind, std::vector<LiveNumber> numbers);
  void set_random(uint64_t seed, uint64_t offset);
  void set_order_offset(uint64_t offset) { sampler_.order_offset = offset; }

  // Goes on where the last run ended. `stop` ends it between two steps, as does a thread at the gate pause it.
  Report run(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, const Limits& limits);
  // The same over batches that were brought along; the report's batch and sum are theirs alone.
  Report run_given(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, const Limits& limits,
                   std::vector<GivenBatch>& batches);

 private:
  struct Kind {
    Step step;
    std::vector<Aligned> own;
    std::vector<void*> inputs;
    std::vector<LiveNumber> live;
    std::vector<double> live_now;
  };

  size_t kind_at(size_t batch) const { return batch + sampler_.group < sampler_.batches ? sampler_.full : sampler_.last; }
  void begin_epoch(const KernelTable& table, Report& report);
  void gather(const KernelTable& table, Kind& kind, int threads);
  // Counts pairs of outputs. Throws std::bad_alloc.
  static void count(const Kind& kind, Report& report);
  // The live numbers of its next step, from what is counted.
  void count_live(Kind& kind) const;
  // One step of a kind whose batch is in place; false when the run ends with it.
  bool do_step(const KernelTable& table, size_t kind, const Limits& limits, Report& report);
  Report finish(Report report) const;

  std::shared_ptr<PersistentMemory> persistent_;
  std::vector<Kind> steps_;
  std::vector<uint64_t> clocks_;  // steps since restart_clocks
  BatchSampler sampler_;
  std::vector<int32_t> order_;   // of this rank
  std::vector<int32_t> shared_;  // of all of them, where there are several
  bool in_epoch_ = false;
  size_t batch_ = 0;
  double loss_sum_ = 0;
  uint64_t random_seed_ = 0, random_offset_ = 0, random_begin_ = 0;
};

}  // namespace simdnn
