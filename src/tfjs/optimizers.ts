// The updates of optimizers as one kernel for each variable, in the variable's own memory where nobody else has it.
import {
  AdadeltaOptimizer,
  AdagradOptimizer,
  AdamaxOptimizer,
  AdamOptimizer,
  engine,
  fill,
  MomentumOptimizer,
  Optimizer,
  RMSPropOptimizer,
  SGDOptimizer,
  type Tensor,
  tidy,
  type Variable,
} from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocatePersistent } from '../memory';
import { live, recorder, type StepCounter } from '../recorder';
import { sameShape } from '../shape';
import { joinNextStep, stepJointly } from './joint-step';
import { backendName, backendNow } from './registry';
import { type Elsewhere, floatsOf, refuseReplay } from './storage';

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

/** The memory of a variable of float32, to be changed in place: a copy where somebody else may read what it is now. */
export function owned(variable: Variable): Float32Array {
  const backend = backendNow();
  const piece = backend.piece(variable.dataId);
  piece.elsewhere?.take();
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

// The values of a tensor; null also where it is disposed, of which TensorFlow.js has its own to say.
const floatsIn = (t: Tensor): Float32Array | null => (t.isDisposed ? null : floatsOf(backendNow(), t));

// What there is to update; null where it is not for our kernels.
function updatesOf(given: Given, states: (State | undefined)[][]): Update[] | null {
  const named = Array.isArray(given) ? given : Object.entries(given).map(([name, tensor]) => ({ name, tensor }));
  const updates: Update[] = [];
  for (const [place, { name, tensor }] of named.entries()) {
    const variable = engine().registeredVariables[name];
    if (variable === undefined) return null;
    for (const of of states) if (of[place] !== undefined && floatsIn(of[place].variable) === null) return null;
    if (tensor == null) return null;
    const gradient = floatsIn(tensor);
    const isPlain = floatsIn(variable) !== null && sameShape(tensor.shape, variable.shape) && variable.size > 0;
    if (gradient === null || !isPlain) return null;
    updates.push({ name, place, variable, gradient });
  }
  return updates;
}

/** What an optimizer of TensorFlow.js has inside. */
interface Inside {
  iterations_?: number;
  readonly iterations: number;
}

type Lists = Record<string, State[]>;

/** A list of states by its name in the optimizer, what a state's name ends in, and the number that it begins with. */
type StateKind = readonly [list: string, suffix: string, first?: number];

// The memory of the state of one variable. A recording holds only while it is the same: optimizer.setWeights makes others.
function stateOf(optimizer: Lists, [list, suffix, first = 0]: StateKind, { name, place, variable: of }: Update): Float32Array {
  const states = optimizer[list]!;
  states[place] ??= { originalName: `${name}/${suffix}`, variable: tidy(() => fill(of.shape, first).variable(false)) as Variable };
  const { variable } = states[place];
  recorder?.guard(() => optimizer[list] === states && states[place]?.variable === variable);
  return owned(variable);
}

// A number that TensorFlow.js keeps in a tensor; null where it cannot be read.
const scalarOf = (t: Tensor): number | null => floatsIn(t)?.[0] ?? null;

// Changes a number that TensorFlow.js keeps: one factor more in the power of a beta, one step more.
function advance(of: Variable, next: (value: number) => number): void {
  const values = owned(of);
  values[0] = next(values[0]!);
}

const times =
  (beta: number) =>
  (power: number): number =>
    power * Math.fround(beta);

// Kernels take what is left of a mean's beginning from the number of the step. After so many steps it is 0: we divide by what TensorFlow.js keeps, which
// follows a beta that is changed.
const endless = Number.MAX_SAFE_INTEGER;

// biome-ignore lint/suspicious/noExplicitAny: the arguments of each kernel by name
type Call = (c: any) => void;

/** How the step of an optimizer is one kernel for each variable. */
interface Definition<O> {
  call: Call;
  /** The states of each variable, by the names that the kernel has for them. */
  states: (optimizer: O) => Record<string, StateKind>;
  /** The tensors in which it keeps numbers: these must be readable. */
  numbers?: (optimizer: O) => Tensor[];
  /** What else must be true for the kernel to do what TensorFlow.js does. */
  fits?: (optimizer: O) => boolean;
  /** What the kernel is called with, at each step. */
  options: (optimizer: O) => Record<string, number | boolean>;
  /** What is counted after each step, besides the steps, and the variables in which it is. */
  count?: (optimizer: O) => void;
  counted?: (optimizer: O) => Variable[];
}

// Makes the calls of a step, in a recording anew at each replay, and counts it. False where it is not for our kernels.
function step<O extends Inside>(definition: Definition<O>, optimizer: O, given: Given): boolean {
  if (engine().backendName !== backendName) return false;
  const { call, states, numbers, fits, options, count, counted } = definition;
  const kinds = Object.entries(states(optimizer));
  const lists = optimizer as unknown as Lists;
  const isFit = (): boolean =>
    (numbers?.(optimizer) ?? []).every((t) => scalarOf(t) !== null) &&
    (fits?.(optimizer) ?? true) &&
    kinds.length === Object.keys(states(optimizer)).length;
  const updates = isFit()
    ? updatesOf(
        given,
        kinds.map(([, [list]]) => lists[list]!),
      )
    : null;
  if (updates === null) return false;
  recorder?.guard(isFit);
  const lasting = updates.map((update) => [owned(update.variable), ...kinds.map(([, kind]) => stateOf(lists, kind, update))]);
  const stepCounter: StepCounter = {
    commit(steps) {
      for (let i = 0; i < steps; i++) count?.(optimizer);
      optimizer.iterations_ = optimizer.iterations + steps;
    },
    keep() {
      const { iterations } = optimizer;
      const kept = (counted?.(optimizer) ?? []).map((variable): [Float32Array, number] => [owned(variable), scalarOf(variable)!]);
      return () => {
        optimizer.iterations_ = iterations;
        for (const [values, number] of kept) values[0] = number;
      };
    },
    steady: () => count === undefined,
    counter: optimizer,
  };
  const gradients = updates.map(({ gradient }) => gradient);
  if (recorder !== null || !stepJointly(optimizer, lasting.flat(), gradients)) {
    // The same objects for each step: making them anew took half as long as the step of a small network.
    const all = updates.map(({ gradient: grad, variable }, i) => {
      const [param, ...state] = lasting[i]!;
      return { param, grad, n: variable.size, ...Object.fromEntries(kinds.map(([name], k) => [name, state[k]])) };
    });
    const issue = (first: boolean): void => {
      const now = options(optimizer);
      for (const one of first ? all.slice(0, 1) : all) call(Object.assign(one, now));
    };
    live(issue, true);
    if (recorder === null) joinNextStep(optimizer, lasting.flat(), gradients, issue);
  }
  if (recorder === null) stepCounter.commit(1);
  else recorder.after(stepCounter);
  return true;
}

interface Sgd extends Inside {
  c: Tensor;
}

const sgd: Definition<Sgd> = {
  call: calls.sgdStep,
  states: () => ({}),
  numbers: ({ c }) => [c],
  options: ({ c }) => ({ lr: -scalarOf(c)! }),
};

const momentum: Definition<Sgd & { m: Tensor; useNesterov: boolean }> = {
  call: calls.sgdStep,
  states: () => ({ momentumBuffer: ['accumulations', 'momentum'] }),
  numbers: ({ c, m }) => [c, m],
  options: ({ c, m, useNesterov: nesterov }) => ({ lr: -scalarOf(c)!, momentum: scalarOf(m)!, nesterov }),
};

interface Adam extends Inside {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  accBeta1: Variable;
  accBeta2: Variable;
}

const adam: Definition<Adam> = {
  call: calls.adamStep,
  states: () => ({ m: ['accumulatedFirstMoment', 'm'], v: ['accumulatedSecondMoment', 'v'] }),
  numbers: ({ accBeta1, accBeta2 }) => [accBeta1, accBeta2],
  fits: ({ beta1, beta2 }) => beta1 < 1 && beta2 < 1,
  options({ learningRate, beta1, beta2, epsilon, accBeta1, accBeta2 }) {
    const [left1, root2] = [1 - scalarOf(accBeta1)!, Math.sqrt(1 - scalarOf(accBeta2)!)];
    return { step: endless, lr: (learningRate * root2) / left1, beta1, beta2, eps: epsilon * root2 };
  },
  count({ accBeta1, accBeta2, beta1, beta2 }) {
    advance(accBeta1, times(beta1));
    advance(accBeta2, times(beta2));
  },
  counted: ({ accBeta1, accBeta2 }) => [accBeta1, accBeta2],
};

interface RmsProp extends Inside {
  learningRate: number;
  decay: number;
  momentum: number;
  epsilon: number;
  centered: boolean;
}

const rmsprop: Definition<RmsProp> = {
  call: calls.rmspropStep,
  states: ({ centered }) => ({
    squareAvg: ['accumulatedMeanSquares', 'rms'],
    momentumBuffer: ['accumulatedMoments', 'momentum'],
    ...(centered && { gradAvg: ['accumulatedMeanGrads', 'mg'] as const }),
  }),
  options: ({ learningRate: lr, decay: alpha, momentum, epsilon: eps }) => ({ lr, alpha, momentum, eps, tfjs: true }),
};

const adagrad: Definition<Inside & { learningRate: number; initialAccumulatorValue: number }> = {
  call: calls.adagradStep,
  states: ({ initialAccumulatorValue }) => ({ sum: ['accumulatedGrads', 'accumulator', initialAccumulatorValue] }),
  options: ({ learningRate: lr }) => ({ step: endless, lr, eps: backendNow().epsilon(), tfjs: true }),
};

const adadelta: Definition<Inside & { learningRate: number; rho: number; epsilon: number }> = {
  call: calls.adadeltaStep,
  states: () => ({ squareAvg: ['accumulatedGrads', 'accum_grad'], accDelta: ['accumulatedUpdates', 'accum_var'] }),
  options: ({ learningRate: lr, rho, epsilon: eps }) => ({ lr, rho, eps, tfjs: true }),
};

interface Adamax extends Omit<Adam, 'accBeta2'> {
  decay: number;
  iteration: Variable;
}

const adamax: Definition<Adamax> = {
  call: calls.adamaxStep,
  states: () => ({ expAvg: ['accumulatedFirstMoment', 'm'], expInf: ['accumulatedWeightedInfNorm', 'v'] }),
  numbers: ({ iteration, accBeta1 }) => [iteration, accBeta1],
  fits: ({ beta1 }) => beta1 < 1,
  options({ learningRate, beta1, beta2, epsilon: eps, decay, iteration, accBeta1 }) {
    const lr = learningRate / (scalarOf(iteration)! * decay + 1) / (1 - scalarOf(accBeta1)!);
    return { step: endless, lr, beta1, beta2, eps, tfjs: true };
  },
  count({ iteration, accBeta1, beta1 }) {
    advance(iteration, (steps) => steps + 1);
    advance(accBeta1, times(beta1));
  },
  counted: ({ iteration, accBeta1 }) => [iteration, accBeta1],
};

const own = new Map<object, Definition<never>>([
  [SGDOptimizer.prototype, sgd],
  [MomentumOptimizer.prototype, momentum],
  [AdamOptimizer.prototype, adam],
  [RMSPropOptimizer.prototype, rmsprop],
  [AdagradOptimizer.prototype, adagrad],
  [AdadeltaOptimizer.prototype, adadelta],
  [AdamaxOptimizer.prototype, adamax],
]);

/** Has TensorFlow.js ask ours first: for these classes alone, one derived from them that has its own update keeps it. */
export function installOptimizers(): void {
  watchCounts();
  for (const [of, definition] of own) {
    const prototype = of as { applyGradients(given: Given): void };
    const theirs = prototype.applyGradients;
    prototype.applyGradients = function (this: unknown, given: Given): void {
      if (!step(definition, this as never, given)) theirs.call(this, given);
    };
  }
}

/** The tensors in which an optimizer of ours keeps numbers, and whether it counts steps in them. */
export function numbersOf(optimizer: object): { tensor: Tensor; isCounted: boolean }[] {
  const { numbers, counted } = own.get(Object.getPrototypeOf(optimizer))!;
  const counts = new Set<Tensor>(counted?.(optimizer as never));
  return [...(numbers?.(optimizer as never) ?? [])].map((tensor) => ({ tensor, isCounted: counts.has(tensor) }));
}

/** Who does steps of an optimizer that are not counted here yet. */
export const stepsElsewhere = new WeakMap<object, Elsewhere>();

// Whoever asks an optimizer for its count of steps, or sets it and the state, is heard.
function watchCounts(): void {
  const prototype = Optimizer.prototype as unknown as { saveIterations(): unknown; extractIterations(given: unknown): unknown };
  const { saveIterations, extractIterations } = prototype;
  prototype.saveIterations = function () {
    stepsElsewhere.get(this)?.look();
    return saveIterations.call(this);
  };
  prototype.extractIterations = function (given) {
    stepsElsewhere.get(this)?.take();
    return extractIterations.call(this, given);
  };
  const iterations = Object.getOwnPropertyDescriptor(prototype, 'iterations')!;
  Object.defineProperty(prototype, 'iterations', {
    ...iterations,
    get(this: object) {
      stepsElsewhere.get(this)?.look();
      return iterations.get!.call(this);
    },
  });
}

const methods = ['minimize', 'computeGradients', 'applyGradients'];

/** Whether an optimizer is one of those whose updates are ours: none that is derived from them, and with no method of its own. */
export const isOwn = (optimizer: object): boolean =>
  own.has(Object.getPrototypeOf(optimizer)) && !methods.some((name) => Object.hasOwn(optimizer, name));
