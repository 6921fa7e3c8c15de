// Loops that take turns: the epoch of a training, then an evaluation on each validation set, round after round, while JavaScript does nothing in between.
#pragma once
#include "plan/snapshots.h"

namespace simdnn {

// The live numbers of every kind of step.
using LiveOfKinds = std::vector<std::vector<LiveNumber>>;

struct LoopRun {
  Loop* loop;
  Limits limits;
  // What the live numbers become in each round from the second on, as functions of what has happened since the run began; none: as before.
  std::vector<LiveOfKinds> later;
};

// Where the memory is kept after the epoch of the first loop in each round.
struct Keeping {
  Snapshots* snapshots = nullptr;
  size_t round = 0;  // the number of the first round
  const PersistentMemory* memory = nullptr;
};

// Runs the loops in their order, so many times, on the thread that calls it, and adds the report of each run, of one at least: the caller has reserved memory
// for all of them. Random numbers go on from run to run. It ends early with a run that has ended for another reason than its limit of epochs, or with outputs or samples that no class counts, since
// JavaScript may refuse them; and after a round that ends later than the first loop's limit of milliseconds, in which others wait for the thread, or with which the
// counts have as many bytes as the first loop's limit of output bytes.
void run_rounds(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, std::vector<LoopRun>& runs, size_t rounds,
                const Keeping& keeping, std::vector<Report>& reports);

}  // namespace simdnn
