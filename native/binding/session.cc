// Sessions, their loops and their persistent memory. `interface Addon` in src/native.ts describes the functions that this file exports.
#include "binding/session.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <system_error>

#include "binding/environment.h"
#include "binding/loop_specs.h"
#include "binding/reader.h"
#include "binding/rows.h"
#include "plan/rounds.h"

namespace simdnn {

// The niceness of the threads of fits, by which the system prefers JavaScript's thread. With 1,000 fits on two processors it lowers the p99 of a 1 ms timer from
// 25 to 15 ms, and all fits together take 0.9 of the time (npm run bench:many, a Zen 3).
constexpr int kFitNiceness = 5;

// The persistent memory of a fit or an inference, and the loops over it, of which one runs at a time.
struct Session {
  std::shared_ptr<PersistentMemory> persistent = std::make_shared<PersistentMemory>();
  std::vector<std::unique_ptr<Loop>> loops;
  std::unique_ptr<Snapshots> snapshots;  // of the memory after each of the last rounds; null if rounds cannot be taken back
  Gate gate;
  std::atomic<bool> stop{false};
  bool running = false;
  bool collected = false;  // JavaScript's handle was garbage collected during a run, at the end of which the session is deleted
  bool is_fit = false;
  Background* background = nullptr;  // owned by the environment
};

void Sessions::end() {
  for (const auto& session : all) session->stop.store(true);
  if (fits) fits->end();
  if (inference) inference->end();
}

namespace {

Session& session_of(const Napi::CallbackInfo& info) { return external<Session>(info, 0); }
Session& idle_session_of(const Napi::CallbackInfo& info) {
  Session& session = session_of(info);
  if (session.running) refuse("a run is under way");
  return session;
}

// Wraps each exported function: converts C++ exceptions to JavaScript exceptions.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  try {
    return function(info);
  } catch (const ArgumentError& error) {
    throw_argument_error(info.Env(), error);
  } catch (const std::bad_alloc&) {
    throw_argument_error(info.Env(), {ArgumentError::kRange, "[memory] out of memory"});
  } catch (const std::system_error&) {
    throw_argument_error(info.Env(), {ArgumentError::kRange, "[session] the system gives the process no further thread"});
  }
  return info.Env().Undefined();
}

void delete_session(napi_env env, Session* session) {
  auto& all = environment(env).sessions.all;
  for (auto it = all.begin(); it != all.end(); ++it) {
    if (it->get() != session) continue;
    int64_t bytes = session->snapshots ? static_cast<int64_t>(session->snapshots->bytes()) : 0, known = 0;
    for (const PersistentMemory::Piece& piece : session->persistent->pieces) bytes += static_cast<int64_t>(piece.bytes);
    napi_adjust_external_memory(env, -bytes, &known);
    all.erase(it);
    return;
  }
}

// Adds copies of these arrays to the persistent memory and returns their size in bytes.
int64_t add_pieces(Napi::Env env, Session& session, Napi::Array pieces) {
  int64_t bytes = 0;
  for (uint32_t i = 0; i < pieces.Length(); ++i) {
    const Memory memory = memory_of(env, pieces.Get(i));
    session.persistent->pieces.push_back({copy_of(env, memory), memory.bytes});
    bytes += static_cast<int64_t>(memory.bytes);
  }
  return bytes;
}

Napi::Value create_session(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto session = std::make_shared<Session>();
  int64_t known = 0;
  const int64_t bytes = add_pieces(env, *session, info[0].As<Napi::Array>());
  Sessions& sessions = environment(env).sessions;
  std::unique_ptr<Background>& background = info[1].ToBoolean() ? sessions.fits : sessions.inference;
  if (!background) background = std::make_unique<Background>(env, &background == &sessions.fits ? kFitNiceness : 0);
  session->background = background.get();
  session->is_fit = info[1].ToBoolean();
  sessions.all.push_back(session);
  napi_adjust_external_memory(env, bytes, &known);
  return Napi::External<Session>::New(env, session.get(), [](Napi::Env e, Session* s) {
    if (s->running) {
      s->collected = true;
    } else {
      delete_session(e, s);
    }
  });
}

Napi::Value add_persistent(const Napi::CallbackInfo& info) {
  int64_t known = 0;
  napi_adjust_external_memory(info.Env(), add_pieces(info.Env(), idle_session_of(info), info[1].As<Napi::Array>()), &known);
  return info.Env().Undefined();
}

// Adds a kind of step to a loop without rows, whose batches are passed with each run.
Napi::Value add_kind(const Napi::CallbackInfo& info) {
  Session& session = idle_session_of(info);
  const uint32_t index = info[1].ToNumber().Uint32Value();
  if (index >= session.loops.size() || session.loops[index]->has_rows()) refuse("no such loop");
  session.loops[index]->add(step_of(info[2].As<Napi::Object>(), *session.persistent));
  return info.Env().Undefined();
}

