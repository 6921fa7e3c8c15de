// Measures how far apart the cores of two threads are. Two processors of a virtual machine may be threads of one core, cores that share a last-level cache, or
// cores that share none, and this may change within minutes. Figures of two threads are comparable only if this measurement is the same for both.
#include <algorithm>
#include <atomic>
#include <thread>

#include "bench/bench.h"

namespace simdnn::bench {
namespace {

// Spins for a while, then yields, because both threads may run on one processor.
void wait_for(const std::atomic<int>& ball, int value) {
  for (int spins = 0; ball.load(std::memory_order_acquire) != value; ++spins) {
    if (spins > 10000) std::this_thread::yield();
  }
}

// The seconds from a store until the other thread's answer arrives: the median over windows of 1,000 exchanges.
double round_trip() {
  constexpr int kTrips = 1000, kWindows = 201;
  alignas(64) std::atomic<int> ball{0};
  std::thread other([&] {
    for (int i = 0; i < kTrips * kWindows; ++i) {
      wait_for(ball, 2 * i + 1);
      ball.store(2 * i + 2, std::memory_order_release);
    }
  });
  std::vector<double> seconds;
  int i = 0;
  for (int window = 0; window < kWindows; ++window) {
    const double begin = now();
    for (const int end = i + kTrips; i < end; ++i) {
      ball.store(2 * i + 1, std::memory_order_release);
      wait_for(ball, 2 * i + 2);
    }
    seconds.push_back((now() - begin) / kTrips);
  }
  other.join();
  std::nth_element(seconds.begin(), seconds.begin() + kWindows / 2, seconds.end());
  return seconds[kWindows / 2];
}

}  // namespace

SECTION(hand_off) {
  if (bench.threads < 2) return;
  std::printf("a word to another thread and back: %.0f ns\n", round_trip() * 1e9);
}

}  // namespace simdnn::bench
