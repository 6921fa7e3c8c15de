// A recorded list of kernel calls that is replayed as a whole. Its temporaries lie in one arena, the arguments that change from replay to replay are
// patched in, and a replay allocates nothing.
#pragma once
#include <memory>
#include <vector>

#include "plan/arena.h"
#include "plan/slots.h"
#include "support/aligned.h"

namespace simdnn {

// The type of an argument of a recorded call. A pointer into a temporary or an input is relocated.
enum class SlotKind : uint8_t {
  kPointer,
  kValue,
};

// The memory behind a pointer that a call uses: `elements` of 4 bytes; 0 for an argument that is a value.
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

// A piece of memory into which recorded pointers may point.
struct Region {
  const char* begin;
  size_t bytes;
};

// An argument that is read again at each replay, from entry `live` of the caller's table of doubles.
struct LiveArgument {
  size_t call;
  size_t argument;
  size_t live;
  bool counter;  // whether the argument is a uint64_t; if not, it is a double
};

// Builds with SIMDNN_GUARDS, for finding mistakes, place guard words behind each temporary. A call that overwrites them reports a fault.
#ifdef SIMDNN_GUARDS
constexpr size_t kGuardBytes = 64;
#else
constexpr size_t kGuardBytes = 0;
#endif

class Plan {
 public:
  // Pointers into `temporaries` are moved to the arena, and pointers into `inputs` to the memory that each replay is given. All others stay as they are,
  // and their memory must stay valid. `layouts` are kept alive for the slots that point at them.
  // Throws std::invalid_argument if two regions overlap, or if an array of a call lies only partly within a region.
  Plan(std::vector<RecordedCall> calls, const std::vector<Region>& temporaries, const std::vector<Region>& inputs,
       const std::vector<LiveArgument>& live, std::vector<std::unique_ptr<Layout>> layouts);

  // The precision of the products, which a run's own precision does not change, and the unit that computes them where it is lower than the highest.
  Precision precision = Precision::kHighest;
  const PairUnit* unit = nullptr;

  // Runs all calls in order. If one reports a fault, stops after it and returns its name, else null.
  const char* replay(const KernelTable& table, Run& run, void* const* inputs, const double* live);

  // Like replay, but also stops after a call that wrote a float that is not finite. `not_finite` is then the index of the call, else calls().
  const char* replay_finite(const KernelTable& table, Run& run, void* const* inputs, const double* live,
                            size_t& not_finite);

  // Like replay, and writes the time of each call in seconds to `seconds`, which has room for calls() numbers.
  const char* replay_timed(const KernelTable& table, Run& run, void* const* inputs, const double* live, double* seconds);

  // Whether every pointer lies in a temporary or an input. Replays then use no memory but the arena and that of the inputs.
  bool closed() const { return closed_; }
  // Whether a call writes input `i`.
  bool writes_input(size_t i) const;

  // The number of calls that the last replay finished: all of them, or those before the one that reported a fault.
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
  // The guard words behind a temporary, and the calls between which it is in use.
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