Napi::Value add_loop(const Napi::CallbackInfo& info) {
  Session& session = idle_session_of(info);
  Napi::Array list = info[1].As<Napi::Array>();
  std::vector<Step> steps;
  for (uint32_t i = 0; i < list.Length(); ++i) steps.push_back(step_of(list.Get(i).As<Napi::Object>(), *session.persistent));
  BatchSampler sampler;
  if (info[2].IsObject()) sampler = batch_sampler_of(info.Env(), info[2].As<Napi::Object>(), steps);
  auto loop = std::make_unique<Loop>(session.persistent, std::move(steps), std::move(sampler));
  if (info.Length() > 3 && info[3].IsExternal()) {
    Session& before = external<Session>(info, 3);
    const uint32_t index = info[4].ToNumber().Uint32Value();
    if (before.running || index >= before.loops.size() || !before.loops[index]->has_same_batches(*loop)) refuse("no such loop to continue");
    loop->continue_from(*before.loops[index]);
  }
  session.loops.push_back(std::move(loop));
  return Napi::Number::New(info.Env(), static_cast<double>(session.loops.size() - 1));
}

constexpr size_t kMostRounds = 1 << 16;

size_t round_of(Napi::Value value) {
  const double number = value.ToNumber().DoubleValue();
  if (!(number >= 0 && number <= 9007199254740991.0)) refuse("expected the number of a round");
  return static_cast<size_t>(number);
}

// The state of a call of runLoops, until its promise is settled.
struct PendingRun {
  PendingRun(Napi::Env env, Session& s) : session(&s), table(environment(env).target->table), deferred(env) {}
  Session* session;  // not deleted while Session::running
  const KernelTable* table;
  std::vector<LoopRun> runs;
  size_t rounds = 1;
  SnapshotRequest snapshot;
  std::vector<GivenBatch> given;  // the batches of the only run, if its loop has no rows
  std::vector<Report> reports;
  Napi::Promise::Deferred deferred;
};

// Reads JavaScript's description of a run, of a loop over rows or of one whose batches are passed with the run, and adds it to `pending`.
void add_run(Napi::Env env, PendingRun& pending, uint32_t index, Napi::Object spec) {
  Session& session = *pending.session;
  if (index >= session.loops.size()) refuse("no such loop");
  Loop& loop = *session.loops[index];
  Limits limits = limits_of(env, loop, spec);
  if (loop.is_ordered()) {
    const Memory order = memory_of(env, spec.Get("order"));
    const auto* rows = reinterpret_cast<const int32_t*>(order.data);
    if (!loop.set_order({rows, rows + order.bytes / sizeof(int32_t)})) refuse("the rows of the run do not divide into the batches of the loop");
  }
  if (spec.Get("batches").IsArray()) {
    pending.given = given_batches(env, loop, limits, spec.Get("batches").As<Napi::Array>());
  } else if (!loop.has_rows()) {
    refuse("a loop without rows needs batches");
  } else if (limits.ahead.empty()) {
    for (bool set : limits.kinds) {
      if (!set) refuse("a loop over rows needs live numbers for every kind of step");
    }
  } else {
    for (size_t n = 0; n < limits.ahead.size(); ++n) {
      if (limits.ahead.kinds[n] != loop.kind_of_next(n)) refuse("the live numbers are not those of the next steps");
    }
  }
  pending.runs.push_back({&loop, std::move(limits), later_of(env, loop, spec)});
}

// Runs all loops. Called on a background thread.
void run_all(PendingRun& pending, Workers& workers) {
  for (LoopRun& run : pending.runs) run.limits.threads = std::max(1, run.limits.threads / static_cast<int>(workers.active()));
  if (!pending.runs[0].loop->has_rows()) {
    pending.reports.push_back(pending.runs[0].loop->run_given(*pending.table, pending.session->gate, pending.session->stop, pending.runs[0].limits, pending.given));
  } else {
    run_rounds(*pending.table, pending.session->gate, pending.session->stop, pending.runs, pending.rounds, pending.snapshot, pending.reports);
  }
}

// Settles the promise after the runs. Called on the JavaScript thread.
void settle(Napi::Env env, PendingRun& pending) {
  Session* const session = pending.session;
  session->running = false;
  try {
    Napi::Array reports = Napi::Array::New(env, pending.reports.size());
    for (uint32_t i = 0; i < pending.reports.size(); ++i) {
      Napi::HandleScope scope(env);
      reports.Set(i, report_object(env, pending.reports[i]));
    }
    pending.deferred.Resolve(reports);
  } catch (const Napi::Error& error) {  // no memory for the outputs
    pending.deferred.Reject(error.Value());
  }
  if (session->collected) delete_session(env, session);
}

