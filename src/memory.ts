// Allocates the memory of tensors. A new buffer for a typed array costs 0.5 us or more, a view of a larger buffer a tenth of that, so that small tensors
// are cut from slabs. The memory of a slab is handed out once and never used again; the garbage collector frees the slab when the last of its tensors
// is gone.
import { rangeError } from './errors';
import { keepHeap, misalignment, preferHugePages, type TensorData } from './native';
import { recorder } from './recorder';

/** The element types: `"float32"` for values, `"int32"` for labels and indices. */
export type DType = 'float32' | 'int32';

export type { TensorData } from './native';

const alignment = 64; // a cache line, and the widest vector

class Slab {
  private buffer = new ArrayBuffer(0);
  private next = 0;

  constructor(private readonly bytes: number) {}

  /** The byte offset of `bytes` fresh zeroed bytes in the returned buffer, on a 64-byte boundary. */
  cut(bytes: number): { buffer: ArrayBuffer; offset: number } {
    const rounded = (bytes + alignment - 1) & -alignment;
    if (this.next + Math.max(rounded, 1) > this.buffer.byteLength) {
      this.buffer = new ArrayBuffer(this.bytes + alignment);
      this.next = (alignment - misalignment(this.buffer)) % alignment;
    }
    const offset = this.next;
    this.next += rounded;
    return { buffer: this.buffer, offset };
  }
}

// A loss or a metric that is kept for long keeps its whole slab in memory. Small tensors therefore have small slabs.
const smallest = { upTo: 64, slab: new Slab(4096 - alignment) };
const small = { upTo: 8192, slab: new Slab(65536 - alignment) };

// Memory for results of operations. A recording is told about it, because results of a replay lie elsewhere.
function allocateResult<T extends TensorData>(array: T): T {
  if (recorder !== null) recorder.allocated(array);
  return array;
}

type ArrayClass<T> = new (buffer: ArrayBuffer, offset: number, n: number) => T;

// The C library returns arrays of at least this many bytes to the system when they are freed; all pages of the next such array would have to be cleared again.
const large = 65_536;
let keepsHeap = false;

// An array of at least this many bytes contains a whole page of 2 MiB at any alignment.
const hasHugePages = 4 << 20;

// In a buffer of its own.
function allocateAlone<T extends TensorData>(arrayClass: ArrayClass<T>, n: number): T {
  if (!keepsHeap && n * 4 >= large) {
    keepHeap();
    keepsHeap = true;
  }
  try {
    const buffer = new ArrayBuffer(n * 4 + alignment);
    if (n * 4 >= hasHugePages) preferHugePages(buffer);
    return new arrayClass(buffer, (alignment - misalignment(buffer)) % alignment, n);
  } catch (error) {
    throw rangeError('memory', `${n} elements cannot be allocated: ${(error as Error).message}`);
  }
}

function allocate<T extends TensorData>(arrayClass: ArrayClass<T>, n: number): T {
  const bytes = n * 4;
  if (bytes > small.upTo) return allocateAlone(arrayClass, n);
  const { buffer, offset } = (bytes <= smallest.upTo ? smallest : small).slab.cut(bytes);
  return new arrayClass(buffer, offset, n);
}

/** Fresh zeroed memory for `n` values that outlive a step: parameters, the state of optimizers. */
export const allocatePersistent = (n: number): Float32Array => allocateAlone(Float32Array, n);

/** Fresh zeroed memory for `n` values. */
export const allocateFloat = (n: number): Float32Array => allocateResult(allocate(Float32Array, n));

/** Fresh zeroed memory for `n` indices. */
export const allocateInt = (n: number): Int32Array => allocateResult(allocate(Int32Array, n));

/** Fresh zeroed memory for numbers that JavaScript writes: a recording takes them as constants. */
export function allocateConstant(n: number, dtype: DType): TensorData {
  const array = dtype === 'float32' ? allocate(Float32Array, n) : allocate(Int32Array, n);
  if (recorder !== null) recorder.constant(array);
  return array;
}

let keep: ((buffer: ArrayBufferLike) => void) | null = null;

/**
 * Makes it an error to transfer the buffer of `array` to another thread (before Node 21 the buffer is copied instead), because all tensors in the buffer would
 * lose their memory. This is called for each array that user code is given, and not earlier, because loading the function for it takes longer than many programs.
 */
export function keepHere(array: TensorData): void {
  keep ??= (require('node:worker_threads') as typeof import('node:worker_threads')).markAsUntransferable;
  try {
    keep(array.buffer);
  } catch {
    keep = () => {}; // Bun has the function, which throws
  }
}

/** Whether the memory of `array` lies within that of `region`. */
export const liesIn = (region: TensorData, array: TensorData): boolean =>
  region.buffer === array.buffer &&
  array.byteOffset >= region.byteOffset &&
  array.byteOffset + array.byteLength <= region.byteOffset + region.byteLength;

/** Whether they have memory in common. */
export const overlap = (a: TensorData, b: TensorData): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
