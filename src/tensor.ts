// The tensor: a shape over a typed array. It knows no operation: each file in ops/ installs its own.

import type { Node } from './autograd';
import { isFloat32Array, isInt32Array } from './brands';
import { checkAttached, describe, markOwn, rangeError, SimdnnError, typeError } from './errors';
import { formatLost, formatTensor } from './format';
import { type Holder, refuseHeld } from './holders';
import { allocateConstant, allocateFloat, allocateInt, type DType, keepHere, overlap, type TensorData } from './memory';
import { recorder } from './recorder';
import type { RowMarks } from './row-marks';
import { checkShape, numelOf, shapeText } from './shape';

/** What all tensors on a piece of memory share. */
export interface Version {
  /** Counts the changes in place. */
  count: number;
  /** Who has taken the memory for a while; null: nobody. */
  holder: Holder | null;
  /** How often it was taken or given back, or a replay that changes it failed: it may have changed then without being counted. */
  taken: number;
  /** Whether the user has, or may have, an array on the memory, and can change it at any time without a word. */
  exposed: boolean;
  /** Whether more than one tensor was made on it: one alone can then not take over a history. */
  use: typeof alone | typeof shared;
}

// Symbols, because structuredClone and postMessage refuse them, with this text: they would else make a tensor an object without methods, on
// memory of its own. That costs a tensor nothing.
const text = 'a tensor: clone its data and shape, and make another of them';
const alone: unique symbol = Symbol(text);
const shared: unique symbol = Symbol(text);

// What users assigned as the gradient of a tensor between leaves and loss: no backward pass adds to it, or begins with it.
const assigned = new WeakMap<Tensor, Tensor>();

/** How often any tensor's need of a gradient, its gradient or its holder has changed: while this stands still, what a recording has seen of them holds. */
export let leafChanges = 0;

/** Numbers nested as deep as the tensor has dimensions. */
export type NestedArray = number | NestedArray[];

/**
 * An n-dimensional array of float32 or int32, contiguous in row-major order, that can record how it was made.
 *
 * Made by `tensor`, `zeros`, `randn` and the like, and by operations. `reshape`, `detach` and `narrow(0, ...)` share memory; every
 * other operation returns memory of its own. As `torch.Tensor`.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * x.shape; // [2, 2]
 * x.mul(2).sum().item(); // 20
 */
export class Tensor {
  /** The size of each dimension; `[]` for a scalar. */
  readonly shape: number[];
  /** The element type. */
  readonly dtype: DType;
  /** The number of elements. */
  readonly numel: number;

  /** @internal The memory, for kernels: reading it does not count as showing it to the user. */
  readonly values: TensorData;
  /** @internal */
  readonly version: Version;
  // Behind `node`. What tests compare of two tensors are their own properties, and of rows that iteration makes each has a history of its own.
  #node: Node | null = null;
  // Behind the accessors of these names, which count changes.
  private ownNeedsGrad = false;
  private ownGradient: Tensor | null = null;
  private ownGradientSeen = false;
  private ownGradientHome: Tensor | null = null;
  /** @internal The gradient's memory belongs to another tensor as well: copy before adding to it. */
  gradientShared = false;
  /** @internal The gradient lies in memory of a compiled step, which keeps it to itself. */
  gradientHidden = false;
  /** @internal Which rows of the gradient hold anything but zeros, where an operation on few rows keeps account of them. */
  rowMarks: RowMarks | null = null;

  /** @internal */
  constructor(values: TensorData, shape: number[], version?: Version) {
    this.values = values;
    this.shape = shape;
    this.dtype = isInt32Array(values) ? 'int32' : 'float32';
    this.numel = values.length;
    if (version === undefined) {
      this.version = { count: 0, holder: null, taken: 0, exposed: false, use: alone };
      recorder?.made(this);
    } else {
      this.version = version;
      version.use = shared;
    }
  }

