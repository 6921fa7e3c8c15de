#include "binding/loop_specs.h"

#include "binding/environment.h"
#include "binding/plan.h"
#include "binding/reader.h"
#include "support/run.h"

namespace simdnn {

Memory memory_of(Napi::Env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      (type != napi_float32_array && type != napi_int32_array)) {
    throw ArgumentError{ArgumentError::kType, "[session] expected a Float32Array or an Int32Array"};
  }
  return {static_cast<char*>(data), data == nullptr ? 0 : length * sizeof(float)};
}

Aligned copy_of(Napi::Env env, const Memory& memory) {
  Aligned copy = allocate_unset(memory.bytes);
  // JavaScript waits for this copy, so several threads make it. allocate_unset uses huge pages, since the first touch of small pages takes longer than the copy.
  Run run(environment(env).threads);
  parallel(run, memory.bytes, size_t{2} << 20, 0.1 * static_cast<double>(memory.bytes), [&](size_t begin, size_t end) {
    std::memcpy(copy.get() + begin, memory.data + begin, end - begin);
  });
  return copy;
}

void refuse(const char* what) { throw ArgumentError{ArgumentError::kRange, std::string("[session] ") + what}; }

namespace {

constexpr size_t kMostClocks = 1 << 20;
constexpr size_t kMostClasses = 1 << 10;

double number(Napi::Object object, const char* name) { return object.Get(name).ToNumber().DoubleValue(); }
size_t count(Napi::Object object, const char* name) {
  const double value = number(object, name);
  if (!(value >= 0 && value <= 9007199254740991.0)) refuse("expected a count");
  return static_cast<size_t>(value);
}

std::vector<ResultPlace> places_of(Napi::Value value, const std::vector<size_t>& bytes) {
  std::vector<ResultPlace> places;
  if (!value.IsArray()) refuse("expected a list of results");
  Napi::Array list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    Napi::HandleScope scope(list.Env());
    Napi::Object object = list.Get(i).ToObject();
    const ResultPlace place{count(object, "input"), count(object, "offset"), count(object, "bytes")};
    if (place.input >= bytes.size() || place.offset > bytes[place.input] || place.bytes > bytes[place.input] - place.offset) {
      refuse("a result lies outside of its memory");
    }
    places.push_back(place);
  }
  return places;
}

}  // namespace

Step step_of(Napi::Object object, const PersistentMemory& persistent) {
  Napi::Value handle = object.Get("plan");
  if (!handle.IsExternal()) throw ArgumentError{ArgumentError::kType, "[session] expected a plan"};
  BoundPlan& bound = *handle.As<Napi::External<BoundPlan>>().Data();
  if (!bound.plan.is_self_contained()) refuse("the plan uses memory that is not the session's");
  const std::vector<size_t>& bytes = bound.input_bytes;
  const size_t pieces = persistent.pieces.size();
  if (bytes.size() < pieces) refuse("the plan is not of this session");
  const size_t own = bytes.size() - pieces;
  for (size_t i = 0; i < pieces; ++i) {
    if (bytes[own + i] != persistent.pieces[i].bytes) refuse("the plan is not of this session");
  }
  const size_t arguments = count(object, "arguments");
  if (arguments > own) refuse("more arguments than inputs");
  Step step{std::move(bound.plan),
            {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(own)},
            arguments,
            count(object, "draws"),
            count(object, "clock"),
            places_of(object.Get("losses"), bytes),
            places_of(object.Get("outputs"), bytes)};
  if (object.Get("undone").IsArray()) step.undone = places_of(object.Get("undone"), bytes);
  step.loss_weight = number(object, "lossWeight");
  step.classes = count(object, "classes");
  if (step.classes > kMostClasses) refuse("too many classes to be counted");
  for (size_t i = 0; step.classes > 0 && i < step.outputs.size(); i += 2) {
    if (i + 1 == step.outputs.size() || step.outputs[i].bytes != step.outputs[i + 1].bytes) refuse("predictions and targets come in pairs");
  }
  if (step.clock > kMostClocks) refuse("too many clocks");
  for (const ResultPlace& loss : step.losses) {
    if (loss.bytes != sizeof(float)) refuse("a loss is one number");
  }
  bound.input_bytes.clear();  // the plan has been moved out, so the handle cannot be replayed any more
  bound.inputs.clear();
  return step;
}

