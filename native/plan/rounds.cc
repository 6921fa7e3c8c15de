#include "plan/rounds.h"

#include <chrono>
#include <utility>

namespace simdnn {

void run_rounds(const KernelTable& table, Gate& gate, const std::atomic<bool>& stop, std::vector<LoopRun>& runs, size_t rounds,
                const SnapshotRequest& snapshot, std::vector<Report>& reports) {
  const auto began = std::chrono::steady_clock::now();
  size_t bytes = 0;
  for (size_t round = 0; round < rounds; ++round) {
    for (LoopRun& run : runs) {
      if (!reports.empty()) run.loop->skip_random_to(reports.back().random_offset);
      if (round > 0 && round <= run.later.size()) {
        LiveNumbersByKind& live = run.later[round - 1];
        for (size_t kind = 0; kind < live.size(); ++kind) run.loop->set_live(kind, std::move(live[kind]));
      }
      reports.push_back(run.loop->run(table, gate, stop, run.limits));
      const Report& report = reports.back();
      run.limits.ahead_done += report.done;
      // Only the first loop trains; validations do not change the memory.
      const bool trained = &run == &runs[0] && report.end == Report::kDone;
      if (snapshot.snapshots != nullptr && trained) snapshot.snapshots->take(*snapshot.memory, snapshot.first_round + round);
      if (report.end != Report::kDone || !report.targets.empty() || !report.outputs.empty()) return;
      bytes += report.counts.size() * sizeof(double);
    }
    const Limits& limits = runs[0].limits;
    const double milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
    if (limits.is_over(milliseconds) || bytes >= limits.output_bytes) return;
  }
}

}  // namespace simdnn
