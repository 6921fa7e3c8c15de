// A whole training run on a native thread, the event loop free.
import { checkBoolean, checkInteger, checkNumber, describe, SimdnnError, typeError, withDefaults } from '../errors';
import { Module } from '../nn';
import { Optimizer } from '../optim';
import { type Holder, hold, type Tensor, type Version } from '../tensor';
import { EarlyStopping, type EarlyStoppingOptions } from './early-stopping';
import { type Batches, Engine, type Leg } from './engine';
import { checkMetrics, classesServe, compute, type Metrics, outputBytes, update } from './measures';
import { type Progress, startProgress } from './progress';
import { type Criterion, evaluationTask, trainingTask } from './tasks';

/** What `onEpoch` is told. */
export interface EpochReport {
  /** The epoch that has ended, 1 for the first. */
  epoch: number;
  /** How many were asked for. */
  epochs: number;
  /** The mean of the batches' losses. */
  loss: number;
  /** The same over the validation loader, where there is one. */
  validationLoss?: number;
  /** The metrics: over the validation loader where there is one, else over the epoch's own predictions. */
  metrics: Record<string, number>;
}

/** What `onBatch` is told. */
export interface BatchReport {
  /** The epoch that is under way, 1 for the first. */
  epoch: number;
  /** Batches done of it. */
  batch: number;
  /** Batches an epoch, where the loader knows. */
  batches: number | undefined;
  /** The mean of their losses. */
  loss: number;
}

/** Changes the learning rate: `optim.lrScheduler`. */
export interface Scheduler {
  step(metric?: number): void;
}

/** The options of `fit`. */
export interface FitOptions {
  /** The loss: called with the model's output and the last tensor of each batch. */
  criterion: Criterion;
  /** Steps the parameters. */
  optimizer: Pick<Optimizer<object>, 'step' | 'zeroGrad'>;
  /** The batches, each `[...inputs, target]`. */
  loader: Batches;
  /** How many times the loader is gone through. */
  epochs: number;
  /** Batches on which loss and metrics are taken after each epoch, in evaluation mode. */
  validation?: Batches;
  /** Metrics by the names under which they are reported. */
  metrics?: Metrics;
  /** Stepped after each epoch. */
  scheduler?: Scheduler;
  /** Ends the fit between two steps. */
  signal?: AbortSignal;
  /** Called after each epoch, and awaited. The model may be used in it. */
  onEpoch?: (report: EpochReport) => unknown;
  /** Called every `progressEvery` milliseconds or so, and awaited. */
  onBatch?: (report: BatchReport) => unknown;
  /** Milliseconds between two calls of `onBatch`, and between two looks at options that were changed (100). */
  progressEvery?: number;
  /** Whether progress is shown on stderr: a line redrawn on a terminal, some twenty lines elsewhere (true). */
  progress?: boolean;
  /** Ends the fit when it gets no better. */
  earlyStopping?: EarlyStoppingOptions;
  /** Ends the fit with an error that names the operation as soon as a value is NaN or infinite (false). Slower. */
  detectAnomaly?: boolean;
}

/** What `fit` returns. */
export interface FitResult {
  /** The mean loss of each epoch. */
  loss: number[];
  /** That over the validation loader, where there was one. */
  validationLoss?: number[];
  /** Each metric, epoch by epoch. */
  metrics: Record<string, number[]>;
  /** The number of epochs that were done. */
  epochs: number;
  /** How long it took. */
  seconds: number;
}

const where = 'train.fit';

interface Settings extends Required<Pick<FitOptions, 'progressEvery' | 'progress' | 'detectAnomaly'>> {
  criterion: Criterion;
  optimizer: FitOptions['optimizer'];
  loader: Batches;
  epochs: number;
  validation: Batches | undefined;
  metrics: Metrics;
  scheduler: Scheduler | undefined;
  signal: AbortSignal | undefined;
  onEpoch: FitOptions['onEpoch'];
  onBatch: FitOptions['onBatch'];
  earlyStopping: EarlyStopping | null;
}

