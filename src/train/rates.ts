// The learning rates of a fit's steps, as its schedulers set them.
import { SimdnnError } from '../errors';
import type { Limits } from '../native';
import { hasGetter } from '../optim/groups';
import type { AfterSteps, BetweenSteps } from './ahead';
import type { Callbacks } from './callbacks';
import type { Schedules } from './schedule';

interface Group {
  lr?: number;
  momentum?: number;
  betas?: readonly number[];
}

const scheduled = ['lr', 'momentum', 'betas'] as const;
type Scheduled = Group[(typeof scheduled)[number]];

const rateOf = (lr: number | undefined): number => lr ?? NaN; // an optimizer of the user's own may have none

const isSame = (a: Scheduled, b: Scheduled): boolean =>
  Object.is(a, b) || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, i) => Object.is(value, b[i])));

/** The rates with which an epoch begins, and whether the present ones are still the same. */
export interface Foreseen {
  rates: number[];
  holds(): boolean;
}

/** The rates of the steps of an epoch, after each of which schedulers are stepped. */
export interface ForeseenSteps extends Foreseen {
  /** The number of steps; and the rates with which one is done, one for each group. */
  readonly steps: number;
  ratesOf(step: number): number[];
  /** As that of a stamp, for the state in which the epoch begins. */
  setAside(): (() => void) | null;
  /** Sets what steps change to the state after the last one; `endAll` includes what only epochs change. */
  end(): void;
  endAll(): void;
}

export class RatesOfSteps implements AfterSteps, BetweenSteps {
  /** The learning rate of each parameter group in the last step. */
  rates: number[] = [];
  foreseen: number[][] = [];
  private isChanged = false;
  /** The number of epochs that schedulers were told of. */
  private epochs = 0;

  constructor(
    private readonly schedules: Schedules,
    private readonly callbacks: Callbacks,
    private readonly groups: () => readonly Group[],
    private readonly inStream: (call: () => void) => void,
  ) {}

  // Asked when each run begins, because user code may have replaced a scheduler's method, or put a getter among the options.
  within(limits: Limits): Limits & { between: BetweenSteps | null } {
    const { everyStep, canGoAhead } = this.schedules;
    this.foreseen = [];
    this.isChanged = false;
    if (!everyStep) return { ...limits, between: null };
    return canGoAhead && !this.groups().some(hasGetter) ? { ...limits, between: this } : { ...limits, milliseconds: 0, between: null };
  }

  // Steps in one run share their rates. If schedulers are stepped after each step, a run has only one step.
  done(steps: number): void {
    this.told(this.now(), steps);
    this.inStream(() => this.schedules.afterStep());
    this.compare();
  }

  /** Tells of steps that were done with these rates. */
  told(rates: number[], steps: number): void {
    this.rates = rates;
    this.callbacks.stepsDone(rates, steps);
  }

  /** Called after an epoch with its figures. */
  endEpoch(figures: ReadonlyMap<string, number>): void {
    this.epochs++;
    this.inStream(() => this.schedules.afterEpoch(figures));
  }

  /** Steps the schedulers that watch nothing as often as epochs have ended: where a fit was aborted, whoever goes on begins the next one. */
  catchUp(ended: number): void {
    for (; this.epochs < ended; this.epochs++) this.inStream(() => this.schedules.simulateEpoch());
  }

  /**
   * The rates of epochs to come: a function of the number of epochs ended, which puts schedulers and groups in the state that they will then have, and one that restores
   * the present state. Schedulers that watch a figure are taken to change nothing.
   */
  foresee(): { after: (epochs: number) => Foreseen; restore: () => void } {
    const restore = this.keepAll(() => this.schedules.keepAll());
    let { epochs } = this;
    let last = this.foreseenNow();
    const after = (ended: number): Foreseen => {
      for (; epochs < ended; epochs++) this.schedules.simulateEpoch();
      if (!last.holds()) last = this.foreseenNow();
      return last;
    };
    return { after, restore };
  }

  private foreseenNow(): Foreseen {
    return { rates: this.now(), holds: this.stamp().holds };
  }

  /** Whether schedulers are stepped after each step. */
  get areOfSteps(): boolean {
    return this.schedules.everyStep;
  }

  /** Whether the rates of steps can be foreseen now. */
  get areForeseen(): boolean {
    return this.schedules.foreseeEpochs && !this.groups().some(hasGetter);
  }

  /** Calls a function in the state that will be there when so many epochs have ended, the last of which has had these steps; if there are none, no step follows until then. */
  inEpoch<T>(ended: number, last: ForeseenSteps | null, fn: () => T): T {
    const restore = this.keepAll(() => this.schedules.keepAll());
    try {
      last?.endAll();
      for (let epochs = last === null ? this.epochs : ended - 1; epochs < ended; epochs++) this.schedules.simulateEpoch();
      return fn();
    } finally {
      restore();
    }
  }

  simulateEpoch(): void {
    this.schedules.simulateEpoch();
  }

