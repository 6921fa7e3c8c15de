// Steps that are heard when they are done for the second and third time, and replayed from then on wherever that is the same.
import { engine, env, type Optimizer, type Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TensorData } from '../memory';
import { recorder } from '../recorder';
import type { Trace } from '../recording';
import { isOwn, owned } from './optimizers';
import { hearStep, Replay, type Run, valuesOf } from './recorded';
import { backendName, backendNow } from './registry';
import { floatsOf } from './storage';

/** What became of the last call of a step. */
export interface Status {
  isReplayed: boolean;
  reason: string;
}

/** That of the training step that was the last. */
export const lastStep: Status = {
  isReplayed: false,
  reason: 'no step is recorded: model.fit records, and compileStep(fn, optimizer, variables)',
};

const notYet = 'the step is not recorded yet: its fourth call is the first that is replayed';

/** Whether the loop of the last `fit` was ours: `isReplayed`. */
export const lastFit: Status = { isReplayed: false, reason: 'no model was fitted yet' };

/** Whether the last `fit` had batches done on the thread for fits: `isReplayed`. */
export const lastThread: Status = { isReplayed: false, reason: 'no model was fitted yet' };

/** That of the batch that `predict` did last. */
export const lastPrediction: Status = { isReplayed: false, reason: 'no prediction is recorded yet: model.predict records' };

// What is known of calls with arguments of certain types and shapes.
interface Kind {
  /** Whether a step was done from which on optimizers have their state and variables memory of their own. */
  isReady: boolean;
  first: Trace | null;
  replay: Replay | null;
  refused: string | null;
  /** How often a recording held no longer that had hardly been used, and how often the one that there is was. */
  lost: number;
  replays: number;
}

const mostKinds = 16;
const mostLosses = 16;

/** Steps of one kind in a row, until other JavaScript runs. */
export interface Series {
  readonly replay: Replay;
  /** A step alone, or the first of them: `runInto` of the replay. */
  single: Replay['runInto'];
  /** The next step: `again` of the replay. */
  step: Replay['again'];
  /** Counts steps that were done elsewhere. */
  count(steps: number): void;
}

/** What arguments are to a recording: their types and shapes. */
export const kindOf = (args: readonly Pick<Tensor, 'dtype' | 'shape'>[]): string =>
  args.map(({ dtype, shape }) => `${dtype} ${shape}`).join(';');

// Why no step can be recorded at all now; null when it can.
function obstacle(optimizer: Optimizer | null): string | null {
  const { state } = engine();
  if (engine().backendName !== backendName) return `the active backend is ${engine().backendName}`;
  if (optimizer !== null && !isOwn(optimizer)) return 'only optimizers of tf.train are recorded, none of a class of its own';
  if (env().getBool('DEBUG') || state.profiling) return 'TensorFlow.js debugs or profiles';
  if (state.gradientDepth > 0 || state.kernelDepth > 0 || recorder !== null)
    return 'the step is part of another function that is recorded or differentiated';
  return null;
}

/** One step, with its optimizer and the variables that it trains; without an optimizer it changes nothing. `isKnown`: see Watch. */
export class RecordedStep {
  private readonly kinds = new Map<string, Kind>();

  constructor(
    private readonly status: Status,
    private readonly optimizer: Optimizer | null,
    private readonly variables: readonly Variable[],
    private readonly isKnown: boolean,
  ) {}

  /** Does it: `run` is what it does operation by operation. */
  call(run: Run, args: readonly Tensor[]): Tensor[] {
    const arrays = args.map((t) => (engine().backendName === backendName ? valuesOf(t) : null));
    const unfit = args.some((t, i) => t instanceof Variable || arrays[i] === null || arrays[i]!.length === 0);
    const reason = obstacle(this.optimizer) ?? (unfit ? 'arguments are tensors of float32 or int32, and no variables' : null);
    if (reason !== null) return this.perOperation(run, args, reason);
    const kind = this.kindFor(args);
    if (kind === null) return this.perOperation(run, args, `there are more than ${mostKinds} kinds of arguments`);
    if (kind.refused !== null) return this.perOperation(run, args, kind.refused);
    return (kind.replay && this.replayed(kind, kind.replay, run, args, arrays as TensorData[])) ?? this.heard(kind, run, args);
  }

  /** Steps of a kind (see `kindOf`). Null where the first would be no replay, or gives others than so many single numbers. */
  series(name: string, outputs: number): Series | null {
    const kind = this.kinds.get(name);
    const replay = kind?.replay ?? null;
    if (replay === null || obstacle(this.optimizer) !== null || !replay.holds()) return null;
    if (replay.sizes.length !== outputs || replay.sizes.some((size) => size !== 1)) return null;
    const count = (steps: number): void => {
      kind!.replays += steps;
      this.status.isReplayed = true;
    };
    const counted = (isDone: boolean): boolean => {
      if (isDone) count(1);
      return isDone;
    };
    return {
      replay,
      single: (arrays, outputs) => counted(replay.runInto(arrays, outputs)),
      step: (arrays, outputs) => counted(replay.again(arrays, outputs)),
      count,
    };
  }

  /** Does it operation by operation, for this reason. */
  perOperation(run: Run, args: readonly Tensor[], reason: string): Tensor[] {
    this.status.isReplayed = false;
    this.status.reason = reason;
    return run([...args]);
  }

  private kindFor(args: readonly Tensor[]): Kind | null {
    const name = kindOf(args);
    let kind = this.kinds.get(name);
    if (kind !== undefined) return kind;
    if (this.kinds.size === mostKinds) return null;
    kind = { isReady: false, first: null, replay: null, refused: null, lost: 0, replays: 0 };
    this.kinds.set(name, kind);
    return kind;
  }

  // Null where the recording holds no longer.
  private replayed(kind: Kind, replay: Replay, run: Run, args: readonly Tensor[], arrays: TensorData[]): Tensor[] | null {
    if (replay.holds()) {
      const outputs = replay.run(arrays);
      if (outputs === null) return this.perOperation(run, args, 'a kernel refused the values of the arguments');
      kind.replays++;
      this.status.isReplayed = true;
      return outputs;
    }
    if (kind.replays < 32 && ++kind.lost === mostLosses) kind.refused = 'variables or options change again and again';
    Object.assign(kind, { isReady: false, first: null, replay: null, replays: 0 });
    return null;
  }

  // The first call makes what lasts, two more are heard and compared.
  private heard(kind: Kind, run: Run, args: readonly Tensor[]): Tensor[] {
    if (kind.refused !== null) return this.perOperation(run, args, kind.refused);
    if (!kind.isReady) {
      kind.isReady = true;
      for (const variable of this.variables) if (!variable.isDisposed && floatsOf(backendNow(), variable) !== null) owned(variable);
      return this.perOperation(run, args, notYet);
    }
    const { outputs, trace, homes, reason } = hearStep(run, args, this.optimizer !== null, this.isKnown);
    const difference = trace && kind.first?.differenceFrom(trace);
    kind.refused = reason ?? (difference ? `two calls in a row differ: ${difference}` : null);
    if (trace !== null && kind.refused === null) {
      if (kind.first !== null)
        kind.replay = new Replay(
          trace,
          homes,
          outputs.map(({ shape }) => shape.slice()),
        );
      kind.first = kind.first === null ? trace : null;
    }
    this.status.isReplayed = false;
    this.status.reason = kind.refused ?? notYet;
    return outputs;
  }
}
