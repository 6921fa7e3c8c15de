// One JavaScript function for each kernel of native/descriptions.
#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace simdnn {

// Adds a function for each kernel to `exports`, named in camelCase (linear_forward: linearForward).
void export_kernels(napi_env env, napi_value exports);

// Records a call of a kernel. `arguments` is the JavaScript array [name, ...the arguments of the kernel's function]. They are checked here, once for all replays:
// throws ArgumentError. Appends the layouts to which slots of the call point to `layouts`.
RecordedCall record_call(napi_env env, const std::string& kernel, napi_value arguments,
                         std::vector<std::unique_ptr<Layout>>& layouts);

}  // namespace simdnn
