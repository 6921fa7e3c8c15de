// The tensor: a shape over a typed array. This file knows no operation; each file in ops/ installs its own methods.

import type { Node } from './autograd';
import { isFloat32Array, isInt32Array } from './brands';
import { checkAttached, describe, markOwn, rangeError, SimdnnError, typeError } from './errors';
import { formatLost, formatTensor } from './format';
import { type Holder, refuseHeld } from './holders';
import { allocateConstant, allocateFloat, allocateInt, type DType, keepHere, overlap, type TensorData } from './memory';
import { recorder } from './recorder';
import type { RowSet } from './row-set';
import { checkShape, numelOf, shapeText } from './shape';

/** What all tensors on the same memory share. */
export interface Version {
  /** The number of changes in place. */
  count: number;
  /** Who works on the memory on another thread at present, or null. */
  holder: Holder | null;
  /** The number of times that the memory was taken or given back, or that a replay failed which changes it: such changes may not be in `count`. */
  taken: number;
  /** Whether the user has, or may have, an array on the memory, and so can change it without being noticed. */
  exposed: boolean;
  /** Whether several tensors were made on the memory. If so, none of them can take over a history. */
  use: typeof alone | typeof shared;
}

// structuredClone and postMessage refuse symbols and report this text. Without the symbol they would turn a tensor into an object without methods, on memory of
// its own. A property of the prototype's costs a tensor nothing.
const text = 'a tensor: clone its data and shape, and make another of them';
const alone: unique symbol = Symbol(text);
const shared: unique symbol = Symbol(text);

// The gradients that users assigned to tensors that are not leaves. A backward pass neither adds to such a gradient nor starts from it.
const assigned = new WeakMap<Tensor, Tensor>();

/** Counts the changes of any tensor's `needsGrad`, gradient or holder. While it is the same, what a recording has seen of them is still true. */
export let leafChanges = 0;

/** Numbers in arrays that are nested as deep as the tensor has dimensions. */
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

  /** @internal The memory, for kernels. Reading it does not count as giving the user an array on it. */
  readonly values: TensorData;
  /** @internal */
  readonly version: Version;
  // The field behind `node`. It is private, because tests compare two tensors by their public properties, and each row that iteration makes has a history of its own.
  #node: Node | null = null;
  // The fields behind the accessors of these names, which count changes.
  private ownNeedsGrad = false;
  private ownGradient: Tensor | null = null;
  private ownGradientSeen = false;
  private ownGradientHome: Tensor | null = null;
  /** @internal Whether the gradient's memory also belongs to another tensor: then it must be copied before anything is added to it. */
  gradientShared = false;
  /** @internal Whether the gradient is in memory of a compiled step, which no other code may use. */
  gradientHidden = false;
  /** @internal The rows of the gradient that are not zeros, if an operation on few rows keeps track of them. */
  rowSet: RowSet | null = null;

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
   * The elements in row-major order, as a typed array on the tensor's own memory; while a `train.fit` uses the tensor, a copy. As `torch.Tensor.numpy`. You may
   * write to it, but not transfer its buffer, which other tensors share. Reading a weight's `data`, unlike `toArray()`, keeps compiled inference from packing it.
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

  /** The gradient that `backward()` accumulated for this leaf; null before the first backward pass and after `zeroGrad()`. It can be assigned. */
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

  /** Sets `requiresGrad` and returns the tensor. A TypeError for int32, and for turning it off on the result of an operation. */
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
   * Makes a tensor with one element a number where JavaScript needs one, as `item()` does: `total += loss`, `loss < best`, `isNaN(loss)`. A
   * RangeError for any other tensor. Where text is needed, as in a template, it is `toString()`.
   *
   * @example
   * const loss = tensor(0.5);
   * Math.max(Number(loss), 0.25); // 0.5
   * `${loss}`; // "tensor(0.5000)"
   */
  [Symbol.toPrimitive](hint: string): number | string {
    return hint === 'string' ? this.toString() : this.valueOf();
  }

  /** The number that stands for a tensor with one element in arithmetic and comparisons; a RangeError for any other tensor. */
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

  /** The same memory as a tensor without history. */
  detach(): Tensor {
    refuseLost('Tensor.detach', this);
    return new Tensor(this.values, this.shape.slice(), this.version);
  }

  /** The text that PyTorch prints, shortened for a large tensor. If the buffer was transferred to another thread, the text says so; nothing is thrown. */
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

  /** @internal The node of the operation that made this tensor, for the backward pass; null for a leaf. */
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

  /** @internal The gradient accumulated so far. */
  get gradient(): Tensor | null {
    return this.ownGradient;
  }
  /** @internal */
  set gradient(value: Tensor | null) {
    this.ownGradient = value;
    leafChanges++;
  }

  /** @internal Whether the user has read `grad`: its memory must not be reused then. */
  get gradientSeen(): boolean {
    return this.ownGradientSeen;
  }
  /** @internal */
  set gradientSeen(value: boolean) {
    this.ownGradientSeen = value;
    leafChanges++;
  }

  /** @internal Memory that this leaf's next gradient can reuse, because the user has not seen it; null if there is none. */
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

  /** @internal New memory for a gradient. */
  freshGradient(): Tensor {
    return empty(this.shape);
  }

  /** @internal Removes the gradient. Memory that the user has not seen is kept for the next one. */
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

/** Counts a change in place of a tensor's values. A recording that calculates nothing counts it too, because gradients are checked there as well. */
export function changed(tensor: Tensor): void {
  recorder?.changed(tensor);
  tensor.version.count++;
}

// The memory that another thread works on, by the Version that its tensors share.
const heldMemory = new Map<Version, Tensor>();

/** Hands a tensor's memory to `holder`, or takes it back with null. */
export function hold(tensor: Tensor, holder: Holder | null): void {
  tensor.version.holder = holder;
  tensor.version.taken++;
  if (holder === null) heldMemory.delete(tensor.version);
  else heldMemory.set(tensor.version, tensor);
  leafChanges++;
}

/** Throws if another thread works on any part of this memory, whichever tensors are on it. */
export function refuseHeldMemory(where: string, memory: readonly TensorData[]): void {
  for (const tensor of heldMemory.values()) if (memory.some((array) => overlap(array, tensor.values))) refuseHeld(where, tensor);
}

/** Throws if JavaScript has transferred or shrunk the tensor's memory since the tensor was made. */
export function refuseLost(where: string, t: Tensor): void {
  if (t.values.length >= t.numel) return;
  checkAttached(where, t.values);
  throw rangeError(where, `the memory of a tensor ${shapeText(t.shape)} has only ${t.values.length} elements: its buffer was made smaller`);
}

/** A new tensor whose content is unspecified (zeros at present). */
export function empty(shape: number[], dtype: DType = 'float32'): Tensor {
  const n = numelOf(shape);
  return new Tensor(dtype === 'float32' ? allocateFloat(n) : allocateInt(n), shape);
}

/** A new tensor of zeros whose elements JavaScript is about to write. */
export const constant = (shape: number[], dtype: DType): Tensor => new Tensor(allocateConstant(numelOf(shape), dtype), shape);

/** Throws unless `value` is a tensor, of the given dtype if there is one. */
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
