#include "binding/background.h"

#include "support/denormals.h"

namespace simdnn {

Background::Background(napi_env env, int niceness) : env_(env), workers_(niceness) {
  napi_value name;
  if (napi_create_string_utf8(env, "simdnn", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, call_done,
                                      &results_) != napi_ok) {
    throw std::bad_alloc();
  }
  napi_unref_threadsafe_function(env, results_);
}

Background::~Background() {
  workers_.join();
  if (!closed_) napi_release_threadsafe_function(results_, napi_tsfn_release);
}

void Background::end() {
  workers_.join();
  closed_ = true;
}

void Background::submit(int threads, std::function<void()> work, std::function<void(Napi::Env)> done) {
  auto finished = std::make_shared<Finished>(Finished{this, std::move(done)});
  workers_.submit(threads, [this, work = std::move(work), finished] {
    {
      const FlushDenormals flush;  // once for all steps of a run: the Run of each step then finds the register as it must be
      work();
    }
    if (closed_) return;
    auto* data = new std::shared_ptr<Finished>(finished);
    // The queue is unbounded, so any other status than napi_ok means that the environment is ending.
    if (napi_call_threadsafe_function(results_, data, napi_tsfn_nonblocking) != napi_ok) {
      closed_ = true;
      delete data;
    }
  });
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, results_);
}

void Background::call_done(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<std::shared_ptr<Finished>> owner(static_cast<std::shared_ptr<Finished>*>(data));
  if (env == nullptr) return;
  const std::shared_ptr<Finished> finished = *owner;
  Background& background = *finished->background;
  if (--background.pending_ == 0) napi_unref_threadsafe_function(env, background.results_);
  Napi::HandleScope scope(env);
  try {
    finished->done(env);
  } catch (const Napi::Error&) {
    // The environment is ending and runs no JavaScript any more, so no code waits for the result.
  } catch (const std::bad_alloc&) {
    napi_throw_range_error(env, nullptr, "[memory] out of memory");
  }
}

}  // namespace simdnn
