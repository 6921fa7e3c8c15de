// Plans as JavaScript sees them: createPlan, replay, replayTimed.
#pragma once
#include <napi.h>

#include "plan/plan.h"

namespace simdnn {

// What a plan needs at each replay besides itself: how long each input must be, and the table of live values,
// whose memory JavaScript owns and keeps.
struct BoundPlan {
  Plan plan;
  std::vector<size_t> input_bytes;
  std::vector<void*> inputs;
  std::vector<double> live;
};

void export_plan(Napi::Env env, Napi::Object exports);

}  // namespace simdnn
