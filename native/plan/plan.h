// A plan is a recorded list of kernel calls that is replayed as a whole. Its temporaries are in one arena. A replay patches the arguments that change from
// replay to replay, and allocates nothing.
#pragma once
#include <memory>
#include <vector>

#include "plan/arena.h"
#include "plan/slots.h"
#include "support/aligned.h"

namespace simdnn {

// The type of an argument of a recorded call. Pointers into a temporary or an input are relocated.
enum class SlotKind : uint8_t {
  kPointer,
  kValue,
};

// The memory at a pointer that a call uses, in elements of 4 bytes; 0 elements for an argument that is a value.
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

// A piece of memory to which recorded pointers may point.
struct Region {
  const char* begin;
  size_t bytes;
};

// An argument that each replay reads again, from entry `live` of the caller's table of doubles.
struct LiveArgument {
  size_t call;
  size_t argument;
  size_t live;
  bool counter;  // true: the argument is a uint64_t; false: it is a double
};

// Builds with SIMDNN_GUARDS (sanitizers, debug) have guard words behind each temporary. A call that overwrites them reports a fault.
#ifdef SIMDNN_GUARDS
constexpr size_t kGuardBytes = 64;
#else
constexpr size_t kGuardBytes = 0;
#endif

class Plan {
 public:
  // Relocates pointers into `temporaries` to the arena, and pointers into `inputs` to the memory that each replay is given. All other pointers stay as they
  // are, and their memory must stay valid. The plan owns the `layouts`, because slots point to them.
  // Throws std::invalid_argument if two regions overlap, or if an array of a call is only partly within a region.
  Plan(std::vector<RecordedCall> calls, const std::vector<Region>& temporaries, const std::vector<Region>& inputs,
       const std::vector<LiveArgument>& live, std::vector<std::unique_ptr<Layout>> layouts);

  // The precision of the products, used in place of the Run's own, and the unit that computes products of a lower precision than the highest.
  Precision precision = Precision::kHighest;
  const PairUnit* unit = nullptr;

  // Runs the calls in order. Stops after the first one that reports a fault and returns its name; returns null if none does.
  const char* replay(const KernelTable& table, Run& run, void* const* inputs, const double* live);

  // Like replay, but also stops after a call that has written a float that is not finite. `not_finite` is then the index of that call, otherwise calls().
  const char* replay_finite(const KernelTable& table, Run& run, void* const* inputs, const double* live,
                            size_t& not_finite);

  // Like replay, and writes the duration of each call in seconds to `seconds`, which has room for calls() numbers.
  const char* replay_timed(const KernelTable& table, Run& run, void* const* inputs, const double* live, double* seconds);

  // Whether every pointer is into a temporary or an input. Replays then use no other memory than the arena and that of the inputs.
  bool is_self_contained() const { return is_self_contained_; }
  // Whether a call writes to input `i`.
  bool writes_input(size_t i) const;

  // How many calls the last replay has finished: all of them, or those before the one that reported a fault.
  size_t finished() const { return finished_; }

  size_t calls() const { return calls_.size(); }
  size_t live_numbers() const { return live_numbers_; }
  // The size of the arena without guard words, so that it is the same in every build.
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
  // The guard words behind a temporary, and the first and last call that use the temporary.
  struct Guard {
    size_t first, last;
    uint32_t *begin, *end;
  };
  void patch(void* const* inputs, const double* live);
  void invoke(size_t call, const KernelTable& table, Run& run);
  bool wrote_only_finite(size_t call) const;

  std::vector<Call> calls_;
  std::vector<Slot> slots_;
  std::vector<Extent> extents_;  // one for each slot
  std::vector<InputPatch> input_patches_;
  std::vector<LivePatch> live_patches_;
  std::vector<std::unique_ptr<Layout>> layouts_;
  Aligned arena_;
  size_t arena_bytes_ = 0;
  std::vector<Guard> guards_;  // none without SIMDNN_GUARDS
  size_t finished_ = 0;
  size_t live_numbers_ = 0;
  bool is_self_contained_ = true;
};

}  // namespace simdnn