// runLoops(session, loops, runs, rounds, round, spares): runs the loops with these numbers in turn, `rounds` times; `runs` describes the run of each. If the session
// takes snapshots, `round` is the number of the first round. If `spares` is true, one thread of fits fewer works until the next call, but at least one. Returns a
// promise of the reports.
Napi::Value run_loops(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Session& session = idle_session_of(info);
  if (!info[1].IsArray() || !info[2].IsArray()) refuse("expected loops and their runs");
  Napi::Array loops = info[1].As<Napi::Array>(), specs = info[2].As<Napi::Array>();
  const Environment& instance = environment(env);
  auto pending = std::make_shared<PendingRun>(env, session);
  const bool has_rounds = info[3].ToNumber().DoubleValue() > 1;
  if (has_rounds) pending->rounds = info[3].ToNumber().Uint32Value();
  if (loops.Length() == 0 || loops.Length() != specs.Length()) refuse("expected a run for each loop");
  for (uint32_t i = 0; i < loops.Length(); ++i) {
    if (!specs.Get(i).IsObject()) refuse("expected a run for each loop");
    add_run(env, *pending, loops.Get(i).ToNumber().Uint32Value(), specs.Get(i).As<Napi::Object>());
  }
  if (pending->rounds > kMostRounds) refuse("too many rounds");
  if (info.Length() > 4 && info[4].IsNumber()) {
    if (!session.snapshots) refuse("no rounds are kept");
    pending->snapshot = {session.snapshots.get(), round_of(info[4]), session.persistent.get()};
  }
  pending->reports.reserve(pending->rounds * pending->runs.size());  // here, because the background thread could not report std::bad_alloc
  if (has_rounds || pending->runs.size() > 1) {
    for (const LoopRun& run : pending->runs) {
      if (!run.loop->has_rows()) refuse("several loops or rounds need loops over rows");
    }
  }
  session.stop.store(false);
  Workers& workers = session.background->workers();
  for (LoopRun& run : pending->runs) {
    // A run with a time limit may end after any step, so it also ends if other runs wait for the thread.
    if (run.limits.milliseconds < 1e300) run.limits.waiting = &workers.queued();
  }
  const bool spares = info.Length() > 5 && info[5].ToBoolean();
  session.background->submit(
      session.is_fit ? std::max(1, instance.threads - (spares ? 1 : 0)) : 1,
      [pending, &workers] { run_all(*pending, workers); },
      [pending](Napi::Env later) { settle(later, *pending); });
  session.running = true;
  return pending->deferred.Promise();
}

Napi::Value stop_session(const Napi::CallbackInfo& info) {
  session_of(info).stop.store(true);
  return info.Env().Undefined();
}

// keepRounds(session, pieces, count): from now on the session keeps snapshots of the pieces with these numbers, one after each of the last `count` rounds. With
// a count of 0 it keeps none.
Napi::Value keep_rounds(const Napi::CallbackInfo& info) {
  Session& session = idle_session_of(info);
  if (!info[1].IsArray()) refuse("expected pieces");
  Napi::Array list = info[1].As<Napi::Array>();
  std::vector<size_t> pieces;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    pieces.push_back(list.Get(i).ToNumber().Uint32Value());
    if (pieces.back() >= session.persistent->pieces.size()) refuse("no such piece");
  }
  const size_t count = round_of(info[2]);
  if (count > kMostRounds) refuse("too many rounds");
  const auto bytes = [&] { return session.snapshots ? static_cast<int64_t>(session.snapshots->bytes()) : 0; };
  const int64_t before = bytes();
  session.snapshots = count == 0 ? nullptr : std::make_unique<Snapshots>(*session.persistent, pieces, count);
  int64_t known = 0;
  napi_adjust_external_memory(info.Env(), bytes() - before, &known);
  return info.Env().Undefined();
}

// takeBack(session, round): restores the memory as it was after that round. The next run of each loop begins a new epoch.
Napi::Value take_back(const Napi::CallbackInfo& info) {
  Session& session = idle_session_of(info);
  if (!session.snapshots) refuse("no rounds are kept");
  session.snapshots->restore(*session.persistent, round_of(info[1]));
  for (const auto& loop : session.loops) loop->leave_epoch();
  return info.Env().Undefined();
}

