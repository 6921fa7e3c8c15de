// Denormal numbers are flushed on the calling thread exactly while a Run exists, and on the pool's threads while they work for it.
#include "support/denormals.h"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "test/test.h"

namespace simdnn::test {
namespace {

// The product of 2^-100 and `factor`, calculated at run time with the thread's present settings.
float tiny(float factor) {
  volatile float x = 0x1p-100f, y = factor;
  return x * y;
}
bool result_flushed() { return tiny(0x1p-40f) == 0; }
bool operand_flushed() {
  volatile uint32_t bits = 1u << 22;  // 2^-127
  const uint32_t now = bits;
  volatile float x;
  std::memcpy(const_cast<float*>(&x), &now, sizeof now);
  return x * 0x1p100f == 0;
}

// Runs `body` on a thread that keeps denormal numbers. A new thread inherits the settings of the thread that starts it.
template <class Body>
void on_thread_that_keeps_them(Body body) {
  std::thread thread([&] {
    flush_as(0);
    body();
  });
  thread.join();
}

// The number of tasks, in several rounds of calls with four threads, that flush denormal results or operands.
size_t tasks_that_flush(size_t tasks) {
  std::atomic<size_t> flushing{0};
  run_tasks(
      4, tasks,
      [](void* context, size_t) {
        if (result_flushed() && operand_flushed()) static_cast<std::atomic<size_t>*>(context)->fetch_add(1);
      },
      &flushing);
  return flushing;
}

}  // namespace

TEST(flush_denormals) {
  std::atomic<int> wrong{0};
  const auto holds = [&](bool flushed) {
    if (result_flushed() != flushed || operand_flushed() != flushed) ++wrong;
  };
  on_thread_that_keeps_them([&] {
    holds(false);
    {
      Run run;
      holds(true);
      {
        Run inner;
        holds(true);
      }
      holds(true);
    }
    holds(false);
    try {
      Run run;
      throw 1;
    } catch (int) {
    }
    holds(false);
    set_flush_denormal(false);
    {
      Run run;
      holds(false);
    }
    set_flush_denormal(true);
    set_float_control(float_control() | kFlushBits);  // a caller whose thread flushes already: inside a Run the process's setting applies
    set_flush_denormal(false);
    {
      Run run;
      holds(false);
    }
    set_flush_denormal(true);
    holds(true);
  });
  t.check(wrong == 0, "a thread's arithmetic is not as it should be");
}

TEST(flush_denormals_on_threads) {
  constexpr size_t kTasks = 64;
  size_t wrong = 0;
  on_thread_that_keeps_them([&] {
    for (int round = 0; round < 200; ++round) {
      const bool flush = round % 3 != 0;
      set_flush_denormal(flush);
      {
        Run run(4);
        if (tasks_that_flush(kTasks) != (flush ? kTasks : 0)) ++wrong;
      }
      if (tasks_that_flush(kTasks) != 0) ++wrong;  // the caller has no Run
    }
  });
  set_flush_denormal(true);
  t.check(wrong == 0, "a task did not do as its caller");
}

}  // namespace simdnn::test
