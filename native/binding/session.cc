// createSession(lasting, ownThread), createRows(columns, count), addLoop(session, steps, course, [session, loop to go on with]), runLoop(...), stopSession, endSession,
// readLasting, writeLasting: see interface Addon in src/native.ts.
#include "binding/session.h"

#include <atomic>
#include <system_error>

#include "binding/environment.h"
#include "binding/plan.h"
#include "binding/reader.h"
#include "plan/loop.h"

namespace simdnn {

// The lasting memory of a fit or an inference, and the loops over it. Only one of them runs at a time.
struct Session {
  std::shared_ptr<Lasting> lasting = std::make_shared<Lasting>();
  std::vector<std::unique_ptr<Loop>> loops;
  Gate gate;
  std::atomic<bool> stop{false};
  bool running = false;
  bool dropped = false;  // JavaScript has let go of it
  std::unique_ptr<Background> own;
};

void Sessions::end() {
  for (const auto& session : all) session->stop.store(true);
  for (const auto& session : all) {
    if (session->own) session->own->end();
  }
  if (inference) inference->end();
}

namespace {

struct Memory {
  char* data;
  size_t bytes;
};

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

Aligned copy_of(const Memory& memory) {
  Aligned copy = allocate_aligned(memory.bytes);
  if (memory.bytes > 0) std::memcpy(copy.get(), memory.data, memory.bytes);
  return copy;
}

[[noreturn]] void refuse(const char* what) { throw ArgumentError{ArgumentError::kRange, std::string("[session] ") + what}; }

template <typename T>
T& external(const Napi::CallbackInfo& info, size_t argument) {
  if (info.Length() <= argument || !info[argument].IsExternal()) {
    throw ArgumentError{ArgumentError::kType, "[session] expected what the addon made"};
  }
  return *info[argument].As<Napi::External<T>>().Data();
}

Session& session_of(const Napi::CallbackInfo& info) { return external<Session>(info, 0); }
Session& idle_session_of(const Napi::CallbackInfo& info) {
  Session& session = session_of(info);
  if (session.running) refuse("a run is under way");
  return session;
}

double number(Napi::Object object, const char* name) { return object.Get(name).ToNumber().DoubleValue(); }
size_t count(Napi::Object object, const char* name) {
  const double value = number(object, name);
  if (!(value >= 0 && value <= 9007199254740991.0)) refuse("expected a count");
  return static_cast<size_t>(value);
}

// Every exported function: turns what was thrown into JavaScript's exceptions.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  try {
    return function(info);
  } catch (const ArgumentError& error) {
    throw_argument_error(info.Env(), error);
  } catch (const std::bad_alloc&) {
    throw_argument_error(info.Env(), {ArgumentError::kRange, "[memory] out of memory"});
  } catch (const std::system_error&) {
    throw_argument_error(info.Env(), {ArgumentError::kRange, "[session] no thread can be started"});
  }
  return info.Env().Undefined();
}

void forget(napi_env env, Session* session) {
  auto& all = environment(env).sessions.all;
  for (auto it = all.begin(); it != all.end(); ++it) {
    if (it->get() == session) {
      int64_t bytes = 0, known = 0;
      for (const Lasting::Piece& piece : session->lasting->pieces) bytes += static_cast<int64_t>(piece.bytes);
      napi_adjust_external_memory(env, -bytes, &known);
      all.erase(it);
      return;
    }
  }
}

Napi::Value create_session(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto session = std::make_shared<Session>();
  Napi::Array pieces = info[0].As<Napi::Array>();
  int64_t bytes = 0, known = 0;
  for (uint32_t i = 0; i < pieces.Length(); ++i) {
    const Memory memory = memory_of(env, pieces.Get(i));
    session->lasting->pieces.push_back({copy_of(memory), memory.bytes});
    bytes += static_cast<int64_t>(memory.bytes);
  }
  Sessions& sessions = environment(env).sessions;
  if (info[1].ToBoolean()) {
    session->own = std::make_unique<Background>(env);
  } else if (!sessions.inference) {
    sessions.inference = std::make_unique<Background>(env);
  }
  sessions.all.push_back(session);
  napi_adjust_external_memory(env, bytes, &known);
  return Napi::External<Session>::New(env, session.get(), [](Napi::Env e, Session* s) {
    if (s->running) {
      s->dropped = true;
    } else {
      forget(e, s);
    }
  });
}

