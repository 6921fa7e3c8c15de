// The thread pool with many callers: every task runs exactly once, and its caller sees what it wrote.
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "support/run.h"
#include "test/test.h"

using simdnn::Run;
using simdnn::run_tasks;
using simdnn::test::Random;

namespace {

// Counts are plain integers: a task run twice at once, or one whose write is not seen, is also a data race
// that ThreadSanitizer reports.
struct Job {
  std::vector<int> runs;
  explicit Job(size_t tasks) : runs(tasks) {}
  static void task(void* context, size_t i) { ++static_cast<Job*>(context)->runs[i]; }
  bool each_once() const {
    for (int count : runs) {
      if (count != 1) return false;
    }
    return true;
  }
};

// Rounds of jobs of all sizes. Before every eighth round the caller waits until the workers sleep.
void hammer(uint64_t seed, int rounds, std::atomic<int>* failures) {
  Random random(seed);
  const size_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 9, 64, 1000, 20000};
  for (int round = 0; round < rounds; ++round) {
    Job job(sizes[random.below(sizeof sizes / sizeof *sizes)]);
    run_tasks(1 + static_cast<int>(random.below(8)), job.runs.size(), Job::task, &job);
    if (!job.each_once()) failures->fetch_add(1);
    if (random.below(8) == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

}  // namespace

TEST(run_tasks) {
  for (int callers : {1, 2, 5}) {
    t.where = std::to_string(callers) + " callers at once";
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < callers; ++i) {
      threads.emplace_back(hammer, static_cast<uint64_t>(10 * callers + i), 2000, &failures);
    }
    for (std::thread& thread : threads) thread.join();
    t.check(failures == 0, "a task ran not exactly once");
  }

  t.where = "jobs on a stack that is gone when they end";
  for (int round = 0; round < 20000; ++round) {
    auto job = std::make_unique<Job>(2 + static_cast<size_t>(round % 3));
    run_tasks(4, job->runs.size(), Job::task, job.get());
    t.check(job->each_once(), "a task ran not exactly once");
  }

  t.where = "a job inside a task";
  Job inner(64);
  struct Nested {
    Job* job;
    static void task(void* context, size_t i) {
      struct Slice {
        Job* job;
        size_t first;
      } slice{static_cast<Nested*>(context)->job, 16 * i};
      run_tasks(4, 16, [](void* c, size_t k) { ++static_cast<Slice*>(c)->job->runs[static_cast<Slice*>(c)->first + k]; }, &slice);
    }
  } nested{&inner};
  run_tasks(4, 4, Nested::task, &nested);
  t.check(inner.each_once(), "a task ran not exactly once");
}

TEST(parallel) {
  for (size_t count : {0, 1, 15, 16, 17, 100, 1000, 12345}) {
    for (size_t grain : {0, 1, 16, 100, 100000}) {
      for (int threads = 1; threads <= 8; ++threads) {
        t.where = "count " + std::to_string(count) + ", grain " + std::to_string(grain) + ", threads " + std::to_string(threads);
        std::vector<int> runs(count);
        std::atomic<bool> aligned{true};
        Run run(threads);
        simdnn::parallel(run, count, grain, 1e9, [&](size_t begin, size_t end) {
          const size_t unit = grain == 0 ? 1 : grain;
          if (begin % unit != 0 || (end % unit != 0 && end != count)) aligned = false;
          for (size_t i = begin; i < end; ++i) ++runs[i];
        });
        t.check(aligned, "a range does not begin and end at a grain");
        for (int count_of_one : runs) t.check(count_of_one == 1, "an element not exactly once");
      }
    }
  }
}
