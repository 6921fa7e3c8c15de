// The updates of optimizers as one kernel for each variable, in the variable's own memory where nobody else has it.
import { AdamOptimizer, engine, MomentumOptimizer, SGDOptimizer, type Tensor, tidy, type Variable, zerosLike } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocatePersistent } from '../memory';
import { live, type Progress, recorder } from '../recorder';
import { sameShape } from '../shape';
import { backendName } from './registry';
import { type Backend, floatsOf, refuseReplay } from './storage';

type Given = { name: string; tensor: Tensor }[] | Record<string, Tensor>;

/** The state of an optimizer for one variable, as TensorFlow.js keeps it. */
interface State {
  originalName: string;
  variable: Variable;
}

interface Update {
  name: string;
  /** Where the optimizer has the state of it. */
  place: number;
  variable: Variable;
  gradient: Float32Array;
}

const backendNow = (): Backend => engine().backend as Backend;

/** The memory of a variable of float32, to be changed in place: a copy where somebody else may read what it is now. */
export function owned(variable: Variable): Float32Array {
  const backend = backendNow();
  const piece = backend.piece(variable.dataId);
  const values = floatsOf(backend, variable)!;
  if (piece.isHome && piece.refCount === 1) return values;
  refuseReplay('the memory of a variable is read elsewhere, a clone of it perhaps');
  const own = allocatePersistent(values.length);
  own.set(values);
  const holder = backend.tensor(own, variable.shape, 'float32');
  backend.piece(holder.dataId).isHome = true;
  variable.assign(holder);
  holder.dispose();
  return own;
}

// What there is to update; null where it is not for our kernels.
function updatesOf(given: Given, states: (State | undefined)[][]): Update[] | null {
  if (engine().backendName !== backendName) return null;
  const named = Array.isArray(given) ? given : Object.entries(given).map(([name, tensor]) => ({ name, tensor }));
  const updates: Update[] = [];
  for (const [place, { name, tensor }] of named.entries()) {
    const variable = engine().registeredVariables[name];
    if (variable === undefined) return null;
    for (const of of states) if (of[place] !== undefined && floatsOf(backendNow(), of[place].variable) === null) return null;
    if (tensor == null) return null;
    const gradient = floatsOf(backendNow(), tensor);
    const isPlain = floatsOf(backendNow(), variable) !== null && sameShape(tensor.shape, variable.shape) && variable.size > 0;
    if (gradient === null || !isPlain) return null;
    updates.push({ name, place, variable, gradient });
  }
  return updates;
}

type Lists<Name extends string> = Record<Name, State[]>;

// The state of one variable in the list of this name. A recording holds only while it is the same: optimizer.setWeights makes others.
function stateOf<Name extends string>(
  optimizer: Lists<Name>,
  list: Name,
  { name, place, variable: of }: Update,
  suffix: string,
): Float32Array {
  const states: State[] = optimizer[list];
  states[place] ??= { originalName: `${name}/${suffix}`, variable: tidy(() => zerosLike(of).variable(false)) as Variable };
  const { variable } = states[place];
  recorder?.guard(() => optimizer[list] === states && states[place]?.variable === variable);
  return owned(variable);
}

// A number that TensorFlow.js keeps in a tensor; null where it cannot be read.
const scalarOf = (t: Tensor): number | null => (t.isDisposed ? null : (floatsOf(backendNow(), t)?.[0] ?? null));

// What there is to update where `fits` says that our kernels can, in a recording at each replay.
function updatesWhere(given: Given, states: (State | undefined)[][], fits: () => boolean): Update[] | null {
  const updates = updatesOf(given, states);
  if (updates === null || !fits()) return null;
  recorder?.guard(fits);
  return updates;
}

interface Counted {
  iterations_?: number;
  readonly iterations: number;
}

interface Sgd extends Counted {
  c: Tensor;
}

interface Momentum extends Sgd, Lists<'accumulations'> {
  m: Tensor;
  useNesterov: boolean;
}

interface Adam extends Counted, Lists<'accumulatedFirstMoment' | 'accumulatedSecondMoment'> {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  accBeta1: Variable;
  accBeta2: Variable;
}

// Makes the calls of a step, in a recording anew at each replay, and counts it.
function take(optimizer: Counted, issue: () => void, alsoCount: () => void = () => {}): true {
  const progress: Progress = {
    commit(steps) {
      for (let i = 0; i < steps; i++) alsoCount();
      optimizer.iterations_ = optimizer.iterations + steps;
    },
    keep: () => () => {}, // only asked of an optimizer that steps twice in a recording, which is refused
    steady: () => false,
    counter: optimizer,
  };
  live(issue);
  if (recorder === null) progress.commit(1);
  else recorder.after(progress);
  return true;
}

