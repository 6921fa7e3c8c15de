// Tensors from JavaScript's numbers: plain, nested, and in typed arrays.
import { isBigInt64Array, isBigUint64Array, isDataView, isFloat32Array, isInt32Array, isUint32Array, viewName } from '../brands';
import { checkAttached, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import type { DType } from '../memory';
import { constant, Tensor } from '../tensor';
import { type CreateOptions, finish, settings } from './create';
import './convert';

/** The typed arrays of numbers; arrays of BigInt are not among them. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** What a tensor can be made of: numbers and booleans, nested as deep as the tensor has dimensions; the innermost arrays may be typed. */
export type TensorLike = number | boolean | NumberArray | readonly TensorLike[];

const isNumberArray = (value: unknown): value is NumberArray =>
  ArrayBuffer.isView(value) && !(isDataView(value) || isBigInt64Array(value) || isBigUint64Array(value));

const isFloating = (array: NumberArray): boolean => viewName(array)!.startsWith('Float');

const pathText = (path: readonly number[]): string => `data${path.map((i) => `[${i}]`).join('')}`;

// The shape of nested arrays, from the first element of each level; the code that copies the elements checks all others.
function shapeOfNested(data: unknown): number[] {
  const shape: number[] = [];
  for (let inner = data; Array.isArray(inner) || isNumberArray(inner); inner = inner[0]) {
    shape.push(inner.length);
    if (inner.length === 0) break;
  }
  return shape;
}

// Whether there are elements, and all are booleans or in typed arrays of integers. For plain numbers the first element decides.
function isIntegral(data: unknown): boolean {
  let found = false;
  const all = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.every(all);
    if (isNumberArray(value)) {
      found ||= value.length > 0 || !isFloating(value);
      return !isFloating(value);
    }
    found = true;
    return typeof value === 'boolean';
  };
  return all(data) && found;
}

function checkElement(value: unknown, dtype: DType, path: readonly number[]): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number') throw typeError('tensor', `expected ${pathText(path)} to be a number, got ${describe(value)}`);
  if (dtype === 'int32' && (value | 0) !== value) {
    throw rangeError('tensor', `${pathText(path)} = ${value} is not an int32`, 'tensor(data).to("int32") cuts off fractions');
  }
  return value;
}

// Copies the elements of a typed array to `out` from `at` on; throws for those that int32 cannot represent.
function copyTyped(data: NumberArray, out: Tensor, at: number, path: readonly number[]): void {
  checkAttached('tensor', data);
  if (out.dtype === 'int32' && (isFloating(data) || isUint32Array(data))) {
    data.forEach((value, i) => {
      checkElement(value, 'int32', [...path, i]);
    });
  }
  out.values.set(data, at);
}

function copyNested(data: TensorLike, out: Tensor): void {
  const { shape, values, dtype } = out;
  let next = 0;
  const path: number[] = [];
  const visit = (value: unknown): void => {
    const depth = path.length;
    if (depth === shape.length) {
      if (Array.isArray(value) || isNumberArray(value)) {
        throw rangeError('tensor', `${pathText(path)} is an array, its neighbours are numbers: the data is ragged`);
      }
      values[next++] = checkElement(value, dtype, path);
      return;
    }
    if (!Array.isArray(value) && !isNumberArray(value)) {
      throw typeError('tensor', `expected ${pathText(path)} to be an array of ${shape[depth]}, got ${describe(value)}: the data is ragged`);
    }
    if (value.length !== shape[depth]) {
      throw rangeError('tensor', `${pathText(path)} has length ${value.length}, its neighbours ${shape[depth]}: the data is ragged`);
    }
    if (isNumberArray(value)) {
      // The innermost arrays have numbers; outer plain arrays have arrays
      if (depth !== shape.length - 1) {
        throw typeError(
          'tensor',
          `expected ${pathText([...path, 0])} to be an array of ${shape[depth + 1]}, got ${value[0]}: the data is ragged`,
        );
      }
      copyTyped(value, out, next, path);
      next += value.length;
      return;
    }
    for (let i = 0; i < value.length; i++) {
      path.push(i);
      visit(value[i]!);
      path.pop();
    }
  };
  visit(data);
}

/**
 * A tensor with a copy of the given numbers: a number, nested arrays, a typed array, or arrays of typed arrays; true counts as 1 and false as 0. As
 * `torch.tensor`.
 *
 * float32, or int32 if all elements are booleans or are in typed arrays of integers; `dtype` overrides that. For int32 a RangeError for fractions, NaN and numbers
 * beyond 32 bits (PyTorch cuts them off). A RangeError for ragged arrays. `Tensor.fromTypedArray` shares memory instead.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor([0, 2], { dtype: "int32" }).dtype; // "int32"
 * tensor([true, false]).toArray(); // [1, 0]
 * tensor([Float64Array.of(1, 2), Float64Array.of(3, 4)]).shape; // [2, 2]
 */
export function tensor(data: TensorLike, options?: CreateOptions): Tensor {
  const given: unknown = data;
  const typed = isNumberArray(given);
  if (!typed && typeof given !== 'number' && typeof given !== 'boolean' && !Array.isArray(given)) {
    const hint =
      given instanceof Tensor
        ? 'clone() copies a tensor'
        : ArrayBuffer.isView(given)
          ? 'Float32Array.from(data, Number) converts it'
          : undefined;
    throw typeError('tensor', `expected a number, nested arrays or a typed array, got ${describe(given)}`, hint);
  }
  const { dtype, requiresGrad } = settings('tensor', options, isIntegral(given) ? 'int32' : 'float32');
  const out = constant(shapeOfNested(given), dtype);
  if (typed) copyTyped(given, out, 0, []);
  else copyNested(data, out);
  return finish(out, requiresGrad);
}

/**
 * The data as a tensor, without a copy if it is a tensor, or a typed array that can be its memory: `torch.as_tensor`.
 *
 * A tensor is returned itself, or with another `dtype` as `to(dtype)`, through which gradients pass. A Float32Array or an Int32Array becomes a vector on its memory, as
 * numpy's arrays do in PyTorch; everything else, and another `dtype`, is copied as by `tensor`.
 *
 * @example
 * const x = tensor([1, 2]);
 * asTensor(x) === x; // true
 * const memory = Float32Array.of(1, 2);
 * asTensor(memory).mul_(10);
 * memory[1]; // 20
 * asTensor([[1, 2]], { dtype: "int32" }).shape; // [1, 2]
 */
export function asTensor(data: Tensor | TensorLike, options?: { dtype?: DType }): Tensor {
  const where = 'asTensor';
  const { dtype } = withDefaults<{ dtype: DType | undefined }>(where, options, { dtype: undefined });
  if (dtype !== undefined) checkOneOf(where, 'dtype', dtype, ['float32', 'int32']);
  if (data instanceof Tensor) return dtype === undefined || dtype === data.dtype ? data : data.to(dtype);
  const own = isFloat32Array(data) ? 'float32' : isInt32Array(data) ? 'int32' : null;
  if (own !== null && (dtype ?? own) === own) return Tensor.fromTypedArray(data as Float32Array | Int32Array);
  return tensor(data, dtype === undefined ? undefined : { dtype });
}
