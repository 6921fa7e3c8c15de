// Training and inference on background threads: the functions that session.cc exports, and the sessions of an environment.
#pragma once
#include <napi.h>

#include <list>
#include <memory>

#include "binding/background.h"

namespace simdnn {

struct Session;

// The sessions of an environment. Only the JavaScript thread uses this object.
struct Sessions {
  std::list<std::shared_ptr<Session>> all;
  // Fits share as many threads as a kernel may use. Predictions and evaluations have one more thread, so that they do not wait for fits.
  std::unique_ptr<Background> fits, inference;
  // Stops every run after its current step, and waits until all runs have ended.
  void end();
};

void export_sessions(Napi::Env env, Napi::Object exports);

}  // namespace simdnn
