#pragma once

namespace simdnn {

// Keeps the addon loaded to the end of the process. Node unloads it when the last environment that used it ends, while the pool's threads still run its code. On
// Linux a link option does this (-z nodelete in CMakeLists.txt), so the function does nothing there.
void keep_loaded();

}  // namespace simdnn