Napi::Value create_rows(const Napi::CallbackInfo& info) {
  auto rows = std::make_unique<std::shared_ptr<Rows>>(std::make_shared<Rows>());
  Napi::Array columns = info[0].As<Napi::Array>();
  const size_t rows_count = static_cast<size_t>(info[1].ToNumber().Uint32Value());
  (*rows)->count = rows_count;
  for (uint32_t i = 0; i < columns.Length(); ++i) {
    const Memory memory = memory_of(info.Env(), columns.Get(i));
    const size_t elements = memory.bytes / sizeof(float);
    const size_t width = rows_count == 0 ? 0 : elements / rows_count;
    if (width * rows_count != elements) refuse("the array does not divide into rows");
    (*rows)->columns.push_back({copy_of(memory), width});
  }
  return Napi::External<std::shared_ptr<Rows>>::New(info.Env(), rows.release(),
                                                    [](Napi::Env, std::shared_ptr<Rows>* p) { delete p; });
}

ResultPlace place_of(Napi::Value value, const std::vector<size_t>& bytes) {
  ResultPlace place;
  if (!value.IsObject()) return place;
  Napi::Object object = value.As<Napi::Object>();
  place.input = count(object, "input");
  place.offset = count(object, "offset");
  place.bytes = count(object, "bytes");
  if (place.input >= bytes.size() || place.offset > bytes[place.input] || place.bytes > bytes[place.input] - place.offset) {
    refuse("a result lies outside of its memory");
  }
  return place;
}

Step step_of(Napi::Object object, const Lasting& lasting) {
  Napi::Value handle = object.Get("plan");
  if (!handle.IsExternal()) throw ArgumentError{ArgumentError::kType, "[session] expected a plan"};
  BoundPlan& bound = *handle.As<Napi::External<BoundPlan>>().Data();
  if (!bound.plan.closed()) refuse("the plan uses memory that is not the session's");
  const std::vector<size_t>& bytes = bound.input_bytes;
  const size_t pieces = lasting.pieces.size();
  if (bytes.size() < pieces) refuse("the plan is not of this session");
  const size_t own = bytes.size() - pieces;
  for (size_t i = 0; i < pieces; ++i) {
    if (bytes[own + i] != lasting.pieces[i].bytes) refuse("the plan is not of this session");
  }
  const size_t arguments = count(object, "arguments");
  if (arguments > own) refuse("more arguments than inputs");
  Step step{std::move(bound.plan),
            {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(own)},
            arguments,
            count(object, "draws"),
            place_of(object.Get("loss"), bytes),
            place_of(object.Get("output"), bytes),
            object.Get("withTarget").ToBoolean() && arguments > 0};
  if (step.loss.present() && step.loss.bytes != sizeof(float)) refuse("a loss is one number");
  bound.input_bytes.clear();  // the plan is gone: what is left cannot be replayed
  bound.inputs.clear();
  return step;
}

Course course_of(Napi::Env env, Napi::Object object, const std::vector<Step>& steps) {
  Course course;
  Napi::Value rows = object.Get("rows");
  if (!rows.IsExternal()) throw ArgumentError{ArgumentError::kType, "[session] expected rows"};
  course.rows = *rows.As<Napi::External<std::shared_ptr<Rows>>>().Data();
  if (object.Get("subset").IsTypedArray()) {
    const Memory memory = memory_of(env, object.Get("subset"));
    course.subset.assign(reinterpret_cast<int32_t*>(memory.data), reinterpret_cast<int32_t*>(memory.data) + memory.bytes / 4);
    for (int32_t row : course.subset) {
      if (row < 0 || static_cast<size_t>(row) >= course.rows->count) refuse("a row that does not exist");
    }
  }
  course.batch = count(object, "batch");
  course.batches = count(object, "batches");
  course.full = count(object, "full");
  course.last = count(object, "last");
  course.shuffle = object.Get("shuffle").ToBoolean();
  course.own_seed = object.Get("ownSeed").ToBoolean();
  course.seed = count(object, "seed");
  course.order_offset = count(object, "orderOffset");
  const size_t items = course.subset.empty() ? course.rows->count : course.subset.size();
  if (course.batch == 0 || course.batches == 0 || items > INT32_MAX || course.batch > items ||
      course.batches > (items + course.batch - 1) / course.batch || course.full >= steps.size() || course.last >= steps.size()) {
    refuse("these batches do not fit the rows");
  }
  const size_t rest = items - (course.batches - 1) * course.batch;
  const size_t last = rest < course.batch ? rest : course.batch;
  for (const auto& [kind, size] : {std::pair{course.full, course.batch}, std::pair{course.last, last}}) {
    if (kind == course.full && course.batches == 1 && kind != course.last) continue;
    const Step& step = steps[kind];
    if (step.arguments != course.rows->columns.size()) refuse("as many columns as tensors in a batch");
    for (size_t a = 0; a < step.arguments; ++a) {
      if (step.own_bytes[a] != size * course.rows->columns[a].width * sizeof(float)) refuse("the rows do not make such a batch");
    }
  }
  return course;
}