function sgd(optimizer: Sgd, given: Given): boolean {
  const updates = updatesWhere(given, [], () => scalarOf(optimizer.c) !== null);
  if (updates === null) return false;
  const all = updates.map(({ variable, gradient: grad }) => ({ param: owned(variable), grad }));
  return take(optimizer, () => {
    const lr = -scalarOf(optimizer.c)!;
    for (const { param, grad } of all) calls.sgdStep({ param, grad, n: param.length, lr });
  });
}

function momentum(optimizer: Momentum, given: Given): boolean {
  const updates = updatesWhere(given, [optimizer.accumulations], () => scalarOf(optimizer.c) !== null && scalarOf(optimizer.m) !== null);
  if (updates === null) return false;
  const all = updates.map((update) => ({
    momentumBuffer: stateOf(optimizer, 'accumulations', update, 'momentum'),
    param: owned(update.variable),
    grad: update.gradient,
  }));
  return take(optimizer, () => {
    const options = { lr: -scalarOf(optimizer.c)!, momentum: scalarOf(optimizer.m)!, nesterov: optimizer.useNesterov };
    for (const one of all) calls.sgdStep({ ...one, n: one.param.length, ...options });
  });
}

// One factor more in the power of a beta that TensorFlow.js keeps.
function advance(power: Variable, beta: number): void {
  const values = owned(power);
  values[0] = values[0]! * Math.fround(beta);
}

// Kernels take what is left of a mean's beginning from the number of the step. After so many steps it is 0: we divide by what TensorFlow.js keeps, which
// follows a beta that is changed.
const endless = Number.MAX_SAFE_INTEGER;

function adam(optimizer: Adam, given: Given): boolean {
  const { accumulatedFirstMoment: first, accumulatedSecondMoment: second } = optimizer;
  const updates = updatesWhere(given, [first, second], () => {
    const { beta1, beta2, accBeta1, accBeta2 } = optimizer;
    return beta1 < 1 && beta2 < 1 && scalarOf(accBeta1) !== null && scalarOf(accBeta2) !== null;
  });
  if (updates === null) return false;
  // The same objects for each step: making them anew took half as long as the step of a small network.
  const all = updates.map((update) => ({
    m: stateOf(optimizer, 'accumulatedFirstMoment', update, 'm'),
    v: stateOf(optimizer, 'accumulatedSecondMoment', update, 'v'),
    param: owned(update.variable),
    grad: update.gradient,
    n: update.variable.size,
    ...{ step: endless, lr: 0, beta1: 0, beta2: 0, eps: 0 },
  }));
  const issue = (): void => {
    const { learningRate, beta1, beta2, epsilon, accBeta1, accBeta2 } = optimizer;
    const [left1, root2] = [1 - scalarOf(accBeta1)!, Math.sqrt(1 - scalarOf(accBeta2)!)];
    for (const one of all) {
      one.lr = (learningRate * root2) / left1;
      one.beta1 = beta1;
      one.beta2 = beta2;
      one.eps = epsilon * root2;
      calls.adamStep(one);
    }
  };
  return take(optimizer, issue, () => {
    advance(optimizer.accBeta1, optimizer.beta1);
    advance(optimizer.accBeta2, optimizer.beta2);
  });
}

// Asks ours first, for this class alone: a class derived from it that has its own update keeps it.
function override(optimizer: { prototype: unknown }, own: (optimizer: never, given: Given) => boolean): void {
  const prototype = optimizer.prototype as { applyGradients(given: Given): void };
  const theirs = prototype.applyGradients;
  prototype.applyGradients = function (this: unknown, given: Given): void {
    if (!own(this as never, given)) theirs.call(this, given);
  };
}

/** Has TensorFlow.js use them. */
export function installOptimizers(): void {
  override(SGDOptimizer, sgd);
  override(MomentumOptimizer, momentum);
  override(AdamOptimizer, adam);
}

const own: ReadonlySet<unknown> = new Set([SGDOptimizer, MomentumOptimizer, AdamOptimizer].map(({ prototype }) => prototype));
const methods = ['minimize', 'computeGradients', 'applyGradients'];

/** Whether an optimizer is one of those whose updates are ours: none that is derived from them, and with no method of its own. */
export const isOwn = (optimizer: object): boolean =>
  own.has(Object.getPrototypeOf(optimizer)) && !methods.some((name) => Object.hasOwn(optimizer, name));
