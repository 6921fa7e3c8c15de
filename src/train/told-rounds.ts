// The numbers of the steps of rounds to come, for a fit whose schedulers are stepped after each step: all counters and schedulers go through the steps without
// executing them, and are put back by the caller.
import type { LoopRun } from '../native';
import type { RandomPosition } from '../random';
import type { NextStep } from './ahead';
import type { Recorded } from './linear';
import type { Loop } from './numbers';
import type { ForeseenSteps, RatesOfSteps } from './rates';
import { sum } from './segment';
import { nextSteps, type RowsSource } from './source';
import { inMode } from './step-recording';

/** A round of the training whose steps have numbers of their own. */
export interface ToldRound {
  foreseen: ForeseenSteps;
  /** Where its random numbers begin, and where those of the next round do. */
  random: RandomPosition;
  behind: RandomPosition;
  /** The numbers that each kind of step has there. */
  first: readonly (readonly number[])[];
  /** The kinds of its steps, and their numbers one after the other. */
  kinds: Int32Array;
  numbers: Float64Array;
}

// JavaScript takes some milliseconds for so many, and has the time of as many steps for it. Longer epochs gain nothing by going ahead.
const mostSteps = 4096;

/**
 * The numbers of at most so many rounds, the first of which goes on with an epoch of which `batch` batches are done. It ends before a round in which an error arises, or whose steps would not be those that were recorded: the fit gets there
 * when everything before it is done. After the training `others` random numbers are drawn in each round.
 */
export function tellRounds(
  loop: Loop,
  begin: RandomPosition,
  batch: number,
  others: number,
  rates: RatesOfSteps,
  rounds: number,
): ToldRound[] {
  const { kinds, source, task } = loop;
  const { batches } = source as RowsSource;
  const group = task.group?.size ?? 1;
  const most = Math.min(rounds, Math.floor(mostSteps / Math.ceil(batches.batches / group)));
  const told: ToldRound[] = [];
  if (most === 0 || !rates.areForeseen || !kinds.every(({ trace }) => trace.steady)) return told;
  let random = begin;
  try {
    while (told.length < most) {
      if (told.length > 0) rates.simulateEpoch();
      const next = nextSteps(batches, kinds, group, Infinity, random.offset, told.length > 0 ? 0 : batch);
      const round = inMode(task, () => tellRound(kinds, next, random, others, rates));
      if (round === null) break;
      told.push(round);
      random = round.behind;
    }
  } catch {} // the fit is told when it comes there
  return told;
}

function tellRound(
  kinds: readonly Recorded[],
  next: readonly NextStep[],
  random: RandomPosition,
  others: number,
  rates: RatesOfSteps,
): ToldRound | null {
  const first = kinds.map(({ trace }) => trace.numbers(random));
  if (first.includes(null)) return null;
  const numbers = new Float64Array(sum(next.map(({ kind }) => first[kind]!.length)));
  const going = rates.goThrough(next.length);
  let at = 0;
  for (const { kind, offset } of next) {
    const { trace } = kinds[kind]!;
    if (!trace.readNumbers({ seed: random.seed, offset })) return null;
    numbers.set(trace.live.table, at);
    at += first[kind]!.length;
    trace.commit(1);
    going.step();
  }
  const { kind, offset } = next.at(-1)!;
  return {
    foreseen: going.end(),
    random,
    behind: { seed: random.seed, offset: offset + kinds[kind]!.trace.draws + others },
    first: first as number[][],
    kinds: Int32Array.from(next, (step) => step.kind),
    numbers,
  };
}

/** Whether the present numbers and rates are those with which a round was foreseen to begin. */
export const begins = ({ kinds, task }: Loop, { foreseen, random, first }: ToldRound): boolean =>
  foreseen.holds() &&
  inMode(task, () =>
    kinds.every(({ trace }, kind) => trace.numbers(random)?.every((number, i) => Object.is(number, first[kind]![i])) ?? false),
  );

/** What a run of these rounds is told. */
export function numbersOfRounds(rounds: readonly ToldRound[]): NonNullable<LoopRun['ahead']> {
  const kinds = new Int32Array(sum(rounds.map((round) => round.kinds.length)));
  const numbers = new Float64Array(sum(rounds.map((round) => round.numbers.length)));
  let [atKind, atNumber] = [0, 0];
  for (const round of rounds) {
    kinds.set(round.kinds, atKind);
    numbers.set(round.numbers, atNumber);
    atKind += round.kinds.length;
    atNumber += round.numbers.length;
  }
  return { kinds, numbers };
}

/** How many steps of each kind these rounds have. */
export const stepsOf = (rounds: readonly ToldRound[], kinds: number): number[] =>
  Array.from({ length: kinds }, (_, kind) => sum(rounds.map((round) => round.kinds.filter((one) => one === kind).length)));
