// Steps whose second and third calls are recorded and compared, and whose later calls replay the recording for as long as it is valid.
import { engine, env, type Optimizer, type Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TensorData } from '../memory';
import { recorder } from '../recorder';
import type { Trace } from '../recording';
import { isSupported, ownMemoryOf } from './optimizers';
import { backendName, simdnnBackend } from './registry';
import { planArrayOf, Replay, recordStep, type StepFunction } from './replay';
import { floatsOf } from './storage';

/** Whether something was replayed the last time, and if not, why. `simdnnInfo` reports it. */
export interface Status {
  isReplayed: boolean;
  reason: string;
}

/** The last training step. */
export const lastStep: Status = {
  isReplayed: false,
  reason: 'no step is recorded: model.fit records, and compileStep(fn, optimizer, variables)',
};

const notYet = 'the step is not recorded yet: its fourth call is the first that is replayed';

/** The last `fit`. `isReplayed` says whether it ran through this library's loop. */
export const lastFit: Status = { isReplayed: false, reason: 'no model was fitted yet' };

/** The last `fit`. `isReplayed` says whether the training thread did some of its batches. */
export const lastThread: Status = { isReplayed: false, reason: 'no model was fitted yet' };

/** The last batch of a `predict`. */
export const lastPrediction: Status = { isReplayed: false, reason: 'no prediction is recorded yet: model.predict records' };

// The state of recording for one signature of arguments.
interface SignatureState {
  /** Whether one call has run, after which optimizers have their state and each variable has memory of its own. */
  isPrepared: boolean;
  first: Trace | null;
  replay: Replay | null;
  /** Why calls of this signature are no longer recorded, or null. */
  refusal: string | null;
  /** How many recordings became invalid after fewer than `minReplays` replays. */
  invalidations: number;
  /** How often the present recording was replayed. */
  replays: number;
}

const maxSignatures = 16;
const maxInvalidations = 16;
const minReplays = 32;

/** Replays of one step in a row, between which no other JavaScript runs. */
export interface ReplaySeries {
  readonly replay: Replay;
  /** Runs a single step, or the first of several: `runInto` of the replay. */
  run: Replay['runInto'];
  /** Runs a further step: `runNext` of the replay. */
  runNext: Replay['runNext'];
  /** Counts steps that another thread has run. */
  count(steps: number): void;
}

/** The signature of arguments: their types and shapes. There is one recording for each. */
export const signatureOf = (args: readonly Pick<Tensor, 'dtype' | 'shape'>[]): string =>
  args.map(({ dtype, shape }) => `${dtype} ${shape}`).join(';');

// Returns why no step can be recorded now, or null.
function objectionToRecording(optimizer: Optimizer | null): string | null {
  const { state } = engine();
  if (engine().backendName !== backendName) return `the active backend is ${engine().backendName}`;
  if (optimizer !== null && !isSupported(optimizer)) return 'only optimizers of tf.train are recorded, none of a class of its own';
  if (env().getBool('DEBUG') || state.profiling) return 'TensorFlow.js debugs or profiles';
  if (state.gradientDepth > 0 || state.kernelDepth > 0 || recorder !== null)
    return 'the step is part of another function that is recorded or differentiated';
  return null;
}

/**
 * A step with its optimizer and the variables that this trains; without an optimizer the step changes no variable. `acceptsConstants` is explained at
 * `StepObservation`.
 */
export class RecordedStep {
  private readonly states = new Map<string, SignatureState>();

  constructor(
    private readonly status: Status,
    private readonly optimizer: Optimizer | null,
    private readonly variables: readonly Variable[],
    private readonly acceptsConstants: boolean,
  ) {}

