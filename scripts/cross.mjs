// Building on x64 Linux for arm64 Linux, and running what was built: Debian's cross compiler and qemu-user.
import { join } from 'node:path';
import { installMissing, onPath, root } from './system.mjs';

const triple = 'aarch64-linux-gnu';

/** The cross compiler's strip. */
export const crossStrip = `${triple}-strip`;

/** The build for arm64 in build/cmake-arm64: what `cmake` takes. prebuildify looks for the addon in build/Release of its folder. */
export const crossFolder = 'cmake-arm64';
export const crossBuild = {
  flags: '-O3 -DNDEBUG',
  definitions: {
    CMAKE_TOOLCHAIN_FILE: join(root, `native/cmake/${triple}.cmake`),
    SIMDNN_ADDON: 'ON',
    SIMDNN_TESTS: 'ON',
    SIMDNN_OUTPUT: join(root, 'build/prebuild/arm64/build/Release'),
  },
};

/** The command line that runs an arm64 program here. */
export const emulated = (program, ...args) => ['qemu-aarch64-static', '-L', `/usr/${triple}`, program, ...args];

export const installCompiler = () => installMissing([[`g++-${triple}`, onPath(`${triple}-g++`) && onPath(crossStrip)]]);
export const installEmulator = () => installMissing([['qemu-user-static', onPath('qemu-aarch64-static')]]);
