// Tensors of constants, of sequences and of random numbers.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import type { DType } from '../memory';
import { kernels } from '../native';
import { draw } from '../random';
import { live } from '../recorder';
import { checkShape, numelOf } from '../shape';
import { constant, empty as memory, type Tensor } from '../tensor';

/** The options of every function that makes a tensor. */
export interface CreateOptions {
  /** The element type. Default `"float32"`. */
  dtype?: DType;
  /** Whether operations on the tensor are recorded for gradients. Default false; float32 only. */
  requiresGrad?: boolean;
}

/** Checks the options and fills in defaults. */
export function settings(where: string, options: CreateOptions | undefined, dtype: DType = 'float32'): Required<CreateOptions> {
  const filled = withDefaults<Required<CreateOptions>>(where, options, { dtype, requiresGrad: false });
  checkOneOf(where, 'dtype', filled.dtype, ['float32', 'int32']);
  checkBoolean(where, 'requiresGrad', filled.requiresGrad);
  if (filled.requiresGrad && filled.dtype !== 'float32') throw typeError(where, 'only float32 tensors have gradients, dtype is int32');
  return filled;
}

/** The tensor as its options say. */
export function finish(t: Tensor, requiresGrad: boolean): Tensor {
  t.needsGrad = requiresGrad;
  return t;
}

function filled(where: string, shape: unknown, value: number, options: CreateOptions | undefined): Tensor {
  const { dtype, requiresGrad } = settings(where, options);
  if (dtype === 'int32' && (value | 0) !== value) throw rangeError(where, `${value} is not an int32`);
  const out = memory(checkShape(where, shape), dtype);
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
 * A tensor whose elements are all `value`; float32 unless dtype is int32 (PyTorch infers the type from the value).
 *
 * @example
 * full([2], 7).toArray(); // [7, 7]
 */
export function full(shape: readonly number[], value: number, options?: CreateOptions): Tensor {
  if (typeof value !== 'number') throw typeError('full', `expected value to be a number, got ${describe(value)}`);
  return filled('full', shape, value, options);
}

/**
 * A tensor whose elements are still to be written; here they are zeros. `torch.empty`.
 *
 * @example
 * empty([2, 3]).shape; // [2, 3]
 */
export const empty = (shape: readonly number[], options?: CreateOptions): Tensor => filled('empty', shape, 0, options);

/**
 * The numbers `start, start + step, ...` below `end` (above it for a negative step): `arange(end)`, `arange(start, end)` or `arange(start, end, step)`, then options.
 *
 * float32 unless dtype is int32 (PyTorch infers the type from the arguments). A RangeError for a step of 0 or one that leads away from `end`.
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
 * The n x n identity matrix, or an n x m matrix with ones on its diagonal.
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

/** Random numbers by `kernel`: normal with mean 0 and deviation 1, or uniform in [0, 1). */
export function random(where: string, kernel: 'fillUniform' | 'fillNormal', shape: unknown, options: CreateOptions | undefined): Tensor {
  const { dtype, requiresGrad } = settings(where, options);
  if (dtype !== 'float32') {
    const hint = where === 'rand' ? 'rand(shape).mul(n).to("int32") makes integers from 0 to n - 1' : undefined;
    throw typeError(where, 'random tensors are float32', hint);
  }
  const out = memory(checkShape(where, shape));
  const drawn = draw(numelOf(out.shape));
  live(() => kernels[kernel](out.floats, out.numel, drawn.seed, drawn.offset, 0, 1));
  return finish(out, requiresGrad);
}

/**
 * Random numbers, uniformly distributed in [0, 1), from the sequence that `manualSeed` starts.
 *
 * @example
 * rand([2, 3]).lt(1).sum().item(); // 6
 */
export const rand = (shape: readonly number[], options?: CreateOptions): Tensor => random('rand', 'fillUniform', shape, options);

/**
 * Random numbers, normally distributed with mean 0 and standard deviation 1, from the sequence that `manualSeed` starts.
 *
 * @example
 * randn([2, 3]).shape; // [2, 3]
 */
export const randn = (shape: readonly number[], options?: CreateOptions): Tensor => random('randn', 'fillNormal', shape, options);
