// The updates of the optimizers of tf.train as one kernel call for each variable, in place where no other tensor shares the memory of the variable.
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
import { fuseNextUpdate, runFusedUpdate } from './fused-update';
import { backendName, simdnnBackend } from './registry';
import { floatsOf, type RemoteOwner, refuseReplay } from './storage';

type Gradients = { name: string; tensor: Tensor }[] | Record<string, Tensor>;

/** One tensor of state that an optimizer keeps for one variable. */
interface State {
  originalName: string;
  variable: Variable;
}

interface Update {
  name: string;
  /** The index of its state in the lists of the optimizer. */
  place: number;
  variable: Variable;
  gradient: Float32Array;
}

/** Memory of a float32 variable that an optimizer may change in place. It is copied first if another tensor shares it. */
export function ownMemoryOf(variable: Variable): Float32Array {
  const backend = simdnnBackend();
  const storage = backend.storageOf(variable.dataId);
  storage.remote?.reclaim();
  const values = floatsOf(backend, variable)!;
  if (storage.isUpdatedInPlace && storage.refCount === 1) return values;
  refuseReplay('the memory of a variable is read elsewhere, a clone of it perhaps');
  const own = allocatePersistent(values.length);
  own.set(values);
  const holder = backend.tensor(own, variable.shape, 'float32');
  backend.storageOf(holder.dataId).isUpdatedInPlace = true;
  variable.assign(holder);
  holder.dispose();
  return own;
}

// Returns null for a disposed tensor too, so that TensorFlow.js throws its own error.
const liveFloats = (t: Tensor): Float32Array | null => (t.isDisposed ? null : floatsOf(simdnnBackend(), t));

// Returns null if our kernels cannot make this update.
function updatesOf(given: Gradients, states: (State | undefined)[][]): Update[] | null {
  const named = Array.isArray(given) ? given : Object.entries(given).map(([name, tensor]) => ({ name, tensor }));
  const updates: Update[] = [];
  for (const [place, { name, tensor }] of named.entries()) {
    const variable = engine().registeredVariables[name];
    if (variable === undefined) return null;
    if (tensor == null) return null;
    // TensorFlow.js finds a variable's state by its index. An optimizer that has trained other variables has state of another shape there: TensorFlow.js then
    // broadcasts or throws.
    const isUsable = (state: State | undefined): boolean =>
      state === undefined || (liveFloats(state.variable) !== null && sameShape(state.variable.shape, variable.shape));
    if (!states.every((list) => isUsable(list[place]))) return null;
    const gradient = liveFloats(tensor);
    const isPlain = liveFloats(variable) !== null && sameShape(tensor.shape, variable.shape) && variable.size > 0;
    if (gradient === null || !isPlain) return null;
    updates.push({ name, place, variable, gradient });
  }
  return updates;
}

/** The step count of TensorFlow.js's optimizers. Reading `iterations` fetches the count of a fit on another thread. */
interface OptimizerInternals {
  iterations_?: number;
  readonly iterations: number;
}

type Lists = Record<string, State[]>;

/** The name of a list of states in the optimizer, the suffix of the name that TensorFlow.js gives a state, and the initial value of its elements. */
type StateKind = readonly [list: string, suffix: string, first?: number];

// A recording is valid only for the same state variables: `optimizer.setWeights` makes new ones.
function stateOf(optimizer: Lists, [list, suffix, first = 0]: StateKind, { name, place, variable: of }: Update): Float32Array {
  const states = optimizer[list]!;
  states[place] ??= { originalName: `${name}/${suffix}`, variable: tidy(() => fill(of.shape, first).variable(false)) as Variable };
  const { variable } = states[place];
  recorder?.guard(() => optimizer[list] === states && states[place]?.variable === variable);
  return ownMemoryOf(variable);
}

// The number in a scalar tensor; null if it cannot be read.
const scalarOf = (t: Tensor): number | null => liveFloats(t)?.[0] ?? null;

// Updates a number that an optimizer keeps in a variable, such as the power of a beta.
function setNumber(of: Variable, next: (value: number) => number): void {
  const values = ownMemoryOf(of);
  values[0] = next(values[0]!);
}

