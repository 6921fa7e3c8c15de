// Computes the live numbers of the next steps in advance, one step after another. This is needed if a scheduler sets the rates after each step, or if an
// optimizer's numbers are not linear functions of its step count. Counters and schedulers are advanced as if the steps were done, and restored afterwards.
import { SimdnnError } from '../errors';
import type { Limits, LoopRun } from '../native';
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';
import type { Recorded } from './linear-numbers';

/** A snapshot of a state, which can be compared with the present state. */
interface Stamp {
  /** Whether the present state equals the snapshot. */
  matches(): boolean;
  /**
   * Restores the snapshot if only rates were changed since, and returns a function that makes these changes again. Null if a scheduler was stepped or a parameter
   * group was replaced: that cannot be separated from the steps' own changes.
   */
  setAsideChanges(): (() => void) | null;
}

const unchanging: Stamp = { matches: () => true, setAsideChanges: () => () => {} };

/** What a fit's schedulers do between two steps. */
export interface BetweenSteps {
  /** Returns a function that restores everything that `step` changes to its present state. */
  keep(): () => void;
  /** Remembers the present state of everything that `step` changes. */
  stamp(): Stamp;
  /** Steps the schedulers after a simulated step. */
  step(): void;
  /** The rates of each simulated step that has not been counted yet. */
  simulatedRates: number[][];
  /** Whether `step` calls user functions, which may return another value the next time. */
  readonly callsUserFunctions: boolean;
}

/** The work of JavaScript after the steps of a run. */
export interface AfterSteps {
  /** Called with the number of steps that were done. It may throw only if the run did no step after these. */
  stepsDone(steps: number): void;
  /** Called in place of `stepsDone` for precomputed steps whose final state was set at once. The last step is not among them: `stepsDone` is called for it. */
  simulatedStepsDone(steps: number): void;
  /** Called if user code has stepped a scheduler or replaced a parameter group since the steps were simulated. */
  schedulesChanged(): void;
  /** The limits of a run that begins now: one step if schedulers are stepped after each step and cannot be simulated. */
  limitRun(limits: Limits): Limits & { between: BetweenSteps | null };
}

/** For tasks without schedulers. */
export const nothingAfter: AfterSteps = {
  stepsDone: () => {},
  simulatedStepsDone: () => {},
  schedulesChanged: () => {},
  limitRun: (limits) => ({ ...limits, between: null }),
};

/** One of the next steps: the index of its recording, and where its random numbers begin. */
export interface NextStep {
  kind: number;
  offset: number;
}

/** Steps with their precomputed numbers. */
interface PrecomputedSteps {
  readonly numbers: NonNullable<LoopRun['ahead']>;
  readonly steps: readonly NextStep[];
  readonly seed: number;
  /** The rates of these steps, if schedulers are stepped between them. */
  readonly rates: number[][];
  /** Sets all counters to their state before the last of these steps. Null if that state is unknown: the steps must then be counted one by one. */
  readonly skipToLast: (() => void) | null;
  /** The state before the first step, from which the numbers were computed. */
  readonly startState: Stamp;
  /** Whether the parameters are unchanged since the numbers were computed. Only then may `skipToLast` set their versions. */
  areParametersUnchanged(): boolean;
}

/**
 * Computes the numbers of as many of these steps as possible, but of at least one. It stops before a step whose calls would differ from the recorded ones, and
 * after a step whose schedulers throw or draw random numbers: the fit handles these cases when all earlier steps are done. If `before` is given, these steps
 * follow the steps of `before`, which have not been counted yet.
 */
function precomputeSteps(
  kinds: readonly Recorded[],
  next: readonly NextStep[],
  seed: number,
  between: BetweenSteps | null,
  before: PrecomputedSteps | null = null,
): PrecomputedSteps {
  const traces = [...new Set([...(before?.steps ?? []), ...next].map(({ kind }) => kinds[kind]!.trace))];
  const parts = [...traces, ...(between === null ? [] : [between])];
  const keep = (): (() => void) => {
    const all = parts.map((part) => part.keep());
    return () => {
      for (const restore of all) restore();
    };
  };
  const rows: number[][] = [];
  let skipToLast: PrecomputedSteps['skipToLast'] = null;
  let startState = unchanging;
  let areParametersUnchanged = startState.matches;
  const ratesBefore = between?.simulatedRates ?? [];
  const restoreAll = keep();
  try {
    if (before !== null) {
      before.skipToLast!();
      kinds[before.steps.at(-1)!.kind]!.trace.commit(1);
      between?.step();
    }
    startState = between?.stamp() ?? unchanging;
    areParametersUnchanged = watchVersions(traces);
    if (between !== null) between.simulatedRates = [];
    for (const [at, { kind, offset }] of next.entries()) {
      const { trace } = kinds[kind]!;
      const row = trace.numbers({ seed, offset });
      if (row === null && at > 0) break;
      if (row === null) throw differing(); // the caller has checked that the first step makes the recorded calls
      rows.push(row);
      if (at + 1 === next.length) {
        if (!between?.callsUserFunctions) skipToLast = keep();
        break;
      }
      trace.commit(1);
      if (between !== null && !stepsWithoutDrawing(between, { seed, offset: next[at + 1]!.offset })) break;
    }
  } catch (error) {
    if (rows.length === 0) throw error;
  } finally {
    restoreAll();
  }
  const steps = next.slice(0, rows.length);
  const rates = between?.simulatedRates ?? [];
  if (between !== null) between.simulatedRates = ratesBefore;
  const numbers = { kinds: Int32Array.from(steps, ({ kind }) => kind), numbers: Float64Array.from(rows.flat()) };
  return { numbers, steps, seed, rates, skipToLast, startState, areParametersUnchanged };
}