BatchSampler batch_sampler_of(Napi::Env env, Napi::Object object, const std::vector<Step>& steps) {
  BatchSampler sampler;
  Napi::Value rows = object.Get("rows");
  if (!rows.IsExternal()) throw ArgumentError{ArgumentError::kType, "[session] expected rows"};
  sampler.rows = *rows.As<Napi::External<std::shared_ptr<Rows>>>().Data();
  if (object.Get("subset").IsTypedArray()) {
    const Memory memory = memory_of(env, object.Get("subset"));
    sampler.subset.assign(reinterpret_cast<int32_t*>(memory.data), reinterpret_cast<int32_t*>(memory.data) + memory.bytes / 4);
    for (int32_t row : sampler.subset) {
      if (row < 0 || static_cast<size_t>(row) >= sampler.rows->count) refuse("a row does not exist");
    }
  }
  sampler.batch = count(object, "batch");
  sampler.batches = count(object, "batches");
  sampler.group = count(object, "group");
  sampler.full = count(object, "full");
  sampler.last = count(object, "last");
  sampler.shuffle = object.Get("shuffle").ToBoolean();
  sampler.own_seed = object.Get("ownSeed").ToBoolean();
  sampler.seed = count(object, "seed");
  sampler.order_offset = count(object, "orderOffset");
  sampler.ranks = count(object, "ranks");
  sampler.rank = count(object, "rank");
  sampler.items = count(object, "items");
  sampler.ordered = object.Get("ordered").ToBoolean();
  const size_t all = sampler.subset.empty() ? sampler.rows->count : sampler.subset.size();
  const size_t items = sampler.items;
  if (sampler.rank >= sampler.ranks || sampler.ranks > INT32_MAX || (sampler.ranks == 1 && !sampler.ordered ? items != all : items > all)) refuse("the rows of this rank are not a part of all rows");
  if (sampler.batch == 0 || sampler.batches == 0 || sampler.group == 0 || sampler.rows->columns.empty() || items > INT32_MAX || sampler.batch > items ||
      sampler.batches > (items + sampler.batch - 1) / sampler.batch || sampler.full >= steps.size() || sampler.last >= steps.size()) {
    refuse("these batches do not fit the rows");
  }
  if (sampler.ordered && (sampler.ranks > 1 || sampler.group > 1 || sampler.shuffle || !sampler.subset.empty() ||
                          sampler.batches != (items + sampler.batch - 1) / sampler.batch)) {
    refuse("the batches of an ordered loop are all rows, of one rank, in groups of one, not shuffled");
  }
  const size_t group = sampler.group < sampler.batches ? sampler.group : sampler.batches;
  const size_t groups_before_last = (sampler.batches - 1) / group;
  const size_t columns = sampler.rows->columns.size();
  const auto check = [&](const Step& step, size_t begin, size_t end) {  // checks the batches [begin, end)
    if (step.arguments != (end - begin) * columns) refuse("expected as many columns as a batch has tensors");
    for (size_t a = 0; a < step.arguments; ++a) {
      const size_t row = (begin + a / columns) * sampler.batch;
      const size_t rows = items - row < sampler.batch ? items - row : sampler.batch;
      if (step.own_bytes[a] != rows * sampler.rows->columns[a % columns].width * sizeof(float)) refuse("the rows of a batch and the tensors of its step differ in size");
    }
  };
  if (groups_before_last > 0 || sampler.ordered) check(steps[sampler.full], 0, group);
  check(steps[sampler.last], groups_before_last * group, sampler.batches);
  return sampler;
}

