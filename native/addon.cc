// The exports of the addon, which `init` lists: the kernels, the settings of an environment or of the process, and the functions for plans and sessions.
// `interface Addon` in src/native.ts has their types.
#include <napi.h>

#include <cstring>
#include <sstream>

#include "binding/environment.h"
#include "binding/kernels.h"
#include "binding/plan.h"
#include "binding/session.h"
#include "support/collective.h"
#include "support/denormals.h"
#include "support/features.h"
#include "support/heap.h"
#include "support/keep_loaded.h"

namespace simdnn {
namespace {

// setTarget("avx2") forces a target, setTarget(null) takes the best one. It throws if this processor does not run the target.
Napi::Value set_target(const Napi::CallbackInfo& info) {
  Environment& instance = environment(info.Env());
  if (info.Length() == 0 || !info[0].IsString()) {
    instance.target = &best_target();
    return Napi::String::New(info.Env(), instance.target->name);
  }
  const std::string name = info[0].As<Napi::String>();
  const Target* target = find_target(name.c_str());
  if (target == nullptr || !target->supported()) {
    std::string known;
    for (int i = 0; i < target_count; ++i) {
      if (targets[i].supported()) known += (known.empty() ? "" : ", ") + std::string(targets[i].name);
    }
    const char* why = target == nullptr ? " is not a target of this build" : " does not run on this processor";
    throw Napi::RangeError::New(info.Env(), "SIMDNN_TARGET: \"" + name + "\"" + why + " (" + known + ")");
  }
  instance.target = target;
  return Napi::String::New(info.Env(), instance.target->name);
}

bool runs_with(const Feature& feature, const Target& target) { return std::strcmp(feature.target, target.name) == 0 && feature.supported(); }

// setFeatures("amx_bf16,avx512_bf16") allows only these features, setFeatures("none") allows none, setFeatures(null) allows all that this processor supports. It
// throws for a feature that does not run with the target.
void set_features(const Napi::CallbackInfo& info) {
  Environment& instance = environment(info.Env());
  instance.features = kAnyFeature;
  if (info.Length() == 0 || !info[0].IsString()) return;
  const std::string list = info[0].As<Napi::String>();
  unsigned wanted = 0;
  if (list != "none") {
    std::istringstream names(list);
    for (std::string name; std::getline(names, name, ',');) {
      const Feature* feature = find_feature(name.c_str());
      if (feature == nullptr || !runs_with(*feature, *instance.target)) {
        std::string known = "none";
        for (int i = 0; i < feature_count; ++i) {
          if (feature == nullptr || runs_with(features[i], *instance.target)) known += std::string(", ") + features[i].name;
        }
        const std::string why = feature == nullptr ? " is not a feature" : " does not run here with the target " + std::string(instance.target->name);
        throw Napi::RangeError::New(info.Env(), "SIMDNN_FEATURES: \"" + name + "\"" + why + " (" + known + ")");
      }
      wanted |= 1u << (feature - features);
    }
  }
  instance.features = wanted;
}

// The features that run with the target and that setFeatures allows.
Napi::Value features_in_use(const Napi::CallbackInfo& info) {
  const Environment& instance = environment(info.Env());
  Napi::Array names = Napi::Array::New(info.Env());
  for (int i = 0; i < feature_count; ++i) {
    if ((instance.features & 1u << i) != 0 && runs_with(features[i], *instance.target)) names.Set(names.Length(), Napi::String::New(info.Env(), features[i].name));
  }
  return names;
}

void set_num_threads(const Napi::CallbackInfo& info) {
  const double n = info.Length() > 0 && info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  if (!(n >= 1 && n <= 1024) || n != static_cast<int>(n)) {
    throw Napi::RangeError::New(info.Env(), "[setNumThreads] expected an integer from 1 to 1024");
  }
  environment(info.Env()).threads = static_cast<int>(n);
}

// The unit of the fastest allowed feature for which this build has tiles. The first call asks Linux for AMX. A feature that is slower than float32's own units is
// used only if setFeatures named it.
const PairUnit* fastest_unit(const Environment& instance) {
  const bool named = instance.features != kAnyFeature;
  for (int i = 0; i < feature_count; ++i) {
    if (!named && !features[i].is_faster()) continue;
    if ((instance.features & 1u << i) != 0 && features[i].unit != nullptr && runs_with(features[i], *instance.target)) return features[i].unit;
  }
  return nullptr;
}

// Sets the precision of products in the calls and plans that this environment makes from now on: 0 highest, 1 high, 2 medium.
void set_precision(const Napi::CallbackInfo& info) {
  const double n = info.Length() > 0 && info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (n != 0 && n != 1 && n != 2) throw Napi::RangeError::New(info.Env(), "[setPrecision] expected 0, 1 or 2");
  Environment& instance = environment(info.Env());
  instance.precision = static_cast<Precision>(static_cast<int>(n));
  instance.unit = instance.precision == Precision::kHighest ? nullptr : fastest_unit(instance);
}

// Sets for the whole process whether calls that begin from now on flush denormal numbers, in every environment.
void set_flush(const Napi::CallbackInfo& info) {
  if (info.Length() == 0 || !info[0].IsBoolean()) {
    throw Napi::TypeError::New(info.Env(), "[setFlushDenormal] expected true or false");
  }
  set_flush_denormal(info[0].As<Napi::Boolean>().Value());
}

Napi::Value flushes(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), flush_denormal()); }