Napi::Value add_loop(const Napi::CallbackInfo& info) {
  Session& session = idle_session_of(info);
  Napi::Array list = info[1].As<Napi::Array>();
  std::vector<Step> steps;
  for (uint32_t i = 0; i < list.Length(); ++i) steps.push_back(step_of(list.Get(i).As<Napi::Object>(), *session.lasting));
  Course course;
  if (info[2].IsObject()) course = course_of(info.Env(), info[2].As<Napi::Object>(), steps);
  auto loop = std::make_unique<Loop>(session.lasting, std::move(steps), std::move(course));
  if (info.Length() > 3 && info[3].IsExternal()) {
    Session& before = external<Session>(info, 3);
    const uint32_t index = info[4].ToNumber().Uint32Value();
    if (before.running || index >= before.loops.size() || !before.loops[index]->same_course(*loop)) refuse("no such loop to go on with");
    loop->take_position(*before.loops[index]);
  }
  session.loops.push_back(std::move(loop));
  return Napi::Number::New(info.Env(), static_cast<double>(session.loops.size() - 1));
}

const char* const kEnds[] = {"done", "time", "stopped", "full", "refused", "not finite", "out of memory"};

Napi::Value buffer_of(Napi::Env env, const std::vector<char>& bytes) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(buffer.Data(), bytes.data(), bytes.size());
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

Napi::Object report_object(Napi::Env env, const Report& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("end", kEnds[report.end]);
  object.Set("epochLosses", numbers_of(env, report.epoch_losses));
  object.Set("batch", static_cast<double>(report.batch));
  object.Set("lossSum", report.loss_sum);
  object.Set("steps", numbers_of(env, report.steps));
  object.Set("orders", static_cast<double>(report.orders));
  object.Set("randomOffset", static_cast<double>(report.random_offset));
  object.Set("kind", static_cast<double>(report.kind));
  object.Set("call", static_cast<double>(report.call));
  if (!report.outputs.empty()) object.Set("outputs", buffer_of(env, report.outputs));
  if (!report.targets.empty()) object.Set("targets", buffer_of(env, report.targets));
  if (report.end == Report::kRefused) {
    Fault fault;
    fault.report(report.array, report.position);
    object.Set("message", fault_error(report.kernel, fault).message);
  }
  return object;
}

// Reads limits and where live and random numbers begin.
Limits prepare(Napi::Env env, Loop& loop, Napi::Object object) {
  Limits limits;
  limits.epochs = count(object, "epochs");
  limits.milliseconds = number(object, "milliseconds");
  limits.output_bytes = count(object, "outputBytes");
  limits.finite = object.Get("finite").ToBoolean();
  limits.threads = environment(env).threads;
  loop.set_random(count(object, "seed"), count(object, "randomOffset"));
  loop.set_order_offset(count(object, "orderOffset"));
  Napi::Array kinds = object.Get("live").As<Napi::Array>();
  if (kinds.Length() != loop.kinds()) refuse("live numbers for every kind of step");
  for (uint32_t k = 0; k < kinds.Length(); ++k) {
    Napi::Array rows = kinds.Get(k).As<Napi::Array>();
    std::vector<LiveNumber> live;
    if (rows.Length() != loop.step(k).plan.live_numbers()) refuse("as many live numbers as the plan has");
    for (uint32_t i = 0; i < rows.Length(); ++i) {
      Napi::HandleScope scope(env);
      Napi::Array row = rows.Get(i).As<Napi::Array>();  // base, per draw, per step of each kind
      LiveNumber one{row.Get(0u).ToNumber(), row.Get(1u).ToNumber(), {}};
      for (uint32_t q = 0; q < kinds.Length(); ++q) one.per_step.push_back(row.Get(2 + q).ToNumber());
      live.push_back(std::move(one));
    }
    loop.set_live(k, std::move(live));
  }
  return limits;
}

