// Copies of datasets, from which loops gather batches.
#include "binding/rows.h"

#include <cstring>

#include "binding/loop_specs.h"
#include "binding/reader.h"
#include "plan/loop.h"

namespace simdnn {

Napi::Value create_rows(const Napi::CallbackInfo& info) {
  auto rows = std::make_unique<std::shared_ptr<Rows>>(std::make_shared<Rows>());
  Napi::Array columns = info[0].As<Napi::Array>();
  const size_t rows_count = static_cast<size_t>(info[1].ToNumber().Uint32Value());
  (*rows)->count = rows_count;
  int64_t bytes = 0, known = 0;
  for (uint32_t i = 0; i < columns.Length(); ++i) {
    const Memory memory = memory_of(info.Env(), columns.Get(i));
    const size_t elements = memory.bytes / sizeof(float);
    const size_t width = rows_count == 0 ? 0 : elements / rows_count;
    if (width * rows_count != elements) refuse("the array does not divide into rows");
    (*rows)->columns.push_back({copy_of(info.Env(), memory), width});
    bytes += static_cast<int64_t>(memory.bytes);
  }
  // The garbage collector sees only a small handle. It must know the size of the rows, because otherwise many copies of a dataset could accumulate.
  napi_adjust_external_memory(info.Env(), bytes, &known);
  return Napi::External<std::shared_ptr<Rows>>::New(info.Env(), rows.release(), [bytes](Napi::Env env, std::shared_ptr<Rows>* p) {
    int64_t left = 0;
    napi_adjust_external_memory(env, -bytes, &left);
    delete p;
  });
}

Napi::Value rows_equal(const Napi::CallbackInfo& info) {
  const Rows& rows = *external<std::shared_ptr<Rows>>(info, 0);
  Napi::Array columns = info[1].As<Napi::Array>();
  bool same = columns.Length() == rows.columns.size();
  for (uint32_t i = 0; same && i < columns.Length(); ++i) {
    const Memory memory = memory_of(info.Env(), columns.Get(i));
    const Rows::Column& column = rows.columns[i];
    same = memory.bytes == rows.count * column.width * sizeof(float) && (memory.bytes == 0 || std::memcmp(memory.data, column.data.get(), memory.bytes) == 0);
  }
  return Napi::Boolean::New(info.Env(), same);
}

}  // namespace simdnn
