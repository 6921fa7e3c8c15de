// Every kernel's N-API function, generated from kernels.def in passes, each a class that adds to the
// one before: read the arguments, check the lengths, call through the target's table, keep the call for a plan.
#include "binding/kernels.h"

#include <memory>
#include <new>

#include "binding/environment.h"
#include "binding/reader.h"

namespace simdnn {
namespace {

// Fills a recorded call's slots, argument by argument.
struct SlotWriter {
  RecordedCall& call;
  std::vector<std::unique_ptr<Layout>>& layouts;

  template <typename T>
  void pointer(T* p, size_t elements, bool written) {
    constexpr bool kFloat = std::is_same_v<std::remove_const_t<T>, float>;
    add(SlotKind::kPointer, {p == nullptr ? 0 : elements, written, kFloat}).pointer =
        const_cast<std::remove_const_t<T>*>(p);
  }
  void size(uint64_t n) { add(SlotKind::kValue).size = n; }
  void integer(int32_t n) { add(SlotKind::kValue).integer = n; }
  void real(double x) { add(SlotKind::kValue).real = x; }
  void layout(const Layout& l) {
    layouts.push_back(std::make_unique<Layout>(l));
    add(SlotKind::kValue).layout = layouts.back().get();
  }

 private:
  Slot& add(SlotKind kind, Extent extent = {}) {
    call.kinds.push_back(kind);
    call.extents.push_back(extent);
    call.slots.push_back(Slot{});
    return call.slots.back();
  }
};

// Pass 1: one member an argument, read in order as the object is made.
#define KERNEL(name, parameters) \
  struct name##_arguments {      \
    Reader& reader;              \
    parameters                   \
  };
#define OUT(T, name, length) Array<T> name = reader.array<T>(#name);
#define INOUT(T, name, length) Array<T> name = reader.array<T>(#name);
#define IN(T, name, length) Array<const T> name = reader.array<const T>(#name);
#define OPT_OUT(T, name, length) Array<T> name = reader.optional_array<T>(#name);
#define OPT_INOUT(T, name, length) Array<T> name = reader.optional_array<T>(#name);
#define OPT_IN(T, name, length) Array<const T> name = reader.optional_array<const T>(#name);
#define OUT_ANY(name, length) Array<uint32_t> name = reader.any_array<uint32_t>(#name);
#define IN_ANY(name, length) Array<const uint32_t> name = reader.any_array<const uint32_t>(#name);
#define SIZE(name) Count name = reader.size(#name);
#define INT(name) int32_t name = reader.int32(#name);
#define REAL(name) double name = reader.real(#name);
#define COUNTER(name) uint64_t name = reader.counter(#name);
#define LAYOUT(name) Layout name = reader.layout(#name);
#include "kernels/kernels.def"

// Pass 2: the lengths, whose formulas use the members by name.
#define KERNEL(name, parameters)               \
  struct name##_checked : name##_arguments {   \
    void check() { parameters }                \
  };
#define CHECK(name, length) reader.fits(name, #name, #length, length);
#define OUT(T, name, length) CHECK(name, length)
#define INOUT(T, name, length) CHECK(name, length)
#define IN(T, name, length) CHECK(name, length)
#define OPT_OUT(T, name, length) CHECK(name, length)
#define OPT_INOUT(T, name, length) CHECK(name, length)
#define OPT_IN(T, name, length) CHECK(name, length)
#define OUT_ANY(name, length) CHECK(name, length)
#define IN_ANY(name, length) CHECK(name, length)
#define SIZE(name)
#define INT(name)
#define REAL(name)
#define COUNTER(name)
#define LAYOUT(name)
#include "kernels/kernels.def"
#undef CHECK

// Pass 3: the call.
#define KERNEL(name, parameters)                                                            \
  struct name##_call : name##_checked {                                                     \
    static constexpr const char* kName = #name;                                             \
    void call(const KernelTable& table, Run& run) { table.name(run parameters); }           \
  };
