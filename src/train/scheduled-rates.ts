// The learning rates that a fit's schedulers set. The schedulers can also be simulated: they are stepped through epochs or steps that have not been done yet, and then
// restored, so that the training thread can be given the rates of that work in advance.
import { SimdnnError } from '../errors';
import type { Limits } from '../native';
import { hasGetter } from '../optim/groups';
import type { Callbacks } from './callbacks';
import type { Schedules } from './schedule';
import type { AfterSteps, BetweenSteps } from './step-precomputation';

interface Group {
  lr?: number;
  momentum?: number;
  betas?: readonly number[];
}

const scheduled = ['lr', 'momentum', 'betas'] as const;
type Scheduled = Group[(typeof scheduled)[number]];

const rateOf = (lr: number | undefined): number => lr ?? NaN; // a user-defined optimizer may have none

const isSame = (a: Scheduled, b: Scheduled): boolean =>
  Object.is(a, b) || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, i) => Object.is(value, b[i])));

/** The rates at the beginning of a simulated epoch. */
export interface SimulatedRates {
  /** One for each parameter group. */
  rates: number[];
  /** Whether the present rates and the states of the schedulers equal the simulated ones. */
  matches(): boolean;
}

/** The rates of all steps of a simulated epoch, for schedulers that are stepped after each step. */
export interface SimulatedSteps extends SimulatedRates {
  /** The number of steps. */
  readonly steps: number;
  /** The rates of a step, one for each parameter group. */
  ratesOf(step: number): number[];
  /** `setAsideChanges` of the stamp that was taken at the beginning of the epoch. */
  setAsideChanges(): (() => void) | null;
  /** Sets the schedulers that are stepped after each step, and the groups, to their states after the last step. */
  fastForward(): void;
  /** The same for all schedulers. */
  fastForwardEpoch(): void;
}

export class ScheduledRates implements AfterSteps, BetweenSteps {
  /** The learning rate of each parameter group in the last step. */
  rates: number[] = [];
  simulatedRates: number[][] = [];
  private wereSchedulesChanged = false;
  /** The number of epochs after which the schedulers have been stepped. */
  private epochsReported = 0;

  constructor(
    private readonly schedules: Schedules,
    private readonly callbacks: Callbacks,
    private readonly groups: () => readonly Group[],
    private readonly withRandomStream: (call: () => void) => void,
  ) {}

  // Evaluated at the beginning of each run, because user code may have replaced a scheduler's method, or defined a getter among the options.
  limitRun(limits: Limits): Limits & { between: BetweenSteps | null } {
    const { hasPerStep, canSimulateSteps } = this.schedules;
    this.simulatedRates = [];
    this.wereSchedulesChanged = false;
    if (!hasPerStep) return { ...limits, between: null };
    return canSimulateSteps && !this.groups().some(hasGetter)
      ? { ...limits, between: this }
      : { ...limits, milliseconds: 0, between: null };
  }

  // All steps of a run have the same rates: if schedulers are stepped after each step and cannot be simulated, `limitRun` limits a run to one step.
  stepsDone(steps: number): void {
    this.reportSteps(this.currentRates(), steps);
    this.withRandomStream(() => this.schedules.afterStep());
    this.checkSimulation();
  }

  /** Reports to callbacks that steps were done with these rates. */
  reportSteps(rates: number[], steps: number): void {
    this.rates = rates;
    this.callbacks.stepsDone(rates, steps);
  }

  /** Steps the schedulers after an epoch with these figures. */
  endEpoch(figures: ReadonlyMap<string, number>): void {
    this.epochsReported++;
    this.withRandomStream(() => this.schedules.afterEpoch(figures));
  }

  /**
   * Steps the schedulers that monitor no figure until they have been stepped for `ended` epochs. An aborted fit needs this: the user may continue the training with the
   * next epoch.
   */
  catchUp(ended: number): void {
    for (; this.epochsReported < ended; this.epochsReported++) this.withRandomStream(() => this.schedules.simulateEpoch());
  }

  /**
   * Simulates future epochs. `after(n)` puts schedulers and groups into their state after n epochs and returns its rates; `restore` restores the present state.
   * Schedulers that monitor a figure are assumed to change nothing, because the figure is not known yet.
   */
  simulateEpochs(): { after: (epochs: number) => SimulatedRates; restore: () => void } {
    const restore = this.keepAll(() => this.schedules.keepAll());
    let { epochsReported } = this;
    let last = this.presentRates();
    const after = (ended: number): SimulatedRates => {
      for (; epochsReported < ended; epochsReported++) this.schedules.simulateEpoch();
      if (!last.matches()) last = this.presentRates();
      return last;
    };
    return { after, restore };
  }

  private presentRates(): SimulatedRates {
    return { rates: this.currentRates(), matches: this.stamp().matches };
  }

  /** Whether schedulers are stepped after each step. */
  get arePerStep(): boolean {
    return this.schedules.hasPerStep;
  }

  /** Whether the rates of future steps can be simulated at present. */
  get canSimulateSteps(): boolean {
    return this.schedules.canSimulateEpochs && !this.groups().some(hasGetter);
  }

