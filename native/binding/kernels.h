// One JavaScript function for each line of kernels.def.
#pragma once
#include <napi.h>

namespace simdnn {

// Sets on `exports` a function for each kernel, named in camelCase (linear_forward: linearForward).
void export_kernels(napi_env env, napi_value exports);

}  // namespace simdnn
