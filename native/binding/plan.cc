#include "binding/plan.h"

#include <cstring>
#include <stdexcept>

#include "binding/environment.h"
#include "binding/kernels.h"
#include "binding/reader.h"
#include "support/peak.h"

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

// createPlan(calls: [name, ...arguments][], temporaries: TypedArray[], inputs: TypedArray[], live: [call, argument, isCounter][]) -> External. Its products have
// the precision that the environment has at this call.
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
    bound->plan.precision = environment(env).precision;
    bound->plan.unit = environment(env).unit;
    bound->inputs.resize(inputs.size());
    bound->live.resize(live.size());
    Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(bound->plan.arena_bytes()));
    return Napi::External<BoundPlan>::New(env, bound, [](Napi::Env e, BoundPlan* p) {
      Napi::MemoryManagement::AdjustExternalMemory(e, -static_cast<int64_t>(p->plan.arena_bytes()));
      delete p;
    });
  } catch (const ArgumentError& error) {
    throw_argument_error(env, error);
  } catch (const std::invalid_argument& error) {
    throw_argument_error(env, {ArgumentError::kRange, std::string("[createPlan] ") + error.what()});
  } catch (const std::bad_alloc&) {
    throw_argument_error(env, {ArgumentError::kRange, "[createPlan] out of memory"});
  }
  return env.Undefined();
}

// planBytes(plan): the size of the plan's arena in bytes.
Napi::Value plan_bytes(const Napi::CallbackInfo& info) {
  if (info.Length() == 0 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "[planBytes] expected a plan");
  return Napi::Number::New(info.Env(), static_cast<double>(info[0].As<Napi::External<BoundPlan>>().Data()->plan.arena_bytes()));
}

// planFinished(plan): how many of the plan's calls its last replay has finished.
Napi::Value plan_finished(const Napi::CallbackInfo& info) {
  if (info.Length() == 0 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "[planFinished] expected a plan");
  return Napi::Number::New(info.Env(), static_cast<double>(info[0].As<Napi::External<BoundPlan>>().Data()->plan.finished()));
}

// Reads the arguments of a replay, (plan, live: Float64Array, ...inputs: TypedArray[]), into the plan's tables.
BoundPlan& prepare(napi_env env, const napi_value* argv, size_t argc) {
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
  return bound;
}

// The arguments of a JavaScript call, however many they are. Up to 16 need no allocation.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) {
    napi_get_cb_info(env, info, &count_, few_, nullptr, nullptr);
    if (count_ <= kFew) return;
    many_.resize(count_);
    napi_get_cb_info(env, info, &count_, many_.data(), nullptr, nullptr);
  }
  const napi_value* data() const { return many_.empty() ? few_ : many_.data(); }
  size_t count() const { return count_; }

 private:
  static constexpr size_t kFew = 16;
  size_t count_ = kFew;
  napi_value few_[kFew];
  std::vector<napi_value> many_;
};

// The Node-API function around a replay. `replay_with(env, arguments, table, run)` replays the plan and returns the name of the kernel that reported a fault, or
// null; its C++ exceptions become JavaScript exceptions. It uses plain Node-API, without the C++ wrapper, because each compiled training step makes this call.
template <const char* (*replay_with)(napi_env, const Arguments&, const KernelTable&, Run&)>
napi_value guarded_replay(napi_env env, napi_callback_info info) {
  try {
    const Arguments arguments(env, info);
    const Environment& instance = environment(env);
    Run run(instance.threads);
    if (const char* kernel = replay_with(env, arguments, *instance.target->table, run)) throw fault_error(kernel, run.fault);
  } catch (const ArgumentError& error) {
    throw_argument_error(env, error);
  } catch (const std::bad_alloc&) {
    throw_argument_error(env, {ArgumentError::kRange, "[replay] out of memory"});
  }
  return nullptr;
}

// replay(plan, live: Float64Array, ...inputs). Each input is an argument of its own, because elements of a JavaScript array would have to be read one by one.
const char* replay(napi_env env, const Arguments& arguments, const KernelTable& table, Run& run) {
  BoundPlan& bound = prepare(env, arguments.data(), arguments.count());
  return bound.plan.replay(table, run, bound.inputs.data(), bound.live.data());
}

// replayTimed(seconds: Float64Array, plan, live, ...inputs): a replay that writes the duration of each call to `seconds`.
const char* replay_timed(napi_env env, const Arguments& arguments, const KernelTable& table, Run& run) {
  if (arguments.count() < 1) throw ArgumentError{ArgumentError::kType, "[replay] expected where to write the times"};
  BoundPlan& bound = prepare(env, arguments.data() + 1, arguments.count() - 1);
  napi_typedarray_type type;
  size_t length = 0;
  void* seconds = nullptr;
  if (napi_get_typedarray_info(env, arguments.data()[0], &type, &length, &seconds, nullptr, nullptr) != napi_ok ||
      type != napi_float64_array || length < bound.plan.calls()) {
    throw ArgumentError{ArgumentError::kRange, "[replay] expected a time for each call"};
  }
  return bound.plan.replay_timed(table, run, bound.inputs.data(), bound.live.data(), static_cast<double*>(seconds));
}

// peak(): how many floating-point operations per second one thread does with the running target. A multiply-add counts as two.
Napi::Value peak(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), muladd_peak(environment(info.Env()).target->name, 5e-3));
}

}  // namespace

void export_plan(Napi::Env env, Napi::Object exports) {
  exports.Set("createPlan", Napi::Function::New<create_plan>(env, "createPlan"));
  exports.Set("planFinished", Napi::Function::New<plan_finished>(env, "planFinished"));
  exports.Set("planBytes", Napi::Function::New<plan_bytes>(env, "planBytes"));
  exports.Set("peak", Napi::Function::New<peak>(env, "peak"));
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok) {
      exports.Set(name, Napi::Value(env, function));
    }
  };
  add("replay", guarded_replay<replay>);
  add("replayTimed", guarded_replay<replay_timed>);
}

}  // namespace simdnn