const times =
  (beta: number) =>
  (power: number): number =>
    power * Math.fround(beta);

// Our kernels correct the bias of means by powers of the betas that follow from the step count. At this count the powers are 0 and nothing is corrected. We
// correct by the powers that TensorFlow.js keeps instead, because these follow a beta that is changed.
const uncorrectedStep = Number.MAX_SAFE_INTEGER;

// biome-ignore lint/suspicious/noExplicitAny: the arguments of each kernel by name
type Call = (c: any) => void;

/** How an optimizer updates one variable by one kernel call. */
interface Definition<O> {
  call: Call;
  /** The states of each variable, by the names of the arguments of the kernel. */
  states: (optimizer: O) => Record<string, StateKind>;
  /** The tensors in which the optimizer keeps numbers that `options` reads. */
  numbers?: (optimizer: O) => Tensor[];
  /** Whether the kernel does what TensorFlow.js does with these options. */
  fits?: (optimizer: O) => boolean;
  /** The numbers that the kernel is called with, read before each step. */
  options: (optimizer: O) => Record<string, number | boolean>;
  /** Advances what changes with each step besides the step count. */
  advance?: (optimizer: O) => void;
  /** The variables that `advance` changes. */
  advanced?: (optimizer: O) => Variable[];
}

// Updates all variables. In a recording the calls are made again before each replay. Returns false if TensorFlow.js must make the update.
function update<O extends OptimizerInternals>(definition: Definition<O>, optimizer: O, given: Gradients): boolean {
  if (engine().backendName !== backendName) return false;
  const { call, states, numbers, fits, options, advance, advanced } = definition;
  const stateKinds = Object.entries(states(optimizer));
  const lists = optimizer as unknown as Lists;
  const isSupportedNow = (): boolean =>
    (numbers?.(optimizer) ?? []).every((t) => scalarOf(t) !== null) &&
    (fits?.(optimizer) ?? true) &&
    stateKinds.length === Object.keys(states(optimizer)).length;
  const updates = isSupportedNow()
    ? updatesOf(
        given,
        stateKinds.map(([, [list]]) => lists[list]!),
      )
    : null;
  if (updates === null) return false;
  recorder?.guard(isSupportedNow);
  const persistent = updates.map((update) => [ownMemoryOf(update.variable), ...stateKinds.map(([, kind]) => stateOf(lists, kind, update))]);
  const stepCounter: StepCounter = {
    commit(steps) {
      for (let i = 0; i < steps; i++) advance?.(optimizer);
      optimizer.iterations_ = optimizer.iterations + steps;
    },
    keep() {
      const { iterations } = optimizer;
      const kept = (advanced?.(optimizer) ?? []).map((variable): [Float32Array, number] => [ownMemoryOf(variable), scalarOf(variable)!]);
      return () => {
        optimizer.iterations_ = iterations;
        for (const [values, number] of kept) values[0] = number;
      };
    },
    steady: () => advance === undefined,
    counter: optimizer,
  };
  const gradients = updates.map(({ gradient }) => gradient);
  if (recorder !== null || !runFusedUpdate(optimizer, persistent.flat(), gradients)) {
    // The argument objects are reused, because making new ones took half as long as the whole step of a small network.
    const all = updates.map(({ gradient: grad, variable }, i) => {
      const [param, ...state] = persistent[i]!;
      return { param, grad, n: variable.size, ...Object.fromEntries(stateKinds.map(([name], k) => [name, state[k]])) };
    });
    const issue = (first: boolean): void => {
      const now = options(optimizer);
      for (const one of first ? all.slice(0, 1) : all) call(Object.assign(one, now));
    };
    live(issue, true);
    if (recorder === null) fuseNextUpdate(optimizer, persistent.flat(), gradients, issue);
  }
  if (recorder === null) stepCounter.commit(1);
  else recorder.after(stepCounter);
  return true;
}

