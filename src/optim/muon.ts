// Muon: the momentum of a matrix, made orthogonal.
import * as calls from '../calls.generated';
import { checkBoolean, checkInteger, checkNumber, checkOneOf, describe, rangeError, typeError } from '../errors';
import { allocatePersistent } from '../memory';
import { flatLayout } from '../ops/broadcast';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import type { FlatParameter } from './flat-parameters';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `Muon`. */
export interface MuonOptions {
  /** The learning rate; default 1e-3. */
  lr: number;
  /** The weight decay, decoupled: the rate times this times the value is subtracted from the value; default 0.1. */
  weightDecay: number;
  /** The decay of the running mean of the gradients; default 0.95. */
  momentum: number;
  /** Whether to use Nesterov's momentum; default true. */
  nesterov: boolean;
  /** a, b and c of the Newton-Schulz iteration; default [3.4445, -4.775, 2.0315]. */
  nsCoefficients: readonly [number, number, number];
  /** The least norm that the direction is divided by; default 1e-7. */
  eps: number;
  /** The number of Newton-Schulz steps, below 100; default 5. */
  nsSteps: number;
  /** The factor of the learning rate: `sqrt(max(1, rows / columns))` with null and "original", `0.2 sqrt(max(rows, columns))` with "match_rms_adamw"; default null. */
  adjustLrFn: 'original' | 'match_rms_adamw' | null;
}

const keys = ['momentum_buffer'];

function checkCoefficients(where: string, coefficients: unknown): void {
  if (!Array.isArray(coefficients) || coefficients.length !== 3)
    throw typeError(where, `expected nsCoefficients to be three numbers, got ${describe(coefficients)}`);
  for (let i = 0; i < 3; i++) checkNumber(where, `nsCoefficients[${i}]`, coefficients[i]);
}

/** One of the joined parameters, with the memory that its step needs. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  readonly buffer: Float32Array;
  /** Two arrays of its size, three of the size of its product with itself, and one number. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly gram: Float32Array;
  readonly square: Float32Array;
  readonly sum: Float32Array;
  readonly norm: Float32Array;
  /** The layouts for operations element by element, and with one number. */
  readonly each: Int32Array;
  readonly byOne: Int32Array;
}

/** The joined parameters one by one. Their arrays are the same at each step, because a recording identifies memory by them. */
interface Workspace {
  readonly matrices: readonly Matrix[];
  /** Memory that is only used within a step. */
  readonly scratch: readonly Float32Array[];
}

const workspaces = new WeakMap<FlatParameter, Workspace>();

function workspaceOf(flat: FlatParameter): Workspace {
  const known = workspaces.get(flat);
  if (known !== undefined) return known;
  const { slots } = flat;
  const largest = Math.max(...slots.map(({ parameter }) => parameter.numel));
  const shortest = Math.max(...slots.map(({ parameter }) => Math.min(...parameter.shape)));
  const scratch = [largest, largest, shortest ** 2, shortest ** 2, shortest ** 2, 1].map(allocatePersistent);
  const matrices = slots.map(({ parameter, position }): Matrix => {
    const [rows, columns] = parameter.shape as [number, number];
    const n = parameter.numel;
    const begin = position - slots[0]!.position;
    const part = (array: Float32Array): Float32Array => array.subarray(begin, begin + n);
    const short = Math.min(rows, columns) ** 2;
    const [x, y, gram, square, sum, norm] = scratch.map((array, i) => array.subarray(0, i < 2 ? n : i < 5 ? short : 1));
    return {
      rows,
      columns,
      values: part(flat.values),
      gradient: part(flat.gradient),
      buffer: part(flat.state[0]!),
      x: x!,
      y: y!,
      gram: gram!,
      square: square!,
      sum: sum!,
      norm: norm!,
      each: flatLayout(n),
      byOne: Int32Array.of(1, n, 1, 0, 0, 0),
    };
  });
  const workspace = { matrices, scratch };
  workspaces.set(flat, workspace);
  return workspace;
}

/** `y += factor * x`, as a step of gradient descent whose rate is read at each replay. */
const addTo = (y: Float32Array, x: Float32Array, factor: number): void => calls.sgdStep({ param: y, grad: x, n: y.length, lr: -factor });

const copyTo = (y: Float32Array, x: Float32Array, layout: Int32Array): void => calls.copyStrided({ out: y, x, layout });

/** Computes the direction of a step in `x` of the matrix. */
function direct({ x, y, gradient, buffer, each }: Matrix, { momentum, nesterov }: MuonOptions): void {
  calls.sub({ out: y, a: gradient, b: buffer, layout: each });
  addTo(buffer, y, 1 - momentum);
  copyTo(x, nesterov ? gradient : buffer, each);
  if (!nesterov) return;
  calls.sub({ out: y, a: buffer, b: gradient, layout: each });
  addTo(x, y, momentum);
}

