// Reads and checks JavaScript's description of the loops of a session and of their runs, and converts the reports of runs. The readers throw ArgumentError.
#pragma once
#include <napi.h>

#include <vector>

#include "binding/reader.h"
#include "plan/rounds.h"

namespace simdnn {

// The object of a handle of the addon. Throws ArgumentError for what is no handle.
template <typename T>
T& external(const Napi::CallbackInfo& info, size_t argument) {
  if (info.Length() <= argument || !info[argument].IsExternal()) {
    throw ArgumentError{ArgumentError::kType, "[session] expected a handle of the addon"};
  }
  return *info[argument].As<Napi::External<T>>().Data();
}

// The elements of a Float32Array or an Int32Array.
struct Memory {
  char* data;
  size_t bytes;
};

Memory memory_of(Napi::Env env, napi_value value);
Aligned copy_of(Napi::Env env, const Memory& memory);
// Throws ArgumentError for a RangeError in JavaScript.
[[noreturn]] void refuse(const char* what);

// Reads a LoopStep of src/native.ts. Moves the plan out of its handle, which cannot be replayed afterwards.
Step step_of(Napi::Object object, const PersistentMemory& persistent);
// Reads an EpochRows, and checks that its batches have the shapes for which the steps were recorded.
BatchSampler batch_sampler_of(Napi::Env env, Napi::Object object, const std::vector<Step>& steps);
// Reads the limits of a LoopRun, and sets the loop's live numbers and the position of its random numbers.
Limits limits_of(Napi::Env env, Loop& loop, Napi::Object object);
// Reads LoopRun.later, the live numbers of the rounds from the second on; empty if there are none.
std::vector<LiveNumbersByKind> later_of(Napi::Env env, const Loop& loop, Napi::Object object);
// Reads LoopRun.batches.
std::vector<GivenBatch> given_batches(Napi::Env env, const Loop& loop, const Limits& limits, Napi::Array list);

// A LoopReport.
Napi::Object report_object(Napi::Env env, const Report& report);

}  // namespace simdnn