// Reads { kinds, numbers }: the kinds of the next steps, an Int32Array, and the live numbers of all these steps, a Float64Array. Does not check whether batches of
// these kinds follow: add_run and given_batches do.
static NumbersAhead numbers_ahead(Napi::Env env, const Loop& loop, Napi::Object object) {
  const Memory kinds = memory_of(env, object.Get("kinds"));
  napi_typedarray_type type;
  size_t length = 0, next = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, object.Get("numbers"), &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_float64_array) {
    throw ArgumentError{ArgumentError::kType, "[session] expected a Float64Array"};
  }
  const auto* numbers = static_cast<const double*>(data);
  NumbersAhead ahead;
  for (size_t i = 0; i < kinds.bytes / sizeof(int32_t); ++i) {
    const int32_t kind = reinterpret_cast<const int32_t*>(kinds.data)[i];
    if (kind < 0 || static_cast<size_t>(kind) >= loop.kinds()) refuse("the live numbers are those of a kind of step that does not exist");
    const size_t own = loop.step(static_cast<size_t>(kind)).plan.live_numbers();
    if (own > length - next) refuse("expected as many live numbers as the plans have");
    ahead.kinds.push_back(static_cast<size_t>(kind));
    ahead.begins.push_back(next);
    next += own;
  }
  if (ahead.empty() || next != length) refuse("expected as many live numbers as the plans have");
  ahead.numbers.assign(numbers, numbers + length);
  return ahead;
}

// Reads the live numbers of a kind of step: an array of [base, per_draw, ...per_step].
static std::vector<LiveNumber> live_numbers(Napi::Env env, const Loop& loop, size_t kind, Napi::Value value) {
  if (!value.IsArray()) refuse("expected live numbers for every kind of step");
  Napi::Array rows = value.As<Napi::Array>();
  if (rows.Length() != loop.step(kind).plan.live_numbers()) refuse("expected as many live numbers as the plan has");
  std::vector<LiveNumber> live;
  for (uint32_t i = 0; i < rows.Length(); ++i) {
    Napi::HandleScope scope(env);
    Napi::Array row = rows.Get(i).As<Napi::Array>();
    LiveNumber one{row.Get(0u).ToNumber(), row.Get(1u).ToNumber(), {}};
    for (uint32_t c = 0; c < loop.clocks(); ++c) one.per_step.push_back(row.Get(2 + c).ToNumber());
    live.push_back(std::move(one));
  }
  return live;
}

std::vector<LiveNumbersByKind> later_of(Napi::Env env, const Loop& loop, Napi::Object object) {
  std::vector<LiveNumbersByKind> later;
  if (!object.Get("later").IsArray()) return later;
  Napi::Array rounds = object.Get("later").As<Napi::Array>();
  for (uint32_t round = 0; round < rounds.Length(); ++round) {
    Napi::HandleScope scope(env);
    later.emplace_back();
    if (!rounds.Get(round).IsArray()) continue;
    Napi::Array kinds = rounds.Get(round).As<Napi::Array>();
    if (kinds.Length() != loop.kinds()) refuse("expected live numbers for every kind of step");
    for (uint32_t k = 0; k < kinds.Length(); ++k) later.back().push_back(live_numbers(env, loop, k, kinds.Get(k)));
  }
  return later;
}

Limits limits_of(Napi::Env env, Loop& loop, Napi::Object object) {
  Limits limits;
  limits.epochs = count(object, "epochs");
  limits.milliseconds = number(object, "milliseconds");
  limits.output_bytes = count(object, "outputBytes");
  limits.finite = object.Get("finite").ToBoolean();
  limits.threads = environment(env).threads;
  loop.set_random(count(object, "seed"), count(object, "randomOffset"));
  loop.set_order_offset(count(object, "orderOffset"));
  if (!loop.has_rows()) loop.set_loss_sum(object.Get("lossSum").IsNumber() ? number(object, "lossSum") : 0);
  loop.restart_clocks();
  Napi::Array kinds = object.Get("live").As<Napi::Array>();
  if (kinds.Length() != loop.kinds()) refuse("expected live numbers, or null, for every kind of step");
  for (uint32_t k = 0; k < kinds.Length(); ++k) {
    Napi::HandleScope scope(env);
    if (!kinds.Get(k).IsArray()) {
      limits.kinds.push_back(false);
      continue;
    }
    limits.kinds.push_back(true);
    loop.set_live(k, live_numbers(env, loop, k, kinds.Get(k)));
  }
  if (object.Get("joining").IsObject()) {
    Napi::Object joining = object.Get("joining").As<Napi::Object>();
    limits.joining = {true, number(joining, "divisor"), number(joining, "rows")};
  }
  if (object.Get("ahead").IsObject()) limits.ahead = numbers_ahead(env, loop, object.Get("ahead").As<Napi::Object>());
  return limits;
}

