// How the threads of fits share the processors with JavaScript's thread.
#pragma once
#include <algorithm>
#include <chrono>

#include "binding/environment.h"
#include "support/workers.h"

namespace simdnn {

// The niceness of the threads of fits, by which the system prefers JavaScript's thread. With 1,000 fits on two processors it lowers the p99 of a 1 ms timer from
// 25 to 15 ms, and all fits together take 0.9 of the time (npm run bench:many, a Zen 3).
constexpr int kFitNiceness = 5;

// While JavaScript's thread begins many fits without a pause it never sleeps, so the system would give its processor to a thread of fits for one or several
// ticks of 4 ms. To leave it a processor, one thread of fits fewer works for kBeginning after a fit has begun, if at least kManyWaiting fits wait for each thread.
// The time is that short because JavaScript's thread does sleep if fits begin at the pace of src/train/turns.ts, one in 10 ms.
constexpr std::chrono::milliseconds kBeginning{4};
constexpr size_t kManyWaiting = 4;

// How many threads of fits work at present, at least one. They are all of them in a search that begins a small fit whenever another one ends.
inline int fit_threads(const Environment& instance, const Workers& workers) {
  const bool many = workers.queued().load(std::memory_order_relaxed) >= kManyWaiting * static_cast<size_t>(instance.threads);
  const bool begins = many && std::chrono::steady_clock::now() - instance.sessions.fit_began < kBeginning;
  return begins ? std::max(1, instance.threads - 1) : instance.threads;
}

}  // namespace simdnn
