// MPI_COMM_WORLD, the group of processes (ranks) that one launcher has started, for any MPI library.
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
  // values = the sum of values over all ranks.
  virtual void sum(float* values, size_t n) = 0;
  virtual void sum(double* values, size_t n) = 0;
  // Begins a nonblocking sum. No other code may read or write the values until end() has returned.
  virtual void begin(float* values, size_t n) = 0;
  // Whether a nonblocking sum has begun and is not known to be done.
  virtual bool is_summing() const = 0;
  // Lets MPI move data of the nonblocking sums, without waiting.
  virtual void progress() = 0;
  // Waits until all nonblocking sums are done.
  virtual void end() = 0;
  virtual void broadcast(void* bytes, size_t n, int root) = 0;
  // Sends n bytes to rank `to`, and at the same time receives up to `max_received` bytes from rank `from`.
  virtual void exchange(const void* sent, size_t n, int to, void* received, size_t max_received, int from) = 0;
  virtual void finalize() = 0;
};

// Opens the first of these libraries that exists and initialises MPI. Throws std::runtime_error with the names that it has tried.
std::unique_ptr<World> open_world(const std::vector<std::string>& libraries);

}  // namespace simdnn
