// Training and inference off the JavaScript thread: what session.cc exports, and what an environment keeps for it.
#pragma once
#include <napi.h>

#include <chrono>
#include <list>
#include <memory>

#include "binding/background.h"

namespace simdnn {

struct Session;

// The sessions of an environment. Lives on the JavaScript thread.
struct Sessions {
  std::list<std::shared_ptr<Session>> all;
  // Fits take turns on as many threads as a kernel may use. One more thread is for everything else, so that predictions do not wait for fits.
  std::unique_ptr<Background> fits, inference;
  std::chrono::steady_clock::time_point fit_began{};  // the last one
  // Stops every run after the step that it is in, and waits until they have ended.
  void end();
};

void export_sessions(Napi::Env env, Napi::Object exports);

}  // namespace simdnn
