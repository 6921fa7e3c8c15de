// Reads and checks JavaScript's description of a session's loops before anything runs, and converts the results of a run. Throws ArgumentError.
#pragma once
#include <napi.h>

#include <vector>

#include "plan/rounds.h"

namespace simdnn {

// The elements of a Float32Array or an Int32Array.
struct Memory {
  char* data;
  size_t bytes;
};

Memory memory_of(Napi::Env env, napi_value value);
Aligned copy_of(Napi::Env env, const Memory& memory);
[[noreturn]] void refuse(const char* what);

// Moves the plan out of its handle, which cannot be replayed afterwards.
Step step_of(Napi::Object object, const PersistentMemory& persistent);
BatchSampler batch_sampler_of(Napi::Env env, Napi::Object object, const std::vector<Step>& steps);
// Also sets where the loop's live values and random numbers begin.
Limits limits_of(Napi::Env env, Loop& loop, Napi::Object object);
// The live numbers of later rounds, if it has any.
std::vector<LiveOfKinds> later_of(Napi::Env env, const Loop& loop, Napi::Object object);
std::vector<GivenBatch> given_batches(Napi::Env env, const Loop& loop, const Limits& limits, Napi::Array list);

Napi::Object report_object(Napi::Env env, const Report& report);

}  // namespace simdnn
