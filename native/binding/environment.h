// The data of one JavaScript environment: of the main thread or of a worker. A process loads the addon once and initialises it once for each environment.
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
  unsigned features = kAnyFeature;  // bit i is set if features[i] may be used where the machine supports it
  int threads = 1;
  Precision precision = Precision::kHighest;
  const PairUnit* unit = nullptr;  // the unit that computes products of that precision, or null
  Sessions sessions;
};

inline Environment& environment(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

}  // namespace simdnn
