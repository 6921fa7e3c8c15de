// Runs one environment's background work on a bounded number of threads, and hands the results back to JavaScript.
#pragma once
#include <napi.h>

#include <functional>
#include <list>
#include <memory>

#include "support/workers.h"

namespace simdnn {

// Threads that do pieces of work; each piece ends with a function that is called on the JavaScript thread.
class Background {
 public:
  Background(napi_env env, int niceness);
  Background(const Background&) = delete;
  ~Background();  // to be called on the JavaScript thread

  // Runs `work` on one of at most `threads` threads, then calls `done` on the JavaScript thread, with a handle scope open. `done` is not called if the
  // environment ends before. While work is under way the process stays alive. Throws std::system_error if the system gives no thread.
  void submit(int threads, std::function<void()> work, std::function<void(Napi::Env)> done);

  Workers& workers() { return workers_; }

  // To be called when the environment ends: waits for the work under way, and releases what Node gave, which Node then frees.
  void end();

 private:
  struct Finished {
    Background* background;
    std::function<void(Napi::Env)> done;
  };
  static void call_done(napi_env env, napi_value, void*, void* data);

  napi_env env_;
  napi_threadsafe_function results_ = nullptr;
  std::atomic<bool> closed_{false};  // true: results_ must not be used any more
  size_t pending_ = 0;
  Workers workers_;
};

}  // namespace simdnn