  /** Does the step: by a replay, or by `run`, which does it operation by operation. */
  call(run: StepFunction, args: readonly Tensor[]): Tensor[] {
    const arrays = args.map((t) => (engine().backendName === backendName ? planArrayOf(t) : null));
    const isUnsuitable = args.some((t, i) => t instanceof Variable || arrays[i] === null || arrays[i]!.length === 0);
    const reason =
      objectionToRecording(this.optimizer) ?? (isUnsuitable ? 'arguments are tensors of float32 or int32, and no variables' : null);
    if (reason !== null) return this.perOperation(run, args, reason);
    const state = this.stateFor(args);
    if (state === null) return this.perOperation(run, args, `there are more than ${maxSignatures} kinds of arguments`);
    if (state.refusal !== null) return this.perOperation(run, args, state.refusal);
    return (state.replay && this.replayed(state, state.replay, run, args, arrays as TensorData[])) ?? this.recorded(state, run, args);
  }

  /** Replays for arguments of a signature. Null if the first step would not be a replay, or if its results are not `outputs` single numbers. */
  series(signature: string, outputs: number): ReplaySeries | null {
    const state = this.states.get(signature);
    const replay = state?.replay ?? null;
    if (replay === null || objectionToRecording(this.optimizer) !== null || !replay.isValid()) return null;
    if (replay.sizes.length !== outputs || replay.sizes.some((size) => size !== 1)) return null;
    const count = (steps: number): void => {
      state!.replays += steps;
      this.status.isReplayed = true;
    };
    const countIf = (isDone: boolean): boolean => {
      if (isDone) count(1);
      return isDone;
    };
    return {
      replay,
      run: (arrays, outputs) => countIf(replay.runInto(arrays, outputs)),
      runNext: (arrays, outputs) => countIf(replay.runNext(arrays, outputs)),
      count,
    };
  }

  /** Does the step operation by operation, for the reason that `simdnnInfo` then reports. */
  perOperation(run: StepFunction, args: readonly Tensor[], reason: string): Tensor[] {
    this.status.isReplayed = false;
    this.status.reason = reason;
    return run([...args]);
  }

  private stateFor(args: readonly Tensor[]): SignatureState | null {
    const signature = signatureOf(args);
    let state = this.states.get(signature);
    if (state !== undefined) return state;
    if (this.states.size === maxSignatures) return null;
    state = { isPrepared: false, first: null, replay: null, refusal: null, invalidations: 0, replays: 0 };
    this.states.set(signature, state);
    return state;
  }

  // Returns null if the recording is no longer valid.
  private replayed(
    state: SignatureState,
    replay: Replay,
    run: StepFunction,
    args: readonly Tensor[],
    arrays: TensorData[],
  ): Tensor[] | null {
    if (replay.isValid()) {
      const outputs = replay.run(arrays);
      if (outputs === null) return this.perOperation(run, args, 'a kernel refused the values of the arguments');
      state.replays++;
      this.status.isReplayed = true;
      return outputs;
    }
    if (state.replays < minReplays && ++state.invalidations === maxInvalidations)
      state.refusal = 'variables or options change again and again';
    Object.assign(state, { isPrepared: false, first: null, replay: null, replays: 0 });
    return null;
  }

  // The first call lets the optimizer make its state, and the next two are recorded and compared.
  private recorded(state: SignatureState, run: StepFunction, args: readonly Tensor[]): Tensor[] {
    if (state.refusal !== null) return this.perOperation(run, args, state.refusal);
    if (!state.isPrepared) {
      state.isPrepared = true;
      for (const variable of this.variables)
        if (!variable.isDisposed && floatsOf(simdnnBackend(), variable) !== null) ownMemoryOf(variable);
      return this.perOperation(run, args, notYet);
    }
    const { outputs, trace, bindings, reason } = recordStep(run, args, this.optimizer !== null, this.acceptsConstants);
    const difference = trace && state.first?.differenceFrom(trace);
    state.refusal = reason ?? (difference ? `two calls in a row differ: ${difference}` : null);
    if (trace !== null && state.refusal === null) {
      const shapes = outputs.map(({ shape }) => shape.slice());
      if (state.first === null) state.first = trace;
      else Object.assign(state, { first: null, replay: new Replay(trace, bindings, shapes) });
    }
    this.status.isReplayed = false;
    this.status.reason = state.refusal ?? notYet;
    return outputs;
  }
}
