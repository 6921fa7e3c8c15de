// One JavaScript function for each kernel of native/descriptions.
#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace simdnn {

// Sets on `exports` a function for each kernel, named in camelCase (linear_forward: linearForward).
void export_kernels(napi_env env, napi_value exports);

// A recorded call: `arguments` is [name, ...what the kernel's function was called with], whose checks are made
// here once for all replays (ArgumentError). Its layouts are added to `layouts`.
RecordedCall record_call(napi_env env, const std::string& kernel, napi_value arguments,
                         std::vector<std::unique_ptr<Layout>>& layouts);

}  // namespace simdnn
