// The process's only thread pool. It has threads of its own, because OpenMP's spinning costs up to 200x on a busy machine and libgomp cannot be linked
// statically. They are started when first needed and never joined: the addon is linked with -z nodelete, so their code stays mapped.
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

// How many pauses an idle worker spins before it sleeps, and a waiting caller before it yields. A sleeping worker answers in 40 to 70 us, a spinning one in
// about 1 us. The spin lasts about 30 us: long enough to bridge the gap between two kernels of a step, short enough to leave a busy machine alone.
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
    work_off(-1);
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
  // Claims and runs tasks until none is left. The state holds (epoch, tasks left). A successful claim proves that its epoch still runs, so the job's fields that
  // were read before the claim belong to that epoch.
  void work_off(int worker) {
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
      work_off(worker);
    }
  }

  // The caller has set in_use_. Fewer workers than wanted (the system may limit threads) is not an error.
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

  std::atomic<bool> in_use_{false};  // not a mutex, because a task on the thread that holds it may try to set it again
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
  static Pool* const pool = new Pool;  // leaked on purpose: its workers outlive every destructor
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