/** Makes the direction nearly orthogonal by Newton-Schulz steps; returns the array that it is in then. */
function orthogonalize(matrix: Matrix, { nsCoefficients: [a, b, c], nsSteps, eps }: MuonOptions): Float32Array {
  const { rows, columns, gram, square, sum, norm, byOne } = matrix;
  let { x, y } = matrix;
  calls.matmul({ c: norm, a: x, b: x, m: 1, n: 1, k: x.length });
  calls.sqrtForward({ y: norm, x: norm, n: 1 });
  calls.clampForward({ y: norm, x: norm, n: 1, low: eps, high: Infinity });
  calls.div({ out: x, a: x, b: norm, layout: byOne });
  const tall = rows > columns; // the smaller of the two products with itself is used
  const short = Math.min(rows, columns);
  for (let i = 0; i < nsSteps; i++) {
    calls.matmul({ c: gram, a: x, b: x, m: short, n: short, k: Math.max(rows, columns), transposeA: tall, transposeB: !tall });
    calls.matmul({ c: square, a: gram, b: gram, m: short, n: short, k: short });
    calls.fill({ out: sum, n: sum.length, value: 0 });
    addTo(sum, gram, b);
    addTo(sum, square, c);
    const [left, right] = tall ? [x, sum] : [sum, x];
    calls.matmul({ c: y, a: left, b: right, m: rows, n: columns, k: short });
    addTo(y, x, a);
    [x, y] = [y, x];
  }
  return x;
}

function ratioOf({ rows, columns }: Matrix, { adjustLrFn }: MuonOptions): number {
  return adjustLrFn === 'match_rms_adamw' ? 0.2 * Math.sqrt(Math.max(rows, columns)) : Math.sqrt(Math.max(1, rows / columns));
}

const muon: Definition<MuonOptions> = {
  name: 'Muon',
  defaults: {
    lr: 1e-3,
    weightDecay: 0.1,
    momentum: 0.95,
    nesterov: true,
    nsCoefficients: [3.4445, -4.775, 2.0315],
    eps: 1e-7,
    nsSteps: 5,
    adjustLrFn: null,
  },
  check(where, { lr, weightDecay, momentum, nesterov, nsCoefficients, eps, nsSteps, adjustLrFn }) {
    checkNumber(where, 'lr', lr, 0);
    checkNumber(where, 'weightDecay', weightDecay, 0);
    checkNumber(where, 'momentum', momentum, 0);
    checkBoolean(where, 'nesterov', nesterov);
    checkCoefficients(where, nsCoefficients);
    checkNumber(where, 'eps', eps, 0);
    checkInteger(where, 'nsSteps', nsSteps, 0, 99);
    if (adjustLrFn !== null) checkOneOf(where, 'adjustLrFn', adjustLrFn, ['original', 'match_rms_adamw']);
  },
  checkParameter(where, { shape }) {
    if (shape.length !== 2)
      throw rangeError(
        where,
        `expected every parameter to have 2 dimensions, got ${shapeText(shape)}`,
        'step biases and the like with AdamW',
      );
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: false,
  linear: true,
  step(flat, options) {
    const { matrices, scratch } = workspaceOf(flat);
    if (recorder !== null) for (const array of scratch) recorder.allocated(array);
    const { lr, weightDecay } = options;
    for (const matrix of matrices) {
      if (matrix.values.length === 0) continue;
      direct(matrix, options);
      const direction = orthogonalize(matrix, options);
      const ratio = ratioOf(matrix, options);
      calls.sgdStep({ param: matrix.values, grad: direction, n: direction.length, lr: lr * ratio, weightDecay: weightDecay / ratio });
    }
  },
};

/**
 * Muon, momentum made orthogonal by Newton-Schulz steps, for the weight matrices of hidden layers (Jordan et al., 2024): `torch.optim.Muon`.
 *
 * With g the gradient: `m = momentum * m + (1 - momentum) g`, u is `(1 - momentum) g + momentum * m` with `nesterov`, else m. From `X = u / max(|u|, eps)`
 * on `X = a X + (b A + c A^2) X` with `A = X X^T`, `nsSteps` times, of a matrix with more rows than columns transposed. Then
 * `w -= lr * weightDecay * w + lr * r * X`, r as `adjustLrFn` says. Parameters without a gradient are skipped.
 *
 * All of it is in float32. PyTorch rounds X to bfloat16, so that its steps are some 1e-2 of a step away from these.
 *
 * A RangeError for a parameter that has not 2 dimensions: biases, and as its authors advise the first and the last layer, are for another optimizer.
 *
 * @example
 * const w = new nn.Parameter(tensor([[3, 0], [0, -4]]));
 * const optimizer = new optim.Muon([w], { lr: 0.5, weightDecay: 0 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray().map((row, i) => row[1 - i]); // [0, 0]
 */
export class Muon extends Optimizer<MuonOptions> {
  constructor(params: Params<MuonOptions>, options?: Partial<MuonOptions>) {
    super(muon, params, options);
  }
}
