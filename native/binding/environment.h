// What belongs to one JavaScript environment (the main thread or a worker): the addon is loaded once a
// process, but worker_threads initialise it once each.
#pragma once
#include <napi.h>

#include "binding/session.h"
#include "kernels/table.h"
#include "support/precision.h"
#include "support/targets.h"

namespace simdnn {

struct Environment {
  const Target* target = nullptr;
  unsigned features = ~0u;  // bit i: whether features[i] may run, where it does
  int threads = 1;
  Precision precision = Precision::kHighest;
  const PairUnit* unit = nullptr;  // that products of that precision use
  Sessions sessions;
};

inline Environment& environment(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

}  // namespace simdnn
