// For each kernel the Node-API function, which reads and checks the arguments and calls the kernel, and the function that records a call for a plan.
#include "binding/kernels.h"

#include <memory>
#include <new>

#include "binding/environment.h"
#include "binding/reader.h"

namespace simdnn {
namespace {

// Writes the arguments of a recorded call to its slots, one after the other.
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

// Generated for each kernel: a struct whose constructor reads and checks the arguments, whose `run_with` calls the kernel, whose `write` writes the arguments to
// slots, and whose `invoke` calls the kernel with the arguments in slots.
#include "generated/calls.inc"

template <typename Call>
napi_value kernel_function(napi_env env, napi_callback_info info) {
  try {
    Reader reader(env, info, Call::kName);
    const Call call(reader);
    const Environment& instance = environment(env);
    Run run(instance.threads, instance.precision, instance.unit);
    call.run_with(*instance.target->table, run);
    if (run.fault.array() != nullptr) throw fault_error(Call::kName, run.fault);
  } catch (const ArgumentError& error) {
    throw_argument_error(env, error);
  } catch (const std::bad_alloc&) {
    throw_argument_error(env, {ArgumentError::kRange, std::string("[") + Call::kName + "] out of memory"});
  }
  return nullptr;
}

template <typename Call>
RecordedCall record_kernel(napi_env env, napi_value arguments, std::vector<std::unique_ptr<Layout>>& layouts) {
  Reader reader(env, arguments, 1, Call::kName);
  const Call call(reader);
  RecordedCall recorded{Call::kName, Call::invoke, {}, {}, {}};
  SlotWriter writer{recorded, layouts};
  call.write(writer);
  return recorded;
}

struct Kernel {
  const char* name;
  napi_value (*function)(napi_env, napi_callback_info);
  RecordedCall (*record)(napi_env, napi_value, std::vector<std::unique_ptr<Layout>>&);
};

constexpr Kernel kKernels[] = {
#define NAME(name) {name##_call::kName, kernel_function<name##_call>, record_kernel<name##_call>},
#include "generated/names.def"
};

}  // namespace

RecordedCall record_call(napi_env env, const std::string& kernel, napi_value arguments,
                         std::vector<std::unique_ptr<Layout>>& layouts) {
  for (const Kernel& known : kKernels) {
    if (kernel == known.name) return known.record(env, arguments, layouts);
  }
  throw ArgumentError{ArgumentError::kRange, "[createPlan] no kernel is called " + kernel};
}

void export_kernels(napi_env env, napi_value exports) {
  for (const Kernel& kernel : kKernels) {
    napi_value value;
    if (napi_create_function(env, kernel.name, NAPI_AUTO_LENGTH, kernel.function, nullptr, &value) == napi_ok) {
      napi_set_named_property(env, exports, kernel.name, value);
    }
  }
}

}  // namespace simdnn
