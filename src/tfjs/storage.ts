// Where the values of tensors live while this backend is active. It extends the data store of TensorFlow.js's cpu backend: each storage knows whether optimizers
// update it in place, and whether a fit on another thread has newer values.
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { isFloat32Array, isInt32Array, isUint8Array } from '../brands';
import type { TensorData } from '../memory';
import { recorder } from '../recorder';
import { numelOf } from '../shape';
import { giveBack, unpool } from './pool';

export type DataType = TensorInfo['dtype'];

/** What a step that is being recorded does apart from calls of this library's kernels. */
export interface StepObservation {
  /** The data ids that it creates. */
  readonly created: object[];
  /** Why the step cannot be replayed, or null: a replay only repeats what this library's kernels read and write. */
  objection: string | null;
  /**
   * Whether arrays that JavaScript writes are constants of the recording. This is right if all JavaScript of the step is known to write the same numbers each time, or
   * numbers that differ between any two steps, as random ones do: the comparison of two recordings finds those.
   */
  readonly acceptsConstants: boolean;
}

let observation: StepObservation | null = null;

/** Sets what records the events outside of kernel calls; null ends that. */
export function setObservation(next: StepObservation | null): void {
  observation = next;
}

/** Marks the step that is being recorded, if there is one, as one that cannot be replayed. */
export function refuseReplay(reason: string): void {
  if (observation !== null) observation.objection ??= reason;
}

let fallbackName: string | null = null;

/** Runs a kernel of the cpu backend. `name` is used in the reason why a step cannot be replayed. */
export function runFallback<T>(name: string, run: () => T): T {
  const before = fallbackName;
  fallbackName = name;
  try {
    return run();
  } finally {
    fallbackName = before;
  }
}

function refuseRead(): void {
  if (observation !== null)
    refuseReplay(
      fallbackName === null ? 'values are read by JavaScript' : `${fallbackName} of these arguments is no kernel of this library`,
    );
}

/** The owner of newer values than a storage has: a fit on another thread. */
export interface RemoteOwner {
  /** Copies the newest values to the storage. The owner may go on and compute newer ones. */
  fetch(): void;
  /** Copies the newest values to the storage and ends the ownership: the caller may change them, and the owner starts again from what it then finds. */
  reclaim(): void;
}

/** The values behind a data id. Kernels of this library read `array`; the cpu backend and TensorFlow.js use `values`. */
export class TensorStorage {
  refCount = 1;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  /** Whether optimizers change `array` in place. `values` then returns a copy, which keeps the values that it was made of. */
  isUpdatedInPlace = false;
  /** Set by `setRemote`. */
  remote: RemoteOwner | null = null;

  constructor(
    public array: unknown,
    readonly dtype: DataType,
  ) {}

  get values(): unknown {
    refuseRead();
    this.remote?.fetch();
    if (this.dtype === 'bool' && isInt32Array(this.array)) this.array = Uint8Array.from(this.array);
    if (this.isUpdatedInPlace) return (this.array as Float32Array).slice();
    if (isFloat32Array(this.array)) unpool(this.array);
    return this.array;
  }

  set values(values: unknown) {
    refuseRead();
    this.remote?.reclaim();
    this.array = values;
  }
}

// A single number, as `tf.scalar` makes it, is always a constant of a recording. Longer arrays may be the data of one step.
function recordConstant(values: unknown, shape: readonly number[], acceptsConstants: boolean): void {
  const isNumeric = isFloat32Array(values) || isInt32Array(values);
  if (isNumeric && (acceptsConstants || values.length === 1)) recorder?.constant(values);
  else refuseReplay(`the function makes a tensor [${shape.join(', ')}] from numbers of JavaScript: pass it as an argument`);
}

// The number of storages that have a remote owner: without any, clones need no look-up.
let remoteCount = 0;

/** Sets the remote owner of a storage, or removes it. */
export function setRemote(storage: TensorStorage, next: RemoteOwner | null): void {
  remoteCount += Number(next !== null) - Number(storage.remote !== null);
  storage.remote = next;
}

let nextId = 0;

/** TensorFlow.js's cpu backend with this library's storages. */
export class Backend extends MathBackendCPU {
  override write(values: never, shape: number[], dtype: DataType): object {
    if (observation !== null) recordConstant(values, shape, observation.acceptsConstants);
    return this.register(new TensorStorage(values, dtype));
  }

  override move(dataId: object, values: never, _shape: number[], dtype: DataType, refCount: number): void {
    refuseReplay('a tensor comes from another backend');
    const storage = new TensorStorage(values, dtype);
    storage.refCount = refCount;
    this.data.set(dataId, storage as never);
  }

  // A clone shares the storage and must keep its present values, so a remote owner must not overwrite them later.
  override incRef(dataId: object): void {
    if (remoteCount > 0) this.storageOf(dataId).remote?.reclaim();
    super.incRef(dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return super.disposeData(dataId, force);
    const storage = this.storageOf(dataId);
    storage.remote?.reclaim();
    const isGone = super.disposeData(dataId, force);
    if (isGone) giveBack(storage.array);
    return isGone;
  }

  private register(storage: TensorStorage): object {
    const dataId = { id: nextId++ };
    this.data.set(dataId, storage as never);
    observation?.created.push(dataId);
    return dataId;
  }

  storageOf(dataId: object): TensorStorage {
    return this.data.get(dataId) as unknown as TensorStorage;
  }

  /** A kernel's result over an array. */
  info(array: TensorData, shape: readonly number[], dtype: DataType): TensorInfo {
    return { dataId: this.register(new TensorStorage(array, dtype)), shape: shape as number[], dtype };
  }

  /** A tensor over an array, which the current scope of `tf.tidy` disposes. */
  tensor(array: TensorData, shape: readonly number[], dtype: DataType): Tensor {
    return engine().makeTensorFromTensorInfo(this.info(array, shape, dtype), this);
  }
}

/** The values of a float32 tensor as kernels read them; null for other types. */
export function floatsOf(backend: Backend, { dataId, shape, dtype }: TensorInfo): Float32Array | null {
  if (dtype !== 'float32') return null;
  const { array, remote } = backend.storageOf(dataId);
  remote?.fetch();
  return isFloat32Array(array) && array.length === numelOf(shape) ? array : null;
}

/** The values of an int32 tensor as kernels read them, or those of a boolean one as 0 and 1; null for other types. */
export function intsOf(backend: Backend, { dataId, shape, dtype }: TensorInfo): Int32Array | null {
  if (dtype !== 'int32' && dtype !== 'bool') return null;
  const storage = backend.storageOf(dataId);
  storage.remote?.fetch();
  if (dtype === 'bool' && isUint8Array(storage.array)) {
    refuseReplay('booleans are read that no kernel of this library made');
    storage.array = Int32Array.from(storage.array);
  }
  return isInt32Array(storage.array) && storage.array.length === numelOf(shape) ? storage.array : null;
}

/** The values of a tensor as kernels read them; null for types other than float32, int32 and bool. */
export const arrayOf = (backend: Backend, x: TensorInfo): TensorData | null => floatsOf(backend, x) ?? intsOf(backend, x);
