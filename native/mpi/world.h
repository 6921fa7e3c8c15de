// The processes that one launcher has started (MPI_COMM_WORLD), for any MPI library.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace simdnn {

class World {
 public:
  virtual ~World() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual std::string version() const = 0;
  virtual void sum(float* values, size_t n) = 0;
  virtual void sum(double* values, size_t n) = 0;
  // Begins a nonblocking sum. Nothing else may read or write its values until `end` has returned.
  virtual void begin(float* values, size_t n) = 0;
  virtual bool is_summing() const = 0;
  // Lets MPI move data of the nonblocking sums; does not wait.
  virtual void progress() = 0;
  virtual void end() = 0;
  virtual void broadcast(void* bytes, size_t n, int root) = 0;
  // Sends n bytes to a rank while it receives from another one, which may send up to `most`.
  virtual void exchange(const void* sent, size_t n, int to, void* received, size_t most, int from) = 0;
  virtual void finalize() = 0;
};

// Opens the first of these libraries that is there and begins MPI in it. Throws std::runtime_error that says what was tried.
std::unique_ptr<World> open_world(const std::vector<std::string>& libraries);

}  // namespace simdnn
