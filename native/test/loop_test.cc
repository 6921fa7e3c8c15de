// Loops on a thread of their own: their results, where they stop and continue, and another thread that reads their memory between steps.
#include "plan/loop.h"

#include <future>

#include "plan/rounds.h"

#include "support/collective.h"
#include "support/workers.h"
#include "test/test.h"

namespace {

using namespace simdnn;
using simdnn::test::Context;

constexpr size_t kWidth = 3;

void invoke_accumulate(const KernelTable& table, Run& run, const Slot* s) {
  table.accumulate(run, static_cast<float*>(s[0].pointer), static_cast<const float*>(s[1].pointer), s[2].size);
}
void invoke_sum(const KernelTable& table, Run& run, const Slot* s) {
  table.sum(run, static_cast<float*>(s[0].pointer), static_cast<const float*>(s[1].pointer), s[2].size, s[3].size,
            s[4].size, {s[5].real});
}

// A step that adds the rows of its batches to the persistent sums, by accumulate(sums, row) for every row. The loss of a batch is the sum of its numbers; that of
// the first batch is scaled by a live number.
Step adding_step(size_t clock, std::vector<std::vector<float>>& batches, std::vector<std::vector<float>>& losses, std::vector<float>& sums) {
  const auto pointer = [](void* p) {
    Slot slot{};
    slot.pointer = p;
    return slot;
  };
  const auto size = [](uint64_t n) {
    Slot slot{};
    slot.size = n;
    return slot;
  };
  const auto real = [](double x) {
    Slot slot{};
    slot.real = x;
    return slot;
  };
  const Extent none{0, false, false};
  const auto region = [](const std::vector<float>& v) {
    return Region{reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)};
  };
  std::vector<RecordedCall> calls;
  std::vector<Region> inputs;
  std::vector<size_t> bytes;
  std::vector<ResultPlace> places;
  losses.assign(batches.size(), {0});
  for (size_t b = 0; b < batches.size(); ++b) {
    std::vector<float>&batch = batches[b], &loss = losses[b];
    const size_t n = batch.size();
    // clang-format off
    calls.push_back({"sum", invoke_sum,
                     {pointer(loss.data()), pointer(batch.data()), size(1), size(n), size(1), real(1)},
                     {SlotKind::kPointer, SlotKind::kPointer, SlotKind::kValue, SlotKind::kValue, SlotKind::kValue, SlotKind::kValue},
                     {{1, true, true}, {n, false, true}, none, none, none, none}});
    // clang-format on
    for (size_t r = 0; r < n / kWidth; ++r) {
      // clang-format off
      calls.push_back({"accumulate", invoke_accumulate,
                       {pointer(sums.data()), pointer(batch.data() + r * kWidth), size(kWidth)},
                       {SlotKind::kPointer, SlotKind::kPointer, SlotKind::kValue},
                       {{kWidth, true, true}, {kWidth, false, true}, none}});
      // clang-format on
    }
    inputs.push_back(region(batch));
    bytes.push_back(n * sizeof(float));
    places.push_back({batches.size() + b, 0, sizeof(float)});
  }
  for (const std::vector<float>& loss : losses) {
    inputs.push_back(region(loss));
    bytes.push_back(sizeof(float));
  }
  inputs.push_back(region(sums));
  Plan plan(std::move(calls), {}, inputs, {{0, 5, 0, false}}, {});
  return {std::move(plan), bytes, batches.size(), 0, clock, places, places};
}

// Row i of the dataset is (i, 2 i, 3 i): small integers, whose sums are exact.
std::shared_ptr<Rows> numbered_rows(size_t count) {
  auto rows = std::make_shared<Rows>();
  rows->count = count;
  rows->columns.push_back({allocate_aligned(count * kWidth * sizeof(float)), kWidth});
  float* data = reinterpret_cast<float*>(rows->columns[0].data.get());
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < kWidth; ++j) data[i * kWidth + j] = static_cast<float>((j + 1) * i);
  }
  return rows;
}