  /**
   * A tensor on the memory of `array`, which it shares, with the given shape (default: one dimension). As `torch.from_numpy`.
   *
   * A TypeError unless `array` is a Float32Array or Int32Array, a RangeError unless the shape has as many elements.
   *
   * @example
   * const samples = new Float32Array(6);
   * Tensor.fromTypedArray(samples, [2, 3]).shape; // [2, 3]
   */
  static fromTypedArray(array: TensorData, shape: number[] = [array.length]): Tensor {
    if (!(isFloat32Array(array) || isInt32Array(array))) {
      throw typeError('Tensor.fromTypedArray', `expected a Float32Array or an Int32Array, got ${describe(array)}`);
    }
    checkAttached('Tensor.fromTypedArray', array);
    const sizes = checkShape('Tensor.fromTypedArray', shape);
    if (numelOf(sizes) !== array.length) {
      throw rangeError('Tensor.fromTypedArray', `the shape ${shapeText(sizes)} has ${numelOf(sizes)} elements, the array ${array.length}`);
    }
    const made = new Tensor(array, sizes);
    made.version.exposed = true;
    return made;
  }

  /**
   * The elements in row-major order, as a typed array on the tensor's own memory; during a `train.fit` that uses it a copy. As `torch.Tensor.numpy`. The array is yours to write,
   * the buffer around it is not: other tensors lie in it, and to transfer it to another thread fails (`slice()` copies). Of a weight, reading it keeps compiled inference from packing the weight: `toArray()` and `copy_` do not.
   */
  get data(): TensorData {
    recorder?.reading('Tensor.data');
    if (this.version.holder === null) {
      if (!this.version.exposed) keepHere(this.values);
      this.version.exposed = true;
      return this.values;
    }
    this.version.holder.sync();
    return this.values.slice();
  }

  /** The gradient that `backward()` gathered for this leaf, null before the first and after `zeroGrad()`. Assignable. */
  get grad(): Tensor | null {
    recorder?.reading('Tensor.grad');
    if (this.gradientHidden) {
      throw new SimdnnError(
        'SIMDNN_GRADIENT_NOT_KEPT',
        '[Tensor.grad] a compiled step made this gradient and did not keep it\n  hint: compile(fn, { keepGrad: true })',
      );
    }
    if (this.node !== null) return assigned.get(this) ?? null;
    if (this.gradient !== null) this.gradientSeen = true;
    return this.gradient;
  }
  set grad(value: Tensor | null) {
    if (value === null) {
      assigned.delete(this);
      this.clearGradient();
      return;
    }
    if (recorder !== null) {
      throw new SimdnnError(
        'SIMDNN_NOT_RECORDABLE',
        '[Tensor.grad] a gradient cannot be assigned inside a compiled function\n  hint: backward() gives it there; or assign it before the call',
      );
    }
    if (!(value instanceof Tensor)) throw typeError('Tensor.grad', `expected a tensor or null, got ${describe(value)}`);
    refuseLost('Tensor.grad', value);
    if (value.dtype !== 'float32' || value.numel !== this.numel || shapeText(value.shape) !== shapeText(this.shape)) {
      throw rangeError('Tensor.grad', `expected float32 ${shapeText(this.shape)}, got ${value.dtype} ${shapeText(value.shape)}`);
    }
    if (this.node !== null) {
      assigned.set(this, value);
      return;
    }
    this.gradient = value;
    this.gradientHidden = false;
    this.gradientSeen = true;
  }

  /** Whether operations on this tensor are recorded for the backward pass. Settable on leaves of dtype float32. */
  get requiresGrad(): boolean {
    return this.needsGrad;
  }
  set requiresGrad(value: boolean) {
    this.requiresGrad_(value);
  }

  /** Sets `requiresGrad` and returns the tensor. A TypeError for int32, and for turning it off on a tensor that an operation made. */
  requiresGrad_(value = true): this {
    if (value && this.dtype !== 'float32') {
      throw typeError('Tensor.requiresGrad_', `only float32 tensors have gradients, this one is ${this.dtype}`);
    }
    if (!value && this.node !== null) {
      throw typeError('Tensor.requiresGrad_', `this tensor was made by ${this.node.name}`, 'detach() gives a tensor without its history');
    }
    recorder?.used(this); // as it was
    this.needsGrad = value;
    return this;
  }