function checkMethod(name: string, value: unknown, method: string): void {
  if (typeof (value as Record<string, unknown> | null | undefined)?.[method] !== 'function') {
    throw typeError(where, `expected ${name} with a method ${method}, got ${describe(value)}`);
  }
}

function checkFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value !== undefined && typeof value !== 'function')
    throw typeError(where, `expected ${name} to be a function, got ${describe(value)}`);
  return value;
}

type Given = { [name in keyof Required<FitOptions>]: Required<FitOptions>[name] | undefined };

function settingsOf(options: FitOptions): Settings {
  const o = withDefaults<Given>(where, options as Partial<Given>, {
    criterion: undefined,
    optimizer: undefined,
    loader: undefined,
    epochs: undefined,
    validation: undefined,
    metrics: undefined,
    scheduler: undefined,
    signal: undefined,
    onEpoch: undefined,
    onBatch: undefined,
    progressEvery: 100,
    progress: true,
    earlyStopping: undefined,
    detectAnomaly: false,
  });
  checkMethod('criterion', o.criterion, 'forward');
  if (!(o.optimizer instanceof Optimizer)) throw typeError(where, `expected optimizer to be an optimizer, got ${describe(o.optimizer)}`);
  if (o.scheduler !== undefined) checkMethod('scheduler', o.scheduler, 'step');
  if (o.signal !== undefined && !(o.signal instanceof AbortSignal)) {
    throw typeError(where, `expected signal to be an AbortSignal, got ${describe(o.signal)}`, 'new AbortController().signal');
  }
  const metrics = checkMetrics(where, o.metrics);
  const known = ['loss', ...(o.validation === undefined ? [] : ['validationLoss']), ...Object.keys(metrics)];
  return {
    criterion: o.criterion!,
    optimizer: o.optimizer,
    loader: o.loader!,
    epochs: checkInteger(where, 'epochs', o.epochs, 1),
    validation: o.validation,
    metrics,
    scheduler: o.scheduler,
    signal: o.signal,
    onEpoch: checkFunction('onEpoch', o.onEpoch),
    onBatch: checkFunction('onBatch', o.onBatch),
    progressEvery: checkNumber(where, 'progressEvery', o.progressEvery, 1),
    progress: checkBoolean(where, 'progress', o.progress),
    earlyStopping: o.earlyStopping === undefined ? null : new EarlyStopping(where, o.earlyStopping, known),
    detectAnomaly: checkBoolean(where, 'detectAnomaly', o.detectAnomaly),
  };
}

// How far a leg got: in the midst of an epoch, or at the end of one.
const batchReport = ({ epochs, loss }: FitResult, leg: Leg, batches: number | undefined): BatchReport =>
  leg.batch > 0
    ? { epoch: epochs + 1, batch: leg.batch, batches, loss: leg.lossSum / leg.batch }
    : { epoch: epochs, batch: batches ?? leg.batches, batches, loss: loss.at(-1)! };

class Fit implements Holder {
  readonly name = where;
  private readonly result: FitResult = { loss: [], metrics: {}, epochs: 0, seconds: 0 };
  private readonly engine: Engine;
  private readonly held = new Set<Version>();
  private readonly trainingMetrics: Metrics;
  private readonly validates: boolean;
  private stepsDone = 0;

  constructor(
    private readonly model: Module,
    private readonly o: Settings,
  ) {
    this.validates = o.validation !== undefined;
    const wanted = Object.keys(o.metrics).length === 0 ? 'none' : classesServe(o.metrics) ? 'classes' : 'whole';
    this.trainingMetrics = this.validates ? {} : o.metrics;
    const tasks = [
      { task: trainingTask(where, model, o.criterion, o.optimizer, this.validates ? 'none' : wanted), loader: o.loader },
      ...(o.validation === undefined ? [] : [{ task: evaluationTask(where, model, o.criterion, wanted), loader: o.validation }]),
    ];
    for (const name of Object.keys(o.metrics)) this.result.metrics[name] = [];
    if (this.validates) this.result.validationLoss = [];
    this.checkFree();
    this.engine = new Engine(where, tasks, true);
  }