struct Setting {
  std::vector<std::vector<float>> full, last, losses, last_losses;  // of a whole group and of the last one
  std::vector<float> sums = std::vector<float>(kWidth);
  std::shared_ptr<PersistentMemory> persistent = std::make_shared<PersistentMemory>();
  std::unique_ptr<Loop> loop;

  Setting(size_t count, size_t batch, bool shuffle, std::vector<double> weights = {1, 1}, size_t group = 1, bool outputs = true, bool ordered = false) {
    persistent->pieces.push_back({allocate_aligned(kWidth * sizeof(float)), kWidth * sizeof(float)});
    const size_t batches = (count + batch - 1) / batch, before = (batches - 1) / group * group;
    for (size_t b = 0; b < group; ++b) full.emplace_back(batch * kWidth);
    for (size_t b = before; b < batches; ++b) last.emplace_back((count - b * batch < batch ? count - b * batch : batch) * kWidth);
    std::vector<Step> steps;
    steps.push_back(adding_step(0, full, losses, sums));
    steps.push_back(adding_step(1, last, last_losses, sums));
    for (size_t kind = 0; kind < 2; ++kind) steps[kind].loss_weight = weights[kind];
    for (size_t kind = 0; kind < 2 && !outputs; ++kind) steps[kind].outputs.clear();
    BatchSampler sampler;
    sampler.rows = numbered_rows(count);
    sampler.batch = batch;
    sampler.batches = batches;
    sampler.group = group;
    sampler.last = 1;
    sampler.shuffle = shuffle;
    sampler.ordered = ordered;
    sampler.items = count;
    loop = std::make_unique<Loop>(persistent, std::move(steps), std::move(sampler));
    for (size_t kind = 0; kind < 2; ++kind) loop->set_live(kind, {{1, 0, {0, 0}}});
    loop->set_random(7, 0);
  }
  const float* total() const { return reinterpret_cast<const float*>(persistent->pieces[0].data.get()); }
};

}  // namespace

constexpr size_t kCount = 103, kBatch = 10, kBatches = 11;

TEST(loop) {
  Gate gate;
  std::atomic<bool> stop{false};
  Limits limits;

  for (bool shuffle : {false, true}) {
    t.where = shuffle ? "shuffled" : "in order";
    Setting whole(kCount, kBatch, shuffle), parts(kCount, kBatch, shuffle);
    limits.epochs = 4;
    const Report report = whole.loop->run(*t.target.table, gate, stop, limits);
    const float per_epoch = kCount * (kCount - 1) / 2;
    t.check(report.end == Report::kDone && report.epoch_loss_sums.size() == 4, "four epochs");
    t.check(report.steps[0] == 4 * (kBatches - 1) && report.steps[1] == 4, "steps of each kind");
    t.check(report.outputs[0].size() == 4 * kBatches * sizeof(float), "an output for every batch");
    for (size_t j = 0; j < kWidth; ++j) t.check(whole.total()[j] == 4 * static_cast<float>(j + 1) * per_epoch, "every row once an epoch");
    for (double sum : report.epoch_loss_sums) t.close(sum, 6.0 * static_cast<double>(per_epoch), 1e-9, "sum of the losses");
    t.check(report.random_offset == (shuffle ? 4 * kCount : 0), "random numbers drawn");

    // Runs of one step each give the same results.
    std::vector<char> outputs;
    std::vector<double> losses;
    limits.milliseconds = 0;
    while (losses.size() < 4) {
      limits.epochs = 4 - losses.size();
      const Report step = parts.loop->run(*t.target.table, gate, stop, limits);
      t.check(step.steps[0] + step.steps[1] == 1, "one step");
      outputs.insert(outputs.end(), step.outputs[0].begin(), step.outputs[0].end());
      losses.insert(losses.end(), step.epoch_loss_sums.begin(), step.epoch_loss_sums.end());
    }
    t.check(outputs == report.outputs[0] && losses == report.epoch_loss_sums, "in one piece or step by step");
    limits = Limits{};
  }
}