  /** The value of a tensor with one element. A RangeError when there are more or none. */
  item(): number {
    recorder?.reading('Tensor.item');
    if (this.numel !== 1) {
      throw rangeError('Tensor.item', `expected one element, got shape ${shapeText(this.shape)}`, 'toArray() gives all of them');
    }
    this.version.holder?.sync();
    refuseLost('Tensor.item', this);
    return this.values[0]!;
  }

  /** The elements as nested arrays; a number for a scalar: `torch.Tensor.tolist`. */
  toArray(): NestedArray {
    recorder?.reading('Tensor.toArray');
    this.version.holder?.sync();
    refuseLost('Tensor.toArray', this);
    const nest = (dim: number, offset: number, stride: number): NestedArray => {
      if (dim === this.shape.length) return this.values[offset]!;
      const size = this.shape[dim]!;
      const inner = size === 0 ? 0 : stride / size;
      return Array.from({ length: size }, (_, i) => nest(dim + 1, offset + i * inner, inner));
    };
    return nest(0, 0, this.numel);
  }

  /**
   * A tensor with one element is a number where JavaScript wants one, as `item()` gives it: `total += loss`, `loss < best`, `isNaN(loss)`. A
   * RangeError for any other, but not where text is wanted, as in a template: that is `toString()`.
   *
   * @example
   * const loss = tensor(0.5);
   * Math.max(Number(loss), 0.25); // 0.5
   * `${loss}`; // "tensor(0.5000)"
   */
  [Symbol.toPrimitive](hint: string): number | string {
    return hint === 'string' ? this.toString() : this.valueOf();
  }

  /** The number that a tensor with one element is in arithmetic and comparisons; a RangeError for any other. */
  valueOf(): number {
    if (this.numel === 1) return this.item();
    recorder?.reading('Tensor.valueOf');
    throw rangeError(
      'Tensor.valueOf',
      `expected one element to make a number of, got shape ${shapeText(this.shape)}`,
      'methods calculate with tensors (add, lt, ...); item() gives the number of one element, toArray() all of them',
    );
  }

  /** What `JSON.stringify` writes: the elements as nested arrays, a number for a scalar. */
  toJSON(): NestedArray {
    return this.toArray();
  }

  /** The tensor without its history, on the same memory. */
  detach(): Tensor {
    refuseLost('Tensor.detach', this);
    return new Tensor(this.values, this.shape.slice(), this.version);
  }

  /** Printed as PyTorch prints it, shortened when large. Of a tensor whose buffer was transferred elsewhere the text says that, and throws nothing. */
  toString(): string {
    recorder?.reading('Tensor.toString');
    this.version.holder?.sync();
    if (this.values.length < this.numel) return formatLost(this.shape);
    return formatTensor(this.values, this.shape, this.dtype, this.node?.name ?? null, this.needsGrad);
  }

  /** @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** @internal What made this tensor, for the backward pass; null for a leaf. */
  get node(): Node | null {
    return this.#node;
  }
  /** @internal */
  set node(node: Node | null) {
    this.#node = node;
  }

  /** @internal */
  get needsGrad(): boolean {
    return this.ownNeedsGrad;
  }
  /** @internal */
  set needsGrad(value: boolean) {
    this.ownNeedsGrad = value;
    leafChanges++;
  }

  /** @internal The gradient gathered so far. */
  get gradient(): Tensor | null {
    return this.ownGradient;
  }
  /** @internal */
  set gradient(value: Tensor | null) {
    this.ownGradient = value;
    leafChanges++;
  }

  /** @internal The user has seen `grad`: its memory must not be used again. */
  get gradientSeen(): boolean {
    return this.ownGradientSeen;
  }
  /** @internal */
  set gradientSeen(value: boolean) {
    this.ownGradientSeen = value;
    leafChanges++;
  }

