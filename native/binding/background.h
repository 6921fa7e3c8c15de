// Work of one environment on threads of its own, and how its results come back to JavaScript.
#pragma once
#include <napi.h>

#include <functional>
#include <list>
#include <memory>

#include "support/worker.h"

namespace simdnn {

// A worker thread whose pieces of work each end with something to be done on the JavaScript thread.
class Background {
 public:
  explicit Background(napi_env env);
  Background(const Background&) = delete;
  ~Background();  // on the JavaScript thread

  // `work` runs on the worker; `done`, with a handle scope open, on the JavaScript thread afterwards. It is not called when the
  // environment ends before. While work is under way the process stays alive.
  void submit(std::function<void()> work, std::function<void(Napi::Env)> done);

  // The environment ends: waits for the work that is under way and lets go of Node, which frees what it gave.
  void end();

 private:
  struct Finished {
    Background* background;
    std::function<void(Napi::Env)> done;
  };
  static void call_done(napi_env env, napi_value, void*, void* data);

  napi_env env_;
  napi_threadsafe_function results_ = nullptr;
  bool closed_ = false;  // results_ must not be touched again; the worker alone looks at this until it has ended
  size_t pending_ = 0;
  Worker worker_;
};

}  // namespace simdnn
