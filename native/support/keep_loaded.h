#pragma once

namespace simdnn {

// Keeps the addon loaded until the process ends. Otherwise Node unloads it with the last environment that used it, while the pool's threads still run its code.
// On Linux a link option has this effect (-z nodelete in CMakeLists.txt), so the function does nothing there.
void keep_loaded();

}  // namespace simdnn
