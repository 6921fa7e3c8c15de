// A loop replays plans over the batches of a dataset, epoch after epoch, on the thread that calls it. It shuffles the rows, gathers each batch, replays
// the step, adds up the losses and collects the outputs.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "support/aligned.h"
#include "support/gate.h"

namespace simdnn {

// The dataset: tensors of [count, width] elements of 4 bytes, whose rows are the samples. They are copies, because JavaScript may change or detach its own
// memory while the loop's thread reads them.
struct Rows {
  struct Column {
    Aligned data;
    size_t width;
  };
  std::vector<Column> columns;
  size_t count = 0;
};

// The memory whose values are carried from step to step: parameters, gradients, states of optimizers, captured tensors. These are copies as well.
struct PersistentMemory {
  struct Piece {
    Aligned data;
    size_t bytes;
  };
  std::vector<Piece> pieces;
  uint64_t steps = 0;  // how many steps have been done over this memory
};

// A number that changes from step to step (a step count in Adam's factors, a position of random numbers). It is a linear function of the counts since the loop
// got it: base + per_draw * (Philox counters drawn) + sum over clocks c of per_step[c] * (steps done that advance clock c).
struct LiveNumber {
  double base;
  double per_draw;
  std::vector<double> per_step;
};

// Where a result of a step is: a range of bytes of one input of the step's plan.
struct ResultPlace {
  size_t input;
  size_t offset;
  size_t bytes;
};

// One kind of step: a plan for batches of the same shapes. The inputs of the plan are the tensors of the batch, then the results, then the pieces of the
// persistent memory.
struct Step {
  Plan plan;
  std::vector<size_t> own_bytes;     // the sizes of the batch's tensors and of the results, for which each kind has memory of its own
  size_t arguments;                  // how many of these are tensors of the batch
  uint64_t draws;                    // the number of Philox counters that one step draws
  size_t clock;                      // the index of the step counter that it advances; kinds that step the same optimizers share one
  std::vector<ResultPlace> losses;   // one float each
  std::vector<ResultPlace> outputs;  // collected after every step; an output may be a tensor of the batch
  double loss_weight = 1;            // the factor of each loss in the sums
  // The persistent memory that the step changes before its first sum over the ranks. If the ranks do not agree to that sum, this memory is restored, so that
  // the step counts as not done.
  std::vector<ResultPlace> undone{};
  // If 0, the outputs are collected as they are. Otherwise they are pairs of predicted and target classes (int32), of which only a confusion matrix with
  // this number of classes is collected.
  size_t classes = 0;
};

// How the rows are divided into the batches of an epoch: batch b has the rows [b * batch, (b + 1) * batch) of the epoch's order.
struct BatchSampler {
  std::shared_ptr<const Rows> rows;
  std::vector<int32_t> subset;  // the indices of the rows that are used; empty: all rows
  size_t batch = 1;             // rows in a batch
  size_t batches = 0;           // batches in an epoch
  size_t group = 1;             // batches in one step, whose plan has their tensors one after the other; the last step of an epoch has the remaining batches
  size_t full = 0, last = 0;    // the kind of step for a whole group, and for the last group
  // All ranks draw the same order. Of it this rank takes every `ranks`-th row, beginning with row `rank`, and `items` rows in an epoch: after the end of the
  // order it continues at its beginning.
  size_t ranks = 1, rank = 0, items = 0;
  bool shuffle = false;
  bool own_seed = false;  // true: the order is a function of (seed, order_offset); false: it is drawn from the loop's random numbers
  uint64_t seed = 0;
  uint64_t order_offset = 0;  // the position of the random numbers for the next epoch's order
  bool ordered = false;       // true: each run is an epoch over rows that set_order() has given, at most `items`
};

// A batch of tensors that JavaScript has made, for a loop that has no rows.
struct GivenBatch {
  size_t kind;
  uint64_t random_offset;
  std::vector<Aligned> tensors;
};

// The live numbers of the next steps, if JavaScript has calculated them one by one: for each step its kind, and the index in `numbers` at which the numbers of
// its plan begin.
struct NumbersAhead {
  std::vector<size_t> kinds, begins;
  std::vector<double> numbers;

