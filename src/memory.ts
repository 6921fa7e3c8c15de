// Where the numbers of tensors live. A fresh typed array of its own costs 0.5 us or more, a view into a
// larger buffer a tenth of that, so small tensors are cut from slabs. A slab's memory is handed out once
// and never again; the garbage collector frees it with the last tensor cut from it.
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

// A loss or a metric that is kept for long holds its whole slab in memory, so the small have small ones.
const smallest = { upTo: 64, slab: new Slab(4096 - alignment) };
const small = { upTo: 8192, slab: new Slab(65536 - alignment) };

// Results of operations: a recording hears of them, since at a replay they lie elsewhere.
function allocateResult<T extends TensorData>(array: T): T {
  if (recorder !== null) recorder.allocated(array);
  return array;
}

type ArrayClass<T> = new (buffer: ArrayBuffer, offset: number, n: number) => T;

// Arrays of so many bytes the C library would return to the system when they are freed, and the next one would be cleared page by page.
const large = 65_536;
let keepsHeap = false;

// From so many bytes on an array has a page of 2 MiB to itself, whatever lies beside it.
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
 * Has it fail to transfer the buffer of `array` to another thread (before Node 21 it is copied instead): all tensors in the buffer would lose their memory. For
 * each array that JavaScript is given, since loading what does it takes longer than many programs that never ask for one.
 */
export function keepHere(array: TensorData): void {
  keep ??= (require('node:worker_threads') as typeof import('node:worker_threads')).markAsUntransferable;
  try {
    keep(array.buffer);
  } catch {
    keep = () => {}; // Bun has the function, which throws
  }
}

/** Whether the memory of `array` is a part of that of `region`, or all of it. */
export const liesIn = (region: TensorData, array: TensorData): boolean =>
  region.buffer === array.buffer &&
  array.byteOffset >= region.byteOffset &&
  array.byteOffset + array.byteLength <= region.byteOffset + region.byteLength;

/** Whether they have memory in common. */
export const overlap = (a: TensorData, b: TensorData): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
