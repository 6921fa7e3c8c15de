// Training steps of the core API that are recorded and replayed.
import { engine, env, type Optimizer, type Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, typeError } from '../errors';
import type { TensorData } from '../memory';
import { recorder } from '../recorder';
import type { Trace } from '../recording';
import { isOwn, owned } from './optimizers';
import { backendNow, hearStep, Replay, valuesOf } from './recorded';
import { backendName } from './registry';
import { floatsOf } from './storage';

/** What became of the call of a compiled step that was the last. */
export const lastStep: { isReplayed: boolean; reason: string } = {
  isReplayed: false,
  reason: 'no step is recorded: compileStep(fn, optimizer, variables)',
};

// What is known of calls with arguments of certain types and shapes.
interface Kind {
  /** Whether a step was done from which on optimizers have their state and variables memory of their own. */
  isReady: boolean;
  first: Trace | null;
  replay: Replay | null;
  refused: string | null;
  /** How often a recording held no longer. */
  lost: number;
}

const mostKinds = 16;
const mostLosses = 16;

const kindOf = (args: readonly Tensor[]): string => args.map(({ dtype, shape }) => `${dtype} ${shape}`).join(';');

// Why no step can be recorded at all now; null when it can.
function obstacle(optimizer: Optimizer): string | null {
  const { state } = engine();
  if (engine().backendName !== backendName) return `the active backend is ${engine().backendName}`;
  if (!isOwn(optimizer)) return 'only optimizers of tf.train.sgd, momentum and adam are recorded';
  if (env().getBool('DEBUG') || state.profiling) return 'TensorFlow.js debugs or profiles';
  if (state.gradientDepth > 0 || state.kernelDepth > 0 || recorder !== null)
    return 'the step is part of another function that is recorded or differentiated';
  return null;
}

function checkArguments(fn: unknown, optimizer: Optimizer, variables: readonly Variable[]): void {
  if (typeof fn !== 'function') throw typeError('compileStep', `expected a function, got ${describe(fn)}`);
  if (typeof optimizer?.minimize !== 'function') throw typeError('compileStep', `expected an optimizer, got ${describe(optimizer)}`);
  const areVariables = Array.isArray(variables) && variables.every((v) => v instanceof Variable);
  if (!areVariables)
    throw typeError('compileStep', `expected a list of variables, got ${describe(variables)}`, 'tf.variable, or the val of weights');
}

/** One function with its optimizer and variables. */
class CompiledStep<A extends readonly Tensor[]> {
  private readonly kinds = new Map<string, Kind>();

  constructor(
    private readonly fn: (...args: A) => Scalar,
    private readonly optimizer: Optimizer,
    private readonly variables: Variable[],
  ) {}

  call(args: A): Scalar {
    const arrays = args.map((t) => (engine().backendName === backendName ? valuesOf(t) : null));
    const reason =
      obstacle(this.optimizer) ?? (arrays.some((array) => array === null || array.length === 0) ? 'arguments are float32 or int32' : null);
    if (reason !== null) return this.perOperation(args, reason);
    const kind = this.kindFor(args);
    if (kind === null) return this.perOperation(args, `there are more than ${mostKinds} kinds of arguments`);
    if (kind.refused !== null) return this.perOperation(args, kind.refused);
    return (kind.replay && this.replayed(kind, kind.replay, args, arrays as TensorData[])) ?? this.heard(kind, args);
  }

  private perOperation(args: A, reason: string): Scalar {
    lastStep.isReplayed = false;
    lastStep.reason = reason;
    return this.optimizer.minimize(() => this.fn(...args), true, this.variables)!;
  }

  private kindFor(args: A): Kind | null {
    const name = kindOf(args);
    let kind = this.kinds.get(name);
    if (kind !== undefined) return kind;
    if (this.kinds.size === mostKinds) return null;
    kind = { isReady: false, first: null, replay: null, refused: null, lost: 0 };
    this.kinds.set(name, kind);
    return kind;
  }

  // Null where the recording holds no longer.
  private replayed(kind: Kind, replay: Replay, args: A, arrays: TensorData[]): Scalar | null {
    if (replay.holds()) {
      if (!replay.takes(arrays)) return this.perOperation(args, 'arguments share memory with each other or with variables');
      const loss = replay.run(arrays);
      if (loss === null) return this.perOperation(args, 'a kernel refused the values of the arguments');
      lastStep.isReplayed = true;
      return loss;
    }
    Object.assign(kind, { isReady: false, first: null, replay: null });
    if (++kind.lost === mostLosses) kind.refused = 'variables or options change again and again';
    return null;
  }

  // The first call makes what lasts, two more are heard and compared.
  private heard(kind: Kind, args: A): Scalar {
    if (kind.refused !== null) return this.perOperation(args, kind.refused);
    if (!kind.isReady) {
      kind.isReady = true;
      for (const variable of this.variables) if (floatsOf(backendNow(), variable) !== null) owned(variable);
      return this.perOperation(args, 'the step is not recorded yet: its fourth call is the first that is replayed');
    }
    const { loss, trace, homes, reason } = hearStep(
      (...own: A) => this.optimizer.minimize(() => this.fn(...own), true, this.variables)!,
      args,
    );
    const difference = trace && kind.first?.differenceFrom(trace);
    kind.refused = reason ?? (difference ? `two calls in a row differ: ${difference}` : null);
    if (trace !== null && kind.refused === null) {
      if (kind.first !== null) kind.replay = new Replay(trace, homes);
      kind.first = kind.first === null ? trace : null;
    }
    lastStep.isReplayed = false;
    lastStep.reason = kind.refused ?? 'the step is not recorded yet: its fourth call is the first that is replayed';
    return loss;
  }
}

/**
 * Makes a training step of the core API one call: what `optimizer.minimize(() => fn(...args), true, variables)` does, with the same bits.
 *
 * The first three calls with tensors of certain shapes run operation by operation, the second and third of them are recorded and compared, and later ones
 * replay the recording natively. `fn` gives a scalar, and reads nothing but its arguments and variables: numbers of JavaScript in it are frozen, and what it does
 * besides (counting, printing) no longer happens. The learning rate, the step count and the values of variables are read anew. Where a step cannot be replayed it runs
 * operation by operation, and `simdnnInfo().reason` says why: another optimizer than `tf.train.sgd`, `momentum` or `adam`; an operation that is none of this
 * library's kernels; a tensor of more than one number made inside, dropout's included; a tensor read that is no argument and no variable; another backend.
 *
 * A TypeError for other arguments, and for a call with anything but tensors.
 *
 * @example
 * const w = tf.variable(tf.zeros([2, 1]));
 * const loss = (x, y) => tf.losses.meanSquaredError(y, tf.matMul(x, w));
 * const step = compileStep(loss, tf.train.sgd(0.1), [w]);
 * step(tf.ones([4, 2]), tf.ones([4, 1])).dataSync()[0]; // 1
 */
export function compileStep<A extends readonly Tensor[]>(
  fn: (...args: A) => Scalar,
  optimizer: Optimizer,
  variables: readonly Variable[],
): (...args: A) => Scalar {
  checkArguments(fn, optimizer, variables);
  const step = new CompiledStep(fn, optimizer, [...variables]);
  return (...args) => {
    const other = args.findIndex((t) => !(t instanceof Tensor));
    if (other >= 0) throw typeError('compileStep', `expected argument ${other} to be a tensor, got ${describe(args[other])}`);
    return step.call(args);
  };
}
