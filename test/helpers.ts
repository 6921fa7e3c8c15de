// Shared by the tests: comparisons in which NaN fails, and the check of gradients.
import { expect } from 'vitest';
import type { NestedArray } from '../src/tensor';
import { Tensor } from '../src/tensor';
import '../src/ops';
import { build, type Model, toTensor } from './model';

/** The distance from 1 to the next float32 number. */
export const epsilon = 2 ** -23;

type Numbers = Tensor | NestedArray | Model | ArrayLike<number>;

/** The elements of anything that holds numbers, in row-major order. */
export function flat(values: Numbers): number[] {
  if (typeof values === 'number') return [values];
  if (values instanceof Tensor) return [...values.values];
  if (Array.isArray(values)) return (values as unknown[]).flat(Infinity as 1) as number[];
  if ('data' in values) return values.data;
  return Array.from(values as ArrayLike<number>);
}

/** Expects every element within `bound` of the expected one, and NaN or infinities only where they are expected. */
export function expectClose(actual: Numbers, expected: Numbers, bound: number): void {
  const [a, e] = [flat(actual), flat(expected)];
  expect(a.length).toBe(e.length);
  e.forEach((value, i) => {
    const good = Number.isFinite(value) ? Math.abs(a[i]! - value) <= bound : Object.is(a[i], value);
    if (!good) throw new Error(`element ${i}: expected ${value} within ${bound}, got ${a[i]}`);
  });
}

/** Expects exactly the same elements; 0 and -0 are different. */
export function expectSame(actual: Numbers, expected: Numbers): void {
  const [a, e] = [flat(actual), flat(expected)];
  expect(a.length).toBe(e.length);
  e.forEach((value, i) => {
    if (!Object.is(a[i], value)) throw new Error(`element ${i}: expected ${value}, got ${a[i]}`);
  });
}

/** Calls `fn` and returns what it throws; fails if it does not throw. */
export function thrownBy(fn: () => unknown): Error & { code?: string } {
  try {
    fn();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, none was thrown');
}

/** Expects an error of exactly this class and message. */
export function expectError(fn: () => unknown, kind: new (...args: never[]) => Error, message: string): void {
  const error = thrownBy(fn);
  expect(error.message).toBe(message);
  expect(error.constructor).toBe(kind);
}

const largest = (values: readonly number[]): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

// The weights of the outputs in the sum whose gradient is taken: of both signs and different sizes, exact in float32.
const weightOf = (i: number): number => ((i * 7 + 3) % 11) / 4 - 1.125;

/**
 * Compares the operation with `formula`, its plain float64 form: the values, and the gradients of a weighted sum of its outputs.
 *
 * The formula's gradients are central differences with h = 1e-5 times the input's size. Their own error (h^2 times the third derivative,
 * and 2^-52 / h) is about 1e-10, negligible beside float32. `bound` is relative to the largest value of each result. The default,
 * 1e-5, is 84 units of float32's epsilon: enough for the products and sums of a few rounded factors, but not for a wrong formula.
 */
export function gradientCheck(
  operation: (...inputs: Tensor[]) => Tensor,
  formula: (...inputs: Model[]) => Model,
  inputs: readonly Model[],
  bound = 1e-5,
): void {
  const rounded = inputs.map((m) => build(m.shape, (_, i) => Math.fround(m.data[i]!)));
  const tensors = rounded.map((m) => toTensor(m, true));
  const expected = formula(...rounded);
  const y = operation(...tensors);
  expect(y.shape).toEqual(expected.shape);
  expectClose(y, expected, bound * largest(expected.data));

  const weights = build(expected.shape, (_, i) => weightOf(i));
  const objective = (models: Model[]): number => formula(...models).data.reduce((sum, v, i) => sum + v * weights.data[i]!, 0);
  y.backward(toTensor(weights));
  rounded.forEach((input, k) => {
    const numeric = build(input.shape, (_, i) => {
      const h = 1e-5 * Math.max(1, Math.abs(input.data[i]!));
      const moved = (by: number): Model[] =>
        rounded.map((m, j) => (j === k ? build(m.shape, (_, l) => m.data[l]! + (l === i ? by : 0)) : m));
      return (objective(moved(h)) - objective(moved(-h))) / (2 * h);
    });
    const { grad } = tensors[k]!;
    if (grad === null) throw new Error(`input ${k} got no gradient`);
    expect(grad.shape).toEqual(input.shape);
    expectClose(grad, numeric, bound * Math.max(largest(numeric.data), 1e-3));
  });
}