  /** Calls `fn` in the simulated state after `ended` epochs, and restores the present state. `last` has the steps of the last of these epochs; null: it has none left. */
  withStateAfter<T>(ended: number, last: SimulatedSteps | null, fn: () => T): T {
    const restore = this.keepAll(() => this.schedules.keepAll());
    try {
      last?.fastForwardEpoch();
      for (let epochs = last === null ? this.epochsReported : ended - 1; epochs < ended; epochs++) this.schedules.simulateEpoch();
      return fn();
    } finally {
      restore();
    }
  }

  simulateEpoch(): void {
    this.schedules.simulateEpoch();
  }

  /** Begins the simulation of an epoch's steps. The caller calls `step` after each step and `end` after the last. */
  simulateSteps(steps: number): { step: () => void; end: () => SimulatedSteps } {
    const { matches, setAsideChanges } = this.stamp();
    const { length } = this.groups();
    const all = new Float64Array(steps * length); // one array, because a list for each step would double the work of the garbage collector
    let at = 0;
    const step = (): void => {
      for (const { lr } of this.groups()) all[at++] = rateOf(lr);
      this.schedules.afterStep();
    };
    const ratesOf = (number: number): number[] => Array.from(all.subarray(number * length, (number + 1) * length));
    const end = (): SimulatedSteps => ({
      rates: ratesOf(steps - 1),
      matches: () => this.canSimulateSteps && matches(),
      steps,
      ratesOf,
      setAsideChanges,
      fastForward: this.keep(),
      fastForwardEpoch: this.keepAll(() => this.schedules.keepAll()),
    });
    return { step, end };
  }

  /** Counts steps that were done with simulated rates. */
  countSimulated(simulated: SimulatedSteps, steps: number): void {
    const reapply = simulated.setAsideChanges(); // changes that were made while the steps ran take effect after them
    this.wereSchedulesChanged = reapply === null;
    try {
      if (!this.wereSchedulesChanged && steps === simulated.steps) {
        if (this.callbacks.recordRates) for (let step = 0; step < steps; step++) this.callbacks.stepsDone(simulated.ratesOf(step), 1);
        this.rates = simulated.rates;
        simulated.fastForward();
      } else {
        this.simulatedRates = Array.from({ length: simulated.steps }, (_, step) => simulated.ratesOf(step));
        for (let step = 0; step < steps; step++) this.stepsDone(1);
      }
    } finally {
      reapply?.();
      this.simulatedRates = [];
    }
  }

  simulatedStepsDone(steps: number): void {
    if (this.simulatedRates.length === 0) this.callbacks.stepsDone(this.currentRates(), steps);
    else for (const rates of this.simulatedRates.splice(0, steps)) this.callbacks.stepsDone(rates, 1);
  }

  schedulesChanged(): void {
    this.wereSchedulesChanged = true;
  }

  stamp(): ReturnType<BetweenSteps['stamp']> {
    const before = this.groups().map((group) => ({ group, values: scheduled.map((name) => group[name]) }));
    const counts = this.schedules.stepState;
    const isCounted = (): boolean => {
      const [groups, now] = [this.groups(), this.schedules.stepState];
      const isOneOf = ({ group }: (typeof before)[number], i: number): boolean => group === groups[i];
      return groups.length === before.length && before.every(isOneOf) && now.every((count, i) => Object.is(count, counts[i]));
    };
    return {
      matches: () => isCounted() && before.every(({ group, values }) => values.every((value, i) => isSame(value, group[scheduled[i]!]))),
      setAsideChanges() {
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

  get callsUserFunctions(): boolean {
    return this.schedules.callsUserFunctions;
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
    if (this.simulatedRates.length === 0) this.simulatedRates.push(this.currentRates());
    this.schedules.afterStep();
    this.simulatedRates.push(this.currentRates());
  }

  private currentRates(): number[] {
    return this.groups().map(({ lr }) => rateOf(lr));
  }

  // Throws if the scheduler, now stepped in earnest, gives another rate than its simulation: the next step was computed with the simulated one. After the last
  // simulated step there is no rate to compare.
  private checkSimulation(): void {
    this.simulatedRates.shift();
    const [simulated] = this.simulatedRates;
    if (simulated === undefined) return;
    const now = this.currentRates();
    const group = simulated.findIndex((rate, i) => !Object.is(rate, now[i]));
    if (group < 0) return;
    if (this.wereSchedulesChanged) {
      throw new SimdnnError(
        'SIMDNN_RECORDING_DIFFERS',
        `[train.fit] a scheduler was stepped, or a parameter group replaced, while steps were done whose rates it had set: ${simulated[group]}, then ${now[group]}\n  hint: do so in a callback, onBatch or onEpoch`,
      );
    }
    throw new SimdnnError(
      'SIMDNN_RECORDING_DIFFERS',
      `[train.fit] the scheduler gives another rate each time that it is asked: ${simulated[group]}, then ${now[group]}\n  hint: its functions are asked ahead of the steps; one that depends on more than its argument belongs in a scheduler of your own, an object with a method step`,
    );
  }
}