  sync(): void {
    this.engine.sync();
  }

  async run(): Promise<FitResult> {
    const { signal } = this.o;
    const begin = performance.now();
    const stop = () => this.engine.stop();
    const progress = await startProgress(this.o.progress, this.o.epochs);
    signal?.addEventListener('abort', stop);
    try {
      this.hold();
      this.engine.reserve(this.o.epochs);
      await this.train(progress, begin);
    } finally {
      signal?.removeEventListener('abort', stop);
      this.free(true);
      this.engine.release();
      progress.end();
    }
    this.o.earlyStopping?.restore(this.model);
    this.result.seconds = (performance.now() - begin) / 1000;
    return this.result;
  }

  private async train(progress: Progress, begin: number): Promise<void> {
    const { o, result } = this;
    // Whatever JavaScript does after an epoch must come before the next one begins.
    const epochByEpoch =
      this.validates ||
      Object.keys(o.metrics).length > 0 ||
      [o.scheduler, o.onEpoch, o.earlyStopping].some((x) => x !== undefined && x !== null);
    let samples = 0;
    let told = performance.now();
    for (const metric of Object.values(this.trainingMetrics)) metric.reset();
    while (result.epochs < o.epochs) {
      const leg = await this.leg(0, epochByEpoch ? 1 : o.epochs - result.epochs, o.progressEvery);
      samples += leg.batches * this.batchSize;
      this.stepsDone += leg.batches;
      update(this.trainingMetrics, leg, this.engine.kinds(0)[0]!);
      for (const loss of leg.losses) {
        result.loss.push(loss);
        result.epochs++;
      }
      const speed = samples / ((performance.now() - begin) / 1000);
      if (leg.losses.length > 0 && epochByEpoch) {
        if (await this.endEpoch(leg.losses[0]!)) break;
        for (const metric of Object.values(this.trainingMetrics)) metric.reset();
      }
      progress.update(result, leg.batch / (o.loader.length ?? Infinity), speed);
      if (o.onBatch !== undefined && performance.now() - told >= o.progressEvery) {
        const report = batchReport(result, leg, o.loader.length);
        await this.outside(async () => o.onBatch!(report));
        told = performance.now();
      }
    }
  }

  private get batchSize(): number {
    return this.engine.kinds(0)[0]?.target.shape[0] ?? 1;
  }

  // One leg; rejects with the signal's reason when that has ended it.
  private async leg(part: number, epochs: number, milliseconds: number): Promise<Leg> {
    const { signal, detectAnomaly } = this.o;
    if (signal?.aborted) throw signal.reason;
    this.holdMore();
    const leg = await this.engine.leg(part, { epochs, milliseconds, outputBytes, finite: detectAnomaly });
    if (signal?.aborted) {
      if (part === 0) this.result.epochs += leg.losses.length;
      throw signal.reason;
    }
    return leg;
  }

  // Validation, metrics, scheduler, callback; true when the fit is to end.
  private async endEpoch(loss: number): Promise<boolean> {
    const { o, result } = this;
    if (this.validates) {
      for (const metric of Object.values(o.metrics)) metric.reset();
      for (let ended = false; !ended; ) {
        const leg = await this.leg(1, 1, o.progressEvery);
        update(o.metrics, leg, this.engine.kinds(1)[0]!);
        ended = leg.losses.length > 0;
        if (ended) result.validationLoss!.push(leg.losses[0]!);
      }
    }
    const metrics = compute(where, o.metrics);
    for (const [name, figure] of Object.entries(metrics)) result.metrics[name]!.push(figure);
    const validationLoss = result.validationLoss?.at(-1);
    o.scheduler?.step(validationLoss ?? loss);
    const report: EpochReport = {
      epoch: result.epochs,
      epochs: o.epochs,
      loss,
      ...(validationLoss !== undefined && { validationLoss }),
      metrics,
    };
    if (o.onEpoch === undefined && o.earlyStopping === null) return false;
    return this.outside(async () => {
      await o.onEpoch?.(report);
      return o.earlyStopping?.isOver({ loss, validationLoss: validationLoss ?? Number.NaN, ...metrics }, this.model) ?? false;
    });
  }

