#include "plan/plan.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>

namespace simdnn {

void Plan::Free::operator()(char* p) const { std::free(p); }

namespace {

constexpr size_t kNowhere = SIZE_MAX;
constexpr uint32_t kGuardWord = 0xdeadbeef;

// The region that holds `p`; the regions are disjoint.
size_t region_of(const std::vector<Region>& regions, const void* p) {
  const char* at = static_cast<const char*>(p);
  for (size_t i = 0; i < regions.size(); ++i) {
    if (at >= regions[i].begin && at < regions[i].begin + regions[i].bytes) return i;
  }
  return kNowhere;
}

}  // namespace

Plan::Plan(std::vector<RecordedCall> calls, const std::vector<Region>& temporaries, const std::vector<Region>& inputs,
           const std::vector<LiveArgument>& live, std::vector<std::unique_ptr<Layout>> layouts)
    : layouts_(std::move(layouts)) {
  struct Use {
    size_t slot, temporary, offset;
  };
  std::vector<Use> uses;
  std::vector<Lifetime> lifetimes;
  for (const Region& t : temporaries) lifetimes.push_back({t.bytes, kNowhere, 0});

  std::vector<size_t> first_slots;
  for (size_t c = 0; c < calls.size(); ++c) {
    const RecordedCall& call = calls[c];
    first_slots.push_back(slots_.size());
    calls_.push_back({call.name, call.invoke, slots_.size()});
    for (size_t a = 0; a < call.slots.size(); ++a) {
      const size_t slot = slots_.size();
      slots_.push_back(call.slots[a]);
      extents_.push_back(call.extents[a]);
      const void* p = call.slots[a].pointer;
      if (call.kinds[a] != SlotKind::kPointer || p == nullptr) continue;
      if (const size_t input = region_of(inputs, p); input != kNowhere) {
        input_patches_.push_back({slot, input, static_cast<size_t>(static_cast<const char*>(p) - inputs[input].begin)});
      } else if (const size_t t = region_of(temporaries, p); t != kNowhere) {
        uses.push_back({slot, t, static_cast<size_t>(static_cast<const char*>(p) - temporaries[t].begin)});
        lifetimes[t].first = std::min(lifetimes[t].first, c);
        lifetimes[t].last = std::max(lifetimes[t].last, c);
      } else if (call.extents[a].elements > 0) {
        closed_ = false;
      }
    }
  }
  for (Lifetime& life : lifetimes) {
    if (life.first == kNowhere) life = {0, 0, 0};
  }

  const Placement placement = place(lifetimes, kGuardBytes);
  arena_bytes_ = kGuardBytes == 0 ? placement.bytes : place(lifetimes).bytes;
  if (placement.bytes > 0) {
    arena_.reset(static_cast<char*>(std::aligned_alloc(64, placement.bytes)));
    if (!arena_) throw std::bad_alloc();
  }
  for (const Use& use : uses) slots_[use.slot].pointer = arena_.get() + placement.offsets[use.temporary] + use.offset;
  for (size_t t = 0; t < lifetimes.size() && kGuardBytes > 0; ++t) {
    auto* const end = reinterpret_cast<uint32_t*>(arena_.get() + placement.offsets[t] + lifetimes[t].bytes);
    if (lifetimes[t].bytes > 0) guards_.push_back({lifetimes[t].first, lifetimes[t].last, end, end + kGuardBytes / sizeof *end});
  }
  live_numbers_ = live.size();
  for (const LiveArgument& l : live) live_patches_.push_back({first_slots[l.call] + l.argument, l.live, l.counter});
}

void Plan::patch(void* const* inputs, const double* live) {
  for (const InputPatch& p : input_patches_) slots_[p.slot].pointer = static_cast<char*>(inputs[p.input]) + p.offset;
  for (const LivePatch& p : live_patches_) {
    if (p.counter) {
      slots_[p.slot].size = static_cast<uint64_t>(live[p.live]);
    } else {
      slots_[p.slot].real = live[p.live];
    }
  }
}

const char* Plan::replay(const KernelTable& table, Run& run, void* const* inputs, const double* live) {
  patch(inputs, live);
  for (finished_ = 0; finished_ < calls_.size(); ++finished_) {
    invoke(finished_, table, run);
    if (run.fault.array() != nullptr) return calls_[finished_].name;
  }
  return nullptr;
}

// Temporaries share memory at different times, so that a guard is written when its temporary comes into use.
void Plan::invoke(size_t call, const KernelTable& table, Run& run) {
  for (const Guard& guard : guards_) {
    if (guard.first == call) std::fill(guard.begin, guard.end, kGuardWord);
  }
  calls_[call].invoke(table, run, &slots_[calls_[call].first_slot]);
  for (size_t g = 0; g < guards_.size(); ++g) {
    const Guard& guard = guards_[g];
    if (guard.first > call || guard.last < call) continue;
    if (std::any_of(guard.begin, guard.end, [](uint32_t word) { return word != kGuardWord; })) {
      run.fault.report("the arena behind its temporaries, guard", g);
    }
  }
}

bool Plan::wrote_only_finite(size_t call) const {
  const size_t end = call + 1 < calls_.size() ? calls_[call + 1].first_slot : slots_.size();
  for (size_t s = calls_[call].first_slot; s < end; ++s) {
    if (!extents_[s].written || !extents_[s].is_float || slots_[s].pointer == nullptr) continue;
    const float* values = static_cast<const float*>(slots_[s].pointer);
    float sum = 0;  // x * 0 is NaN where x is not finite, and NaN stays
    for (size_t i = 0; i < extents_[s].elements; ++i) sum += values[i] * 0;
    if (!(sum == 0)) return false;
  }
  return true;
}

const char* Plan::replay_finite(const KernelTable& table, Run& run, void* const* inputs, const double* live,
                                size_t& not_finite) {
  patch(inputs, live);
  not_finite = calls_.size();
  for (size_t c = 0; c < calls_.size(); ++c) {
    invoke(c, table, run);
    if (run.fault.array() != nullptr) return calls_[c].name;
    if (!wrote_only_finite(c)) {
      not_finite = c;
      return nullptr;
    }
  }
  return nullptr;
}

const char* Plan::replay_timed(const KernelTable& table, Run& run, void* const* inputs, const double* live,
                               double* seconds) {
  using Clock = std::chrono::steady_clock;
  patch(inputs, live);
  Clock::time_point before = Clock::now();
  for (size_t c = 0; c < calls_.size(); ++c) {
    invoke(c, table, run);
    if (run.fault.array() != nullptr) return calls_[c].name;
    const Clock::time_point after = Clock::now();
    seconds[c] = std::chrono::duration<double>(after - before).count();
    before = after;
  }
  return nullptr;
}

bool Plan::writes_input(size_t i) const {
  for (const InputPatch& p : input_patches_) {
    if (p.input == i && extents_[p.slot].written) return true;
  }
  return false;
}

}  // namespace simdnn
