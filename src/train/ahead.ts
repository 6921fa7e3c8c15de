// The live numbers of steps to come, one by one: where a scheduler sets the rates after each step, or an optimizer's numbers are no linear function of its
// count, they are found by going through the steps without doing them.
import type { Limits, LoopRun } from '../native';
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';
import type { RecordedStep } from '../recording';

/** What is done between two steps, by a fit's schedulers. */
export interface BetweenSteps {
  /** What it returns puts all back that `step` changes, as it is now. */
  keep(): () => void;
  /** What it returns says whether all that `step` changes, and whoever else may, is as it is now. */
  stamp(): () => boolean;
  /** After a step that is only gone through. */
  step(): void;
  /** Whether it asks functions of the user's, which may answer otherwise when they are asked again. */
  readonly asks: boolean;
}

/** What comes after steps. */
export interface AfterSteps {
  /** Called with how many were done, before anything else is done about them. Throws only where no step that was done comes behind. */
  done(steps: number): void;
  /** The same of steps that were gone through ahead and whose counts are set already, before the last one is counted. */
  passed(steps: number): void;
  /** Somebody has set other rates, or stepped a scheduler, since these steps were gone through. */
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
export interface Ahead {
  readonly numbers: NonNullable<LoopRun['ahead']>;
  /** Sets all that is counted to what it is before the last of these steps, as if those before it had been gone through one by one; null: they must be. */
  readonly pass: (() => void) | null;
  /** Whether nobody has changed meanwhile what they were found from. */
  holds(): boolean;
}

/**
 * The numbers of as many of these steps as can be told, one at least. It ends before a step whose calls would be others than were recorded, and
 * before one that comes after an error, or after random numbers that were drawn in between: the fit comes there when all before it is done.
 */
export function numbersAhead(kinds: readonly RecordedStep[], next: readonly NextStep[], seed: number, between: BetweenSteps | null): Ahead {
  const parts = [...new Set(next.map(({ kind }) => kinds[kind]!.trace)), ...(between === null ? [] : [between])];
  const keep = (): (() => void) => {
    const all = parts.map((part) => part.keep());
    return () => {
      for (const restore of all) restore();
    };
  };
  const rows: number[][] = [];
  let pass: Ahead['pass'] = null;
  const putBack = keep();
  try {
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
  const holds = between?.stamp() ?? (() => true);
  return { numbers: { kinds: Int32Array.from(rows, (_, at) => next[at]!.kind), numbers: Float64Array.from(rows.flat()) }, pass, holds };
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
