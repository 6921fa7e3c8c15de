// Where tensors of TensorFlow.js live while this backend has them: the storage of its cpu backend, in pieces that know who reads them.
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { isFloat32Array, isInt32Array, isUint8Array } from '../brands';
import { allocateFloat, allocateInt, type TensorData } from '../memory';
import { numelOf } from '../shape';

export type DataType = TensorInfo['dtype'];

/** Who wants to know what a recording of kernel calls does not show. */
export interface Watcher {
  /** JavaScript reads values. */
  read(): void;
  /** Memory was made for a kernel's result. */
  made(array: TensorData): void;
  /** JavaScript brought values. */
  brought(values: unknown): void;
}

let watcher: Watcher | null = null;

export function setWatcher(next: Watcher | null): void {
  watcher = next;
}

/** The values behind a data id. Kernels of this library read `held`; all others `values`, which tells that they were seen. */
export class Piece {
  refCount = 1;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  /** Whether updates in place change `held`: whoever reads it then is given a copy. */
  isHome = false;

  constructor(
    public held: unknown,
    readonly dtype: DataType,
  ) {}

  get values(): unknown {
    if (watcher !== null) watcher.read();
    if (this.dtype === 'bool' && isInt32Array(this.held)) this.held = Uint8Array.from(this.held);
    return this.isHome ? (this.held as Float32Array).slice() : this.held;
  }

  set values(values: unknown) {
    this.held = values;
  }
}

let nextId = 0;

/** TensorFlow.js's cpu backend over pieces. */
export class Backend extends MathBackendCPU {
  override write(values: never, _shape: number[], dtype: DataType): object {
    if (watcher !== null) watcher.brought(values);
    return this.keep(new Piece(values, dtype));
  }

  override move(dataId: object, values: never, _shape: number[], dtype: DataType, refCount: number): void {
    const piece = new Piece(values, dtype);
    piece.refCount = refCount;
    this.data.set(dataId, piece as never);
  }

  /** A new data id for a piece. */
  keep(piece: Piece): object {
    const dataId = { id: nextId++ };
    this.data.set(dataId, piece as never);
    return dataId;
  }

  piece(dataId: object): Piece {
    return this.data.get(dataId) as unknown as Piece;
  }

  /** A kernel's result. */
  info(held: TensorData, shape: readonly number[], dtype: DataType): TensorInfo {
    return { dataId: this.keep(new Piece(held, dtype)), shape: shape as number[], dtype };
  }

  /** A tensor that the running scope disposes. */
  tensor(held: TensorData, shape: readonly number[], dtype: DataType): Tensor {
    return engine().makeTensorFromTensorInfo(this.info(held, shape, dtype), this);
  }
}

/** Memory for a kernel's result. */
export function freshFloats(n: number): Float32Array {
  const array = allocateFloat(n);
  if (watcher !== null) watcher.made(array);
  return array;
}

/** The same for whole numbers. */
export function freshInts(n: number): Int32Array {
  const array = allocateInt(n);
  if (watcher !== null) watcher.made(array);
  return array;
}

/** A tensor's values where our kernels can read them; null for another type. */
export function floatsOf(backend: Backend, { dataId, shape, dtype }: TensorInfo): Float32Array | null {
  if (dtype !== 'float32') return null;
  const { held } = backend.piece(dataId);
  return isFloat32Array(held) && held.length === numelOf(shape) ? held : null;
}

/** The same for int32, and for booleans as 0 and 1. */
export function intsOf(backend: Backend, { dataId, shape, dtype }: TensorInfo): Int32Array | null {
  if (dtype !== 'int32' && dtype !== 'bool') return null;
  const piece = backend.piece(dataId);
  if (dtype === 'bool' && isUint8Array(piece.held)) {
    if (watcher !== null) watcher.read();
    piece.held = Int32Array.from(piece.held);
  }
  return isInt32Array(piece.held) && piece.held.length === numelOf(shape) ? piece.held : null;
}
