// Plans as JavaScript sees them: createPlan and replay.
#pragma once
#include <napi.h>

namespace simdnn {

void export_plan(Napi::Env env, Napi::Object exports);

}  // namespace simdnn
