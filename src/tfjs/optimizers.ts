// The updates of optimizers as one kernel for each variable, in the variable's own memory where nobody else has it.
import {
  AdamOptimizer,
  engine,
  MomentumOptimizer,
  mul,
  SGDOptimizer,
  type Tensor,
  tidy,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocatePersistent } from '../memory';
import { sameShape } from '../shape';
import { backendName } from './registry';
import { type Backend, floatsOf } from './storage';

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

// The memory of a variable, to be changed in place: a copy where somebody else may read what it is now.
function owned(variable: Variable): Float32Array {
  const backend = backendNow();
  const piece = backend.piece(variable.dataId);
  const values = floatsOf(backend, variable)!;
  if (piece.isHome && piece.refCount === 1) return values;
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

const stateOf = (states: State[], { name, place, variable }: Update, suffix: string): Float32Array => {
  states[place] ??= { originalName: `${name}/${suffix}`, variable: tidy(() => zerosLike(variable).variable(false)) as Variable };
  return owned(states[place].variable);
};

// A number that TensorFlow.js keeps in a tensor.
const scalarOf = (t: Tensor): number | null => floatsOf(backendNow(), t)?.[0] ?? null;

interface Sgd {
  c: Tensor;
  incrementIterations(): void;
}

interface Momentum extends Sgd {
  m: Tensor;
  useNesterov: boolean;
  accumulations: State[];
}

interface Adam {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  accBeta1: Variable;
  accBeta2: Variable;
  accumulatedFirstMoment: State[];
  accumulatedSecondMoment: State[];
  iterations: number;
  incrementIterations(): void;
}

function sgd(optimizer: Sgd, given: Given): boolean {
  const updates = updatesOf(given, []);
  const c = updates && scalarOf(optimizer.c);
  if (updates === null || c === null) return false;
  for (const { variable, gradient: grad } of updates) {
    const param = owned(variable);
    calls.sgdStep({ param, grad, n: param.length, lr: -c });
  }
  optimizer.incrementIterations();
  return true;
}

function momentum(optimizer: Momentum, given: Given): boolean {
  const updates = updatesOf(given, [optimizer.accumulations]);
  const [c, m] = updates === null ? [null, null] : [scalarOf(optimizer.c), scalarOf(optimizer.m)];
  if (updates === null || c === null || m === null) return false;
  for (const update of updates) {
    const momentumBuffer = stateOf(optimizer.accumulations, update, 'momentum');
    const param = owned(update.variable);
    calls.sgdStep({ param, momentumBuffer, grad: update.gradient, n: param.length, lr: -c, momentum: m, nesterov: optimizer.useNesterov });
  }
  optimizer.incrementIterations();
  return true;
}

function adam(optimizer: Adam, given: Given): boolean {
  const { learningRate: lr, beta1, beta2, epsilon: eps, accumulatedFirstMoment: first, accumulatedSecondMoment: second } = optimizer;
  const updates = updatesOf(given, [first, second]);
  if (updates === null) return false;
  const step = optimizer.iterations + 1;
  for (const update of updates) {
    const m = stateOf(first, update, 'm');
    const v = stateOf(second, update, 'v');
    const param = owned(update.variable);
    calls.adamStep({ param, m, v, grad: update.gradient, n: param.length, step, lr, beta1, beta2, eps });
  }
  tidy(() => {
    optimizer.accBeta1.assign(mul(optimizer.accBeta1, beta1));
    optimizer.accBeta2.assign(mul(optimizer.accBeta2, beta2));
  });
  optimizer.incrementIterations();
  return true;
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
