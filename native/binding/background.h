// Work of one environment on threads of its own, a bounded number, and how its results come back to JavaScript.
#pragma once
#include <napi.h>

#include <functional>
#include <list>
#include <memory>

#include "support/workers.h"

namespace simdnn {

// Threads whose pieces of work each end with something to be done on the JavaScript thread.
class Background {
 public:
  Background(napi_env env, int niceness);
  Background(const Background&) = delete;
  ~Background();  // on the JavaScript thread

  // `work` runs on one of at most `threads`; `done`, with a handle scope open, on the JavaScript thread afterwards. It is not called when
  // the environment ends before. While work is under way the process stays alive. Throws std::system_error when the system gives no thread.
  void submit(int threads, std::function<void()> work, std::function<void(Napi::Env)> done);

  Workers& workers() { return workers_; }

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
  std::atomic<bool> closed_{false};  // results_ must not be touched again
  size_t pending_ = 0;
  Workers workers_;
};

}  // namespace simdnn
