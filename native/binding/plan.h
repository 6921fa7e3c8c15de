// The JavaScript functions for plans: createPlan, replay, replayTimed.
#pragma once
#include <napi.h>

#include "plan/plan.h"

namespace simdnn {

// What a replay of a plan needs besides the plan: the length that each input must have, and the table of live values, whose memory JavaScript owns and keeps.
struct BoundPlan {
  Plan plan;
  std::vector<size_t> input_bytes;
  std::vector<void*> inputs;
  std::vector<double> live;
};

void export_plan(Napi::Env env, Napi::Object exports);

}  // namespace simdnn
