// Lets one thread look at another thread's data between two of that thread's steps.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace simdnn {

class Gate {
 public:
  // Marks the working thread's steps.
  class Work {
   public:
    explicit Work(Gate& gate) : gate_(gate), lock_(gate.mutex_) {}
    // To be called between two steps: lets a thread that waits in `look` run. Costs one load if none waits.
    void pause() {
      if (gate_.looking_.load(std::memory_order_relaxed) == 0) return;
      gate_.looked_.wait(lock_, [&] { return gate_.looking_.load(std::memory_order_relaxed) == 0; });
    }

   private:
    Gate& gate_;
    std::unique_lock<std::mutex> lock_;
  };

  // Calls `look` while no step runs; waits for at most one step.
  template <typename Look>
  void between_steps(Look look) {
    looking_.fetch_add(1, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      look();
      looking_.fetch_sub(1, std::memory_order_relaxed);
    }
    looked_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable looked_;
  std::atomic<int> looking_{0};
};

}  // namespace simdnn