TEST(loop_weights) {
  Gate gate;
  std::atomic<bool> stop{false};
  Limits limits;
  Setting setting(25, 10, false, {10, 5});
  const Report report = setting.loop->run(*t.target.table, gate, stop, limits);
  const double weighed = 6.0 * (10 * (45 + 145) + 5 * 110);  // losses are 6 times the sum of the rows' numbers
  t.check(report.epoch_loss_sums.size() == 1 && report.epoch_loss_sums[0] == weighed, "weight times loss");
}

// Runs whose rows are given give the results of one run over all rows in that order. Rows that do not divide into the loop's batches are refused.
TEST(loop_ordered) {
  Gate gate;
  std::atomic<bool> stop{false};
  Limits limits;
  Setting whole(kCount, kBatch, false), ordered(kCount, kBatch, false, {1, 1}, 1, true, true);
  const Report report = whole.loop->run(*t.target.table, gate, stop, limits);
  std::vector<int32_t> order(kCount);
  for (size_t i = 0; i < kCount; ++i) order[i] = static_cast<int32_t>(i);
  std::vector<char> outputs;
  const auto run = [&](size_t begin, size_t end) {
    t.check(ordered.loop->set_order({order.begin() + static_cast<std::ptrdiff_t>(begin), order.begin() + static_cast<std::ptrdiff_t>(end)}),
            "rows of whole batches, and of the last one");
    const Report part = ordered.loop->run(*t.target.table, gate, stop, limits);
    t.check(part.steps[0] == (end - begin) / kBatch && part.steps[1] == ((end - begin) % kBatch > 0), "a step for each batch");
    outputs.insert(outputs.end(), part.outputs[0].begin(), part.outputs[0].end());
  };
  run(0, 20);
  run(20, 70);
  run(70, kCount);
  t.check(outputs == report.outputs[0], "the outputs of one run");
  for (size_t j = 0; j < kWidth; ++j) t.check(ordered.total()[j] == whole.total()[j], "the sums of one run");
  t.check(ordered.persistent->steps == kBatches, "the steps over the memory");

  t.check(!whole.loop->set_order(order), "a loop that has an order of its own");
  for (const std::vector<int32_t>& bad : {std::vector<int32_t>{}, std::vector<int32_t>(5, 1), std::vector<int32_t>(kCount + 7, 1),
                                          std::vector<int32_t>(kBatch, kCount), std::vector<int32_t>(kBatch, -1)}) {
    t.check(!ordered.loop->set_order(bad), "none, a part of a batch, too many, and rows that do not exist");
  }
}

TEST(loop_groups) {
  Gate gate;
  std::atomic<bool> stop{false};
  Limits limits;
  for (bool shuffle : {false, true}) {
    Setting alone(kCount, kBatch, shuffle), grouped(kCount, kBatch, shuffle, {1, 1}, 3), parts(kCount, kBatch, shuffle, {1, 1}, 3);
    limits.epochs = 3;
    const Report one = alone.loop->run(*t.target.table, gate, stop, limits), three = grouped.loop->run(*t.target.table, gate, stop, limits);
    t.check(three.steps[0] == 3 * 3 && three.steps[1] == 3, "a step for three batches, and for what is left");
    t.check(three.epoch_loss_sums == one.epoch_loss_sums, "the losses of all batches");
    t.check(three.outputs.size() == 3 && three.outputs[0].size() == 3 * 4 * sizeof(float) && three.outputs[2].size() == 3 * 3 * sizeof(float),
            "the outputs of each batch of a step");
    for (size_t j = 0; j < kWidth; ++j) t.check(grouped.total()[j] == alone.total()[j], "every row once an epoch");
    limits.milliseconds = 0;
    limits.epochs = 1;
    for (size_t batch : {3, 6, 9, 0}) {
      t.check(parts.loop->run(*t.target.table, gate, stop, limits).batch == batch, "batches of the epoch under way");
    }
    limits = Limits{};
  }
}