#define OUT(T, name, length) , name.data
#define INOUT(T, name, length) , name.data
#define IN(T, name, length) , name.data
#define OPT_OUT(T, name, length) , name.data
#define OPT_INOUT(T, name, length) , name.data
#define OPT_IN(T, name, length) , name.data
#define OUT_ANY(name, length) , name.data
#define IN_ANY(name, length) , name.data
#define SIZE(name) , name
#define INT(name) , name
#define REAL(name) , name
#define COUNTER(name) , name
#define LAYOUT(name) , name
#include "kernels/kernels.def"

// Pass 4: the call as data, for a plan.
#define KERNEL(name, parameters)                                        \
  struct name##_slots : name##_call {                                   \
    static constexpr Invoke kInvoke = invoke_kernel<&KernelTable::name>; \
    void write(SlotWriter& writer) { parameters }                       \
  };
#define WRITTEN(name, length) writer.pointer(name.data, length, true);
#define READ(name, length) writer.pointer(name.data, length, false);
#define OUT(T, name, length) WRITTEN(name, length)
#define INOUT(T, name, length) WRITTEN(name, length)
#define IN(T, name, length) READ(name, length)
#define OPT_OUT(T, name, length) WRITTEN(name, length)
#define OPT_INOUT(T, name, length) WRITTEN(name, length)
#define OPT_IN(T, name, length) READ(name, length)
#define OUT_ANY(name, length) WRITTEN(name, length)
#define IN_ANY(name, length) READ(name, length)
#define SIZE(name) writer.size(name);
#define INT(name) writer.integer(name);
#define REAL(name) writer.real(name);
#define COUNTER(name) writer.size(name);
#define LAYOUT(name) writer.layout(name);
#include "kernels/kernels.def"
#undef WRITTEN
#undef READ

// linear_forward -> linearForward
struct CamelCase {
  char text[64] = {};
  explicit CamelCase(const char* name) {
    size_t n = 0;
    for (bool upper = false; *name != 0 && n + 1 < sizeof text; ++name) {
      if (*name == '_') {
        upper = true;
      } else {
        text[n++] = upper ? static_cast<char>(*name - 'a' + 'A') : *name;
        upper = false;
      }
    }
  }
};

template <typename Call>
napi_value kernel_function(napi_env env, napi_callback_info info) {
  static const CamelCase name(Call::kName);
  try {
    Reader reader(env, info, name.text);
    Call call{{{reader}}};
    call.check();
    const Environment& here = environment(env);
    Run run(here.threads);
    call.call(*here.target->table, run);
    if (run.fault.array() != nullptr) throw fault_error(name.text, run.fault);
  } catch (const ArgumentError& error) {
    throw_argument_error(env, error);
  } catch (const std::bad_alloc&) {
    throw_argument_error(env, {ArgumentError::kRange, std::string("[") + name.text + "] out of memory"});
  }
  return nullptr;
}

template <typename Call>
RecordedCall record_kernel(napi_env env, napi_value arguments, std::vector<std::unique_ptr<Layout>>& layouts) {
  static const CamelCase name(Call::kName);
  Reader reader(env, arguments, 1, name.text);
  Call call{{{{reader}}}};
  call.check();
  RecordedCall recorded{name.text, Call::kInvoke, {}, {}, {}};
  SlotWriter writer{recorded, layouts};
  call.write(writer);
  return recorded;
}

}  // namespace

RecordedCall record_call(napi_env env, const std::string& kernel, napi_value arguments,
                         std::vector<std::unique_ptr<Layout>>& layouts) {
#define NAME(name) \
  if (kernel == CamelCase(#name).text) return record_kernel<name##_slots>(env, arguments, layouts);
#include "kernels/names.def"
  throw ArgumentError{ArgumentError::kRange, "[createPlan] no kernel is called " + kernel};
}

void export_kernels(napi_env env, napi_value exports) {
  const auto add = [&](const char* kernel, napi_callback function) {
    const CamelCase name(kernel);
    napi_value value;
    if (napi_create_function(env, name.text, NAPI_AUTO_LENGTH, function, nullptr, &value) == napi_ok) {
      napi_set_named_property(env, exports, name.text, value);
    }
  };
#define NAME(name) add(#name, kernel_function<name##_call>);
#include "kernels/names.def"
}

}  // namespace simdnn
