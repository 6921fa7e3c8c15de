// Plans: where a replay stops, and that guarded builds notice a call that writes behind its memory.
#include "plan/plan.h"

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

}  // namespace

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
  if (kGuardBytes == 0) return;  // the next would write into memory of its own
  Run beyond(1);
  t.check(replayed(plan_of(write_beyond, memory, 8), beyond) == "second", "names the kernel that writes behind its memory");
}

}  // namespace simdnn::test
