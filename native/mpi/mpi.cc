// The addon that calls MPI. It exports `init(libraries, timeout)`, `collective`, `broadcast(array, root)`, `sum(call, numbers)`, `announceStop()`, `finalize()`
// and `leaving(code)`. A process has at most one group.
#include <napi.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>

#include "mpi/gathering.h"
#include "mpi/world.h"
#include "support/collective.h"

namespace simdnn {
namespace {

World* world = nullptr;  // never deleted, because a thread may be in a call of MPI when the process ends
std::mutex& mpi_mutex = *new std::mutex;  // held during each call of MPI, which is initialised for one thread at a time
std::condition_variable& sum_begun = *new std::condition_variable;  // notified when a nonblocking sum begins
std::atomic<uint64_t> transitions{0};  // how many calls have begun plus how many have ended: odd during a call
std::atomic<bool> finalizing{false};
std::atomic<double> exit_begun{0};  // the time in seconds at which the process began to exit without finalize(); 0 before that
std::atomic<int> exit_code{1};
double timeout = 0;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Marks a call for the watchdog while it exists. The constructor does not read the clock, because that would take too long in steps of microseconds.
struct WatchedCall {
  WatchedCall() { count(); }
  ~WatchedCall() { count(); }
  static void count() { transitions.store(transitions.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
};

// The thread of the watchdog. It warns about a call that takes more than a minute, and exits the process if a call takes longer than the group's timeout. The
// launcher then ends the other ranks.
void watch_calls() {
  uint64_t seen = 0;
  double since = 0;
  bool warned = false;
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (exit_begun != 0 && now() - exit_begun > 2) _exit(exit_code);  // a thread that waits in a sum would keep the process alive
    const uint64_t call = transitions;
    if (call != seen) {
      seen = call;
      since = now();
      warned = false;
    }
    if (call % 2 == 0) continue;
    const double waited = now() - since;
    if (finalizing && waited > 10) _exit(0);  // MPICH over TCP can hang in MPI_Finalize; all work is done then
    if (finalizing) continue;
    if (waited > timeout) {
      std::fprintf(stderr, "simdnn: rank %d has waited for the other ranks for %.0f s, the timeout of the group: the job is ended\n", world->rank(), waited);
      _exit(1);
    }
    if (waited > 60 && !warned) {
      warned = true;
      std::fprintf(stderr, "simdnn: rank %d has waited for the other ranks for 60 s: one is stopped, slow, or does something else\n", world->rank());
    }
  }
}

// Each thread has its own, because it uses the received values after it has unlocked the mutex.
thread_local Gathering gathering;

const char* meet(uint32_t call, double weight, const float* values, size_t n, Meeting* meeting) {
  thread_local std::vector<Share> shares;
  const bool few = n > 0 && n <= Gathering::max_bytes(*world) / sizeof(float);
  {
    const std::lock_guard<std::mutex> lock(mpi_mutex);
    const WatchedCall watched;
    const Header own{call, 0, weight, few ? n * sizeof(float) : 0};
    if (const char* refused = gathering.gather(*world, own, values)) return refused;
  }
  *meeting = {gathering.total_weight(*world), nullptr, static_cast<size_t>(world->size())};
  if (!few) return nullptr;
  shares.resize(meeting->ranks);
  for (size_t rank = 0; rank < meeting->ranks; ++rank) {
    shares[rank] = {gathering.header(rank).weight, static_cast<float*>(gathering.values(rank))};
  }
  meeting->shares = shares.data();
  return nullptr;
}

void sum(float* values, size_t n) {
  const std::lock_guard<std::mutex> lock(mpi_mutex);
  const WatchedCall watched;
  world->sum(values, n);
}

// The thread that makes the nonblocking sums progress. An MPI library moves data only inside its calls, and a kernel may take many milliseconds. So this thread
// calls MPI_Test and sleeps in between. Calls of MPI_Test between kernels gained nothing, and a thread that waits inside MPI uses a whole core.
void progress_sums() {
  std::unique_lock<std::mutex> lock(mpi_mutex);
  for (;;) {
    sum_begun.wait(lock, [] { return world->is_summing(); });
    world->progress();
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    lock.lock();
  }
}

void begin(float* values, size_t n) {
  const std::lock_guard<std::mutex> lock(mpi_mutex);
  const WatchedCall watched;
  world->begin(values, n);
  sum_begun.notify_one();
}

void end() {
  const std::lock_guard<std::mutex> lock(mpi_mutex);
  const WatchedCall watched;
  world->end();
}

// values = the sum of all ranks' values, added in the same order as gradients (kernels/collective.cc): neighbouring ranks first, then neighbouring sums.
void add_gathered(double* values, size_t n) {
  const auto size = static_cast<size_t>(world->size());
  for (size_t apart = 1; apart < size; apart *= 2) {
    for (size_t rank = 0; rank + apart < size; rank += 2 * apart) {
      auto* const sum = static_cast<double*>(gathering.values(rank));
      const auto* const other = static_cast<const double*>(gathering.values(rank + apart));
      for (size_t i = 0; i < n; ++i) sum[i] += other[i];
    }
  }
  if (n > 0) std::memcpy(values, gathering.values(0), n * sizeof(double));
}

const char* add(uint32_t call, double* values, size_t n) {
  const bool few = n <= Gathering::max_bytes(*world) / sizeof(double);
  const std::lock_guard<std::mutex> lock(mpi_mutex);
  const WatchedCall watched;
  const Header own{call, 0, 1, few ? n * sizeof(double) : 0};
  if (const char* refused = gathering.gather(*world, own, values)) return refused;
  if (few) {
    add_gathered(values, n);
  } else {
    world->sum(values, n);
  }
  return nullptr;
}

Collective ranks{meet, sum, begin, end, add};

// init(libraries, timeout): opens the first of these MPI libraries that exists, and returns { rank, size, library }. The timeout of calls is in seconds.
Napi::Value init(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsArray() || !info[1].IsNumber()) throw Napi::TypeError::New(env, "expected libraries and a timeout");
  if (world != nullptr) throw Napi::Error::New(env, "MPI begins once in a process");
  std::vector<std::string> libraries;
  const auto list = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) libraries.push_back(list.Get(i).ToString());
  timeout = info[1].As<Napi::Number>();
  try {
    world = open_world(libraries).release();
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
  std::thread(watch_calls).detach();
  std::thread(progress_sums).detach();
  Napi::Object group = Napi::Object::New(env);
  group.Set("rank", world->rank());
  group.Set("size", world->size());
  group.Set("library", world->version());
  return group;
}

void check_begun(const Napi::CallbackInfo& info) {
  if (world == nullptr) throw Napi::Error::New(info.Env(), "MPI has not begun");
}

// broadcast(array, root): array becomes that of the rank `root`.
void broadcast(const Napi::CallbackInfo& info) {
  check_begun(info);
  if (info.Length() < 2 || !info[0].IsTypedArray() || !info[1].IsNumber()) throw Napi::TypeError::New(info.Env(), "expected an array and a rank");
  const auto array = info[0].As<Napi::TypedArray>();
  const int root = info[1].As<Napi::Number>();
  if (root < 0 || root >= world->size()) throw Napi::RangeError::New(info.Env(), "there is no such rank");
  const std::lock_guard<std::mutex> lock(mpi_mutex);
  const WatchedCall watched;
  world->broadcast(static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength(), root);
}

// announceStop(): tells the other ranks, at their next call, that this rank makes no further calls.
void announce_stop(const Napi::CallbackInfo& info) {
  check_begun(info);
  const std::lock_guard<std::mutex> lock(mpi_mutex);
  const WatchedCall watched;
  gathering.gather(*world, {0, 1, 0, 0}, nullptr);
}

void finalize(const Napi::CallbackInfo& info) {
  check_begun(info);
  const std::lock_guard<std::mutex> lock(mpi_mutex);
  finalizing = true;
  {
    const WatchedCall watched;
    world->finalize();
  }
  finalizing = false;
}

// sum(call, numbers): numbers, a Float64Array, becomes its sum over the ranks. Throws a RangeError if the ranks do not agree to the call.
void sum_numbers(const Napi::CallbackInfo& info) {
  check_begun(info);
  if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsTypedArray() ||
      info[1].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    throw Napi::TypeError::New(info.Env(), "expected a number and a Float64Array");
  }
  auto numbers = info[1].As<Napi::Float64Array>();
  const char* const refused = add(info[0].As<Napi::Number>().Uint32Value(), numbers.Data(), numbers.ElementLength());
  if (refused != nullptr) throw Napi::RangeError::New(info.Env(), refused);
}

// leaving(code): announces that the process exits without finalize(). If it has not ended after two seconds, the watchdog ends it with this code.
void leaving(const Napi::CallbackInfo& info) {
  exit_code = info.Length() > 0 && info[0].IsNumber() ? info[0].As<Napi::Number>().Int32Value() : 1;
  exit_begun = now();
}

Napi::Object exports_of(Napi::Env env, Napi::Object exports) {
  exports.Set("init", Napi::Function::New(env, init, "init"));
  exports.Set("collective", Napi::External<Collective>::New(env, &ranks));
  exports.Set("broadcast", Napi::Function::New(env, broadcast, "broadcast"));
  exports.Set("announceStop", Napi::Function::New(env, announce_stop, "announceStop"));
  exports.Set("finalize", Napi::Function::New(env, finalize, "finalize"));
  exports.Set("leaving", Napi::Function::New(env, leaving, "leaving"));
  exports.Set("sum", Napi::Function::New(env, sum_numbers, "sum"));
  return exports;
}

}  // namespace
}  // namespace simdnn

static Napi::Object initialise(Napi::Env env, Napi::Object exports) { return simdnn::exports_of(env, exports); }
NODE_API_MODULE(simdnn_mpi, initialise)
