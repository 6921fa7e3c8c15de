// Golden numbers from PyTorch, and the one rule by which ours are compared with them.
//
// Each case of fixtures/*.json.gz holds inputs, what they give in float64 (`expected`), and how far PyTorch's own float32 result is
// from that (`torch32_error`). Ours may be as far as
//
//   times * (max(2 torch32_error, 4 * 2^-23 max|expected|) + products)
//
// where `times` is 2 for the trajectory of an optimizer and 4 for a whole training run, and `products`, for results that are sums of K
// products, is 2^-23 sqrt(K) times the largest 2-norm of the products of one result.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { nn, Tensor } from '../../src/index';

export interface GoldenArray {
  shape: number[];
  dtype: 'float32' | 'int32';
  data: (number | string)[]; // strings: "NaN", "Infinity", "-Infinity"
}

export interface Case {
  name: string;
  kind: string;
  options: Record<string, unknown>;
  inputs: Record<string, GoldenArray>;
  expected: Record<string, GoldenArray>;
  torch32_error?: Record<string, number>;
}

interface File {
  inputs?: unknown;
  cases: Case[];
}

export const fixtures = join(__dirname, 'fixtures');

export const load = (name: string): File => JSON.parse(gunzipSync(readFileSync(join(fixtures, `${name}.json.gz`))).toString());

/** An array of a fixture as a tensor. */
export function tensorOf(golden: GoldenArray, requiresGrad = false): Tensor {
  const array = golden.dtype === 'int32' ? Int32Array.from(golden.data, Number) : Float32Array.from(golden.data, Number);
  return Tensor.fromTypedArray(array, golden.shape).requiresGrad_(requiresGrad);
}

const epsilon = 2 ** -23;

export interface Allowance {
  times?: number;
  products?: number;
}

/** What is wrong with `actual`, or null: NaN and infinities must be met exactly, everything else within the rule. */
export function judge(
  actual: Tensor,
  expected: GoldenArray,
  torchError: number,
  { times = 1, products = 0 }: Allowance = {},
): string | null {
  const wanted = expected.data.map(Number);
  if (actual.dtype !== expected.dtype) return `is ${actual.dtype}, expected ${expected.dtype}`;
  if (actual.numel !== wanted.length) return `has ${actual.numel} elements, expected ${wanted.length}`;
  const largest = wanted.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  const bound = times * (Math.max(2 * torchError, 4 * epsilon * largest) + products);
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    const got = actual.data[i]!;
    if (Object.is(got, wanted[i]) || got === wanted[i]) continue;
    const distance = Math.abs(got - wanted[i]!);
    if (!(distance < Infinity)) return `element ${i} is ${got}, expected ${wanted[i]}`;
    worst = Math.max(worst, distance);
  }
  return worst <= bound ? null : `is ${worst} away, ${(worst / bound).toFixed(2)} times the bound ${bound}`;
}

/** Expects `actual` to be the case's `expected[name]` within the rule. */
export function meets(golden: Case, name: string, actual: Tensor | null, allowance?: Allowance): void {
  const expected = golden.expected[name];
  if (expected === undefined) throw new Error(`${golden.name} has no expected "${name}"`);
  expect(actual, `${golden.name}: ${name}`).toBeInstanceOf(Tensor);
  const problem = judge(actual!, expected, golden.torch32_error?.[name] ?? 0, allowance);
  if (problem !== null) expect.fail(`${golden.name}: ${name} ${problem}`);
}

/**
 * The rule's term for sums of products: result (i, j) is the sum over k < K of a[i][k] b[j][k], both given as functions.
 */
export function productsOf(
  [rows, columns, K]: [number, number, number],
  a: (i: number, k: number) => number,
  b: (j: number, k: number) => number,
): number {
  let most = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let squares = 0;
      for (let k = 0; k < K; k++) squares += (a(i, k) * b(j, k)) ** 2;
      most = Math.max(most, squares);
    }
  }
  return epsilon * Math.sqrt(K) * Math.sqrt(most);
}

/**
 * Runs every case of a fixture file through the function of its kind. Each kind of the file either has a function or is named in `later`
 * with the reason; a kind that is in neither fails, and so does a name that the file does not have.
 */
export function describeFixture(name: string, kinds: Record<string, (golden: Case) => void>, later: Record<string, string> = {}): void {
  const { cases } = load(name);
  describe(name, () => {
    it('leaves no kind out', () => {
      expect([...new Set(cases.map((golden) => golden.kind))].sort()).toEqual([...Object.keys(kinds), ...Object.keys(later)].sort());
    });
    for (const golden of cases) {
      const run = kinds[golden.kind];
      if (run !== undefined) it(golden.name, () => run(golden));
    }
  });
}

interface Stepping {
  step(): void;
}

/** The parameters after each step, with the gradients given. */
export const trajectory =
  (Optimizer: new (params: Tensor[], options: object) => Stepping) =>
  (golden: Case): void => {
    const param = new nn.Parameter(tensorOf(golden.inputs.param!));
    const gradients = tensorOf(golden.inputs.grads!);
    const optimizer = new Optimizer([param], golden.options);
    const steps = gradients.shape[0]!;
    const seen: Float32Array[] = [];
    for (let i = 0; i < steps; i++) {
      param.grad = gradients.narrow(0, i, 1).reshape(param.shape);
      optimizer.step();
      seen.push(Float32Array.from(param.data));
    }
    const all = Float32Array.from(seen.flatMap((values) => [...values]));
    meets(golden, 'params', Tensor.fromTypedArray(all, gradients.shape), { times: 2 });
  };
