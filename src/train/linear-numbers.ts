// The live numbers of steps as linear functions of the counters.
import type { RandomPosition } from '../random';
import type { RecordedStep } from '../recording';

/** The part of a recorded step that concerns its live numbers. */
export type Recorded = Pick<RecordedStep, 'trace'>;

/** The clock that each kind of step advances. Kinds that step the same optimizers share one. */
export interface Clocks<K = RecordedStep> {
  count: number;
  of(kind: K): number;
}

/**
 * Expresses every live number of the used kinds as a linear function of the random numbers drawn and the steps done. The slopes are differences: the number after
 * one more draw or step, minus the present one. `steady` is false if the calls of the second step differ from the recorded ones (the first step with momentum
 * does), or if a number is not exactly linear in the steps; only sums of integers are free of rounding.
 */
export function linearNumbers<K extends Recorded>(
  kinds: readonly K[],
  used: ReadonlySet<number>,
  random: RandomPosition,
  clocks: Clocks<K>,
): { live: (number[][] | null)[]; steady: boolean } {
  let steady = [...used].every((i) => kinds[i]!.trace.steady);
  const advancing = new Map<number, K>(); // for each clock, a kind that advances it
  for (const kind of kinds) advancing.set(clocks.of(kind), kind);
  const live = kinds.map((kind, i) => {
    if (!used.has(i)) return null;
    const numbers = (): number[] | null => kind.trace.numbers(random);
    const base = numbers();
    const oneDrawn = base && kind.trace.numbers({ seed: random.seed, offset: random.offset + 1 });
    if (base === null || oneDrawn === null) steady = false;
    if (base === null || oneDrawn === null || base.length === 0) return [];
    const oneStep = Array.from({ length: clocks.count }, (_, clock) => {
      const other = advancing.get(clock);
      return other === undefined ? base : other.trace.peek(numbers);
    });
    const twoSteps = kind.trace.peek(() => kind.trace.peek(numbers));
    if (oneStep.includes(null) || twoSteps === null) steady = false;
    return base.map((value, n) => {
      const added = oneStep.map((after) => (after === null || after[n] === value ? 0 : after[n]! - value));
      const isExact = added.every((one) => one === 0 || (Number.isInteger(value) && Number.isInteger(one)));
      if (!isExact || twoSteps?.[n] !== value + 2 * added[clocks.of(kind)]!) steady = false;
      return [value, oneDrawn[n]! - value, ...added];
    });
  });
  return { live, steady };
}