  bool empty() const { return kinds.empty(); }
  size_t size() const { return kinds.size(); }
};

// The time slice of a run in milliseconds while other loops wait for its thread. It is long compared with the 0.1 ms that JavaScript takes between two runs.
constexpr double kTimeSlice = 8;

// Whether, and how, the figures of an epoch become those of all ranks: at the end of each epoch the ranks sum its mean loss times its rows, the number of its
// rows, and its confusion matrix.
struct Joining {
  bool wanted = false;
  double divisor = 1;  // the sum of an epoch's losses divided by this is their mean
  double rows = 0;     // rows in an epoch
};

struct Limits {
  size_t epochs = 1;               // the run ends when it has finished this many epochs
  double milliseconds = 1e300;     // the run ends after the first step that ends later than this
  size_t output_bytes = SIZE_MAX;  // the run ends after the step in which its outputs reach this size
  int threads = 1;
  bool finite = false;  // the run ends with the first call that writes a value which is not finite
  // The number of other runs that wait for this thread, or null if that does not matter. While it is not 0, the run ends after its time slice.
  const std::atomic<size_t>* waiting = nullptr;
  std::vector<bool> kinds;  // for each kind of step, whether its live numbers are set
  // The live numbers of the next steps, if some are not linear functions of the counts; otherwise empty. The run ends when they are used up. Earlier runs
  // have used those of the first `ahead_done` steps.
  NumbersAhead ahead;
  size_t ahead_done = 0;
  Joining joining;

  // Whether the run ends after a step if this many milliseconds have passed since its beginning.
  bool is_over(double elapsed) const {
    if (elapsed >= milliseconds) return true;
    return elapsed >= kTimeSlice && waiting != nullptr && waiting->load(std::memory_order_relaxed) > 0;
  }
};

// The result of a run.
struct Report {
  enum End {
    kDone,       // it has done all its epochs or batches
    kTime,       // its time is over, or the live numbers of further steps are not known
    kStopped,    // another thread has set `stop`
    kFull,       // its outputs have reached Limits::output_bytes
    kRefused,    // a kernel has reported a fault, or the ranks have not agreed to a sum
    kNotFinite,  // a call has written a value that is not finite
    kNoMemory,
  };
  End end = kDone;
  std::vector<double> epoch_loss_sums;  // for each epoch that this run has finished, the sum over its batches of weight * loss
  std::vector<double> joined;           // with `joining`, two numbers for each of these epochs, summed over the ranks: mean loss times rows, and rows
  size_t batch = 0;                     // how many batches of the current epoch are done
  double loss_sum = 0;                  // the sum of weight * loss over these batches
  std::vector<uint64_t> steps;          // for each kind, how many steps this run has done
  size_t done = 0;                      // how many steps of all kinds it has done
  uint64_t orders = 0;                  // how many epochs it has begun
  uint64_t random_offset = 0;           // the position of the random numbers after the run
  std::vector<std::vector<char>> outputs;  // for each output of a step, the values of all steps
  size_t output_bytes = 0;
  // The confusion matrix [classes, classes], whose rows are targets and whose columns are predictions: of this run, or with `joining` of the whole epoch of
  // all ranks.
  std::vector<double> counts;
  std::vector<int32_t> predictions, targets;  // of the samples whose prediction or target is none of the classes
  std::vector<double> positions;              // the positions of these samples among all samples of the run
  size_t samples = 0;                         // how many samples the run has had, whether they are in `counts` or not
  const char* kernel = nullptr;               // with kRefused: the name of the kernel
  Fault fault;                                // with kRefused: what the kernel has reported
  size_t call = 0;                            // with kRefused and kNotFinite: the index of the call in its plan
  size_t kind = 0;                            // the kind of the last step
  double seconds = 0;                         // the duration of the run
  std::vector<std::vector<char>> batch_tensors;  // with kNotFinite: the tensors of that step's batch
};

class Loop {
 public:
  // Throws std::bad_alloc.
  Loop(std::shared_ptr<PersistentMemory> persistent, std::vector<Step> steps, BatchSampler sampler);
  // Adds a kind of step. The persistent memory may have more pieces than when the last kind was added. Throws std::bad_alloc.
  void add(Step step);

  size_t kinds() const { return steps_.size(); }
  size_t clocks() const { return clocks_.size(); }
  bool has_rows() const { return sampler_.rows != nullptr; }
  bool is_ordered() const { return sampler_.ordered; }
  // Whether both loops divide as many rows into the same batches, so that one can continue an epoch of the other, even if the rows have other values.
  bool has_same_batches(const Loop& other) const {
    return has_rows() && other.has_rows() && sampler_.rows->count == other.sampler_.rows->count && sampler_.batch == other.sampler_.batch && sampler_.batches == other.sampler_.batches &&
           sampler_.group == other.sampler_.group && sampler_.subset.size() == other.sampler_.subset.size() &&
           sampler_.ranks == other.sampler_.ranks && sampler_.rank == other.sampler_.rank && sampler_.items == other.sampler_.items;
  }
  const Step& step(size_t kind) const { return steps_[kind].step; }

