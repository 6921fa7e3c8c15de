// Adafactor: Adam with the mean square of a matrix's gradients factored into a row and a column.
import * as calls from '../calls.generated';
import { checkNumber, describe, rangeError, typeError } from '../errors';
import { allocatePersistent } from '../memory';
import { byOneLayout, flatLayout } from '../ops/broadcast';
import { recorder } from '../recorder';
import { checkUsual } from './checks';
import type { FlatParameter, Slot } from './flat-parameters';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `Adafactor`. */
export interface AdafactorOptions {
  /** The largest learning rate, relative to the size of the values; default 1e-2. */
  lr: number;
  /** The weight of a new square in the mean square is the step number to this power, at most 0; default -0.8. */
  beta2Decay: number;
  /** The least root of a mean square, null for 2^-23, and the least size of values that the rate is relative to; default [null, 1e-3]. */
  eps: readonly [number | null, number];
  /** The largest root mean square of an update, at least 1; default 1. */
  d: number;
  /** Taken off the value, times the value and lr; default 0. */
  weightDecay: number;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const keys = ['row_var', 'col_var', 'variance'];

// Larger than any size. It is finite, because a fit calculates with the numbers of calls and could not with Infinity.
const most = 2 ** 127;

/** Arrays of numbers, with the layouts for calls with each other and with a single number. */
class Numbers {
  readonly n: number;
  readonly each: Int32Array;
  readonly byOne: Int32Array;