TEST(loop_live_numbers) {
  Gate gate;
  std::atomic<bool> stop{false};
  Limits limits;
  Setting setting(20, 10, false);
  setting.loop->set_live(0, {{1, 0, {100, 10}}});
  setting.loop->set_live(1, {{2, 0, {100, 10}}});
  limits.epochs = 2;
  const Report report = setting.loop->run(*t.target.table, gate, stop, limits);
  float first[4];
  std::memcpy(first, report.outputs[0].data(), sizeof first);
  const float sums[2] = {6 * 45, 6 * 145};  // of the two batches; the loss is scaled by the live number
  const float scales[4] = {1, 2 + 100, 1 + 100 + 10, 2 + 200 + 10};
  for (size_t i = 0; i < 4; ++i) t.check(first[i] == scales[i] * sums[i % 2], "scale of each step");
}

TEST(loop_rounds) {
  Gate gate;
  std::atomic<bool> stop{false};
  Setting setting(kCount, kBatch, true, {1, 1}, 1, false);
  Snapshots snapshots(*setting.persistent, {0}, 3);
  const std::vector<LiveNumber> doubled{{2, 0, {0, 0}}};
  std::vector<LoopRun> runs;
  runs.push_back({setting.loop.get(), Limits{}, {{}, {doubled, doubled}}});
  std::vector<Report> reports;
  run_rounds(*t.target.table, gate, stop, runs, 4, {&snapshots, 5, setting.persistent.get()}, reports);
  const double losses = 6.0 * kCount * (kCount - 1) / 2, scales[4] = {1, 1, 2, 2};
  t.check(reports.size() == 4, "a report of each round");
  for (size_t round = 0; round < reports.size(); ++round) {
    t.check(reports[round].epoch_loss_sums[0] == scales[round] * losses, "the live numbers of the round, or those of the round before");
  }
  const auto epochs_in = [&](const void* sums) {
    float first;
    std::memcpy(&first, sums, sizeof first);
    return first / (kCount * (kCount - 1) / 2);
  };
  for (size_t round : {6, 7, 8}) t.check(epochs_in(snapshots.piece(0, round)) == static_cast<float>(round - 4), "what it was after each of the last rounds");
  t.check(snapshots.piece(1, 8) == nullptr, "a piece that is not kept");
  t.check(setting.loop->run(*t.target.table, gate, stop, Limits{}).batch == 0 && epochs_in(setting.total()) == 5, "another epoch");
  Limits one;
  one.milliseconds = 0;
  t.check(setting.loop->run(*t.target.table, gate, stop, one).batch == 1, "the beginning of one");
  snapshots.restore(*setting.persistent, 6);
  setting.loop->leave_epoch();
  t.check(epochs_in(setting.total()) == 2, "taken back");
  t.check(setting.loop->run(*t.target.table, gate, stop, Limits{}).epoch_loss_sums[0] == 2 * losses && epochs_in(setting.total()) == 3, "and on from there");
}

