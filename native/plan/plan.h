// A recorded list of kernel calls that can be replayed as one: its temporaries lie in one arena, what
// changes from replay to replay is patched in, nothing is allocated.
#pragma once
#include <memory>
#include <vector>

#include "plan/arena.h"
#include "plan/slots.h"
#include "support/aligned.h"

namespace simdnn {

// One argument of a recorded call. `kPointer` slots are relocated when they lie in a temporary or an input.
enum class SlotKind : uint8_t { kPointer, kValue };

// How much of the memory behind a pointer a call touches: `elements` of 4 bytes, 0 for a value.
struct Extent {
  size_t elements;
  bool written;
  bool is_float;
};

struct RecordedCall {
  const char* name;
  Invoke invoke;
  std::vector<Slot> slots;
  std::vector<SlotKind> kinds;
  std::vector<Extent> extents;
};

// Memory that a recorded pointer may lie in.
struct Region {
  const char* begin;
  size_t bytes;
};

// An argument that is read anew at each replay: entry `live` of the caller's table of doubles.
struct LiveArgument {
  size_t call;
  size_t argument;
  size_t live;
  bool counter;  // a uint64_t, else a double
};

// Builds for finding mistakes leave words free behind each temporary, and a call that overwrites them is a fault.
#ifdef SIMDNN_GUARDS
constexpr size_t kGuardBytes = 64;
#else
constexpr size_t kGuardBytes = 0;
#endif

class Plan {
 public:
  // Pointers into `temporaries` move to the arena, those into `inputs` are given at each replay; all others
  // stay as they are and must stay valid. `layouts` are kept alive for the slots that point at them.
  // Throws std::invalid_argument when two regions overlap, or a call's array begins in one and ends beyond it, or the reverse.
  Plan(std::vector<RecordedCall> calls, const std::vector<Region>& temporaries, const std::vector<Region>& inputs,
       const std::vector<LiveArgument>& live, std::vector<std::unique_ptr<Layout>> layouts);

  // How its products take their operands, whatever the run says; kHighest at first.
  Precision precision = Precision::kHighest;
  const PairUnit* unit = nullptr;

  // Runs every call in order; stops after one that reported a fault and returns its name, else null.
  const char* replay(const KernelTable& table, Run& run, void* const* inputs, const double* live);

  // As replay, and stops after a call that wrote a float that is not finite; `not_finite` is then its
  // number, else calls().
  const char* replay_finite(const KernelTable& table, Run& run, void* const* inputs, const double* live,
                            size_t& not_finite);

  // As replay, and writes how long each call took, in seconds, to `seconds`, which has room for calls().
  const char* replay_timed(const KernelTable& table, Run& run, void* const* inputs, const double* live, double* seconds);

  // Whether every pointer lies in a temporary or an input: replays then touch no memory but the arena and theirs.
  bool closed() const { return closed_; }
  // Whether a call writes input `i`.
  bool writes_input(size_t i) const;

  // How many calls the last replay finished: all of them, or those before the one that reported a fault.
  size_t finished() const { return finished_; }

  size_t calls() const { return calls_.size(); }
  size_t live_numbers() const { return live_numbers_; }
  // Without the guard words, so that a plan reads the same in every build.
  size_t arena_bytes() const { return arena_bytes_; }

 private:
  struct Call {
    const char* name;
    Invoke invoke;
    size_t first_slot;
  };
  struct InputPatch {
    size_t slot;
    size_t input;
    size_t offset;
  };
  struct LivePatch {
    size_t slot;
    size_t live;
    bool counter;
  };
  // The free words behind a temporary, while it is in use.
  struct Guard {
    size_t first, last;
    uint32_t *begin, *end;
  };
  void patch(void* const* inputs, const double* live);
  void invoke(size_t call, const KernelTable& table, Run& run);
  bool wrote_only_finite(size_t call) const;

  std::vector<Call> calls_;
  std::vector<Slot> slots_;
  std::vector<Extent> extents_;  // of each slot
  std::vector<InputPatch> input_patches_;
  std::vector<LivePatch> live_patches_;
  std::vector<std::unique_ptr<Layout>> layouts_;
  Aligned arena_;
  size_t arena_bytes_ = 0;
  std::vector<Guard> guards_;  // none without SIMDNN_GUARDS
  size_t finished_ = 0;
  size_t live_numbers_ = 0;
  bool closed_ = true;
};

}  // namespace simdnn