  // The kind of the step that follows after n further steps of a loop over rows, in this epoch or a later one.
  size_t kind_of_next(size_t n) const {
    const auto steps_in = [this](size_t batches) { return (batches + sampler_.group - 1) / sampler_.group; };
    const size_t batch = in_epoch_ ? batch_ : 0;
    const size_t rest = steps_in(sampler_.batches - batch);
    return kind_at(n < rest ? batch + n * sampler_.group : (n - rest) % steps_in(sampler_.batches) * sampler_.group);
  }

  // Discards the rest of the current epoch, so that the next run begins a new one.
  void leave_epoch() {
    in_epoch_ = false;
    batch_ = 0;
    loss_sum_ = 0;
    counts_.clear();
  }

  // Continues the epoch of another loop over the same batches at the batch where that loop has stopped.
  void continue_from(Loop& other);

  // These set the step counters to 0, and the live and random numbers with which the next run begins. Live numbers are set for the kinds that have steps in it.
  void restart_clocks() { clocks_.assign(clocks_.size(), 0); }
  void set_live(size_t kind, std::vector<LiveNumber> numbers);
  void set_random(uint64_t seed, uint64_t offset);
  void set_order_offset(uint64_t offset) { sampler_.order_offset = offset; }
  // Sets the sum of weight * loss over the batches of the epoch before those of the next run, for a loop without rows. The sum has the same bits, however the
  // batches are divided into runs, only if each run continues it.
  void set_loss_sum(double sum) { loss_sum_ = sum; }
  // Continues the random numbers at this position, because another loop has drawn from the same sequence. Live numbers count its draws too.
  void skip_random_to(uint64_t offset) { random_offset_ = offset; }

  // Sets the rows of the next run of an ordered loop. They must be whole batches, except that the last one may be as short as the sampler's last batch.
  // Returns false, and changes nothing, if they are not.
  bool set_order(std::vector<int32_t> order);

  // Continues where the last run ended. Between two steps the run ends if `stop` is set, and pauses if a thread waits at the gate.
  Report run(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, const Limits& limits);
  // The same for a loop without rows. Report::batch counts from the first of these batches, and Report::loss_sum includes `set_loss_sum`.
  Report run_given(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, const Limits& limits,
                   std::vector<GivenBatch>& batches);

 private:
  // A kind of step with the memory that its replays use.
  struct StepState {
    Step step;
    std::vector<Aligned> own;      // the batch's tensors and the results
    std::vector<void*> inputs;     // of the plan: these, and the persistent memory
    std::vector<LiveNumber> live;
    std::vector<double> live_now;  // the values of the live numbers in the current step
    std::vector<char> undo_copy;   // Step::undone as it was before the step
  };

  size_t kind_at(size_t batch) const {
    if (sampler_.ordered) return order_.size() - batch * sampler_.batch >= sampler_.batch ? sampler_.full : sampler_.last;
    return batch + sampler_.group < sampler_.batches ? sampler_.full : sampler_.last;
  }
  void begin_epoch(const KernelTable& table, Report& report);
  void gather(const KernelTable& table, StepState& state, int threads);
  // Counts the pairs of predictions and targets among the outputs. Throws std::bad_alloc.
  static void count(const StepState& state, std::vector<double>& counts, Report& report);
  // Sums the figures of the finished epoch over the ranks. Returns false if the ranks do not agree to it, with which the run ends.
  bool join(const Joining& joining, Report& report);
  // Copies Step::undone before a step, and restores it if the step was not done.
  static void copy_for_undo(StepState& state);
  static void undo(const StepState& state);
  // Calculates the live numbers of the next step from the counts.
  void update_live(StepState& state) const;
  // Does one step, whose batch has been gathered. Returns false if the run ends with it.
  bool do_step(const KernelTable& table, size_t kind, const Limits& limits, Report& report);
  Report finish(Report report) const;

  std::shared_ptr<PersistentMemory> persistent_;
  std::vector<StepState> steps_;
  std::vector<uint64_t> clocks_;  // for each step counter, the steps done since restart_clocks()
  BatchSampler sampler_;
  std::vector<int32_t> order_;            // the rows of this epoch
  std::vector<int32_t> all_ranks_order_;  // the order that all ranks draw, if there are several
  bool in_epoch_ = false;
  size_t batch_ = 0;
  double loss_sum_ = 0;
  std::vector<double> counts_;  // the confusion matrix of the current epoch, if the ranks sum it
  uint64_t random_seed_ = 0, random_offset_ = 0;
  uint64_t random_begin_ = 0;  // the offset from which live numbers count draws
};

}  // namespace simdnn
