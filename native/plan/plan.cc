#include "plan/plan.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <new>
#include <stdexcept>

#include "support/collective.h"

namespace simdnn {

namespace {

constexpr size_t kNowhere = SIZE_MAX;
constexpr uint32_t kGuardWord = 0xdeadbeef;

// The temporaries and inputs, sorted by address, to find the one that contains an array of a call.
class Regions {
 public:
  Regions(const std::vector<Region>& temporaries, const std::vector<Region>& inputs) {
    for (size_t i = 0; i < temporaries.size(); ++i) add(temporaries[i], i, true);
    for (size_t i = 0; i < inputs.size(); ++i) add(inputs[i], i, false);
    std::sort(regions_.begin(), regions_.end(), [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
    for (size_t i = 1; i < regions_.size(); ++i) {
      if (regions_[i].begin < regions_[i - 1].end) throw std::invalid_argument("two pieces of its memory overlap");
    }
  }

  struct Entry {
    uintptr_t begin, end;
    size_t index;
    bool temporary;
  };

  // The region that contains the `bytes` at `p`, or null if they are outside of all regions. Throws std::invalid_argument if they are only partly in one.
  const Entry* of(const void* p, size_t bytes) const {
    const auto at = reinterpret_cast<uintptr_t>(p);
    auto next = std::upper_bound(regions_.begin(), regions_.end(), at, [](uintptr_t b, const Entry& e) { return b < e.begin; });
    if (next != regions_.begin() && at < std::prev(next)->end) {
      if (bytes > std::prev(next)->end - at) throw std::invalid_argument("an array reaches beyond the memory that it begins in");
      return &*std::prev(next);
    }
    if (next != regions_.end() && bytes > next->begin - at) throw std::invalid_argument("an array reaches into memory that it does not begin in");
    return nullptr;
  }

 private:
  void add(const Region& region, size_t index, bool temporary) {
    const auto begin = reinterpret_cast<uintptr_t>(region.begin);
    if (region.bytes > 0) regions_.push_back({begin, begin + region.bytes, index, temporary});
  }
  std::vector<Entry> regions_;
};

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

  const Regions regions(temporaries, inputs);
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
      const size_t bytes = call.extents[a].elements * sizeof(float);
      const Regions::Entry* region = regions.of(p, bytes);
      if (region == nullptr) {
        if (bytes > 0) is_self_contained_ = false;
        continue;
      }
      const size_t offset = reinterpret_cast<uintptr_t>(p) - region->begin;
      if (region->temporary) {
        uses.push_back({slot, region->index, offset});
        lifetimes[region->index].first = std::min(lifetimes[region->index].first, c);
        lifetimes[region->index].last = std::max(lifetimes[region->index].last, c);
      } else {
        input_patches_.push_back({slot, region->index, offset});
      }
    }
  }
  for (Lifetime& life : lifetimes) {
    if (life.first == kNowhere) life = {0, 0, 0};
  }

  const Placement placement = place(lifetimes, kGuardBytes);
  arena_bytes_ = kGuardBytes == 0 ? placement.bytes : place(lifetimes).bytes;
  if (placement.bytes > 0) {
    arena_.reset(static_cast<char*>(allocate_on(64, placement.bytes)));
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

// Guard words are written before the first call that uses their temporary, because temporaries that are in use at different times share memory.
void Plan::invoke(size_t call, const KernelTable& table, Run& run) {
  for (const Guard& guard : guards_) {
    if (guard.first == call) std::fill(guard.begin, guard.end, kGuardWord);
  }
  run.precision = precision;
  run.unit = unit;
  calls_[call].invoke(table, run, &slots_[calls_[call].first_slot]);
  // After a fault the calls that wait for nonblocking sums over ranks do not run. So the sums must end here, before the caller uses their memory again.
  if (run.fault.array() != nullptr && collective() != nullptr) collective()->end();
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
    float sum = 0;  // x * 0 is NaN if x is not finite, and a sum that is NaN stays NaN
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
