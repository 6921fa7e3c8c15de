// L-BFGS: steps along a direction that is computed from the last gradients, with a line search.
import { checkInteger, checkNumber, checkOneOf, describe, rangeError, SimdnnError, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { recorder } from '../recorder';
import { changed, Tensor } from '../tensor';
import { type LbfgsState, newLbfgsState, readLbfgsState, writeLbfgsState } from './lbfgs-state';
import { type Evaluate, strongWolfe } from './line-search';
import { type Definition, Optimizer, type ParamGroupInit, type Params } from './optimizer';
import type { OptimizerStateDict } from './state';
import { add, dot, largest, scaled, sumOfSizes, type Vector } from './vectors';

/** The options of `LBFGS`. */
export interface LBFGSOptions {
  /** The learning rate: the length of a step, or the first length that the line search tries; default 1. */
  lr: number;
  /** The greatest number of iterations in a step; default 20. */
  maxIter: number;
  /** The greatest number of evaluations of the loss in a step; by default 5/4 of `maxIter`. */
  maxEval: number | null;
  /** A step ends if no element of the gradient is larger; default 1e-7. */
  toleranceGrad: number;
  /** A step ends if neither a parameter nor the loss changes by more; default 1e-9. */
  toleranceChange: number;
  /** The number of recent changes from which the direction is computed; default 100. */
  historySize: number;
  /** How the length of a step is found: "strong_wolfe", or null for the learning rate; default null. */
  lineSearchFn: 'strong_wolfe' | null;
}

const evaluationsIn = ({ maxEval, maxIter }: LBFGSOptions): number => maxEval ?? Math.floor((maxIter * 5) / 4);

const noKeys: readonly string[] = [];

const lbfgs: Definition<LBFGSOptions> = {
  name: 'LBFGS',
  defaults: { lr: 1, maxIter: 20, maxEval: null, toleranceGrad: 1e-7, toleranceChange: 1e-9, historySize: 100, lineSearchFn: null },
  check(where, { lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn }) {
    checkNumber(where, 'lr', lr, 0);
    checkInteger(where, 'maxIter', maxIter, 1);
    if (maxEval !== null) checkInteger(where, 'maxEval', maxEval, 1);
    checkNumber(where, 'toleranceGrad', toleranceGrad, 0);
    checkNumber(where, 'toleranceChange', toleranceChange, 0);
    checkInteger(where, 'historySize', historySize, 1);
    if (lineSearchFn !== null) checkOneOf(where, 'lineSearchFn', lineSearchFn, ['strong_wolfe']);
  },
  allKeys: noKeys,
  stateKeys: () => noKeys,
  countsSteps: false,
  step() {}, // LBFGS has a step of its own
};

/** The direction of the next step: minus the gradient times an approximation of the inverse Hessian, by the two-loop recursion over the last changes. */
function directionOf(state: LbfgsState, gradient: Vector): Vector {
  const { oldDirs, oldStps, ro, hDiag } = state;
  const q = scaled(gradient, -1);
  const al: number[] = [];
  for (let i = oldDirs.length - 1; i >= 0; i--) {
    al[i] = dot(oldStps[i]!, q) * ro[i]!;
    add(q, oldDirs[i]!, -al[i]!);
  }
  const r = scaled(q, hDiag);
  for (let i = 0; i < oldDirs.length; i++) add(r, oldStps[i]!, al[i]! - dot(oldDirs[i]!, r) * ro[i]!);
  return r;
}

/** Adds the changes of the last step to the history. */
function remember(state: LbfgsState, gradient: Vector, historySize: number): void {
  const y = scaled(gradient, 1);
  add(y, state.prevFlatGrad!, -1);
  const s = scaled(state.d!, state.t);
  const ys = dot(y, s);
  if (!(ys > 1e-10)) return;
  while (state.oldDirs.length >= historySize) for (const list of [state.oldDirs, state.oldStps, state.ro]) list.shift();
  state.oldDirs.push(y);
  state.oldStps.push(s);
  state.ro.push(Math.fround(1 / ys));
  state.hDiag = Math.fround(ys / dot(y, y));
}

/**
 * L-BFGS (Liu, Nocedal, 1989): `torch.optim.LBFGS`.
 *
 * `step(closure)` goes on for up to `maxIter` iterations from the loss that `closure()` returns, once it has set the gradients to null, calculated the loss and
 * called `backward()`; it is called again at each point that is tried. The direction d is the gradient times an approximation of the inverse Hessian, made
 * of the last `historySize` changes of values and gradients; `w += t d`, with t the rate (in the very first iteration at most the rate over the sum of the
 * sizes of the gradient's elements), or found from there by a line search for the strong Wolfe conditions.
 *
 * All parameters are one group, and those without a gradient count as 0. The state dict has PyTorch's keys; lists of vectors are one tensor with a row for
 * each, and `al`, which is scratch, is left out. A step cannot be recorded by `compile` and `train.fit`: how often it evaluates the loss depends on values.
 *
 * A RangeError for several groups, a TypeError for a closure that does not return a tensor of one element. When the closure throws in the middle of a step,
 * parameters stay where it was called.
 *
 * @example
 * const w = new nn.Parameter(tensor([3, -2]));
 * const optimizer = new optim.LBFGS([w], { lineSearchFn: "strong_wolfe" });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = w.sub(tensor([1, 5])).pow(2).sum();
 *   loss.backward();
 *   return loss;
 * });
 * w.toArray().map(Math.round); // [1, 5]
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  #state: LbfgsState | null = null;

  constructor(params: Params<LBFGSOptions>, options?: Partial<LBFGSOptions>) {
    super(lbfgs, params, options);
  }

  /** A RangeError, because all parameters must be in one group. */
  override addParamGroup(init: ParamGroupInit<LBFGSOptions>): void {
    if (this.paramGroups.length > 0)
      throw rangeError('LBFGS', 'all parameters must be one group: the step is that of all together', 'give it model.parameters()');
    super.addParamGroup(init);
  }

  /** Continues from the present values, and returns the loss there: the first result of `closure`. */
  override step(closure?: () => Tensor): Tensor {
    const where = 'LBFGS.step';
    if (recorder !== null) {
      throw new SimdnnError(
        'SIMDNN_NOT_RECORDABLE',
        `[${where}] a step of LBFGS cannot be recorded: how often it evaluates the loss, and where, depends on values\n  hint: call step(closure) in a loop of its own; for compile and train.fit take Adam or another`,
      );
    }
    if (typeof closure !== 'function') {
      throw typeError(
        where,
        `expected a function that gives the loss, got ${describe(closure)}`,
        'step(() => { optimizer.zeroGrad(); const loss = ...; loss.backward(); return loss; })',
      );
    }
    const { group, params } = this.#checked(where);
    let first: Tensor | null = null;
    const evaluate = (): { f: number; g: Vector } => {
      const loss: unknown = closure();
      if (!(loss instanceof Tensor) || loss.numel !== 1) {
        const got = loss instanceof Tensor ? `one of shape [${loss.shape.join(', ')}]` : describe(loss);
        throw typeError(where, `expected the closure to return the loss, a tensor of one element, got ${got}`);
      }
      first ??= loss;
      return { f: loss.item(), g: gradientOf(where, params) };
    };
    this.#iterate(group, params, evaluate);
    return first!;
  }

  /** The state with PyTorch's keys, under the first parameter: `func_evals`, `n_iter`, and from the first iteration on `d`, `t`, `old_dirs`, ... */
  override stateDict(): OptimizerStateDict {
    const { param_groups } = super.stateDict();
    const groups = param_groups.map((group, i) => ({ ...group, max_eval: evaluationsIn(this.paramGroups[i]!) }));
    return { state: this.#state === null ? {} : { 0: writeLbfgsState(this.#state) }, param_groups: groups };
  }

  /** @internal */
  override read(dict: OptimizerStateDict): () => void {
    const where = 'LBFGS.loadStateDict';
    const { params } = this.#checked(where);
    const saved = dict?.state as Record<string, unknown> | undefined;
    const state = readLbfgsState(where, saved?.['0'], numelOf(params));
    const own = super.read(saved === undefined ? dict : { ...dict, state: {} });
    return () => {
      own();
      this.#state = state;
    };
  }

  #checked(where: string): { group: LBFGSOptions; params: readonly Tensor[] } {
    super.stateDict(); // checks the groups
    const { length } = this.paramGroups;
    if (length !== 1) throw rangeError(where, `expected one group of parameters, got ${length}`);
    const group = this.paramGroups[0]!;
    lbfgs.check('LBFGS', group);
    for (const parameter of group.params) refuseHeld(where, parameter);
    const numel = numelOf(group.params);
    const known = this.#state?.prevFlatGrad?.length ?? numel;
    if (known !== numel)
      throw rangeError(where, `the parameters have ${numel} elements, those of the steps so far ${known}`, 'make a new optimizer');
    return { group, params: group.params };
  }

  #iterate(group: LBFGSOptions, params: readonly Tensor[], evaluate: () => { f: number; g: Vector }): void {
    const { lr, maxIter, toleranceGrad, toleranceChange, historySize, lineSearchFn } = group;
    const maxEval = evaluationsIn(group);
    let { f: loss, g: gradient } = evaluate();
    this.#state ??= newLbfgsState();
    const state = this.#state;
    let evaluations = 1;
    state.funcEvals++;
    if (largest(gradient) <= toleranceGrad) return;
    for (let iteration = 1; iteration <= maxIter; iteration++) {
      state.nIter++;
      if (state.prevFlatGrad === null) state.d = scaled(gradient, -1);
      else {
        remember(state, gradient, historySize);
        state.d = directionOf(state, gradient);
      }
      const d = state.d;
      state.prevFlatGrad = gradient;
      state.prevLoss = loss;
      state.t = Math.fround(state.nIter === 1 ? Math.min(1, 1 / sumOfSizes(gradient)) * lr : lr);
      const slope = dot(gradient, d);
      if (slope > -toleranceChange) break;

      let used = 0;
      if (lineSearchFn === null) {
        move(params, d, state.t);
        if (iteration !== maxIter) {
          ({ f: loss, g: gradient } = evaluate());
          used = 1;
        }
      } else {
        const begin = params.map(({ floats }) => floats.slice());
        const at: Evaluate = (t) => {
          move(params, d, t);
          try {
            return evaluate();
          } finally {
            setValues(params, begin);
          }
        };
        const found = strongWolfe(at, state.t, d, loss, gradient, slope, { toleranceChange, maxEvaluations: maxEval - evaluations });
        ({ f: loss, g: gradient } = found);
        state.t = found.t;
        used = found.evaluations;
        move(params, d, state.t);
      }
      evaluations += used;
      state.funcEvals += used;
      if (evaluations >= maxEval || largest(gradient) <= toleranceGrad) break;
      if (largest(d) * Math.abs(state.t) <= toleranceChange || Math.abs(loss - state.prevLoss) < toleranceChange) break;
    }
  }
}

const numelOf = (params: readonly Tensor[]): number => params.reduce((sum, { numel }) => sum + numel, 0);

/** All gradients in one vector; zeros for a parameter without one. */
function gradientOf(where: string, params: readonly Tensor[]): Vector {
  const all = new Float32Array(numelOf(params));
  let begin = 0;
  for (const parameter of params) {
    refuseHeld(where, parameter);
    const gradient = parameter.gradientHidden ? parameter.grad : parameter.gradient; // the getter throws for a gradient that a compiled step keeps in its own memory
    if (gradient !== null) all.set(gradient.floats, begin);
    begin += parameter.numel;
  }
  return all;
}

/** `w += t d`. */
function move(params: readonly Tensor[], d: Vector, t: number): void {
  let begin = 0;
  for (const parameter of params) {
    add(parameter.floats, d.subarray(begin, begin + parameter.numel), t);
    changed(parameter);
    begin += parameter.numel;
  }
}

function setValues(params: readonly Tensor[], values: readonly Vector[]): void {
  params.forEach((parameter, i) => {
    parameter.floats.set(values[i]!);
    changed(parameter);
  });
}
