// Records the arguments of kernel calls. Import it before simdnn/kernels, because some of its functions look up their kernel when they are created.
import { eagerKernels, setKernels } from '../../src/native';

/** Kernel calls, [name, ...arguments] with a copy of each array from before the call, while `heard` collects them. */
export type Heard = [array: Float32Array | Int32Array, before: Float32Array | Int32Array];
let heard: unknown[][] | null = null;

setKernels(
  Object.fromEntries(
    Object.entries(eagerKernels).map(([name, kernel]) => [
      name,
      (...args: unknown[]) => {
        heard?.push([name, ...args.map((arg) => (ArrayBuffer.isView(arg) ? [arg, (arg as Float32Array).slice()] : arg))]);
        return (kernel as (...args: unknown[]) => void)(...args);
      },
    ]),
  ) as never,
);

/** The kernel calls that `body` makes. */
export function hear(body: () => void): unknown[][] {
  const calls: unknown[][] = [];
  heard = calls;
  try {
    body();
  } finally {
    heard = null;
  }
  return calls;
}
