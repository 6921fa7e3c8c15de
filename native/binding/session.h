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
  // Threads for fits, as many as a kernel may use, in turns; one for all else, so that predictions need not wait for fits.
  std::unique_ptr<Background> fits, inference;
  std::chrono::steady_clock::time_point fit_began{};  // the last one
  // Ends every run after its present step, and waits.
  void end();
};

void export_sessions(Napi::Env env, Napi::Object exports);

}  // namespace simdnn
