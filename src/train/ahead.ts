// Calculates the live numbers of the next steps in advance, step by step. This is needed if a scheduler sets the rates after each step, or if an optimizer's
// numbers are not linear functions of its step count: the counters then go through the steps without executing them, and are restored afterwards.
import type { Limits, LoopRun } from '../native';
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';
import type { Recorded } from './linear';

/** A state that was remembered, to be compared with the present one. */
interface Stamp {
  /** Whether the present state equals it. */
  holds(): boolean;
  /**
   * Restores it, apart from what others have changed since, and returns a function that applies those changes again. Null if they changed too much for that.
   */
  setAside(): (() => void) | null;
}

const unchanging: Stamp = { holds: () => true, setAside: () => () => {} };

/** What a fit's schedulers do between two steps. */
export interface BetweenSteps {
  /** Returns a function that restores everything that `step` changes to its present state. */
  keep(): () => void;
  /** Remembers the present state of everything that `step` changes. */
  stamp(): Stamp;
  /** Does what follows a step, in a simulation of the steps. */
  step(): void;
  /** The rates of each step that was simulated and is not counted yet. */
  foreseen: number[][];
  /** Whether it calls functions of the user's, whose answer may change. */
  readonly asks: boolean;
}

/** What follows steps that were done. */
export interface AfterSteps {
  /** Called first with the number of steps that were done. It may throw only if no other step was done after them. */
  done(steps: number): void;
  /** Called instead of `done` for steps that were simulated in advance, when all counters are set and only the last step is not counted yet. */
  passed(steps: number): void;
  /** Called if somebody has stepped a scheduler or replaced a parameter group since the steps were simulated. */
  changed(): void;
  /** The limits of a run that begins now. It is limited to one step if what follows a step changes the next one and cannot be simulated. */
  within(limits: Limits): Limits & { between: BetweenSteps | null };
}

/** Nothing follows the steps. */
export const nothingAfter: AfterSteps = {
  done: () => {},
  passed: () => {},
  changed: () => {},
  within: (limits) => ({ ...limits, between: null }),
};

/** One of the next steps: the index of its recording, and where its random numbers begin. */
export interface NextStep {
  kind: number;
  offset: number;
}

/** The numbers of the next steps. */
interface Ahead {
  readonly numbers: NonNullable<LoopRun['ahead']>;
  readonly steps: readonly NextStep[];
  readonly seed: number;
  /** The rates of these steps, if something is done between them. */
  readonly foreseen: number[][];
  /** Sets all counters to their state before the last of these steps. Null if that is unknown, so that the steps must be counted one by one. */
  readonly pass: (() => void) | null;
  /** The state from which the numbers were calculated, before the first step. */
  readonly from: Stamp;
  /** Whether the parameters are unchanged since. `pass` may set their versions only in that case. */
  isUntouched(): boolean;
}

/**
 * Calculates the numbers of as many of these steps as possible, of at least one. It stops before a step whose calls would differ from the recorded ones,
 * and before a step that would follow an error or a draw of random numbers: the fit gets there when all steps before are done. With `before`, these steps
 * follow those of `before`, which are not counted yet.
 */
function numbersAhead(
  kinds: readonly Recorded[],
  next: readonly NextStep[],
  seed: number,
  between: BetweenSteps | null,
  before: Ahead | null = null,
): Ahead {
  const traces = [...new Set([...(before?.steps ?? []), ...next].map(({ kind }) => kinds[kind]!.trace))];
  const parts = [...traces, ...(between === null ? [] : [between])];
  const keep = (): (() => void) => {
    const all = parts.map((part) => part.keep());
    return () => {
      for (const restore of all) restore();
    };
  };
  const rows: number[][] = [];
  let pass: Ahead['pass'] = null;
  let from = unchanging;
  let isUntouched = from.holds;
  const foreseenBefore = between?.foreseen ?? [];
  const putBack = keep();
  try {
    if (before !== null) {
      before.pass!();
      kinds[before.steps.at(-1)!.kind]!.trace.commit(1);
      between?.step();
    }
    from = between?.stamp() ?? unchanging;
    isUntouched = untouched(traces);
    if (between !== null) between.foreseen = [];
    for (const [at, { kind, offset }] of next.entries()) {
      const { trace } = kinds[kind]!;
      const row = trace.numbers({ seed, offset });
      if (row === null && at > 0) break; // the calls of the first step are as recorded: the caller has checked that
      rows.push(row!);
      if (at + 1 === next.length) {
        if (!between?.asks) pass = keep();
        break;
      }
      trace.commit(1);
      if (between !== null && !drawsNothing(between, { seed, offset: next[at + 1]!.offset })) break;
    }
  } catch (error) {
    if (rows.length === 0) throw error;
  } finally {
    putBack();
  }
  const steps = next.slice(0, rows.length);
  const foreseen = between?.foreseen ?? [];
  if (between !== null) between.foreseen = foreseenBefore;
  const numbers = { kinds: Int32Array.from(steps, ({ kind }) => kind), numbers: Float64Array.from(rows.flat()) };
  return { numbers, steps, seed, foreseen, pass, from, isUntouched };
}