  /** Begins to go through the steps of an epoch: `step` is called after each of them, and `end` after the last. */
  goThrough(steps: number): { step: () => void; end: () => ForeseenSteps } {
    const { holds, setAside } = this.stamp();
    const { length } = this.groups();
    const all = new Float64Array(steps * length); // one list for each step would be as much for the garbage collector as all else together
    let at = 0;
    const step = (): void => {
      for (const { lr } of this.groups()) all[at++] = rateOf(lr);
      this.schedules.afterStep();
    };
    const ratesOf = (number: number): number[] => Array.from(all.subarray(number * length, (number + 1) * length));
    const end = (): ForeseenSteps => ({
      rates: ratesOf(steps - 1),
      holds: () => this.areForeseen && holds(),
      steps,
      ratesOf,
      setAside,
      end: this.keep(),
      endAll: this.keepAll(() => this.schedules.keepAll()),
    });
    return { step, end };
  }

  /** Counts steps that were done with foreseen rates. */
  went(foreseen: ForeseenSteps, steps: number): void {
    const setAgain = foreseen.setAside(); // what others set while the steps were done takes effect after them
    this.isChanged = setAgain === null;
    try {
      if (!this.isChanged && steps === foreseen.steps) {
        if (this.callbacks.areToldRates) for (let step = 0; step < steps; step++) this.callbacks.stepsDone(foreseen.ratesOf(step), 1);
        this.rates = foreseen.rates;
        foreseen.end();
      } else {
        this.foreseen = Array.from({ length: foreseen.steps }, (_, step) => foreseen.ratesOf(step));
        for (let step = 0; step < steps; step++) this.done(1);
      }
    } finally {
      setAgain?.();
      this.foreseen = [];
    }
  }

  passed(steps: number): void {
    if (this.foreseen.length === 0) this.callbacks.stepsDone(this.now(), steps);
    else for (const rates of this.foreseen.splice(0, steps)) this.callbacks.stepsDone(rates, 1);
  }

  changed(): void {
    this.isChanged = true;
  }

  stamp(): ReturnType<BetweenSteps['stamp']> {
    const before = this.groups().map((group) => ({ group, values: scheduled.map((name) => group[name]) }));
    const counts = this.schedules.counts;
    const isCounted = (): boolean => {
      const [groups, now] = [this.groups(), this.schedules.counts];
      const isOneOf = ({ group }: (typeof before)[number], i: number): boolean => group === groups[i];
      return groups.length === before.length && before.every(isOneOf) && now.every((count, i) => Object.is(count, counts[i]));
    };
    return {
      holds: () => isCounted() && before.every(({ group, values }) => values.every((value, i) => isSame(value, group[scheduled[i]!]))),
      setAside() {
        if (!isCounted()) return null;
        const set = before.flatMap(({ group, values }) =>
          scheduled.flatMap((name, i) => {
            const value = group[name];
            if (isSame(value, values[i])) return [];
            Object.assign(group, { [name]: values[i] });
            return () => void Object.assign(group, { [name]: value });
          }),
        );
        return () => {
          for (const again of set) again();
        };
      },
    };
  }

  get asks(): boolean {
    return this.schedules.asks;
  }

  keep(): () => void {
    return this.keepAll(() => this.schedules.keep());
  }

  private keepAll(keepCounts: () => () => void): () => void {
    const counts = keepCounts();
    const before = this.groups().map((group) => {
      const numbers = Object.fromEntries(scheduled.flatMap((name) => (group[name] === undefined ? [] : [[name, group[name]]])));
      return () => Object.assign(group, numbers);
    });
    return () => {
      counts();
      for (const restore of before) restore();
    };
  }

  step(): void {
    if (this.foreseen.length === 0) this.foreseen.push(this.now());
    this.schedules.afterStep();
    this.foreseen.push(this.now());
  }

  private now(): number[] {
    return this.groups().map(({ lr }) => rateOf(lr));
  }

  // The rate with which a step was done is the one that counts: a user's function that answers differently when it is called again would change it for the next
  // step. The last simulated step is unknown, and what would follow steps that were not done does not matter.
  private compare(): void {
    this.foreseen.shift();
    const [foreseen] = this.foreseen;
    if (foreseen === undefined) return;
    const now = this.now();
    const group = foreseen.findIndex((rate, i) => !Object.is(rate, now[i]));
    if (group < 0) return;
    if (this.isChanged) {
      throw new SimdnnError(
        'SIMDNN_RECORDING_DIFFERS',
        `[train.fit] a scheduler was stepped, or a parameter group replaced, while steps were done whose rates it had set: ${foreseen[group]}, then ${now[group]}\n  hint: do so in a callback, onBatch or onEpoch`,
      );
    }
    throw new SimdnnError(
      'SIMDNN_RECORDING_DIFFERS',
      `[train.fit] the scheduler gives another rate each time that it is asked: ${foreseen[group]}, then ${now[group]}\n  hint: its functions are asked ahead of the steps; one that depends on more than its argument belongs in a scheduler of your own, an object with a method step`,
    );
  }
}