const differing = (): SimdnnError =>
  new SimdnnError(
    'SIMDNN_RECORDING_DIFFERS',
    '[train] an option of the optimizer has another value each time that it is read, and steps make other calls with it\n  hint: set it in a callback',
  );

function watchVersions(traces: readonly Recorded['trace'][]): () => boolean {
  const versions = traces.flatMap(({ leaves }) => leaves.flatMap(({ leaf, needsGrad }) => (needsGrad ? leaf.version : [])));
  const counts = versions.map(({ count }) => count);
  return () => versions.every(({ count }, i) => count === counts[i]);
}

function stepsWithoutDrawing(between: BetweenSteps, position: RandomPosition): boolean {
  const outside = randomPosition();
  setRandomPosition(position);
  try {
    between.step();
    const after = randomPosition();
    return after.seed === position.seed && after.offset === position.offset;
  } finally {
    setRandomPosition(outside);
  }
}

const maxSteps = 256; // a small model does 256 steps in some milliseconds, and JavaScript computes their numbers in one

/** Precomputes the numbers of a loop's steps, for one run after another. */
export class StepPrecomputation {
  /** The steps of the present run, or of the last one. Null if their numbers are linear functions, which the loop computes itself. */
  current: PrecomputedSteps | null = null;
  private upcoming: PrecomputedSteps | null = null;
  /** The number of steps to precompute: about as many as the last runs had time for. */
  private stepLimit = 16;

  /** Returns the steps of a run with their numbers. `steps(n)` lists at most n of the next steps. */
  precompute(
    kinds: readonly Recorded[],
    steps: (most: number) => readonly NextStep[],
    seed: number,
    between: BetweenSteps | null,
  ): PrecomputedSteps {
    const next = steps(this.stepLimit);
    const { upcoming } = this;
    const isValid = upcoming !== null && isStillValid(upcoming, kinds, next, seed);
    this.current = isValid ? upcoming : precomputeSteps(kinds, next, seed, between);
    if (between !== null) between.simulatedRates = this.current.rates;
    return this.current;
  }

  /** Called while the thread executes a run: precomputes the steps that will follow if the run does all of its own. */
  precomputeNext(kinds: readonly Recorded[], steps: (most: number) => readonly NextStep[], between: BetweenSteps | null): void {
    this.upcoming = null;
    const { current } = this;
    if (current?.skipToLast == null || between === null) return;
    try {
      this.upcoming = precomputeSteps(kinds, steps(this.nextLimit(current.steps.length)), current.seed, between, current);
    } catch {} // the error is thrown again when these steps come next
  }

  /** Called with the number of steps that the run did. */
  recordProgress(done: number): void {
    if (this.current === null) return;
    if (done < this.current.steps.length) this.upcoming = null;
    this.stepLimit = this.nextLimit(done);
  }

  /** Advances the counters by what the run did. */
  commit(kinds: readonly Recorded[], all: number, after: AfterSteps): void {
    const { steps: order, skipToLast, startState } = this.current!;
    const reapply = startState.setAsideChanges(); // changes that were made during the run take effect after its steps
    if (reapply === null) after.schedulesChanged();
    let step = 0;
    if (reapply !== null && all === order.length && skipToLast !== null) {
      skipToLast();
      step = all - 1;
      if (step > 0) after.simulatedStepsDone(step);
    }
    try {
      for (; step < all; step++) {
        kinds[order[step]!.kind]!.trace.commit(1);
        after.stepsDone(1);
      }
    } finally {
      reapply?.();
    }
  }

  private nextLimit(done: number): number {
    const { length } = this.current!.steps;
    return done < length ? done + 1 : Math.min(2 * length, maxSteps);
  }
}

// Whether the precomputed steps are the next ones, and nothing on which their numbers depend has changed.
function isStillValid(found: PrecomputedSteps, kinds: readonly Recorded[], next: readonly NextStep[], nextSeed: number): boolean {
  const { steps, seed, numbers } = found;
  if (seed !== nextSeed || steps.length > next.length || !found.startState.matches() || !found.areParametersUnchanged()) return false;
  if (steps.some(({ kind, offset }, at) => kind !== next[at]!.kind || offset !== next[at]!.offset)) return false;
  const [{ kind, offset }] = steps as [NextStep];
  return kinds[kind]!.trace.numbers({ seed, offset })?.every((number, i) => Object.is(number, numbers.numbers[i])) ?? false;
}
