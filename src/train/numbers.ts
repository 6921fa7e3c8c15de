// The numbers with which a run of a loop begins: linear functions of what it does, or those of single steps.
import type { Limits, LoopRun } from '../native';
import type { RandomPosition } from '../random';
import type { RecordedStep } from '../recording';
import type { BetweenSteps, NextStep, StepsAhead } from './ahead';
import { type Clocks, linearNumbers } from './linear';
import { sum } from './segment';
import { nextSteps, type RowsSource, type Source } from './source';
import { inMode } from './step-recording';
import type { Task } from './task';
import { begins, type ToldRound } from './told-rounds';

/** A loop of a session. */
export interface Loop {
  number: number;
  kinds: RecordedStep[];
  source: Source;
  task: Task;
  /** The steps whose numbers are told to the loop one by one, if they must be. */
  ahead: StepsAhead;
}

/** The limits of a run; `random` is where its random numbers begin. */
export interface RunLimits extends Limits {
  random: RandomPosition;
  given?: LoopRun['batches'];
  /** Over rows: the number of batches done of the epoch that is under way; 0 (the default) if none is. */
  batch?: number;
  /** What is done between two steps and changes their numbers; null by default. */
  between?: BetweenSteps | null;
}

/** The live numbers of the kinds of step of each loop. */
export type LiveOfLoops = LoopRun['live'][];

/** Live numbers that were found at a position of the random numbers, and the steps of each kind of each loop since. */
export interface NumbersLater {
  live: LiveOfLoops;
  random: RandomPosition;
  steps: readonly (readonly number[])[];
  /** The round of the training that begins there, if its steps are told one by one: its numbers are not among the live ones. */
  told: ToldRound | null;
}

/** The live numbers of a run; `told` has those of single steps, if they must be told one by one. */
export function numbersOf(loop: Loop, limits: RunLimits, clocks: Clocks): Pick<LoopRun, 'live'> & Pick<StepsAhead, 'told'> {
  const { kinds, task, ahead } = loop;
  const { random, given, between = null, batch = 0 } = limits;
  ahead.told = null;
  const live = between === null ? linearOf(loop, limits, clocks) : null;
  if (live !== null) return { live, told: null };
  const next = (most: number): NextStep[] =>
    given === undefined
      ? nextSteps((loop.source as RowsSource).batches, kinds, task.group?.size, most, random.offset, batch)
      : given.slice(0, most).map(({ kind, randomOffset }) => ({ kind, offset: randomOffset }));
  return { live: kinds.map(() => null), told: ahead.tell(kinds, next, random.seed, between) };
}

/** The live numbers of a run as linear functions; null if they are not linear. */
export function linearOf({ kinds }: Loop, { random, given }: RunLimits, clocks: Clocks): LoopRun['live'] | null {
  const used = given === undefined ? kinds.map((_, i) => i) : given.map(({ kind }) => kind);
  const { live, steady } = linearNumbers(kinds, new Set(used), random, clocks);
  return steady ? live : null;
}

/** Calculates the numbers of the run that follows these steps, if the steps of that run are known. */
export function tellOn(
  { kinds, source, task, ahead }: Loop,
  { given, between = null, batch = 0 }: RunLimits,
  steps: readonly NextStep[],
): void {
  if (given !== undefined) return;
  const { batches } = source as RowsSource;
  const { kind, offset } = steps.at(-1)!;
  const group = task.group?.size ?? 1;
  const done = batch + steps.length * group;
  const after = offset + kinds[kind]!.trace.draws;
  ahead.tellOn(kinds, (most) => nextSteps(batches, kinds, group, most, after, done < batches.batches ? done : 0), between);
}

/** Whether the present numbers, with the random numbers at a position, are these. */
export function areNumbers(
  loops: readonly Loop[],
  { live, random, steps, told }: NumbersLater,
  now: RandomPosition,
  clocks: Clocks,
): boolean {
  const drawn = now.offset - random.offset;
  return loops.every((one, loop) => {
    if (loop === 0 && told !== null) return begins(one, told);
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
