// A callback that records the learning rates of a fit.
import { checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { readsReport } from '../report-readers';
import { type BeginReport, type Callback, type EpochReport, stepsDone } from './callbacks';

/** The options of `learningRateMonitor`. */
export interface LearningRateMonitorOptions {
  /** When rates are recorded: after each epoch, those of its last step, or after each step ("epoch"). */
  interval?: 'epoch' | 'step';
  /** The names of the optimizer's parameter groups ("lr"; with several groups "group0", "group1" and so on). */
  names?: readonly string[];
}

/** The learning rates of a fit. */
export interface LearningRateMonitor extends Callback {
  /** The rates of each parameter group, by its name; NaN if the user's own optimizer has none. */
  readonly rates: Readonly<Record<string, readonly number[]>>;
  /** The number of the epoch, or of the step counted from the fit's first as 1, to which each rate belongs. */
  readonly at: readonly number[];
  /** The same as rows for `console.table`: the number, as `epoch` or `step`, and each group's rate. */
  readonly table: Record<string, number>[];
}

class Rates implements LearningRateMonitor {
  rates: Record<string, number[]> = {};
  at: number[] = [];
  readonly onEpoch?: (report: EpochReport) => void;
  /** @internal */
  readonly [stepsDone]?: (rates: readonly number[], steps: number) => void;
  private groups = 1;

  constructor(
    private readonly where: string,
    private readonly interval: 'epoch' | 'step',
    private readonly names: readonly string[] | null,
  ) {
    // Only for epochs, because a listener to epochs makes the fit return to JavaScript after each; steps do not need that.
    if (interval === 'epoch') this.onEpoch = readsReport(({ epoch, lrs }: EpochReport) => this.take(lrs, epoch));
    else {
      this[stepsDone] = (rates, steps) => {
        for (let i = 0; i < steps; i++) this.take(rates, this.at.length + 1);
      };
    }
  }

  onBegin({ optimizer }: BeginReport): void {
    const { length } = (optimizer as unknown as { paramGroups: readonly unknown[] }).paramGroups;
    if (this.names !== null && this.names.length !== length) {
      throw rangeError(
        this.where,
        `names has ${this.names.length} names, and the optimizer ${length} parameter group${length === 1 ? '' : 's'}`,
      );
    }
    this.groups = length;
    this.rates = {};
    this.at = [];
  }

  // A group that is added while the fit runs has had no rates before.
  private take(rates: readonly number[], at: number): void {
    for (const [i, rate] of rates.entries()) {
      const name = this.names?.[i] ?? (this.groups === 1 && i === 0 ? 'lr' : `group${i}`);
      if (!Object.hasOwn(this.rates, name)) {
        const value = Array<number>(this.at.length).fill(Number.NaN);
        Object.defineProperty(this.rates, name, { value, enumerable: true, configurable: true }); // also "__proto__"
      }
      this.rates[name]!.push(rate);
    }
    this.at.push(at);
  }

  get table(): Record<string, number>[] {
    return this.at.map((at, i) => ({
      [this.interval]: at,
      ...Object.fromEntries(Object.entries(this.rates).map(([name, rates]) => [name, rates[i]!])),
    }));
  }
}

function checkNames(where: string, names: unknown): readonly string[] {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw typeError(where, `expected names to be a list of strings, got ${describe(names)}`);
  }
  if (new Set(names).size < names.length) throw rangeError(where, 'one name is given to two parameter groups');
  return [...names];
}

/**
 * Records the learning rates of all parameter groups after each epoch or each step of a fit, as schedulers, `onEpoch` and `onBatch` set them. As
 * `lightning.pytorch.callbacks.LearningRateMonitor`.
 *
 * The lists are cleared when a fit begins, which rejects if there are more or fewer `names` than groups. The first group's rates for each epoch are also in the
 * result of every fit, `lr`.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), zeros([8, 1])), { batchSize: 4 });
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
 * const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
 * const monitor = train.learningRateMonitor();
 * const criterion = new nn.MSELoss();
 * await train.fit(model, { criterion, optimizer, scheduler, loader, epochs: 3, progress: false, callbacks: [monitor] });
 * monitor.rates; // { lr: [0.5, 0.25, 0.125] }
 * monitor.table[1]; // { epoch: 2, lr: 0.25 }
 */
export function learningRateMonitor(options: LearningRateMonitorOptions = {}): LearningRateMonitor {
  const where = 'train.learningRateMonitor';
  const o = withDefaults(where, options, { interval: 'epoch' as 'epoch' | 'step', names: undefined as readonly string[] | undefined });
  checkOneOf(where, 'interval', o.interval, ['epoch', 'step']);
  return new Rates(where, o.interval, o.names === undefined ? null : checkNames(where, o.names));
}
