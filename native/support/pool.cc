// The only thread pool of the process. It does not use OpenMP, whose spinning makes a call take up to 200 times as long on a busy machine, and whose libgomp
// cannot be linked statically. The threads start when they are first needed and are never joined: their code stays mapped (support/keep_loaded.h).
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "support/run.h"

namespace simdnn {
namespace {

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// The length of a spin, in pause instructions: an idle worker then sleeps, and a waiting caller then yields. A sleeping worker starts a task in 40 to 70 us, a
// spinning one in about 1 us. A spin takes about 30 us: long enough for the time between two kernels of a step, too short to slow other programs down.
constexpr int kSpins = 1500;

class Pool {
 public:
  void run(int threads, size_t tasks, void (*task)(void*, size_t), void* context) {
    if (threads <= 1 || tasks <= 1 || tasks > UINT32_MAX || in_use_.exchange(true, std::memory_order_acquire)) {
      for (size_t i = 0; i < tasks; ++i) task(context, i);
      return;
    }
    start_workers(threads - 1);
    task_.store(task, std::memory_order_relaxed);
    context_.store(context, std::memory_order_relaxed);
    limit_.store(threads - 1, std::memory_order_relaxed);
    flush_.store(float_control(), std::memory_order_relaxed);
    finished_.store(0, std::memory_order_relaxed);
    const uint64_t epoch = (state_.load(std::memory_order_relaxed) >> 32) + 1;
    state_.store(epoch << 32 | tasks);
    if (sleepers_.load() > 0) {
      std::lock_guard<std::mutex> lock(sleep_);
      wake_.notify_all();
    }
    run_remaining(-1);
    for (int spins = 0; finished_.load(std::memory_order_acquire) < tasks; ++spins) {
      if (spins < kSpins) {
        pause();
      } else {
        std::this_thread::yield();
      }
    }
    in_use_.store(false, std::memory_order_release);
  }

  bool awake(int workers) const { return awake_.load(std::memory_order_relaxed) >= workers; }

 private:
  // Claims and runs tasks until none is left. The state consists of the epoch, which is the number of the job, and the number of tasks left. A claim succeeds
  // only if the epoch has not changed, so the fields of the job that were read before it belong to that epoch.
  void run_remaining(int worker) {
    uint64_t state = state_.load(std::memory_order_acquire);
    while ((state & UINT32_MAX) != 0) {
      auto* task = task_.load(std::memory_order_relaxed);
      void* context = context_.load(std::memory_order_relaxed);
      const int limit = limit_.load(std::memory_order_relaxed);
      const FloatControl flush = flush_.load(std::memory_order_relaxed);
      if (worker >= limit) return;
      if (!state_.compare_exchange_weak(state, state - 1, std::memory_order_acq_rel)) continue;
      if (worker >= 0) flush_as(flush);
      task(context, (state & UINT32_MAX) - 1);
      finished_.fetch_add(1, std::memory_order_release);
      state = state_.load(std::memory_order_acquire);
    }
  }

  void worker_loop(int worker) {
    uint64_t seen = 0;
    awake_.fetch_add(1, std::memory_order_relaxed);
    for (;;) {
      uint64_t epoch = state_.load(std::memory_order_acquire) >> 32;
      for (int spins = 0; epoch == seen && spins < kSpins; ++spins) {
        pause();
        epoch = state_.load(std::memory_order_acquire) >> 32;
      }
      if (epoch == seen) {
        std::unique_lock<std::mutex> lock(sleep_);
        awake_.fetch_sub(1, std::memory_order_relaxed);
        sleepers_.fetch_add(1);
        wake_.wait(lock, [&] { return (state_.load() >> 32) != seen; });
        sleepers_.fetch_sub(1);
        awake_.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      seen = epoch;
      run_remaining(worker);
    }
  }

  // Only the thread that has set in_use_ calls this. It is no error if the system limits threads, so that there are fewer workers than wanted.
  void start_workers(int wanted) {
    while (workers_ < wanted) {
      try {
        std::thread(&Pool::worker_loop, this, workers_).detach();
      } catch (...) {
        return;
      }
      ++workers_;
    }
  }

  std::atomic<bool> in_use_{false};  // not a mutex, because a task on the same thread may call run() again, which must not wait
  int workers_ = 0;

  alignas(64) std::atomic<uint64_t> state_{0};
  alignas(64) std::atomic<uint32_t> finished_{0};
  alignas(64) std::atomic<void (*)(void*, size_t)> task_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<int> limit_{0};
  std::atomic<FloatControl> flush_{0};  // the caller's handling of denormal numbers

  std::mutex sleep_;
  std::condition_variable wake_;
  std::atomic<int> sleepers_{0};
  std::atomic<int> awake_{0};
};

Pool& pool() {
  static Pool* const pool = new Pool;  // never deleted, because its workers run longer than any destructor
  return *pool;
}

}  // namespace

void run_tasks(int threads, size_t tasks, void (*task)(void*, size_t), void* context) {
  pool().run(threads, tasks, task, context);
}

size_t threads_for_long(const Run& run, double work) {
  return work >= kParallelWork || pool().awake(run.threads - 1) ? static_cast<size_t>(run.threads) : 1;
}

}  // namespace simdnn
