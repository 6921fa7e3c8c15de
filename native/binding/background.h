// Runs the background work of one environment on a bounded number of threads, and returns the results to JavaScript.
#pragma once
#include <napi.h>

#include <functional>
#include <list>
#include <memory>

#include "support/workers.h"

namespace simdnn {

class Background {
 public:
  // `niceness` lowers the priority of the threads. Throws std::bad_alloc.
  Background(napi_env env, int niceness);
  Background(const Background&) = delete;
  ~Background();  // only on the JavaScript thread

  // Runs `work` on one of at most `threads` threads, then calls `done` on the JavaScript thread, within a handle scope. `done` is not called if the environment
  // ends before. The process stays alive until `done` has been called. Throws std::system_error if the system starts no thread.
  void submit(int threads, std::function<void()> work, std::function<void(Napi::Env)> done);

  Workers& workers() { return workers_; }

  // Called when the environment ends. Waits for running work, and does not use `results_` any more, because Node then frees it.
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
  size_t pending_ = 0;               // submitted pieces of work whose `done` has not been called
  Workers workers_;
};

}  // namespace simdnn