std::vector<GivenBatch> given_batches(Napi::Env env, const Loop& loop, Napi::Array list) {
  std::vector<GivenBatch> batches;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    Napi::HandleScope scope(env);
    Napi::Object object = list.Get(i).As<Napi::Object>();
    GivenBatch batch{count(object, "kind"), count(object, "randomOffset"), {}};
    if (batch.kind >= loop.kinds()) refuse("a kind of step that does not exist");
    const Step& step = loop.step(batch.kind);
    Napi::Array tensors = object.Get("tensors").As<Napi::Array>();
    if (tensors.Length() != step.arguments) refuse("a batch of other tensors");
    for (uint32_t a = 0; a < tensors.Length(); ++a) {
      const Memory memory = memory_of(env, tensors.Get(a));
      if (memory.bytes != step.own_bytes[a]) refuse("a batch of another size");
      batch.tensors.push_back(copy_of(memory));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

// What a run on a thread holds until its results have arrived.
struct Running {
  Session* session;  // the environment keeps it while `running`
  Loop* loop;
  const KernelTable* table;
  Limits limits;
  std::vector<GivenBatch> given;
  bool with_given = false;
  Report report;
  Napi::Promise::Deferred deferred;
};

Napi::Value run_loop(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Session& session = idle_session_of(info);
  const uint32_t index = info[1].ToNumber().Uint32Value();
  if (index >= session.loops.size() || !info[2].IsObject()) refuse("no such loop");
  Loop& loop = *session.loops[index];
  Napi::Object spec = info[2].As<Napi::Object>();
  const Environment& here = environment(env);
  auto running = std::make_shared<Running>(Running{&session, &loop, here.target->table, prepare(env, loop, spec), {}, false, {},
                                                   Napi::Promise::Deferred::New(env)});
  if (spec.Get("batches").IsArray()) {
    running->given = given_batches(env, loop, spec.Get("batches").As<Napi::Array>());
    running->with_given = true;
  } else if (!loop.has_rows()) {
    refuse("a loop without rows needs batches");
  }
  Background& background = session.own ? *session.own : *here.sessions.inference;
  session.stop.store(false);
  background.submit(
      [running] {
        Running& r = *running;
        r.report = r.with_given ? r.loop->run_given(*r.table, r.session->gate, r.session->stop, r.limits, r.given)
                                : r.loop->run(*r.table, r.session->gate, r.session->stop, r.limits);
      },
      [running](Napi::Env e) {
        Session* s = running->session;
        s->running = false;
        try {
          running->deferred.Resolve(report_object(e, running->report));
        } catch (const Napi::Error& error) {  // no memory for the outputs
          running->deferred.Reject(error.Value());
        }
        if (s->dropped) forget(e, s);
      });
  session.running = true;
  return running->deferred.Promise();
}

Napi::Value stop_session(const Napi::CallbackInfo& info) {
  session_of(info).stop.store(true);
  return info.Env().Undefined();
}

// readLasting(session, arrays): copies piece i to arrays[i] where that is no null, as of the last step that ended.
Napi::Value read_lasting(const Napi::CallbackInfo& info) {
  Session& session = session_of(info);
  Napi::Array arrays = info[1].As<Napi::Array>();
  std::vector<Memory> to;
  for (uint32_t i = 0; i < arrays.Length(); ++i) {
    Napi::Value array = arrays.Get(i);
    to.push_back(array.IsNull() ? Memory{nullptr, 0} : memory_of(info.Env(), array));
  }
  if (to.size() != session.lasting->pieces.size()) refuse("one array for each piece");
  session.gate.between_steps([&] {
    for (size_t i = 0; i < to.size(); ++i) {
      const Lasting::Piece& piece = session.lasting->pieces[i];
      if (to[i].bytes == piece.bytes && piece.bytes > 0) std::memcpy(to[i].data, piece.data.get(), piece.bytes);
    }
  });
  return info.Env().Undefined();
}

// writeLasting(session, arrays): copies arrays[i] to piece i where that is no null.
Napi::Value write_lasting(const Napi::CallbackInfo& info) {
  Session& session = idle_session_of(info);
  Napi::Array arrays = info[1].As<Napi::Array>();
  if (arrays.Length() != session.lasting->pieces.size()) refuse("one array for each piece");
  for (uint32_t i = 0; i < arrays.Length(); ++i) {
    Napi::Value array = arrays.Get(i);
    if (array.IsNull()) continue;
    const Memory from = memory_of(info.Env(), array);
    const Lasting::Piece& piece = session.lasting->pieces[i];
    if (from.bytes == piece.bytes && piece.bytes > 0) std::memcpy(piece.data.get(), from.data, piece.bytes);
  }
  return info.Env().Undefined();
}

}  // namespace

void export_sessions(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, Napi::Value function) { exports.Set(name, function); };
  add("createSession", Napi::Function::New<guarded<create_session>>(env, "createSession"));
  add("createRows", Napi::Function::New<guarded<create_rows>>(env, "createRows"));
  add("addLoop", Napi::Function::New<guarded<add_loop>>(env, "addLoop"));
  add("runLoop", Napi::Function::New<guarded<run_loop>>(env, "runLoop"));
  add("stopSession", Napi::Function::New<guarded<stop_session>>(env, "stopSession"));
  add("readLasting", Napi::Function::New<guarded<read_lasting>>(env, "readLasting"));
  add("writeLasting", Napi::Function::New<guarded<write_lasting>>(env, "writeLasting"));
}

}  // namespace simdnn
