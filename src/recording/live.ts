// The numbers in a plan's calls that change from replay to replay and are read again before each: learning rates, step counts, seeds.
import { type KernelTable, kernelNames } from '../kernels.generated';
import { eagerKernels, setKernels } from '../native';
import type { StepCounter } from '../recorder';
import { liveArguments, type RawCall } from './calls';
import type { LiveCalls } from './listener';

// A recorded call, with each argument's index in the table of live numbers, or -1 where it is not live.
interface Expected {
  name: keyof KernelTable;
  args: readonly unknown[];
  places: readonly number[];
}

let reading: LiveNumbers | null = null;
const readers = Object.fromEntries(
  kernelNames.map((name) => [name, (...args: unknown[]) => reading!.take(name, args)]),
) as unknown as KernelTable;

export class LiveNumbers {
  /** The numbers as last read. */
  readonly table: Float64Array;
  private readonly live: readonly LiveCalls[];
  // The counter to advance after each of them. Null where every counter advances at most once: the numbers then do not depend on the order.
  private readonly stepCounters: readonly (StepCounter | null)[] | null;
  private readonly expected: Expected[] = [];
  private next = 0;
  private same = true;

  constructor(live: readonly LiveCalls[], calls: readonly RawCall[]) {
    this.live = live;
    const counters = live.flatMap(({ stepCounter }) => stepCounter?.counter ?? []);
    this.stepCounters = new Set(counters).size < counters.length ? live.map(({ stepCounter }) => stepCounter) : null;
    let count = 0;
    for (const { first, end } of live) {
      for (const [name, ...args] of calls.slice(first, end)) {
        const places = args.map((_, i) => (liveArguments[name].some(({ index }) => index === i) ? count++ : -1));
        this.expected.push({ name, args, places });
      }
    }
    this.table = new Float64Array(count);
  }

  /** Reads the numbers by issuing their calls to a table of kernels that only records the arguments. False if anything else about these calls has changed. */
  read(): boolean {
    if (this.live.length === 0) return true;
    reading = this;
    this.next = 0;
    this.same = true;
    setKernels(readers);
    try {
      if (this.stepCounters === null) for (let i = 0; i < this.live.length; i++) this.issue(this.live[i]!);
      else this.issueCounting(this.stepCounters);
    } finally {
      setKernels(eagerKernels);
      reading = null;
    }
    return this.same && this.next === this.expected.length;
  }

  // Issues only the first of calls that are alike, because all have the same numbers.
  private issue({ issue, alike, first, end }: LiveCalls): void {
    const begin = this.next;
    issue(alike);
    if (!alike || first === end) return;
    if (this.next !== begin + 1) this.same = false;
    const places = this.expected[begin]!.places.filter((place) => place >= 0);
    const at = places[0] ?? 0;
    for (let i = 1; i < end - first; i++) this.table.copyWithin(at + i * places.length, at, at + places.length);
    this.next = begin + end - first;
  }

  // Issues the calls and advances the counters in their order, because an optimizer that steps twice in one recording reads its second step count after the first
  // step was counted. The counters are restored afterwards.
  private issueCounting(stepCounters: readonly (StepCounter | null)[]): void {
    const restorers: (() => void)[] = [];
    try {
      for (const [i, stepCounter] of stepCounters.entries()) {
        this.issue(this.live[i]!);
        if (stepCounter === null) continue;
        restorers.push(stepCounter.keep());
        stepCounter.commit(1);
      }
    } finally {
      for (const restore of restorers.reverse()) restore();
    }
  }

  /** Reads the numbers of a call that was issued. */
  take(name: keyof KernelTable, args: readonly unknown[]): void {
    const expected = this.expected[this.next++];
    if (expected === undefined || expected.name !== name || expected.args.length !== args.length) {
      this.same = false;
      return;
    }
    const { args: then, places } = expected;
    for (let i = 0; i < args.length; i++) {
      const place = places[i]!;
      if (place >= 0) this.table[place] = args[i] as number;
      else if (args[i] !== then[i]) this.same = false;
    }
  }
}
