// Plans: after which call a replay stops, which memory they refuse, and that builds with guards detect a call that writes beyond its memory.
#include "plan/plan.h"

#include <stdexcept>

#include "test/test.h"

namespace simdnn::test {
namespace {

void write_beyond(const KernelTable&, Run&, const Slot* slots) {
  static_cast<float*>(slots[0].pointer)[slots[1].size] = 1;
}
void refuse(const KernelTable&, Run& run, const Slot*) { run.fault.report("labels", 2); }

Plan plan_of(Invoke invoke, float* memory, size_t position) {
  Slot pointer{}, size{};
  pointer.pointer = memory;
  size.size = position;
  const std::vector<SlotKind> kinds = {SlotKind::kPointer, SlotKind::kValue};
  const std::vector<Extent> extents = {{8, true, true}, {0, false, false}};
  std::vector<RecordedCall> calls;
  calls.push_back({"first", write_beyond, {pointer, Slot{}}, kinds, extents});
  calls.push_back({"second", invoke, {pointer, size}, kinds, extents});
  return Plan(std::move(calls), {{reinterpret_cast<const char*>(memory), 8 * sizeof(float)}}, {}, {}, {});
}

// A range of floats: its first element and its length.
struct Stretch {
  size_t begin, length;
};
// Whether a plan is refused whose only call uses the range `call` of `memory`, if the plan has these temporaries and inputs.
bool is_refused(float* memory, Stretch call, std::vector<Stretch> temporaries, std::vector<Stretch> inputs) {
  Slot pointer{};
  pointer.pointer = memory + call.begin;
  std::vector<RecordedCall> calls;
  calls.push_back({"call", write_beyond, {pointer, Slot{}}, {SlotKind::kPointer, SlotKind::kValue}, {{call.length, true, true}, {0, false, false}}});
  const auto regions = [&](const std::vector<Stretch>& list) {
    std::vector<Region> out;
    for (const Stretch& s : list) out.push_back({reinterpret_cast<const char*>(memory + s.begin), s.length * sizeof(float)});
    return out;
  };
  try {
    Plan(std::move(calls), regions(temporaries), regions(inputs), {}, {});
    return false;
  } catch (const std::invalid_argument&) {
    return true;
  }
}

}  // namespace

TEST(plan_memory) {
  float memory[64] = {};
  t.check(!is_refused(memory, {8, 8}, {{8, 8}}, {}), "all of a temporary");
  t.check(!is_refused(memory, {10, 6}, {}, {{0, 8}, {8, 8}}), "the end of an input");
  t.check(!is_refused(memory, {32, 8}, {{8, 8}}, {{0, 8}}), "memory that stays where it is");
  t.check(!is_refused(memory, {16, 0}, {{8, 8}}, {{16, 8}}), "nothing");
  t.check(is_refused(memory, {10, 7}, {{8, 8}}, {}), "beyond a temporary");
  t.check(is_refused(memory, {7, 10}, {}, {{0, 8}, {8, 8}}), "from one input into the next");
  t.check(is_refused(memory, {4, 8}, {{8, 8}}, {}), "from elsewhere into a temporary");
  t.check(is_refused(memory, {0, 64}, {{8, 8}}, {}), "around a temporary");
  t.check(is_refused(memory, {0, 8}, {{0, 8}}, {{4, 8}}), "regions that overlap");
  t.check(is_refused(memory, {0, 8}, {{0, 8}, {0, 8}}, {}), "a region twice");
}

TEST(plan) {
  float memory[8] = {};
  const auto replayed = [&](Plan plan, Run& run) {
    const char* kernel = plan.replay(t.kernel, run, nullptr, nullptr);
    t.check(plan.finished() == (kernel == nullptr ? 2 : 1), "counts the calls that were finished");
    return std::string(kernel == nullptr ? "" : kernel);
  };
  Run good(1), bad(1);
  t.check(replayed(plan_of(write_beyond, memory, 7), good) == "", "the last element is inside");
  t.check(replayed(plan_of(refuse, memory, 0), bad) == "second", "names the kernel that refuses");
  if (kGuardBytes == 0) return;  // without guards the next call would overwrite other memory
  Run beyond(1);
  t.check(replayed(plan_of(write_beyond, memory, 8), beyond) == "second", "names the kernel that writes behind its memory");
}

}  // namespace simdnn::test
