// The functions of the addon for copies of datasets, which session.cc exports.
#pragma once
#include <napi.h>

namespace simdnn {

// createRows(columns, count): copies arrays whose rows belong together.
Napi::Value create_rows(const Napi::CallbackInfo& info);
// rowsEqual(rows, columns): whether the arrays have the values that create_rows has copied from them.
Napi::Value rows_equal(const Napi::CallbackInfo& info);

}  // namespace simdnn
