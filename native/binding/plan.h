// The JavaScript functions for plans: createPlan, planBytes, planFinished, replay, replayTimed, and peak.
#pragma once
#include <napi.h>

#include "plan/plan.h"

namespace simdnn {

// A plan with the tables that its replays fill, so that a replay allocates nothing.
struct BoundPlan {
  Plan plan;
  std::vector<size_t> input_bytes;  // the size that each input must have
  std::vector<void*> inputs;        // the addresses of the inputs of the current replay
  std::vector<double> live;         // its live numbers
};

void export_plan(Napi::Env env, Napi::Object exports);

}  // namespace simdnn
