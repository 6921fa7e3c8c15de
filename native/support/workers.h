// A bounded number of threads that start pieces of work in the order of their submission.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "support/priority.h"

namespace simdnn {

class Workers {
 public:
  // `niceness` lowers the priority of the threads (priority.h).
  explicit Workers(int niceness = 0) : niceness_(niceness) {}
  Workers(const Workers&) = delete;
  ~Workers() { join(); }

  // Submits `work`, which must not throw. From now on at most `limit` pieces run at a time. If all threads are busy and there are fewer than `limit`, another one
  // is started; if the system refuses that, the existing threads do the work. Throws std::system_error if there is none.
  void submit(int limit, std::function<void()> work) {
    std::lock_guard<std::mutex> lock(mutex_);
    limit_ = limit < 1 ? 1 : static_cast<size_t>(limit);
    if (busy_ + waiting_.size() >= threads_.size() && threads_.size() < limit_) {
      try {
        threads_.emplace_back(&Workers::loop, this);
      } catch (const std::system_error&) {
        if (threads_.empty()) throw;
      }
    }
    waiting_.push_back(std::move(work));
    queued_.store(waiting_.size(), std::memory_order_relaxed);
    wake_.notify_all();
  }

  // How many pieces wait for a thread. A running piece reads this to decide whether to end early.
  const std::atomic<size_t>& queued() const { return queued_; }

  // How many pieces run, or will run as soon as a thread takes them. They share the processors.
  size_t active() {
    std::lock_guard<std::mutex> lock(mutex_);
    const size_t all = busy_ + waiting_.size();
    return all < limit_ ? all : limit_;
  }

  // Waits for the running pieces and discards the waiting ones. Must not be called on one of the threads.
  void join() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
      wake_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void loop() {
    if (niceness_ > 0) set_niceness(niceness_);
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return ending_ || (!waiting_.empty() && busy_ < limit_); });
      if (ending_) return;
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      queued_.store(waiting_.size(), std::memory_order_relaxed);
      ++busy_;
      lock.unlock();
      work();
      lock.lock();
      --busy_;
      if (!waiting_.empty()) wake_.notify_one();
    }
  }

  const int niceness_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  std::atomic<size_t> queued_{0};
  size_t limit_ = 1;  // how many pieces may run at a time
  size_t busy_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace simdnn