TEST(loop_counts) {
  Gate gate;
  std::atomic<bool> stop{false};
  // A step whose input is 20 pairs of predictions and targets, which are only counted.
  constexpr size_t kPairs = 20, kClasses = 3;
  std::vector<float> predictions(kPairs), targets(kPairs);
  const auto region = [](const std::vector<float>& v) { return Region{reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)}; };
  Plan plan({}, {}, {region(predictions), region(targets)}, {}, {});
  const size_t bytes = kPairs * sizeof(float);
  std::vector<Step> steps;
  steps.push_back({std::move(plan), {bytes, bytes}, 2, 0, 0, {}, {{0, 0, bytes}, {1, 0, bytes}}});
  steps[0].classes = kClasses;
  auto rows = std::make_shared<Rows>();
  rows->count = kPairs;
  std::vector<double> expected(kClasses * kClasses);
  std::vector<int32_t> others;
  std::vector<double> positions;
  for (int32_t shift : {0, 1}) {
    rows->columns.push_back({allocate_aligned(bytes), 1});
    for (size_t i = 0; i < kPairs; ++i) {
      reinterpret_cast<int32_t*>(rows->columns.back().data.get())[i] = static_cast<int32_t>(i * (shift + 1) % 5) - 1;
    }
  }
  const int32_t* column[2] = {reinterpret_cast<int32_t*>(rows->columns[0].data.get()), reinterpret_cast<int32_t*>(rows->columns[1].data.get())};
  for (size_t i = 0; i < kPairs; ++i) {
    const int32_t p = column[0][i], y = column[1][i];
    if (p >= 0 && p < 3 && y >= 0 && y < 3) ++expected[static_cast<size_t>(y * 3 + p)];
    else {
      others.push_back(y);
      positions.push_back(static_cast<double>(i));
    }
  }
  BatchSampler sampler;
  sampler.rows = rows;
  sampler.batch = kPairs;
  sampler.batches = 1;
  Loop loop(std::make_shared<PersistentMemory>(), std::move(steps), std::move(sampler));
  loop.set_live(0, {});
  const Report report = loop.run(*t.target.table, gate, stop, Limits{});
  t.check(report.counts == expected, "pairs of classes");
  t.check(report.targets == others && report.predictions.size() == others.size(), "pairs that are of none");
  t.check(report.positions == positions && report.samples == kPairs, "where these are");
  t.check(report.outputs.empty() && report.output_bytes == 16 * others.size(), "nothing else is handed out");

  t.where = "of two ranks that have the same";
  const auto twice = [](uint32_t, double* values, size_t n) -> const char* {
    for (size_t i = 0; i < n; ++i) values[i] *= 2;
    return nullptr;
  };
  static const Collective two{nullptr, nullptr, nullptr, nullptr, twice};
  set_collective(&two);
  Limits joins;
  joins.joining = {true, 1, 8};
  const Report joined = loop.run(*t.target.table, gate, stop, joins);
  set_collective(nullptr);
  for (double& count : expected) count *= 2;
  t.check(joined.counts == expected && joined.joined == std::vector<double>{0, 16}, "are not added up");
}

TEST(loop_gate) {
  Gate gate;
  std::atomic<bool> stop{false};
  Limits limits;
  for (int round = 0; round < 20; ++round) {
    Setting setting(kCount, kBatch, true);
    stop = false;
    limits.epochs = SIZE_MAX;
    std::promise<Report> done;
    Workers worker;
    worker.submit(1, [&] { done.set_value(setting.loop->run(*t.target.table, gate, stop, limits)); });
    float before = 0;
    for (int look = 0; look < 50; ++look) {
      float seen[kWidth];
      gate.between_steps([&] { std::memcpy(seen, setting.total(), sizeof seen); });
      t.check(seen[1] == 2 * seen[0] && seen[2] == 3 * seen[0], "whole steps");
      t.check(seen[0] >= before, "sums grow");
      before = seen[0];
    }
    stop = true;
    const Report report = done.get_future().get();
    t.check(report.end == Report::kStopped, "stopped");
    stop = false;
  }
}

TEST(workers) {
  t.where = "one thread: work in order, and an end with work left";
  for (int round = 0; round < 50; ++round) {
    std::vector<int> order;
    std::promise<void> done;
    Workers workers;
    for (int i = 0; i < 10; ++i) workers.submit(1, [&order, i] { order.push_back(i); });
    workers.submit(1, [&] { done.set_value(); });
    done.get_future().get();
    for (int i = 0; i < 10; ++i) t.check(order[static_cast<size_t>(i)] == i, "in order");
    std::atomic<int> begun{0};
    for (int i = 0; i < 1000; ++i) workers.submit(1, [&] { begun.fetch_add(1); });
    workers.join();
    t.check(begun <= 1000, "no more than was submitted");
  }

  t.where = "three threads";
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> now{0}, most{0}, all{0};
    std::promise<void> done;
    Workers workers;
    for (int i = 0; i < 300; ++i) {
      workers.submit(3, [&] {
        const int at = now.fetch_add(1) + 1;
        for (int before = most.load(); before < at && !most.compare_exchange_weak(before, at);) {
        }
        std::this_thread::yield();
        now.fetch_sub(1);
        if (all.fetch_add(1) + 1 == 300) done.set_value();
      });
    }
    done.get_future().get();
    t.check(most >= 1 && most <= 3, "no more at a time than was asked for");
    t.check(workers.queued() == 0, "nothing waits any more");
  }
}
