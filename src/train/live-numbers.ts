// The live numbers that a run of a loop is given: linear functions of the steps done and the random numbers drawn, or a table with the numbers of each step.
import type { Limits, LoopRun } from '../native';
import type { RandomPosition } from '../random';
import type { RecordedStep } from '../recording';
import { type Clocks, linearNumbers } from './linear-numbers';
import { sum } from './segment';
import { matchesStart, type SimulatedRound } from './simulated-rounds';
import { nextSteps, type RowsSource, type Source } from './source';
import type { BetweenSteps, NextStep, StepPrecomputation } from './step-precomputation';
import { inMode } from './step-recording';
import type { Task } from './task';

/** A loop of a session. */
export interface Loop {
  number: number;
  kinds: RecordedStep[];
  source: Source;
  task: Task;
  /** Precomputes the numbers of each step if they are not linear functions. */
  precomputation: StepPrecomputation;
}

/** The limits of a run; `random` is where its random numbers begin. */
export interface RunLimits extends Limits {
  random: RandomPosition;
  given?: LoopRun['batches'];
  /** For given batches: the weighted sum of the losses of the epoch's batches before them (0). */
  lossSum?: number;
  /** Over rows: the number of batches done of the epoch that is under way; 0 (the default) if none is. */
  batch?: number;
  /** The schedulers that are stepped after each step; null (the default) if there are none. */
  between?: BetweenSteps | null;
}

/** The live numbers of the kinds of step of each loop. */
export type LiveOfLoops = LoopRun['live'][];

/** The live numbers at an earlier time, and what has been done since: from both follow the numbers that are expected now. */
export interface ExpectedNumbers {
  live: LiveOfLoops;
  random: RandomPosition;
  steps: readonly (readonly number[])[];
  /** The round of training that begins now, if the numbers of its steps were precomputed: `live` does not have them then. */
  simulated: SimulatedRound | null;
}

/** The live numbers of a run as linear functions in `live`, or, if they are not linear, for each step in `precomputed`. */
export function numbersForRun(
  loop: Loop,
  limits: RunLimits,
  clocks: Clocks,
): Pick<LoopRun, 'live'> & { precomputed: StepPrecomputation['current'] } {
  const { kinds, task, precomputation } = loop;
  const { random, given, between = null, batch = 0 } = limits;
  precomputation.current = null;
  const live = between === null ? linearNumbersOf(loop, limits, clocks) : null;
  if (live !== null) return { live, precomputed: null };
  const next = (most: number): NextStep[] =>
    given === undefined
      ? nextSteps((loop.source as RowsSource).batches, kinds, task.group?.size, most, random.offset, batch)
      : given.slice(0, most).map(({ kind, randomOffset }) => ({ kind, offset: randomOffset }));
  return { live: kinds.map(() => null), precomputed: precomputation.precompute(kinds, next, random.seed, between) };
}

/** The live numbers of a run as linear functions; null if they are not linear. */
export function linearNumbersOf({ kinds }: Loop, { random, given }: RunLimits, clocks: Clocks): LoopRun['live'] | null {
  const used = given === undefined ? kinds.map((_, i) => i) : given.map(({ kind }) => kind);
  const { live, steady } = linearNumbers(kinds, new Set(used), random, clocks);
  return steady ? live : null;
}

/** Precomputes the numbers of the run that follows these steps. Over given batches the next steps are not known, and nothing is done. */
export function precomputeNextRun(
  { kinds, source, task, precomputation }: Loop,
  { given, between = null, batch = 0 }: RunLimits,
  steps: readonly NextStep[],
): void {
  if (given !== undefined) return;
  const { batches } = source as RowsSource;
  const { kind, offset } = steps.at(-1)!;
  const group = task.group?.size ?? 1;
  const done = batch + steps.length * group;
  const after = offset + kinds[kind]!.trace.draws;
  precomputation.precomputeNext(kinds, (most) => nextSteps(batches, kinds, group, most, after, done < batches.batches ? done : 0), between);
}

/** Whether the live numbers at position `now` of the random numbers are the expected ones. */
export function matchesNumbers(
  loops: readonly Loop[],
  { live, random, steps, simulated }: ExpectedNumbers,
  now: RandomPosition,
  clocks: Clocks,
): boolean {
  const drawn = now.offset - random.offset;
  return loops.every((one, loop) => {
    if (loop === 0 && simulated !== null) return matchesStart(one, simulated);
    const { kinds, task } = one;
    const passed = Array.from({ length: clocks.count }, (_, clock) =>
      sum(kinds.map((kind, k) => (clocks.of(kind) === clock ? steps[loop]![k]! : 0))),
    );
    return kinds.every((kind, k) => {
      const numbers = inMode(task, () => kind.trace.numbers(now));
      return live[loop]![k]!.every(([base, perDraw, ...perStep], n) => {
        const then = base! + perDraw! * drawn + sum(perStep.map((each, clock) => each * passed[clock]!));
        return numbers !== null && Object.is(then, numbers[n]);
      });
    });
  });
}
