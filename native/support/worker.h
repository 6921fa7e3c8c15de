// A thread of its own that does one piece of work after the other.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace simdnn {

class Worker {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  ~Worker() { join(); }

  // `work` must not throw. Throws std::system_error when no thread can be started.
  void submit(std::function<void()> work) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread(&Worker::loop, this);
    waiting_.push_back(std::move(work));
    wake_.notify_one();
  }

  // Lets the piece that is under way end and forgets all others. Not to be called on the thread itself.
  void join() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
      wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
      if (ending_) return;
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace simdnn