interface Sgd extends OptimizerInternals {
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

interface Adam extends OptimizerInternals {
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
    return { step: uncorrectedStep, lr: (learningRate * root2) / left1, beta1, beta2, eps: epsilon * root2 };
  },
  advance({ accBeta1, accBeta2, beta1, beta2 }) {
    setNumber(accBeta1, times(beta1));
    setNumber(accBeta2, times(beta2));
  },
  advanced: ({ accBeta1, accBeta2 }) => [accBeta1, accBeta2],
};

interface RmsProp extends OptimizerInternals {
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

const adagrad: Definition<OptimizerInternals & { learningRate: number; initialAccumulatorValue: number }> = {
  call: calls.adagradStep,
  states: ({ initialAccumulatorValue }) => ({ sum: ['accumulatedGrads', 'accumulator', initialAccumulatorValue] }),
  options: ({ learningRate: lr }) => ({ step: uncorrectedStep, lr, eps: simdnnBackend().epsilon(), tfjs: true }),
};

const adadelta: Definition<OptimizerInternals & { learningRate: number; rho: number; epsilon: number }> = {
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
    return { step: uncorrectedStep, lr, beta1, beta2, eps, tfjs: true };
  },
  advance({ iteration, accBeta1, beta1 }) {
    setNumber(iteration, (steps) => steps + 1);
    setNumber(accBeta1, times(beta1));
  },
  advanced: ({ iteration, accBeta1 }) => [iteration, accBeta1],
};

const definitions = new Map<object, Definition<never>>([
  [SGDOptimizer.prototype, sgd],
  [MomentumOptimizer.prototype, momentum],
  [AdamOptimizer.prototype, adam],
  [RMSPropOptimizer.prototype, rmsprop],
  [AdagradOptimizer.prototype, adagrad],
  [AdadeltaOptimizer.prototype, adadelta],
  [AdamaxOptimizer.prototype, adamax],
]);

/** Makes the optimizers of tf.train use these updates. Classes that are derived from them keep an update of their own. */
export function installOptimizers(): void {
  interceptStepCounts();
  for (const [of, definition] of definitions) {
    const prototype = of as { applyGradients(given: Gradients): void };
    const original = prototype.applyGradients;
    prototype.applyGradients = function (this: unknown, given: Gradients): void {
      if (!update(definition, this as never, given)) original.call(this, given);
    };
  }
}

/** The tensors in which an optimizer keeps numbers, and whether these advance with each step. */
export function numbersOf(optimizer: object): { tensor: Tensor; isCounted: boolean }[] {
  const { numbers, advanced } = definitions.get(Object.getPrototypeOf(optimizer))!;
  const counts = new Set<Tensor>(advanced?.(optimizer as never));
  return [...(numbers?.(optimizer as never) ?? [])].map((tensor) => ({ tensor, isCounted: counts.has(tensor) }));
}

/** The fit on another thread, if there is one, whose steps the counts of an optimizer do not include yet. */
export const remoteSteps = new WeakMap<object, RemoteOwner>();

// Brings the step count up to date before a program reads it, and ends the remote ownership before a program sets it.
function interceptStepCounts(): void {
  const prototype = Optimizer.prototype as unknown as { saveIterations(): unknown; extractIterations(given: unknown): unknown };
  const { saveIterations, extractIterations } = prototype;
  prototype.saveIterations = function () {
    remoteSteps.get(this)?.fetch();
    return saveIterations.call(this);
  };
  prototype.extractIterations = function (given) {
    remoteSteps.get(this)?.reclaim();
    return extractIterations.call(this, given);
  };
  const iterations = Object.getOwnPropertyDescriptor(prototype, 'iterations')!;
  Object.defineProperty(prototype, 'iterations', {
    ...iterations,
    get(this: object) {
      remoteSteps.get(this)?.fetch();
      return iterations.get!.call(this);
    },
  });
}

const methods = ['minimize', 'computeGradients', 'applyGradients'];

/** Whether this file has the update of an optimizer: it has one of these classes itself, and none of its methods is replaced. */
export const isSupported = (optimizer: object): boolean =>
  definitions.has(Object.getPrototypeOf(optimizer)) && !methods.some((name) => Object.hasOwn(optimizer, name));
