// Tensors made from numbers: given, constant, counted or random.
import * as calls from '../calls.generated';
import { checkAttached, checkBoolean, checkNumber, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import type { DType, TensorData } from '../memory';
import { kernels } from '../native';
import { draw } from '../random';
import { live } from '../recorder';
import { checkShape, numelOf } from '../shape';
import { constant, empty, type NestedArray, Tensor } from '../tensor';

/** The options of every function that makes a tensor. */
export interface CreateOptions {
  /** The element type. Default `"float32"`. */
  dtype?: DType;
  /** Whether operations on the tensor are recorded for gradients. Default false; float32 only. */
  requiresGrad?: boolean;
}

function settings(where: string, options: CreateOptions | undefined, dtype: DType = 'float32'): Required<CreateOptions> {
  const filled = withDefaults<Required<CreateOptions>>(where, options, { dtype, requiresGrad: false });
  checkOneOf(where, 'dtype', filled.dtype, ['float32', 'int32']);
  checkBoolean(where, 'requiresGrad', filled.requiresGrad);
  if (filled.requiresGrad && filled.dtype !== 'float32') throw typeError(where, 'only float32 tensors have gradients, dtype is int32');
  return filled;
}

function finish(t: Tensor, requiresGrad: boolean): Tensor {
  t.needsGrad = requiresGrad;
  return t;
}

const pathText = (path: readonly number[]): string => `data${path.map((i) => `[${i}]`).join('')}`;

// The shape of nested arrays, by their first elements; the walk that copies them checks all others against it.
function shapeOfNested(data: unknown): number[] {
  const shape: number[] = [];
  for (let inner = data; Array.isArray(inner); inner = inner[0]) {
    shape.push(inner.length);
    if (inner.length === 0) break;
  }
  return shape;
}

function checkElement(value: unknown, dtype: DType, path: readonly number[]): number {
  if (typeof value !== 'number') throw typeError('tensor', `expected ${pathText(path)} to be a number, got ${describe(value)}`);
  if (dtype === 'int32' && (value | 0) !== value) {
    throw rangeError('tensor', `${pathText(path)} = ${value} is not an int32`, 'tensor(data).to("int32") cuts off fractions');
  }
  return value;
}

function copyNested(data: NestedArray, out: Tensor): void {
  const { shape, values, dtype } = out;
  let next = 0;
  const path: number[] = [];
  const visit = (value: NestedArray): void => {
    const depth = path.length;
    if (depth === shape.length) {
      if (Array.isArray(value)) throw rangeError('tensor', `${pathText(path)} is an array, its neighbours are numbers: the data is ragged`);
      values[next++] = checkElement(value, dtype, path);
      return;
    }
    if (!Array.isArray(value)) {
      throw typeError('tensor', `expected ${pathText(path)} to be an array of ${shape[depth]}, got ${describe(value)}: the data is ragged`);
    }
    if (value.length !== shape[depth]) {
      throw rangeError('tensor', `${pathText(path)} has length ${value.length}, its neighbours ${shape[depth]}: the data is ragged`);
    }
    for (let i = 0; i < value.length; i++) {
      path.push(i);
      visit(value[i]!);
      path.pop();
    }
  };
  visit(data);
}

function copyTyped(data: TensorData, out: Tensor): void {
  if (data instanceof Float32Array && out.dtype === 'int32') {
    data.forEach((value, i) => {
      checkElement(value, 'int32', [i]);
    });
  }
  out.values.set(data);
}

/**
 * A tensor with a copy of the given numbers: a number, nested arrays, a Float32Array or an Int32Array.
 *
 * float32, or int32 for an Int32Array; `dtype` says otherwise. Fractions, NaN and numbers beyond 32 bits are a RangeError for int32 (PyTorch cuts
 * them off), ragged arrays too. `Tensor.fromTypedArray` shares memory instead.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor([0, 2], { dtype: "int32" }).dtype; // "int32"
 */
export function tensor(data: NestedArray | TensorData, options?: CreateOptions): Tensor {
  const typed = data instanceof Float32Array || data instanceof Int32Array;
  if (!typed && typeof data !== 'number' && !Array.isArray(data)) {
    const given: unknown = data;
    const hint =
      given instanceof Tensor ? 'clone() copies a tensor' : ArrayBuffer.isView(given) ? 'Float32Array.from(data) converts it' : undefined;
    throw typeError('tensor', `expected a number, nested arrays, a Float32Array or an Int32Array, got ${describe(data)}`, hint);
  }
  const { dtype, requiresGrad } = settings('tensor', options, data instanceof Int32Array ? 'int32' : 'float32');
  if (typed) {
    checkAttached('tensor', data);
    const out = constant([data.length], dtype);
    copyTyped(data, out);
    return finish(out, requiresGrad);
  }
  const out = constant(shapeOfNested(data), dtype);
  copyNested(data, out);
  return finish(out, requiresGrad);
}

function filled(where: string, shape: unknown, value: number, options: CreateOptions | undefined): Tensor {
  const { dtype, requiresGrad } = settings(where, options);
  if (dtype === 'int32' && (value | 0) !== value) throw rangeError(where, `${value} is not an int32`);
  const out = empty(checkShape(where, shape), dtype);
  if (dtype === 'int32') calls.fillInt({ out: out.ints, n: out.numel, value });
  else calls.fill({ out: out.floats, n: out.numel, value });
  return finish(out, requiresGrad);
}

/**
 * A tensor of zeros.
 *
 * @example
 * zeros([2, 2]).toArray(); // [[0, 0], [0, 0]]
 */
export const zeros = (shape: readonly number[], options?: CreateOptions): Tensor => filled('zeros', shape, 0, options);

/**
 * A tensor of ones.
 *
 * @example
 * ones([3]).toArray(); // [1, 1, 1]
 */
export const ones = (shape: readonly number[], options?: CreateOptions): Tensor => filled('ones', shape, 1, options);

/**
 * A tensor of which every element is `value`; float32 unless dtype says int32 (PyTorch goes by the value).
 *
 * @example
 * full([2], 7).toArray(); // [7, 7]
 */
export function full(shape: readonly number[], value: number, options?: CreateOptions): Tensor {
  if (typeof value !== 'number') throw typeError('full', `expected value to be a number, got ${describe(value)}`);
  return filled('full', shape, value, options);
}

/**
 * The numbers `start, start + step, ...` below `end` (above it for a negative step): `arange(end)`, `arange(start, end)` or `arange(start, end, step)`, then options.
 *
 * float32 unless dtype says int32 (PyTorch goes by the arguments). A RangeError for a step of 0 or one that leads away from `end`.
 *
 * @example
 * arange(3).toArray(); // [0, 1, 2]
 * arange(1, 2, 0.5).toArray(); // [1, 1.5]
 */
export function arange(end: number, options?: CreateOptions): Tensor;
export function arange(start: number, end: number, options?: CreateOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: CreateOptions): Tensor;
export function arange(...args: (number | CreateOptions | undefined)[]): Tensor {
  const given = args.findIndex((arg) => typeof arg !== 'number');
  const numbers = (given < 0 ? args : args.slice(0, given)) as number[];
  const options = given < 0 ? undefined : (args[given] as CreateOptions | undefined);
  if (numbers.length === 0) throw typeError('arange', `expected end to be a number, got ${describe(args[0])}`);
  const [start, end, step] = numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  for (const [name, value] of Object.entries({ start, end, step })) checkNumber('arange', name, value, -Number.MAX_VALUE, Number.MAX_VALUE);
  if (step === 0 || (end - start) / step < 0) throw rangeError('arange', `a step of ${step} does not lead from ${start} to ${end}`);
  const { dtype, requiresGrad } = settings('arange', options);
  if (dtype === 'int32' && ![start, end, step].every((value) => (value | 0) === value)) {
    throw rangeError('arange', `expected int32 numbers, got ${start}, ${end}, ${step}`);
  }
  const out = constant([Math.ceil((end - start) / step)], dtype);
  for (let i = 0; i < out.numel; i++) out.values[i] = start + i * step;
  return finish(out, requiresGrad);
}

/**
 * The n x n identity matrix, or n x m with ones on its diagonal.
 *
 * @example
 * eye(2).toArray(); // [[1, 0], [0, 1]]
 */
export function eye(n: number, m: number | CreateOptions = n, options?: CreateOptions): Tensor {
  const [columns, given] = typeof m === 'number' ? [m, options] : [n, m];
  const { dtype, requiresGrad } = settings('eye', given);
  const out = constant(checkShape('eye', [n, columns]), dtype);
  for (let i = 0; i < Math.min(n, columns); i++) out.values[i * columns + i] = 1;
  return finish(out, requiresGrad);
}

function random(where: string, kernel: 'fillUniform' | 'fillNormal', shape: unknown, options: CreateOptions | undefined): Tensor {
  const { dtype, requiresGrad } = settings(where, options);
  if (dtype !== 'float32') {
    const hint = where === 'rand' ? 'rand(shape).mul(n).to("int32") makes integers from 0 to n - 1' : undefined;
    throw typeError(where, 'random tensors are float32', hint);
  }
  const out = empty(checkShape(where, shape));
  const drawn = draw(numelOf(out.shape));
  live(() => kernels[kernel](out.floats, out.numel, drawn.seed, drawn.offset, 0, 1));
  return finish(out, requiresGrad);
}

/**
 * Random numbers, evenly distributed over [0, 1), of the sequence that `manualSeed` starts.
 *
 * @example
 * rand([2, 3]).lt(1).sum().item(); // 6
 */
export const rand = (shape: readonly number[], options?: CreateOptions): Tensor => random('rand', 'fillUniform', shape, options);

/**
 * Random numbers, normally distributed with mean 0 and standard deviation 1, of the sequence that `manualSeed` starts.
 *
 * @example
 * randn([2, 3]).shape; // [2, 3]
 */
export const randn = (shape: readonly number[], options?: CreateOptions): Tensor => random('randn', 'fillNormal', shape, options);
