// The live numbers of steps to come, one by one: where a scheduler sets the rates after each step, or an optimizer's numbers are no linear function of its
// count, they are found by going through the steps without doing them.
import type { Limits, LoopRun } from '../native';
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';
import type { RecordedStep } from '../recording';

/** How something was. */
interface Stamp {
  /** Whether it is so. */
  holds(): boolean;
  /** Has it be so again, but for what others have set meanwhile: what it returns sets that. Null where they have changed more than can be set aside. */
  setAside(): (() => void) | null;
}

const unchanging: Stamp = { holds: () => true, setAside: () => () => {} };

/** What is done between two steps, by a fit's schedulers. */
export interface BetweenSteps {
  /** What it returns puts all back that `step` changes, as it is now. */
  keep(): () => void;
  /** How all is now that `step` changes, and whoever else may. */
  stamp(): Stamp;
  /** After a step that is only gone through. */
  step(): void;
  /** The rates of each step that was gone through and is not counted yet. */
  foreseen: number[][];
  /** Whether it asks functions of the user's, which may answer otherwise when they are asked again. */
  readonly asks: boolean;
}

/** What comes after steps. */
export interface AfterSteps {
  /** Called with how many were done, before anything else is done about them. Throws only where no step that was done comes behind. */
  done(steps: number): void;
  /** The same of steps that were gone through ahead and whose counts are set already, before the last one is counted. */
  passed(steps: number): void;
  /** Somebody has stepped a scheduler, or put another group in the place of one, since these steps were gone through. */
  changed(): void;
  /** The limits of a run that begins now: of one step where what comes after it changes the next and cannot be gone through ahead. */
  within(limits: Limits): Limits & { between: BetweenSteps | null };
}

/** Nothing. */
export const nothingAfter: AfterSteps = {
  done: () => {},
  passed: () => {},
  changed: () => {},
  within: (limits) => ({ ...limits, between: null }),
};

/** A step to come: its recording, by number, and where its random numbers begin. */
export interface NextStep {
  kind: number;
  offset: number;
}

/** The numbers of steps to come. */
interface Ahead {
  readonly numbers: NonNullable<LoopRun['ahead']>;
  readonly steps: readonly NextStep[];
  readonly seed: number;
  /** Their rates, where something is done between them. */
  readonly foreseen: number[][];
  /** Sets all that is counted to what it is before the last of these steps, as if those before it had been gone through one by one; null: they must be. */
  readonly pass: (() => void) | null;
  /** All that they were found from, before the first. */
  readonly from: Stamp;
  /** Whether the parameters are as they were then, of which `pass` sets how often they were changed. */
  isUntouched(): boolean;
}

/**
 * The numbers of as many of these steps as can be told, one at least. It ends before a step whose calls would be others than were recorded, and
 * before one that comes after an error, or after random numbers that were drawn in between: the fit comes there when all before it is done.
 * They come after `before`, which are not counted yet.
 */
function numbersAhead(
  kinds: readonly RecordedStep[],
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
      if (row === null && at > 0) break; // the first ones are as recorded: whoever asks has looked
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

function untouched(traces: readonly RecordedStep['trace'][]): () => boolean {
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

const mostAhead = 256; // some milliseconds of a small model, and one of JavaScript

/** What a loop is told of its steps one by one, run by run. */
export class StepsAhead {
  /** The steps of the present run, or the last; null: none were told so. */
  told: Ahead | null = null;
  private coming: Ahead | null = null;
  /** Of how many steps: as many as the last segments had time for. */
  private most = 16;

  /** Finds the numbers of steps that a run is told; `steps` are those to come, so many at most. */
  tell(kinds: readonly RecordedStep[], steps: (most: number) => readonly NextStep[], seed: number, between: BetweenSteps | null): Ahead {
    const next = steps(this.most);
    const { coming } = this;
    const told = coming !== null && isStill(coming, kinds, next, seed) ? coming : numbersAhead(kinds, next, seed, between);
    if (between !== null) between.foreseen = told.foreseen;
    this.told = told;
    return told;
  }

  /** While the thread does the steps of a run: finds the numbers of those behind them, should they be what follows. */
  tellOn(kinds: readonly RecordedStep[], steps: (most: number) => readonly NextStep[], between: BetweenSteps | null): void {
    this.coming = null;
    const { told } = this;
    if (told?.pass == null || between === null) return;
    try {
      this.coming = numbersAhead(kinds, steps(this.mostAfter(told.steps.length)), told.seed, between, told);
    } catch {} // whoever comes there is told
  }

  /** So many steps of the run were done. */
  ran(done: number): void {
    if (this.told === null) return;
    if (done < this.told.steps.length) this.coming = null;
    this.most = this.mostAfter(done);
  }

  /** Counts what the run did. */
  commit(kinds: readonly RecordedStep[], all: number, after: AfterSteps): void {
    const { steps: order, pass, from } = this.told!;
    const setAgain = from.setAside(); // what is set while steps are done whose rates were found counts behind them
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

// Whether steps whose numbers were found are those that come, and begin as they were found.
function isStill(found: Ahead, kinds: readonly RecordedStep[], next: readonly NextStep[], nextSeed: number): boolean {
  const { steps, seed, numbers } = found;
  if (seed !== nextSeed || steps.length > next.length || !found.from.holds() || !found.isUntouched()) return false;
  if (steps.some(({ kind, offset }, at) => kind !== next[at]!.kind || offset !== next[at]!.offset)) return false;
  const [{ kind, offset }] = steps as [NextStep];
  return kinds[kind]!.trace.numbers({ seed, offset })?.every((number, i) => Object.is(number, numbers.numbers[i])) ?? false;
}
