// Lets a thread read the data of a working thread between two of its steps. The working thread keeps a mutex locked and unlocks it between two steps only if
// another thread waits, so that a step without a reader costs one load.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace simdnn {

class Gate {
 public:
  // Held by the working thread while it does steps.
  class Work {
   public:
    explicit Work(Gate& gate) : gate_(gate), lock_(gate.mutex_) {}
    // The working thread calls this between two steps. It lets a thread that waits in between_steps() read; if none waits, it takes one load.
    void pause() {
      if (gate_.readers_.load(std::memory_order_relaxed) == 0) return;
      gate_.reading_done_.wait(lock_, [&] { return gate_.readers_.load(std::memory_order_relaxed) == 0; });
    }

   private:
    Gate& gate_;
    std::unique_lock<std::mutex> lock_;
  };

  // Calls `read` between two steps of the working thread, for whose current step it waits.
  template <typename Read>
  void between_steps(Read read) {
    readers_.fetch_add(1, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      read();
      readers_.fetch_sub(1, std::memory_order_relaxed);
    }
    reading_done_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable reading_done_;
  std::atomic<int> readers_{0};
};

}  // namespace simdnn
