// Rprop: the step sizes depend only on the signs of the gradients.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, describe, rangeError, typeError } from '../errors';
import { allocatePersistent } from '../memory';
import { byOneLayout, flatLayout } from '../ops/broadcast';
import { recorder } from '../recorder';
import type { FlatParameter } from './flat-parameters';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `Rprop`. */
export interface RpropOptions {
  /** The size of the first step; default 1e-2. */
  lr: number;
  /** The factors of a step size if the gradient's sign has changed, and if it has not; default [0.5, 1.2]. */
  etas: readonly [number, number];
  /** The smallest and the largest step; default [1e-6, 50]. */
  stepSizes: readonly [number, number];
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const keys = ['prev', 'step_size'];

// Larger than any step. It is finite, because a fit calculates with the numbers of calls and could not with Infinity.
const most = 2 ** 127;

/** The arrays of a step. They are the same at each step, because a recording identifies memory by them. */
interface Workspace {
  readonly floats: readonly [direction: Float32Array, sign: Float32Array, factor: Float32Array, zeros: Float32Array, one: Float32Array];
  readonly turned: Int32Array;
  readonly each: Int32Array;
  readonly byOne: Int32Array;
}

const workspaces = new WeakMap<FlatParameter, Workspace>();

function workspaceOf(flat: FlatParameter): Workspace {
  let workspace = workspaces.get(flat);
  if (workspace === undefined) {
    const { n } = flat;
    const [a, b, c, d] = [0, 1, 2, 3].map(() => allocatePersistent(n)) as [Float32Array, Float32Array, Float32Array, Float32Array];
    workspace = { floats: [a, b, c, d, allocatePersistent(1)], turned: new Int32Array(n), each: flatLayout(n), byOne: byOneLayout(n) };
    workspaces.set(flat, workspace);
  }
  if (recorder !== null) for (const array of [...workspace.floats, workspace.turned]) recorder.allocated(array);
  return workspace;
}

function checkPair(where: string, name: string, pair: unknown): void {
  if (!Array.isArray(pair) || pair.length !== 2) throw typeError(where, `expected ${name} to be two numbers, got ${describe(pair)}`);
  for (let i = 0; i < 2; i++) checkNumber(where, `${name}[${i}]`, pair[i]);
}

const rprop: Definition<RpropOptions> = {
  name: 'Rprop',
  defaults: { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false },
  check(where, { lr, etas, stepSizes, maximize }) {
    checkNumber(where, 'lr', lr, 0);
    checkPair(where, 'etas', etas);
    if (!(etas[0] > 0 && etas[0] < 1 && etas[1] > 1)) {
      throw rangeError(where, `expected etas to be a number between 0 and 1 and one above 1, got ${etas[0]} and ${etas[1]}`);
    }
    checkPair(where, 'stepSizes', stepSizes);
    if (!(stepSizes[0] <= stepSizes[1]))
      throw rangeError(where, `expected stepSizes to be in their order, got ${stepSizes[0]} and ${stepSizes[1]}`);
    checkBoolean(where, 'maximize', maximize);
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: true,
  step(flat, { lr, etas, stepSizes, maximize }, count) {
    const { values, gradient, n } = flat;
    const [prev, stepSize] = flat.state as [Float32Array, Float32Array];
    const {
      floats: [direction, sign, factor, zeros, one],
      turned,
      each,
      byOne,
    } = workspaceOf(flat);
    calls.fill({ out: one, n: 1, value: maximize ? -1 : 1 });
    calls.mul({ out: direction, a: gradient, b: one, layout: byOne });
    calls.clampForward({ y: stepSize, x: stepSize, n, low: count === 1 ? lr : 0, high: count === 1 ? lr : most }); // the state starts as zeros
    calls.mul({ out: sign, a: direction, b: prev, layout: each });
    calls.signForward({ y: sign, x: sign, n });
    // 1 plus or minus a very large number, or 1 itself, within the two factors.
    calls.fill({ out: factor, n, value: 1 });
    calls.sgdStep({ param: factor, grad: sign, n, lr: -(2 ** 100) });
    calls.clampForward({ y: factor, x: factor, n, low: etas[0], high: etas[1] });
    calls.mul({ out: stepSize, a: stepSize, b: factor, layout: each });
    calls.clampForward({ y: stepSize, x: stepSize, n, low: stepSizes[0], high: stepSizes[1] });
    // Where the sign has changed, no step is made, and the next step is treated as a first one.
    calls.fill({ out: zeros, n, value: 0 });
    calls.lt({ out: turned, a: sign, b: zeros, layout: each });
    calls.where({ out: prev, condition: turned, a: zeros, b: direction, n });
    calls.signForward({ y: sign, x: prev, n });
    calls.mul({ out: sign, a: sign, b: stepSize, layout: each });
    calls.sgdStep({ param: values, grad: sign, n, lr: 1 });
  },
};

/**
 * Resilient backpropagation, for gradients of the whole data set (Riedmiller and Braun, 1993): `torch.optim.Rprop`.
 *
 * Each value has a step of its own, `lr` at first. It is multiplied by `etas[1]` where the gradient g has the sign that it had before, by `etas[0]` where it has the
 * other one, and kept within `stepSizes`. Then `w -= step * sign(g)`, but nothing where the sign has changed, and there the next sign is compared with none.
 * Parameters without a gradient are skipped.
 *
 * A RangeError unless `0 < etas[0] < 1 < etas[1]` and `stepSizes[0] <= stepSizes[1]`.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, -2]));
 * const optimizer = new optim.Rprop([w], { lr: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5, -1.5]
 */
export class Rprop extends Optimizer<RpropOptions> {
  constructor(params: Params<RpropOptions>, options?: Partial<RpropOptions>) {
    super(rprop, params, options);
  }
}