// Calls visit(array, piece, bytes) for each piece of the persistent memory and the array of the same index, unless that is null. The pieces are as they were after
// a round, or after the last complete step if `round` is null; the result is the number of steps done until then, or 0 for a round.
template <typename Visit>
uint64_t visit_pieces(Session& session, Napi::Env env, Napi::Array arrays, Napi::Value round, Visit visit) {
  std::vector<Memory> memories;
  for (uint32_t i = 0; i < arrays.Length(); ++i) {
    Napi::Value array = arrays.Get(i);
    memories.push_back(array.IsNull() ? Memory{nullptr, 0} : memory_of(env, array));
  }
  const std::vector<PersistentMemory::Piece>& pieces = session.persistent->pieces;
  if (memories.size() != pieces.size()) refuse("expected an array for each piece");
  const bool of_round = round.IsNumber();
  if (of_round && !session.snapshots) refuse("no rounds are kept");
  const auto visit_all = [&](size_t number) {
    for (size_t i = 0; i < memories.size(); ++i) {
      const char* copy = of_round ? session.snapshots->piece(i, number) : nullptr;
      if (memories[i].bytes == pieces[i].bytes && pieces[i].bytes > 0) visit(memories[i].data, copy != nullptr ? copy : pieces[i].data.get(), pieces[i].bytes);
    }
  };
  uint64_t steps = 0;
  if (of_round) {
    visit_all(round_of(round));  // without the gate, because no step changes snapshots, nor the pieces that have none
  } else {
    session.gate.between_steps([&] {
      steps = session.persistent->steps;
      visit_all(0);
    });
  }
  return steps;
}

// isRound(session, arrays, round): whether the arrays have the same bits as the pieces had after that round.
Napi::Value is_round(const Napi::CallbackInfo& info) {
  bool same = true;
  visit_pieces(session_of(info), info.Env(), info[1].As<Napi::Array>(), info[2],
               [&](const char* data, const char* piece, size_t bytes) { same = same && std::memcmp(data, piece, bytes) == 0; });
  return Napi::Boolean::New(info.Env(), same);
}

// readPersistent(session, arrays, round): copies piece i to arrays[i], unless that is null, as the piece was after that round. If `round` is null, it copies the
// pieces as they are after the last complete step and returns how many steps the session has done until then.
Napi::Value read_persistent(const Napi::CallbackInfo& info) {
  const uint64_t steps = visit_pieces(session_of(info), info.Env(), info[1].As<Napi::Array>(), info[2],
                                      [](char* data, const char* piece, size_t bytes) { std::memcpy(data, piece, bytes); });
  return Napi::Number::New(info.Env(), static_cast<double>(steps));
}

// writePersistent(session, arrays): copies arrays[i] to piece i, unless arrays[i] is null.
Napi::Value write_persistent(const Napi::CallbackInfo& info) {
  Session& session = idle_session_of(info);
  Napi::Array arrays = info[1].As<Napi::Array>();
  if (arrays.Length() != session.persistent->pieces.size()) refuse("expected an array for each piece");
  for (uint32_t i = 0; i < arrays.Length(); ++i) {
    Napi::Value array = arrays.Get(i);
    if (array.IsNull()) continue;
    const Memory from = memory_of(info.Env(), array);
    const PersistentMemory::Piece& piece = session.persistent->pieces[i];
    if (from.bytes == piece.bytes && piece.bytes > 0) std::memcpy(piece.data.get(), from.data, piece.bytes);
  }
  return info.Env().Undefined();
}

}  // namespace

void export_sessions(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, Napi::Value function) { exports.Set(name, function); };
  add("createSession", Napi::Function::New<guarded<create_session>>(env, "createSession"));
  add("createRows", Napi::Function::New<guarded<create_rows>>(env, "createRows"));
  add("rowsEqual", Napi::Function::New<guarded<rows_equal>>(env, "rowsEqual"));
  add("addPersistent", Napi::Function::New<guarded<add_persistent>>(env, "addPersistent"));
  add("addKind", Napi::Function::New<guarded<add_kind>>(env, "addKind"));
  add("addLoop", Napi::Function::New<guarded<add_loop>>(env, "addLoop"));
  add("runLoops", Napi::Function::New<guarded<run_loops>>(env, "runLoops"));
  add("stopSession", Napi::Function::New<guarded<stop_session>>(env, "stopSession"));
  add("keepRounds", Napi::Function::New<guarded<keep_rounds>>(env, "keepRounds"));
  add("takeBack", Napi::Function::New<guarded<take_back>>(env, "takeBack"));
  add("isRound", Napi::Function::New<guarded<is_round>>(env, "isRound"));
  add("readPersistent", Napi::Function::New<guarded<read_persistent>>(env, "readPersistent"));
  add("writePersistent", Napi::Function::New<guarded<write_persistent>>(env, "writePersistent"));
}

}  // namespace simdnn
