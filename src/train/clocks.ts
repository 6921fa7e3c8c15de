// The clocks of a session. A clock counts the steps that advance one set of counters, such as the step counts of one optimizer: live numbers are linear functions of
// the clocks.
import type { RecordedStep } from '../recording';
import type { Clocks } from './linear-numbers';

const numberOf = <T>(numbers: Map<T, number>, key: T): number => {
  if (!numbers.has(key)) numbers.set(key, numbers.size);
  return numbers.get(key)!;
};

export class SessionClocks implements Clocks {
  private readonly clocks = new Map<string, number>();
  private readonly clocksOfKinds = new Map<RecordedStep, number>();
  private readonly counters = new Map<object, number>();

  get count(): number {
    return this.clocks.size;
  }

  /** The clock of a kind of step. Kinds that advance the same counters share one. */
  of(kind: RecordedStep): number {
    const known = this.clocksOfKinds.get(kind);
    if (known !== undefined) return known;
    const key = kind.trace.stepCounters.map(({ stepCounter: { counter } }) => numberOf(this.counters, counter)).join(' ');
    const clock = numberOf(this.clocks, key);
    this.clocksOfKinds.set(kind, clock);
    return clock;
  }
}
