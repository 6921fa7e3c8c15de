// Precomputes the numbers of all steps of several rounds (epochs of training), for a fit whose schedulers are stepped after each step. Counters and schedulers are
// advanced as if the steps were done; the caller restores them.
import type { LoopRun } from '../native';
import type { RandomPosition } from '../random';
import type { Recorded } from './linear-numbers';
import type { Loop } from './live-numbers';
import type { ScheduledRates, SimulatedSteps } from './scheduled-rates';
import { sum } from './segment';
import { nextSteps, type RowsSource } from './source';
import type { NextStep } from './step-precomputation';
import { inMode } from './step-recording';

/** An epoch of training with the precomputed numbers of each of its steps. */
export interface SimulatedRound {
  rates: SimulatedSteps;
  /** The position of the random numbers at its beginning. */
  random: RandomPosition;
  /** The position at the beginning of the next round. */
  randomAfter: RandomPosition;
  /** The numbers of each kind of step at its beginning, by which `matchesStart` recognises the state. */
  firstNumbers: readonly (readonly number[])[];
  /** The kind of each step. */
  kinds: Int32Array;
  /** The numbers of all steps, one step after another. */
  numbers: Float64Array;
}

// JavaScript computes the numbers of so many steps in some milliseconds, while the thread does as many. For longer epochs the gain is negligible.
const maxSteps = 4096;

/**
 * Simulates at most `rounds` rounds. The first continues an epoch of which `batch` batches are done. `others` is the number of random numbers that each round draws
 * after its training. The simulation ends before a round that would throw, or whose steps would differ from the recorded ones: the fit handles these cases when all
 * earlier rounds are done.
 */
export function simulateRounds(
  loop: Loop,
  begin: RandomPosition,
  batch: number,
  others: number,
  rates: ScheduledRates,
  rounds: number,
): SimulatedRound[] {
  const { kinds, source, task } = loop;
  const { batches } = source as RowsSource;
  const group = task.group?.size ?? 1;
  const most = Math.min(rounds, Math.floor(maxSteps / Math.ceil(batches.batches / group)));
  const simulated: SimulatedRound[] = [];
  if (most === 0 || !rates.canSimulateSteps || !kinds.every(({ trace }) => trace.steady)) return simulated;
  let random = begin;
  try {
    while (simulated.length < most) {
      if (simulated.length > 0) rates.simulateEpoch();
      const next = nextSteps(batches, kinds, group, Infinity, random.offset, simulated.length > 0 ? 0 : batch);
      const round = inMode(task, () => simulateRound(kinds, next, random, others, rates));
      if (round === null) break;
      simulated.push(round);
      random = round.randomAfter;
    }
  } catch {} // the fit gets the error when it does that round
  return simulated;
}

function simulateRound(
  kinds: readonly Recorded[],
  next: readonly NextStep[],
  random: RandomPosition,
  others: number,
  rates: ScheduledRates,
): SimulatedRound | null {
  const first = kinds.map(({ trace }) => trace.numbers(random));
  if (first.includes(null)) return null;
  const numbers = new Float64Array(sum(next.map(({ kind }) => first[kind]!.length)));
  const simulation = rates.simulateSteps(next.length);
  let at = 0;
  for (const { kind, offset } of next) {
    const { trace } = kinds[kind]!;
    if (!trace.readNumbers({ seed: random.seed, offset })) return null;
    numbers.set(trace.live.table, at);
    at += first[kind]!.length;
    trace.commit(1);
    simulation.step();
  }
  const { kind, offset } = next.at(-1)!;
  return {
    rates: simulation.end(),
    random,
    randomAfter: { seed: random.seed, offset: offset + kinds[kind]!.trace.draws + others },
    firstNumbers: first as number[][],
    kinds: Int32Array.from(next, (step) => step.kind),
    numbers,
  };
}

/** Whether the present numbers and rates are those at the beginning of a simulated round. */
export const matchesStart = ({ kinds, task }: Loop, { rates, random, firstNumbers }: SimulatedRound): boolean =>
  rates.matches() &&
  inMode(task, () =>
    kinds.every(({ trace }, kind) => trace.numbers(random)?.every((number, i) => Object.is(number, firstNumbers[kind]![i])) ?? false),
  );

/** The table of step numbers for a run of these rounds. */
export function stepNumbersOf(rounds: readonly SimulatedRound[]): NonNullable<LoopRun['ahead']> {
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

/** The number of steps of each kind in these rounds. */
export const stepCounts = (rounds: readonly SimulatedRound[], kinds: number): number[] =>
  Array.from({ length: kinds }, (_, kind) => sum(rounds.map((round) => round.kinds.filter((one) => one === kind).length)));
