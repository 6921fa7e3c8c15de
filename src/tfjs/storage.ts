// Where tensors of TensorFlow.js live while this backend has them: the storage of its cpu backend, in pieces that know whether they are changed in place.
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { isFloat32Array, isInt32Array, isUint8Array } from '../brands';
import type { TensorData } from '../memory';
import { recorder } from '../recorder';
import { numelOf } from '../shape';
import { giveBack, unpool } from './pool';

export type DataType = TensorInfo['dtype'];

/** What a recorded step did besides calls of our kernels. */
export interface Watch {
  /** The data ids that it made. */
  readonly made: object[];
  /** Why it cannot be replayed: a replay knows only memory that our kernels read and write. */
  unfit: string | null;
  /** Whether all JavaScript of the step is known: what it makes of numbers then is the same each time, or differs at once, as random numbers do. */
  readonly isKnown: boolean;
}

let watch: Watch | null = null;

/** Has `next` hear of what happens outside our kernels; null: nobody. */
export function setWatch(next: Watch | null): void {
  watch = next;
}

/** Says that what is going on cannot be replayed. */
export function refuseReplay(reason: string): void {
  if (watch !== null) watch.unfit ??= reason;
}

let asked: string | null = null;

/** Has the cpu backend's kernel of this name give the answer of `run`. */
export function byOthers<T>(name: string, run: () => T): T {
  const before = asked;
  asked = name;
  try {
    return run();
  } finally {
    asked = before;
  }
}

function refuseReading(): void {
  if (watch !== null)
    refuseReplay(asked === null ? 'values are read by JavaScript' : `${asked} of these arguments is no kernel of this library`);
}

/** Who has newer values of a piece than are here: a fit on another thread. */
export interface Elsewhere {
  /** Brings them here. */
  look(): void;
  /** The same, and it goes on with what is here then, because somebody may change it. */
  take(): void;
}

/** The values behind a data id. Kernels of this library read `held`; all others `values`. */
export class Piece {
  refCount = 1;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  /** Whether updates in place change `held`: whoever reads it then is given a copy. */
  isHome = false;
  /** See `setElsewhere`. */
  elsewhere: Elsewhere | null = null;

  constructor(
    public held: unknown,
    readonly dtype: DataType,
  ) {}

  get values(): unknown {
    refuseReading();
    this.elsewhere?.look();
    if (this.dtype === 'bool' && isInt32Array(this.held)) this.held = Uint8Array.from(this.held);
    if (isFloat32Array(this.held) && !this.isHome) unpool(this.held);
    return this.isHome ? (this.held as Float32Array).slice() : this.held;
  }

  set values(values: unknown) {
    refuseReading();
    this.elsewhere?.take();
    this.held = values;
  }
}

// One number, as `tf.scalar` makes it, is a constant of a recording. More may be the data of this step alone.
function hearConstant(values: unknown, shape: readonly number[], isKnown: boolean): void {
  const areNumbers = isFloat32Array(values) || isInt32Array(values);
  if (areNumbers && (isKnown || values.length === 1)) recorder?.constant(values);
  else refuseReplay(`the function makes a tensor [${shape.join(', ')}] from numbers of JavaScript: pass it as an argument`);
}

let elsewhere = 0; // pieces that have newer values there

/** Says who has newer values of a piece; null: nobody. */
export function setElsewhere(piece: Piece, next: Elsewhere | null): void {
  elsewhere += Number(next !== null) - Number(piece.elsewhere !== null);
  piece.elsewhere = next;
}

let nextId = 0;

/** TensorFlow.js's cpu backend over pieces. */
export class Backend extends MathBackendCPU {
  override write(values: never, shape: number[], dtype: DataType): object {
    if (watch !== null) hearConstant(values, shape, watch.isKnown);
    return this.keep(new Piece(values, dtype));
  }

  override move(dataId: object, values: never, _shape: number[], dtype: DataType, refCount: number): void {
    refuseReplay('a tensor comes from another backend');
    const piece = new Piece(values, dtype);
    piece.refCount = refCount;
    this.data.set(dataId, piece as never);
  }

  // A clone keeps the values of now, also when the variable has others: whoever changes it in another place must know.
  override incRef(dataId: object): void {
    if (elsewhere > 0) this.piece(dataId).elsewhere?.take();
    super.incRef(dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return super.disposeData(dataId, force);
    const piece = this.piece(dataId);
    piece.elsewhere?.take();
    const isGone = super.disposeData(dataId, force);
    if (isGone) giveBack(piece.held);
    return isGone;
  }

  /** A new data id for a piece. */
  keep(piece: Piece): object {
    const dataId = { id: nextId++ };
    this.data.set(dataId, piece as never);
    watch?.made.push(dataId);
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

/** A tensor's values where our kernels can read them; null for another type. */
export function floatsOf(backend: Backend, { dataId, shape, dtype }: TensorInfo): Float32Array | null {
  if (dtype !== 'float32') return null;
  const { held, elsewhere } = backend.piece(dataId);
  elsewhere?.look();
  return isFloat32Array(held) && held.length === numelOf(shape) ? held : null;
}

/** The same for int32, and for booleans as 0 and 1. */
export function intsOf(backend: Backend, { dataId, shape, dtype }: TensorInfo): Int32Array | null {
  if (dtype !== 'int32' && dtype !== 'bool') return null;
  const piece = backend.piece(dataId);
  piece.elsewhere?.look();
  if (dtype === 'bool' && isUint8Array(piece.held)) {
    refuseReplay('booleans are read that no kernel of this library made');
    piece.held = Int32Array.from(piece.held);
  }
  return isInt32Array(piece.held) && piece.held.length === numelOf(shape) ? piece.held : null;
}