void keep(const Napi::CallbackInfo&) { keep_heap(); }

void prefer_huge(const Napi::CallbackInfo& info) {
  if (info.Length() == 0 || !info[0].IsArrayBuffer()) {
    throw Napi::TypeError::New(info.Env(), "[preferHugePages] expected an ArrayBuffer");
  }
  auto buffer = info[0].As<Napi::ArrayBuffer>();
  prefer_huge_pages(buffer.Data(), buffer.ByteLength());
}

// The targets of this build that this processor runs, least first.
Napi::Value supported_targets(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (int i = 0; i < target_count; ++i) {
    if (targets[i].supported()) names.Set(names.Length(), Napi::String::New(info.Env(), targets[i].name));
  }
  return names;
}

// The number of bytes between the last 64-byte boundary and the start of the ArrayBuffer's memory.
Napi::Value misalignment(const Napi::CallbackInfo& info) {
  if (info.Length() == 0 || !info[0].IsArrayBuffer()) {
    throw Napi::TypeError::New(info.Env(), "[misalignment] expected an ArrayBuffer");
  }
  const auto address = reinterpret_cast<uintptr_t>(info[0].As<Napi::ArrayBuffer>().Data());
  return Napi::Number::New(info.Env(), static_cast<double>(address % 64));
}

// Sets for the whole process how kernels reach the other ranks: the addon of native/mpi exports it as `collective`.
void use_collective(const Napi::CallbackInfo& info) {
  const bool given = info.Length() > 0 && info[0].IsExternal();
  set_collective(given ? info[0].As<Napi::External<Collective>>().Data() : nullptr);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  keep_loaded();
  auto* instance = new Environment;
  instance->target = &best_target();
  napi_set_instance_data(
      env, instance, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); }, nullptr);
  // Threads that train end with the environment, before anything that they use.
  napi_add_env_cleanup_hook(env, [](void* data) { static_cast<Environment*>(data)->sessions.end(); }, instance);

  Napi::Object kernels = Napi::Object::New(env);
  export_kernels(env, kernels);
  exports.Set("kernels", kernels);
  export_plan(env, exports);
  export_sessions(env, exports);
  exports.Set("setTarget", Napi::Function::New<set_target>(env, "setTarget"));
  exports.Set("setFeatures", Napi::Function::New<set_features>(env, "setFeatures"));
  exports.Set("features", Napi::Function::New<features_in_use>(env, "features"));
  exports.Set("setNumThreads", Napi::Function::New<set_num_threads>(env, "setNumThreads"));
  exports.Set("setPrecision", Napi::Function::New<set_precision>(env, "setPrecision"));
  exports.Set("setFlushDenormal", Napi::Function::New<set_flush>(env, "setFlushDenormal"));
  exports.Set("keepHeap", Napi::Function::New<keep>(env, "keepHeap"));
  exports.Set("preferHugePages", Napi::Function::New<prefer_huge>(env, "preferHugePages"));
  exports.Set("setCollective", Napi::Function::New<use_collective>(env, "setCollective"));
  exports.Set("flushDenormal", Napi::Function::New<flushes>(env, "flushDenormal"));
  exports.Set("supportedTargets", Napi::Function::New<supported_targets>(env, "supportedTargets"));
  exports.Set("misalignment", Napi::Function::New<misalignment>(env, "misalignment"));
  return exports;
}

}  // namespace
}  // namespace simdnn

static Napi::Object initialise(Napi::Env env, Napi::Object exports) { return simdnn::init(env, exports); }
NODE_API_MODULE(simdnn, initialise)
