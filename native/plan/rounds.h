// Rounds: one epoch of training and then one pass over each validation set, several times in succession, without returning to JavaScript in between.
#pragma once
#include "plan/snapshots.h"

namespace simdnn {

// The live numbers of all kinds of step of a loop.
using LiveNumbersByKind = std::vector<std::vector<LiveNumber>>;

struct LoopRun {
  Loop* loop;
  Limits limits;
  // The live numbers for each round from the second on, as functions of the counts since the run began. An empty entry leaves those of the round before.
  std::vector<LiveNumbersByKind> later;
};

// The snapshots that are taken after the first loop's epoch in each round; null: none.
struct SnapshotRequest {
  Snapshots* snapshots = nullptr;
  size_t first_round = 0;  // the number of the first round of this call
  const PersistentMemory* memory = nullptr;
};

// Runs all loops in turn, `rounds` times, on the thread that calls it, and appends the report of each run to `reports`. The caller has reserved memory for all
// reports. The random numbers continue from run to run. It returns early
// - after a run that has ended for another reason than its limit of epochs;
// - after a run with outputs, or with samples that are in none of the classes, because JavaScript may refuse them;
// - after a round if the time of the first loop's limits is over, or if the confusion matrices of all rounds have the size of its limit of output bytes.
void run_rounds(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, std::vector<LoopRun>& runs, size_t rounds,
                const SnapshotRequest& snapshot, std::vector<Report>& reports);

}  // namespace simdnn