  /** @internal Memory to use for this leaf's next gradient: no one else has seen it, and it is there. */
  get gradientHome(): Tensor | null {
    const home = this.ownGradientHome;
    return home === null || home.values.length < home.numel ? null : home;
  }
  /** @internal */
  set gradientHome(value: Tensor | null) {
    this.ownGradientHome = value;
    leafChanges++;
  }

  /** @internal The memory as float32; the caller has checked the dtype. */
  get floats(): Float32Array {
    return this.values as Float32Array;
  }

  /** @internal The memory as int32; the caller has checked the dtype. */
  get ints(): Int32Array {
    return this.values as Int32Array;
  }

  /** @internal Memory for a gradient that has no home. */
  freshGradient(): Tensor {
    return empty(this.shape);
  }

  /** @internal Forgets the gradient. Memory that the user has not seen serves the next one. */
  clearGradient(): void {
    if (this.version.holder !== null) refuseHeld('Tensor.grad', this);
    recorder?.gradient(this, 'clear');
    if (this.gradient === null) return;
    if (!this.gradientSeen && !this.gradientShared) this.gradientHome ??= this.gradient;
    else if (this.gradientHome === this.gradient) this.gradientHome = null;
    this.gradient = null;
    this.gradientHidden = false;
    this.gradientSeen = false;
    this.gradientShared = false;
  }
}

markOwn(Tensor);

/** Whether other tensors were made on the same memory. */
export const isShared = (tensor: Tensor): boolean => tensor.version.use === shared;

/** Says that a tensor's values were changed in place. A recording that calculates nothing counts it as well: gradients are checked there too. */
export function changed(tensor: Tensor): void {
  recorder?.changed(tensor);
  tensor.version.count++;
}

// The memory that somebody works on, by what its tensors share.
const heldMemory = new Map<Version, Tensor>();

/** Gives a tensor's memory to `holder`, or back. */
export function hold(tensor: Tensor, holder: Holder | null): void {
  tensor.version.holder = holder;
  tensor.version.taken++;
  if (holder === null) heldMemory.delete(tensor.version);
  else heldMemory.set(tensor.version, tensor);
  leafChanges++;
}

/** Refuses memory of which another thread works on a part, whichever tensors are on it. */
export function refuseHeldMemory(where: string, memory: readonly TensorData[]): void {
  for (const tensor of heldMemory.values()) if (memory.some((array) => overlap(array, tensor.values))) refuseHeld(where, tensor);
}

/** Refuses a tensor whose memory JavaScript has transferred elsewhere, or made smaller, since it was made. */
export function refuseLost(where: string, t: Tensor): void {
  if (t.values.length >= t.numel) return;
  checkAttached(where, t.values);
  throw rangeError(where, `the memory of a tensor ${shapeText(t.shape)} has only ${t.values.length} elements: its buffer was made smaller`);
}

/** A fresh tensor of unspecified (zero) content. */
export function empty(shape: number[], dtype: DType = 'float32'): Tensor {
  const n = numelOf(shape);
  return new Tensor(dtype === 'float32' ? allocateFloat(n) : allocateInt(n), shape);
}

/** A fresh tensor of zeros whose elements JavaScript is about to write. */
export const constant = (shape: number[], dtype: DType): Tensor => new Tensor(allocateConstant(numelOf(shape), dtype), shape);

/** Refuses what is not a tensor, or not one of the given dtype. */
export function checkTensor(where: string, name: string, value: unknown, dtype?: DType): Tensor {
  if (!(value instanceof Tensor)) {
    const hint = ArrayBuffer.isView(value) || Array.isArray(value) || typeof value === 'number' ? 'tensor(...) makes one' : undefined;
    throw typeError(where, `expected ${name} to be a tensor, got ${describe(value)}`, hint);
  }
  if (dtype !== undefined && value.dtype !== dtype) {
    throw typeError(where, `expected ${name} to be ${dtype}, got ${value.dtype}`, `${name}.to("${dtype}") converts it`);
  }
  if (value.version.holder !== null) refuseHeld(where, value);
  refuseLost(where, value);
  return value;
}