  constructor(readonly floats: Float32Array) {
    this.n = floats.length;
    this.each = flatLayout(this.n);
    this.byOne = byOneLayout(this.n);
  }
}

/** A matrix parameter: its square, and its state. */
interface Matrix {
  readonly square: Numbers;
  readonly row: Numbers;
  readonly column: Numbers;
  /** Of the length of a column, and of a row. */
  readonly ofRows: Numbers;
  readonly ofColumns: Numbers;
  readonly relative: Numbers;
  readonly onesOfRows: Float32Array;
  readonly onesOfColumns: Float32Array;
}

/** One of the joined parameters, with the memory that its step needs. */
interface Slice {
  readonly values: Numbers;
  readonly gradient: Float32Array;
  readonly update: Numbers;
  /** Null for a vector, which has `variance`. */
  readonly matrices: readonly Matrix[] | null;
  readonly variance: Numbers;
}

/** The arrays of a flat parameter's steps. They are the same at each step, because a recording identifies memory by them. */
interface Workspace {
  readonly slices: readonly Slice[];
  readonly ones: Float32Array;
  readonly size: Numbers;
  readonly number: Numbers;
  readonly scratch: readonly Float32Array[];
}

const workspaces = new WeakMap<FlatParameter, Workspace>();

const sidesOf = ({ parameter: { shape } }: Slot): [rows: number, columns: number] =>
  shape.length < 2 ? [0, 0] : (shape.slice(-2) as [number, number]);

function makeWorkspace(flat: FlatParameter): Workspace {
  const slots = flat.slots.filter(({ parameter }) => parameter.numel > 0);
  const begin = flat.slots[0]!.position;
  const longest = Math.max(...slots.flatMap(sidesOf), 0);
  const lengths = [Math.max(...slots.map(({ parameter }) => parameter.numel), 0), longest, longest, longest, 1, 1];
  const scratch = lengths.map(allocatePersistent);
  const [whole, ones, sums, relative, size, number] = scratch as [Float32Array, Float32Array, ...Float32Array[]];
  const slices = slots.map((slot): Slice => {
    const { shape, numel } = slot.parameter;
    const part = (array: Float32Array): Float32Array => array.subarray(slot.position - begin, slot.position - begin + numel);
    const [rowVar, columnVar, variance] = flat.state.map(part) as [Float32Array, Float32Array, Float32Array];
    const update = new Numbers(whole.subarray(0, numel));
    const [rows, columns] = sidesOf(slot);
    const ofMatrix = (i: number): Matrix => ({
      square: new Numbers(update.floats.subarray(i * rows * columns, (i + 1) * rows * columns)),
      row: new Numbers(rowVar.subarray(i * rows, (i + 1) * rows)),
      column: new Numbers(columnVar.subarray(i * columns, (i + 1) * columns)),
      ofRows: new Numbers(sums!.subarray(0, rows)),
      ofColumns: new Numbers(sums!.subarray(0, columns)),
      relative: new Numbers(relative!.subarray(0, rows)),
      onesOfRows: ones.subarray(0, rows),
      onesOfColumns: ones.subarray(0, columns),
    });
    const matrices = shape.length < 2 ? null : Array.from({ length: numel / (rows * columns) }, (_, i) => ofMatrix(i));
    return { values: new Numbers(part(flat.values)), gradient: part(flat.gradient), update, matrices, variance: new Numbers(variance) };
  });
  return { slices, ones, size: new Numbers(size!), number: new Numbers(number!), scratch };
}

function workspaceOf(flat: FlatParameter): Workspace {
  let workspace = workspaces.get(flat);
  if (workspace === undefined) {
    workspace = makeWorkspace(flat);
    workspaces.set(flat, workspace);
  }
  if (recorder !== null) for (const array of workspace.scratch) recorder.allocated(array);
  return workspace;
}

const addTo = (y: Numbers, x: Numbers, factor: number): void => calls.sgdStep({ param: y.floats, grad: x.floats, n: y.n, lr: -factor });

const limit = ({ floats, n }: Numbers, low: number): void => calls.clampForward({ y: floats, x: floats, n, low, high: most });

// `x *= factor`; `number` is memory for the factor.
function scale({ floats, byOne }: Numbers, factor: number, { number }: Workspace): void {
  calls.fill({ out: number.floats, n: 1, value: factor });
  calls.mul({ out: floats, a: floats, b: number.floats, layout: byOne });
}

// Writes the root mean square of x times a factor, but at least a limit, to `size`.
function measure({ floats, n }: Numbers, factor: number, low: number, workspace: Workspace): void {
  const { size } = workspace;
  calls.matmul({ c: size.floats, a: floats, b: floats, m: 1, n: 1, k: n });
  calls.sqrtForward({ y: size.floats, x: size.floats, n: 1 });
  scale(size, factor / Math.sqrt(n), workspace);
  limit(size, low);
}

// `mean += share * (x - mean)`; x is overwritten.
function average(mean: Numbers, x: Numbers, share: number): void {
  calls.sub({ out: x.floats, a: x.floats, b: mean.floats, layout: x.each });
  addTo(mean, x, share);
}

// Replaces the squares of a matrix by the product of the running means of its rows and of its columns.
function factor(
  { square, row, column, ofRows, ofColumns, relative, onesOfRows, onesOfColumns }: Matrix,
  share: number,
  eps: number,
  workspace: Workspace,
): void {
  const [m, n] = [row.n, column.n];
  calls.matmul({ c: ofRows.floats, a: square.floats, b: onesOfColumns, m, n: 1, k: n });
  scale(ofRows, 1 / n, workspace);
  average(row, ofRows, share);
  calls.matmul({ c: ofColumns.floats, a: onesOfRows, b: square.floats, m: 1, n, k: m });
  scale(ofColumns, 1 / m, workspace);
  average(column, ofColumns, share);
  const { size } = workspace;
  calls.matmul({ c: size.floats, a: row.floats, b: onesOfRows, m: 1, n: 1, k: m });
  scale(size, 1 / m, workspace);
  limit(size, eps);
  calls.div({ out: relative.floats, a: row.floats, b: size.floats, layout: row.byOne });
  calls.matmul({ c: square.floats, a: relative.floats, b: column.floats, m, n, k: 1 });
}

function stepSlice(
  { matrices, values, gradient, update, variance }: Slice,
  workspace: Workspace,
  o: AdafactorOptions,
  count: number,
): void {
  const eps = o.eps[0] ?? 2 ** -23;
  const share = count ** o.beta2Decay;
  const { floats, n, each, byOne } = update;
  calls.squareForward({ y: floats, x: gradient, n });
  if (matrices === null) {
    average(variance, update, share);
    calls.copyStrided({ out: floats, x: variance.floats, layout: each });
  } else for (const matrix of matrices) factor(matrix, share, eps, workspace);
  limit(update, eps * eps);
  calls.rsqrtForward({ y: floats, x: floats, n });
  calls.mul({ out: floats, a: floats, b: gradient, layout: each });
  measure(update, 1 / o.d, 1, workspace);
  calls.div({ out: floats, a: floats, b: workspace.size.floats, layout: byOne });
  measure(values, 1, o.eps[1], workspace);
  calls.mul({ out: floats, a: floats, b: workspace.size.floats, layout: byOne });
  // The decay comes with the update, because the numbers of a step are read again at each replay and those of `fill` are not.
  const rate = Math.min(o.lr, 1 / Math.sqrt(count));
  const weightDecay = rate === 0 ? 0 : (o.lr * o.weightDecay) / rate;
  calls.sgdStep({ param: values.floats, grad: floats, n, lr: rate, weightDecay, maximize: o.maximize });
}

function checkEps(where: string, eps: unknown): void {
  if (!Array.isArray(eps) || eps.length !== 2) throw typeError(where, `expected eps to be two numbers, got ${describe(eps)}`);
  if (eps[0] !== null) checkNumber(where, 'eps[0]', eps[0], 0);
  checkNumber(where, 'eps[1]', eps[1], 0);
}

const adafactor: Definition<AdafactorOptions> = {
  name: 'Adafactor',
  defaults: { lr: 1e-2, beta2Decay: -0.8, eps: [null, 1e-3], d: 1, weightDecay: 0, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { beta2Decay } = options;
    if (checkNumber(where, 'beta2Decay', beta2Decay) > 0) throw rangeError(where, `expected beta2Decay to be at most 0, got ${beta2Decay}`);
    checkEps(where, options.eps);
    if (checkNumber(where, 'd', options.d) < 1) throw rangeError(where, `expected d to be at least 1, got ${options.d}`);
  },
  allKeys: keys,
  stateKeys: () => keys,
  shapeOf(key, shape) {
    if (shape.includes(0)) return null;
    if (shape.length < 2) return key === 'variance' ? [...shape] : null;
    if (key === 'variance') return null;
    return shape.with(key === 'row_var' ? -1 : -2, 1);
  },
  countsSteps: true,
  step(flat, options, count) {
    const workspace = workspaceOf(flat);
    calls.fill({ out: workspace.ones, n: workspace.ones.length, value: 1 });
    for (const slice of workspace.slices) stepSlice(slice, workspace, options, count);
  },
};

/**
 * Adafactor, whose state of a matrix is a row and a column (Shazeer and Stern, 2018): `torch.optim.Adafactor`.
 *
 * With g the gradient, t the number of the step and `b = t^beta2Decay`, a matrix has `r += b (mean of g^2 over each row - r)` and `c += b (mean over each column - c)`, and
 * `v = r c / max(mean r, eps[0])`; a vector has `v += b (g^2 - v)`. The direction is `u = g / max(sqrt(v), eps[0])`, divided by `max(1, rms(u) / d)`. Then
 * `w -= lr * weightDecay * w` and `w -= min(lr, 1 / sqrt(t)) * max(eps[1], rms(w)) * u`, with rms(w) from before the step. Of tensors with more than two
 * dimensions each matrix has an r and a c. Parameters without a gradient are skipped.
 *
 * A RangeError for options out of range. The memory that is set aside for r and c is that of two more parameters, of which only their part is ever touched.
 *
 * @example
 * const w = new nn.Parameter(tensor([[1, 1], [1, 1]]));
 * const optimizer = new optim.Adafactor([w], { lr: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray().flat().map((v) => v.toFixed(3)); // ["0.500", "0.500", "0.500", "0.500"]
 * optimizer.stateDict().state[0].row_var.shape; // [2, 1]
 */
export class Adafactor extends Optimizer<AdafactorOptions> {
  constructor(params: Params<AdafactorOptions>, options?: Partial<AdafactorOptions>) {
    super(adafactor, params, options);
  }
}
