#pragma once

namespace simdnn {

// Keeps the addon in memory to the end of the process: Node unloads it with the last environment that used it, under the feet of the pool's threads. On
// Linux the linker says so (-z nodelete in CMakeLists.txt), and nothing is done.
void keep_loaded();

}  // namespace simdnn
