// The data of one JavaScript environment (the main thread or a worker). A process loads the addon once, but each of its worker_threads initialises it once.
#pragma once
#include <napi.h>

#include "binding/session.h"
#include "kernels/table.h"
#include "support/precision.h"
#include "support/targets.h"

namespace simdnn {

constexpr unsigned kAnyFeature = ~0u;

struct Environment {
  const Target* target = nullptr;
  unsigned features = kAnyFeature;  // bit i: whether features[i] may be used if the machine supports it
  int threads = 1;
  Precision precision = Precision::kHighest;
  const PairUnit* unit = nullptr;  // the unit that products of that precision use
  Sessions sessions;
};

inline Environment& environment(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

}  // namespace simdnn