  // Calls back with the model free to be used, and changed.
  private async outside<T>(call: () => Promise<T>): Promise<T> {
    this.free(false);
    const result = await call();
    this.checkFree();
    this.hold();
    this.engine.write();
    return result;
  }

  private get versions(): Version[] {
    const { paramGroups } = this.o.optimizer as unknown as { paramGroups: { params: readonly Tensor[] }[] };
    const tensors = [...this.model.parameters(), ...this.model.buffers(), ...paramGroups.flatMap(({ params }) => params)];
    return tensors.map(({ version }) => version);
  }

  private checkFree(): void {
    for (const { holder } of this.versions) {
      if (holder !== null) {
        throw new SimdnnError(
          'SIMDNN_IN_USE',
          `[${where}] the model or the optimizer is in use by another ${holder.name}\n  hint: await it first`,
        );
      }
    }
  }

  private hold(): void {
    for (const version of this.versions) this.take(version);
  }

  // What the recordings found besides.
  private holdMore(): void {
    for (const { version, requiresGrad } of this.engine.ready().leaves) if (requiresGrad) this.take(version);
  }

  private take(version: Version): void {
    hold(version, this);
    this.held.add(version);
  }

  private free(forGood: boolean): void {
    if (forGood) this.engine.finish();
    else this.engine.sync();
    for (const version of this.held) hold(version, null);
    this.held.clear();
    if (forGood && this.stepsDone > 0) for (const kind of this.engine.kinds(0)) kind.leaveGradients();
  }
}

/**
 * Trains a model on a native thread, so that the event loop stays free: the loop of epochs, batches and steps with the same bits.
 *
 * Each batch is `[...inputs, target]`; a step is `zeroGrad`, `criterion(model(...inputs), target)`, `backward`, `step`, compiled as
 * `compile` does: its rules hold for the model's code. Loaders of a `TensorDataset` are gathered natively from a copy of its tensors; own datasets are
 * read on the JavaScript thread. `progressEvery` is in milliseconds, default 100.
 *
 * While it runs the model, the optimizer and their tensors are in use: reading `data`, `item()` or `toArray()` gives the values as of the last
 * finished step, anything else is a SimdnnError `"SIMDNN_IN_USE"`. In `onEpoch` and `onBatch` they are free. When `signal` aborts, the run ends after the present step, the model
 * whole, and the promise rejects with `signal.reason`. What a callback or a dataset throws rejects it as well.
 *
 * Rejects with a TypeError or RangeError for options that cannot be used and for labels out of range, with `detectAnomaly` with a SimdnnError
 * `"SIMDNN_NOT_FINITE"` at the first value that is NaN or infinite.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * const dataset = new data.TensorDataset(randn([100, 4]), zeros([100], { dtype: "int32" }));
 * const { loss } = await train.fit(model, {
 *   criterion: new nn.CrossEntropyLoss(),
 *   optimizer: new optim.Adam(model.parameters()),
 *   loader: new data.DataLoader(dataset, { batchSize: 32, shuffle: true }),
 *   epochs: 5,
 *   progress: false,
 * });
 * loss.length; // 5
 */
export async function fit(model: Module, options: FitOptions): Promise<FitResult> {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  const settings = settingsOf(options);
  if (settings.signal?.aborted) throw settings.signal.reason;
  return new Fit(model, settings).run();
}
