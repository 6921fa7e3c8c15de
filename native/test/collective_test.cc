// Sums over ranks: in a group of one process they agree with the reference, in a larger one with the group's own sums.
#include "support/collective.h"

#include <cstring>
#include <utility>
#include <vector>

#include "test/test.h"

namespace simdnn::test {
namespace {

// A group of two ranks with the same values, so that every sum doubles them.
uint32_t called = 0;
int met = 0, summed = 0;
const char* meet(uint32_t call, double weight, const float*, size_t, Meeting* found) {
  called = call;
  ++met;
  *found = {2 * weight, nullptr, 2};
  return nullptr;
}
void twice(float* values, size_t n) {
  ++summed;
  for (size_t i = 0; i < n; ++i) values[i] *= 2;
}
const char* refuse(uint32_t, double, const float*, size_t, Meeting*) { return "the ranks do different things"; }

// A group in which values are exchanged by meetings. Rank 0 has the given values; those of the other ranks are such that the sum depends on the order of additions.
std::vector<std::vector<float>> brought;
std::vector<Share> shares;
const float big = 16777216;  // 2^24: adding 0.5 to it changes nothing
const char* carry(uint32_t, double weight, const float* values, size_t n, Meeting* found) {
  ++met;
  double total = 0;
  for (size_t rank = 0; rank < shares.size(); ++rank) {
    brought[rank].assign(values, values + n);
    for (float& value : brought[rank]) value = rank == 0 ? value : rank == 1 ? big / 2
                                                               : rank == 2   ? -big
                                                                             : 0.5f;
    shares[rank] = {rank == 1 ? 2 * weight : weight, brought[rank].data()};
    total += shares[rank].weight;
  }
  *found = {total, n > 0 ? shares.data() : nullptr, shares.size()};
  return nullptr;
}

// Makes `group` the group of the process for the duration of a test.
struct InGroup {
  explicit InGroup(const Collective& group) { set_collective(&group); }
  ~InGroup() { set_collective(nullptr); }
};

// Nonblocking sums, which are computed when they end.
std::vector<std::pair<float*, size_t>> begun;
void begin(float* values, size_t n) { begun.emplace_back(values, n); }
void end() {
  for (const auto& [values, n] : begun) twice(values, n);
  begun.clear();
}

const char* add(uint32_t, double*, size_t) { return nullptr; }

const Collective two{meet, twice, begin, end, add}, split{refuse, twice, begin, end, add}, carrying{carry, twice, begin, end, add};
const size_t lengths[] = {0, 1, 17, 1000};

// Calls with several weights, with and without division by their sum. With a weight of 0 the values must not matter, even if they are not finite.
template <class Body>
void each_call(Context& t, Body body) {
  Random random(41);
  for (size_t n : lengths) {
    for (double weight : {1.0, 0.0, 3.0, 0.1, -2.5}) {
      for (bool mean : {false, true}) {
        t.where = std::to_string(n) + " values, weight " + std::to_string(weight) + (mean ? ", mean" : "");
        Buffer<float> values(t, n, 3), expected(t, n);
        fill_corners(values, random);
        std::memcpy(expected.data(), values.data(), n * sizeof(float));
        Run run;
        t.reference.all_reduce(run, expected.data(), n, {weight, mean, 7});
        body(values, expected, AllReduceAttributes{weight, mean, 7});
      }
    }
  }
}

}  // namespace

TEST(all_reduce) {
  each_call(t, [&](Buffer<float>& values, Buffer<float>& expected, const AllReduceAttributes& attributes) {
    Run run;
    t.kernel.all_reduce(run, values.data(), values.size(), attributes);
    for (size_t i = 0; i < values.size(); ++i) t.close(values[i], expected[i], 0, "alone", i);
  });

  each_call(t, [&](Buffer<float>& values, Buffer<float>& expected, const AllReduceAttributes& attributes) {
    const InGroup group(two);
    met = 0;
    Run run;
    t.kernel.all_reduce(run, values.data(), values.size(), attributes);
    t.check(met == 1, "the ranks meet once, also for no values");
    // Both ranks have the same weight, so the mean is the values of either rank. Halving is exact except for the smallest normal numbers.
    const float ranks = attributes.mean ? 1 : 2;
    for (size_t i = 0; i < values.size(); ++i) t.close(values[i], ranks * expected[i], attributes.mean ? 0x1p-125 : 0, "of two", i);
  });

  t.where = "calls of two lengths";
  const InGroup group(two);
  Buffer<float> values(t, 2);
  values[0] = values[1] = 1;
  Run run;
  t.kernel.all_reduce(run, values.data(), 1, {1, false, 7});
  const uint32_t of_one = called;
  t.kernel.all_reduce(run, values.data(), 2, {1, false, 7});
  t.check(called != of_one, "are not told apart");

  t.where = "sums in two calls";
  {
    const InGroup pair(two);
    Buffer<float> first(t, 3), second(t, 2), none(t, 0);
    for (size_t i = 0; i < 3; ++i) first[i] = 4;
    for (size_t i = 0; i < 2; ++i) second[i] = 6;
    met = 0;
    t.kernel.all_reduce(run, first.data(), 3, {3, true, 7, SumPhase::begin, false});
    t.kernel.all_reduce(run, second.data(), 2, {3, true, 7, SumPhase::begin, true});
    t.check(met == 1 && begun.size() == 2, "meet once for all that are joined");
    t.check(first[0] == 2 && second[1] == 3, "are scaled by the weights of the meeting");
    t.kernel.all_reduce(run, none.data(), 0, {1, false, 0, SumPhase::end, false});
    t.check(begun.empty() && first[2] == 4 && second[0] == 6, "are there at the end");
  }

  for (size_t ranks : {1, 2, 3, 4, 5}) {
    t.where = "a meeting of " + std::to_string(ranks) + " that carries its sum";
    const InGroup meeting(carrying);
    brought.assign(ranks, {});
    shares.assign(ranks, {});
    for (size_t n : lengths) {
      for (bool mean : {false, true}) {
        Buffer<float> few(t, n, 3);
        for (size_t i = 0; i < n; ++i) few[i] = 1;
        met = summed = 0;
        t.kernel.all_reduce(run, few.data(), n, {0.5, mean, 7, SumPhase::whole, false});
        t.check(met == 1 && summed == 0, "has more than one exchange");
        // Each rank has the weight 0.5, but rank 1 twice that; for a mean the sum is divided by all weights.
        const float all = mean ? 1.0f / static_cast<float>(ranks < 2 ? 1 : ranks + 1) : 0.5f, twofold = mean ? 2 / static_cast<float>(ranks + 1) : 1;
        const float shared[] = {all, twofold * big / 2, -all * big, all / 2, all / 2};
        float sum = shared[0];
        if (ranks > 1) sum += shared[1];
        if (ranks == 3) sum += shared[2];
        if (ranks > 3) sum += shared[2] + shared[3];
        if (ranks > 4) sum += shared[4];
        for (size_t i = 0; i < n; ++i) t.close(few[i], sum, 0, "summed in another order", i);
      }
    }
  }

  t.where = "a meeting that carries no weight";
  {
    const InGroup meeting(carrying);
    brought.assign(2, {});
    shares.assign(2, {});
    Buffer<float> few(t, 2);
    few[0] = few[1] = std::numeric_limits<float>::quiet_NaN();
    t.kernel.all_reduce(run, few.data(), 2, {0, true, 7});
    t.check(few[0] == 0 && few[1] == 0, "counts what has none");
    few[0] = few[1] = 1;
    met = 0;
    t.kernel.all_reduce(run, few.data(), 2, {1, false, 7, SumPhase::begin, false});
    t.check(met == 1 && begun.size() == 1, "sums what is waited for later");
    begun.clear();
  }

  t.where = "a group that refuses";
  const InGroup refusing(split);
  t.kernel.all_reduce(run, values.data(), 2, {5, false, 7});
  t.check(run.fault.array() != nullptr && run.fault.reason() != nullptr, "is no fault");
  t.check(values[0] == 4 && values[1] == 2, "values are written even so");
}

}  // namespace simdnn::test
