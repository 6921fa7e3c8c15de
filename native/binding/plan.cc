#include "binding/plan.h"

#include <cstring>

#include "binding/environment.h"
#include "binding/kernels.h"
#include "binding/reader.h"

namespace simdnn {
namespace {

std::vector<Region> regions(Napi::Env env, Napi::Array arrays) {
  std::vector<Region> out;
  for (uint32_t i = 0; i < arrays.Length(); ++i) {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    if (napi_get_typedarray_info(env, arrays.Get(i), &type, &length, &data, nullptr, nullptr) != napi_ok) {
      throw ArgumentError{ArgumentError::kType, "[createPlan] expected typed arrays"};
    }
    out.push_back({static_cast<const char*>(data), data == nullptr ? 0 : length * sizeof(float)});
  }
  return out;
}

// createPlan(calls: [name, ...arguments][], temporaries: TypedArray[], inputs: TypedArray[],
//            live: [call, argument, isCounter][]) -> External
Napi::Value create_plan(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 4 || !info[0].IsArray() || !info[1].IsArray() || !info[2].IsArray() || !info[3].IsArray()) {
    throw Napi::TypeError::New(env, "[createPlan] expected four arrays");
  }
  try {
    std::vector<std::unique_ptr<Layout>> layouts;
    std::vector<RecordedCall> calls;
    Napi::Array recorded = info[0].As<Napi::Array>();
    for (uint32_t i = 0; i < recorded.Length(); ++i) {
      Napi::HandleScope scope(env);
      Napi::Value call = recorded.Get(i);
      if (!call.IsArray()) throw ArgumentError{ArgumentError::kType, "[createPlan] expected calls as arrays"};
      const std::string name = call.As<Napi::Array>().Get(0u).ToString();
      calls.push_back(record_call(env, name, call, layouts));
    }
    const std::vector<Region> temporaries = regions(env, info[1].As<Napi::Array>());
    const std::vector<Region> inputs = regions(env, info[2].As<Napi::Array>());
    std::vector<LiveArgument> live;
    Napi::Array rows = info[3].As<Napi::Array>();
    for (uint32_t i = 0; i < rows.Length(); ++i) {
      Napi::Array row = rows.Get(i).As<Napi::Array>();
      const size_t call = row.Get(0u).ToNumber().Uint32Value();
      const size_t argument = row.Get(1u).ToNumber().Uint32Value();
      if (call >= calls.size() || argument >= calls[call].slots.size() || calls[call].kinds[argument] != SlotKind::kValue) {
        throw ArgumentError{ArgumentError::kRange, "[createPlan] a live argument that does not exist"};
      }
      live.push_back({call, argument, i, row.Get(2u).ToBoolean().Value()});
    }
    auto* bound = new BoundPlan{Plan(std::move(calls), temporaries, inputs, live, std::move(layouts)), {}, {}, {}};
    for (const Region& r : inputs) bound->input_bytes.push_back(r.bytes);
    bound->inputs.resize(inputs.size());
    bound->live.resize(live.size());
    Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(bound->plan.arena_bytes()));
    return Napi::External<BoundPlan>::New(env, bound, [](Napi::Env e, BoundPlan* p) {
      Napi::MemoryManagement::AdjustExternalMemory(e, -static_cast<int64_t>(p->plan.arena_bytes()));
      delete p;
    });
  } catch (const ArgumentError& error) {
    throw_argument_error(env, error);
  } catch (const std::bad_alloc&) {
    throw_argument_error(env, {ArgumentError::kRange, "[createPlan] out of memory"});
  }
  return env.Undefined();
}

// planBytes(plan): the size of its arena.
Napi::Value plan_bytes(const Napi::CallbackInfo& info) {
  if (info.Length() == 0 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "[planBytes] expected a plan");
  return Napi::Number::New(info.Env(), static_cast<double>(info[0].As<Napi::External<BoundPlan>>().Data()->plan.arena_bytes()));
}

// planFinished(plan): how many of its calls the last replay finished.
Napi::Value plan_finished(const Napi::CallbackInfo& info) {
  if (info.Length() == 0 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "[planFinished] expected a plan");
  return Napi::Number::New(info.Env(), static_cast<double>(info[0].As<Napi::External<BoundPlan>>().Data()->plan.finished()));
}

// replay(plan, live: Float64Array, ...inputs: TypedArray[]). Plain Node-API, and no array around the inputs, as
// this is the call of a training step.
napi_value replay(napi_env env, napi_callback_info info) {
  napi_value few[16];
  size_t argc = 16;
  napi_get_cb_info(env, info, &argc, few, nullptr, nullptr);
  try {
    std::vector<napi_value> many;
    if (argc > 16) {
      many.resize(argc);
      napi_get_cb_info(env, info, &argc, many.data(), nullptr, nullptr);
    }
    const napi_value* argv = many.empty() ? few : many.data();
    void* external = nullptr;
    if (argc < 2 || napi_get_value_external(env, argv[0], &external) != napi_ok) {
      throw ArgumentError{ArgumentError::kType, "[replay] expected a plan, its live values and its inputs"};
    }
    BoundPlan& bound = *static_cast<BoundPlan*>(external);
    napi_typedarray_type type;
    size_t length = 0;
    for (size_t i = 0; i < bound.inputs.size(); ++i) {
      if (i + 2 >= argc ||
          napi_get_typedarray_info(env, argv[i + 2], &type, &length, &bound.inputs[i], nullptr, nullptr) != napi_ok ||
          (type != napi_float32_array && type != napi_int32_array) || length * sizeof(float) != bound.input_bytes[i]) {
        throw ArgumentError{ArgumentError::kRange, "[replay] input " + std::to_string(i) + " is not as it was recorded"};
      }
    }
    void* live = nullptr;
    if (napi_get_typedarray_info(env, argv[1], &type, &length, &live, nullptr, nullptr) != napi_ok ||
        type != napi_float64_array || length < bound.live.size()) {
      throw ArgumentError{ArgumentError::kRange, "[replay] too few live values"};
    }
    if (!bound.live.empty()) std::memcpy(bound.live.data(), live, bound.live.size() * sizeof(double));
    const Environment& here = environment(env);
    Run run(here.threads);
    if (const char* kernel = bound.plan.replay(*here.target->table, run, bound.inputs.data(), bound.live.data())) {
      throw fault_error(kernel, run.fault);
    }
  } catch (const ArgumentError& error) {
    throw_argument_error(env, error);
  } catch (const std::bad_alloc&) {
    throw_argument_error(env, {ArgumentError::kRange, "[replay] out of memory"});
  }
  return nullptr;
}

}  // namespace

void export_plan(Napi::Env env, Napi::Object exports) {
  exports.Set("createPlan", Napi::Function::New<create_plan>(env, "createPlan"));
  exports.Set("planFinished", Napi::Function::New<plan_finished>(env, "planFinished"));
  exports.Set("planBytes", Napi::Function::New<plan_bytes>(env, "planBytes"));
  napi_value function;
  if (napi_create_function(env, "replay", NAPI_AUTO_LENGTH, replay, nullptr, &function) == napi_ok) {
    exports.Set("replay", Napi::Value(env, function));
  }
}

}  // namespace simdnn