function untouched(traces: readonly Recorded['trace'][]): () => boolean {
  const versions = traces.flatMap(({ leaves }) => leaves.flatMap(({ leaf, needsGrad }) => (needsGrad ? leaf.version : [])));
  const counts = versions.map(({ count }) => count);
  return () => versions.every(({ count }, i) => count === counts[i]);
}

function drawsNothing(between: BetweenSteps, position: RandomPosition): boolean {
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

const mostAhead = 256; // as many steps take some milliseconds with a small model, and their numbers one millisecond

/** Tells a loop the numbers of its steps one by one, run by run. */
export class StepsAhead {
  /** The steps of the present run, or of the last one. Null if their numbers are linear and need not be told. */
  told: Ahead | null = null;
  private coming: Ahead | null = null;
  /** The number of steps to calculate: as many as the last runs had time for. */
  private most = 16;

  /** Calculates the numbers of the steps of a run. `steps` returns the next steps, at most as many as it is asked for. */
  tell(kinds: readonly Recorded[], steps: (most: number) => readonly NextStep[], seed: number, between: BetweenSteps | null): Ahead {
    const next = steps(this.most);
    const { coming } = this;
    const told = coming !== null && isStill(coming, kinds, next, seed) ? coming : numbersAhead(kinds, next, seed, between);
    if (between !== null) between.foreseen = told.foreseen;
    this.told = told;
    return told;
  }

  /** Called while the thread executes a run: calculates the numbers of the steps that probably follow. */
  tellOn(kinds: readonly Recorded[], steps: (most: number) => readonly NextStep[], between: BetweenSteps | null): void {
    this.coming = null;
    const { told } = this;
    if (told?.pass == null || between === null) return;
    try {
      this.coming = numbersAhead(kinds, steps(this.mostAfter(told.steps.length)), told.seed, between, told);
    } catch {} // whoever comes there is told
  }

  /** Called when so many steps of the run were done. */
  ran(done: number): void {
    if (this.told === null) return;
    if (done < this.told.steps.length) this.coming = null;
    this.most = this.mostAfter(done);
  }

  /** Advances the counters by what the run did. */
  commit(kinds: readonly Recorded[], all: number, after: AfterSteps): void {
    const { steps: order, pass, from } = this.told!;
    const setAgain = from.setAside(); // what others set while the run was under way takes effect after its steps
    if (setAgain === null) after.changed();
    let step = 0;
    if (setAgain !== null && all === order.length && pass !== null) {
      pass();
      step = all - 1;
      if (step > 0) after.passed(step);
    }
    try {
      for (; step < all; step++) {
        kinds[order[step]!.kind]!.trace.commit(1);
        after.done(1);
      }
    } finally {
      setAgain?.();
    }
  }

  private mostAfter(done: number): number {
    const { length } = this.told!.steps;
    return done < length ? done + 1 : Math.min(2 * length, mostAhead);
  }
}

// Whether the steps whose numbers were calculated are the next ones, and the state is the one from which they were calculated.
function isStill(found: Ahead, kinds: readonly Recorded[], next: readonly NextStep[], nextSeed: number): boolean {
  const { steps, seed, numbers } = found;
  if (seed !== nextSeed || steps.length > next.length || !found.from.holds() || !found.isUntouched()) return false;
  if (steps.some(({ kind, offset }, at) => kind !== next[at]!.kind || offset !== next[at]!.offset)) return false;
  const [{ kind, offset }] = steps as [NextStep];
  return kinds[kind]!.trace.numbers({ seed, offset })?.every((number, i) => Object.is(number, numbers.numbers[i])) ?? false;
}