std::vector<GivenBatch> given_batches(Napi::Env env, const Loop& loop, const Limits& limits, Napi::Array list) {
  std::vector<GivenBatch> batches;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    Napi::HandleScope scope(env);
    Napi::Object object = list.Get(i).As<Napi::Object>();
    GivenBatch batch{count(object, "kind"), count(object, "randomOffset"), {}};
    const bool has_numbers = limits.ahead.empty() ? batch.kind < loop.kinds() && limits.kinds[batch.kind]
                                                  : i >= limits.ahead.size() || limits.ahead.kinds[i] == batch.kind;
    if (batch.kind >= loop.kinds() || !has_numbers) refuse("a kind of step does not exist, or has no live numbers");
    const Step& step = loop.step(batch.kind);
    Napi::Array tensors = object.Get("tensors").As<Napi::Array>();
    if (tensors.Length() != step.arguments) refuse("a batch and its step differ in the number of tensors");
    for (uint32_t a = 0; a < tensors.Length(); ++a) {
      const Memory memory = memory_of(env, tensors.Get(a));
      if (memory.bytes != step.own_bytes[a]) refuse("a tensor of a batch and that of its step differ in size");
      batch.tensors.push_back(copy_of(env, memory));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

namespace {

const char* const kEnds[] = {"done", "time", "stopped", "full", "refused", "not finite", "out of memory"};

template <typename T>
Napi::Value buffer_of(Napi::Env env, const std::vector<T>& values) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(buffer.Data(), values.data(), values.size() * sizeof(T));
  return buffer;
}

template <typename T>
Napi::Array numbers_of(Napi::Env env, const std::vector<T>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    array.Set(static_cast<uint32_t>(i), Napi::Number::New(env, static_cast<double>(values[i])));
  }
  return array;
}

}  // namespace

Napi::Object report_object(Napi::Env env, const Report& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("end", kEnds[report.end]);
  object.Set("epochLossSums", numbers_of(env, report.epoch_loss_sums));
  if (!report.joined.empty()) object.Set("joined", numbers_of(env, report.joined));
  object.Set("batch", static_cast<double>(report.batch));
  object.Set("lossSum", report.loss_sum);
  object.Set("steps", numbers_of(env, report.steps));
  object.Set("orders", static_cast<double>(report.orders));
  object.Set("randomOffset", static_cast<double>(report.random_offset));
  object.Set("kind", static_cast<double>(report.kind));
  object.Set("call", static_cast<double>(report.call));
  object.Set("seconds", report.seconds);
  Napi::Array outputs = Napi::Array::New(env, report.outputs.size());
  for (uint32_t i = 0; i < report.outputs.size(); ++i) outputs.Set(i, buffer_of(env, report.outputs[i]));
  object.Set("outputs", outputs);
  if (!report.counts.empty() || !report.targets.empty()) {
    Napi::Object counted = Napi::Object::New(env);
    counted.Set("counts", buffer_of(env, report.counts));
    counted.Set("predictions", buffer_of(env, report.predictions));
    counted.Set("targets", buffer_of(env, report.targets));
    counted.Set("positions", buffer_of(env, report.positions));
    object.Set("counted", counted);
  }
  if (report.end == Report::kNotFinite) {
    Napi::Array tensors = Napi::Array::New(env);
    for (uint32_t a = 0; a < report.batch_tensors.size(); ++a) tensors.Set(a, buffer_of(env, report.batch_tensors[a]));
    object.Set("batchTensors", tensors);
  }
  if (report.end == Report::kRefused) object.Set("message", fault_error(report.kernel, report.fault).message);
  return object;
}

}  // namespace simdnn
