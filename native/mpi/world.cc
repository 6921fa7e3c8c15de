// Opens an MPI library at run time. There are three binary interfaces: that of the MPI standard, Open MPI's and MPICH's. They differ in the type of handles and in
// the values of constants, for which `open` has a table for each.
#include "mpi/world.h"

#include <cstdint>
#include <stdexcept>

// These functions of libuv are exported by Node's binary. A direct call of dlopen would require a newer C library than the oldest supported one.
extern "C" {
struct uv_lib_t {
  void* handle;
  char* errmsg;
};
int uv_dlopen(const char* filename, uv_lib_t* lib);
int uv_dlsym(uv_lib_t* lib, const char* name, void** ptr);
const char* uv_dlerror(const uv_lib_t* lib);
}

namespace simdnn {
namespace {

constexpr size_t kMaxElements = size_t{1} << 30;  // in one call, because MPI counts elements in an int

// The constants that differ between the interfaces.
template <typename Handle>
struct Constants {
  Handle world, float32, float64, byte, sum;
  void* in_place;
  int serialized;
};

void* find(uv_lib_t& library, const char* name) {
  void* address = nullptr;
  return uv_dlsym(&library, name, &address) == 0 ? address : nullptr;
}

template <typename Function>
Function function(uv_lib_t& library, const char* name) {
  void* const address = find(library, name);
  if (address == nullptr) throw std::runtime_error(std::string("the library has no ") + name);
  return reinterpret_cast<Function>(address);
}

template <typename Handle>
class LoadedWorld : public World {
 public:
  LoadedWorld(uv_lib_t& library, Constants<Handle> constants) : constants_(constants) {
    allreduce_ = function<Allreduce>(library, "MPI_Allreduce");
    iallreduce_ = function<Iallreduce>(library, "MPI_Iallreduce");
    test_ = function<Test>(library, "MPI_Test");
    wait_ = function<Wait>(library, "MPI_Wait");
    bcast_ = function<Bcast>(library, "MPI_Bcast");
    sendrecv_ = function<Sendrecv>(library, "MPI_Sendrecv");
    finalize_ = function<int (*)()>(library, "MPI_Finalize");
    const auto rank = function<int (*)(Handle, int*)>(library, "MPI_Comm_rank");
    const auto size = function<int (*)(Handle, int*)>(library, "MPI_Comm_size");
    const auto version = function<int (*)(char*, int*)>(library, "MPI_Get_library_version");
    const auto init = function<int (*)(int*, char***, int, int*)>(library, "MPI_Init_thread");
    int given = 0;
    if (init(nullptr, nullptr, constants_.serialized, &given) != 0) throw std::runtime_error("MPI_Init_thread has failed");
    if (given < constants_.serialized) throw std::runtime_error("the library does not let threads take turns (MPI_THREAD_SERIALIZED)");
    rank(constants_.world, &rank_);
    size(constants_.world, &size_);
    char text[8192] = {};
    int length = 0;
    version(text, &length);
    version_ = std::string(text).substr(0, std::string(text).find_first_of("\r\n"));
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string version() const override { return version_; }
  void sum(float* values, size_t n) override { sum_of(values, n, constants_.float32); }
  void sum(double* values, size_t n) override { sum_of(values, n, constants_.float64); }
  void begin(float* values, size_t n) override {
    for (size_t begin = 0; begin < n; begin += kMaxElements) {
      pending_.emplace_back();
      iallreduce_(constants_.in_place, values + begin, count_of(n - begin), constants_.float32, constants_.sum, constants_.world, &pending_.back());
    }
  }
  bool is_summing() const override { return first_ < pending_.size(); }
  // It tests only the first pending sum, because MPI_Test moves the data of all sums.
  void progress() override {
    int done = 1;
    while (first_ < pending_.size() && done != 0) {
      test_(&pending_[first_], &done, status_);
      if (done != 0) ++first_;
    }
  }
  void end() override {
    for (; first_ < pending_.size(); ++first_) wait_(&pending_[first_], status_);
    pending_.clear();
    first_ = 0;
  }
  void broadcast(void* bytes, size_t n, int root) override {
    for (size_t begin = 0; begin < n; begin += kMaxElements) {
      bcast_(static_cast<char*>(bytes) + begin, count_of(n - begin), constants_.byte, root, constants_.world);
    }
  }
  void exchange(const void* sent, size_t n, int to, void* received, size_t max_received, int from) override {
    constexpr int tag = 0;  // one tag is enough, because the messages of a rank arrive in order
    sendrecv_(sent, count_of(n), constants_.byte, to, tag, received, count_of(max_received), constants_.byte, from, tag, constants_.world, status_);
  }
  void finalize() override { finalize_(); }

 private:
  using Allreduce = int (*)(const void*, void*, int, Handle, Handle, Handle);
  using Iallreduce = int (*)(const void*, void*, int, Handle, Handle, Handle, Handle*);
  using Test = int (*)(Handle*, int*, void*);
  using Wait = int (*)(Handle*, void*);
  using Bcast = int (*)(void*, int, Handle, int, Handle);
  using Sendrecv = int (*)(const void*, int, Handle, int, int, void*, int, Handle, int, int, Handle, void*);

  static int count_of(size_t left) { return static_cast<int>(left < kMaxElements ? left : kMaxElements); }

  template <typename T>
  void sum_of(T* values, size_t n, Handle type) {
    for (size_t begin = 0; begin < n; begin += kMaxElements) {
      allreduce_(constants_.in_place, values + begin, count_of(n - begin), type, constants_.sum, constants_.world);
    }
  }

  Constants<Handle> constants_;
  Allreduce allreduce_;
  Iallreduce iallreduce_;
  Test test_;
  Wait wait_;
  Bcast bcast_;
  Sendrecv sendrecv_;
  int (*finalize_)();
  int rank_ = 0, size_ = 1;
  std::string version_;
  std::vector<Handle> pending_;  // the nonblocking sums in the order in which they began
  size_t first_ = 0;             // the index of the first pending one: those before it are done
  alignas(16) char status_[256];  // large enough for any library's MPI_Status; it is never read
};

std::unique_ptr<World> open(uv_lib_t& library) {
  const auto number = [](uintptr_t n) { return reinterpret_cast<void*>(n); };
  const auto get_abi = reinterpret_cast<int (*)(int*, int*)>(find(library, "MPI_Abi_get_version"));
  int major = 0, minor = 0;
  if (get_abi != nullptr && get_abi(&major, &minor) == 0 && major >= 1) {  // the interface of the standard, since MPI 5
    return std::make_unique<LoadedWorld<void*>>(
        library, Constants<void*>{number(0x101), number(0x210), number(0x214), number(0x247), number(0x21), number(1), 2048});
  }
  if (void* const world = find(library, "ompi_mpi_comm_world")) {  // Open MPI, whose handles are addresses of its variables
    const auto at = [&](const char* name) { return function<void*>(library, name); };
    return std::make_unique<LoadedWorld<void*>>(
        library, Constants<void*>{world, at("ompi_mpi_float"), at("ompi_mpi_double"), at("ompi_mpi_byte"), at("ompi_mpi_op_sum"), number(1), 2});
  }
  return std::make_unique<LoadedWorld<int>>(  // MPICH and the libraries that are compatible with it
      library, Constants<int>{0x44000000, 0x4c00040a, 0x4c00080b, 0x4c00010d, 0x58000003, number(UINTPTR_MAX), 2});
}

}  // namespace

std::unique_ptr<World> open_world(const std::vector<std::string>& libraries) {
  std::string tried;
  for (const std::string& name : libraries) {
    uv_lib_t& library = *new uv_lib_t{};  // never closed, because the library's threads may still run its code
    if (uv_dlopen(name.c_str(), &library) == 0) return open(library);
    tried += "\n  tried: " + name + " (" + uv_dlerror(&library) + ")";
  }
  throw std::runtime_error("no MPI library was found" + tried);
}

}  // namespace simdnn
