// How far apart the cores are that two threads run on. A virtual machine's processors may be threads of one core, cores that share their last
// cache or cores that do not, and change between these within minutes: figures of two threads compare only where these agree.
#include <algorithm>
#include <atomic>
#include <thread>

#include "bench/bench.h"

namespace simdnn::bench {
namespace {

// Seconds from a store to the answer of another thread: the median of windows of 1,000.
double round_trip() {
  constexpr int kTrips = 1000, kWindows = 201;
  alignas(64) std::atomic<int> ball{0};
  std::thread other([&] {
    for (int i = 0; i < kTrips * kWindows; ++i) {
      while (ball.load(std::memory_order_acquire) != 2 * i + 1) {
      }
      ball.store(2 * i + 2, std::memory_order_release);
    }
  });
  std::vector<double> seconds;
  int i = 0;
  for (int window = 0; window < kWindows; ++window) {
    const double begin = now();
    for (const int end = i + kTrips; i < end; ++i) {
      ball.store(2 * i + 1, std::memory_order_release);
      while (ball.load(std::memory_order_acquire) != 2 * i + 2) {
      }
    }
    seconds.push_back((now() - begin) / kTrips);
  }
  other.join();
  std::nth_element(seconds.begin(), seconds.begin() + kWindows / 2, seconds.end());
  return seconds[kWindows / 2];
}

}  // namespace

SECTION(hand_off) {
  if (bench.threads < 2 || std::thread::hardware_concurrency() < 2) return;  // two that spin on one processor would take hours
  std::printf("a word to another thread and back: %.0f ns\n", round_trip() * 1e9);
}

}  // namespace simdnn::bench
