// A whole training run on a native thread, the event loop free.
import { describe, SimdnnError, typeError } from '../errors';
import type { Holder } from '../holders';
import { Module } from '../nn';
import { randomPosition } from '../random';
import { hold, refuseLost, type Tensor, type Version } from '../tensor';
import type { BatchReport } from './callbacks';
import { Engine, type Leg } from './engine';
import { compute, type Metrics, outputBytes, outputWanted, update } from './measures';
import { type FitOptions, type FitResult, type Settings, settingsOf } from './options';
import { type Progress, silent, startProgress } from './progress';
import { bestOf, emptyResult } from './result';
import type { Session } from './session';
import { OwnSequence, seedOf } from './stream';
import { evaluationTask, intoTraining, type LossTask, trainingTask } from './tasks';
import { checkTrained } from './trained';

const where = 'train.fit';

// How far a leg got: in the midst of an epoch, or at the end of one.
const batchReport = ({ loss }: FitResult, epochs: number, leg: Leg, batches: number | undefined): Omit<BatchReport, 'stop'> =>
  leg.batch > 0
    ? { epoch: epochs + 1, batch: leg.batch, batches, loss: leg.lossSum / leg.batch }
    : { epoch: epochs, batch: batches ?? leg.ofEpoch ?? leg.batches, batches, loss: loss.at(-1)! };

class Fit implements Holder {
  readonly name = where;
  private readonly result: FitResult;
  private readonly task: LossTask;
  private readonly engine: Engine;
  private readonly held = new Set<Tensor>();
  /** Steps done since the step was recorded or checked last. */
  private unchecked = 0;
  private readonly trainingMetrics: Metrics;
  private readonly validates: boolean;
  private readonly restoreModes: () => void;
  /** Whether the thread's values are those that count: not where callbacks have the model. */
  private inUse = false;
  private progress: Progress = silent;
  /** The learning rate of each group in the last step. */
  private rates: number[] = [];
  private epochBegan = performance.now();
  private stopped: FitResult['stopped'] = null;
  private readonly stopper = (): void => {
    this.stopped ??= 'callback';
  };
  /** Random numbers of metrics: how many are drawn before a step depends on when legs end. */
  private readonly ofMetrics = new OwnSequence(seedOf(randomPosition().seed, randomPosition().offset));

  // From here on, before anything is awaited, model and optimizer are in use, and with `run` whatever else the first recording finds.
  constructor(
    private readonly model: Module,
    private readonly o: Settings,
  ) {
    this.validates = o.validation !== undefined;
    this.trainingMetrics = this.validates ? o.trainMetrics : o.metrics;
    const clip = () => o.clip?.(this.groups.flatMap(({ params }) => params));
    this.task = trainingTask(where, model, o.criterion, o.optimizer, outputWanted(this.trainingMetrics), o.detectAnomaly, clip);
    const tasks = [
      { task: this.task, loader: o.loader },
      ...(o.validation === undefined
        ? []
        : [{ task: evaluationTask(where, model, o.criterion, outputWanted(o.metrics)), loader: o.validation }]),
    ];
    this.result = emptyResult(o);
    const { tensors } = this;
    this.checkFree(tensors);
    this.engine = new Engine(where, tasks, {
      forFits: true,
      changes: true,
      epochsBefore: o.initialEpoch,
      interrupts: o.callbacks.has('onBatch'),
      found: (kind) => this.takeFound(kind.leaves, kind.trace.changes),
      made: (session) => this.recorded(session),
    });
    this.restoreModes = intoTraining(model);
    try {
      this.hold(tensors);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  sync(): void {
    if (this.inUse) this.engine.sync();
  }

  async run(): Promise<FitResult> {
    const { signal, callbacks } = this.o;
    const begin = performance.now();
    const stop = () => this.engine.stop();
    signal?.addEventListener('abort', stop);
    try {
      await this.engine.recordInTurns();
      this.inUse = true;
      if (callbacks.has('onBegin')) {
        const batches = this.o.loader.length;
        await this.outside(() =>
          callbacks.tell('onBegin', { model: this.model, optimizer: this.o.optimizer, epochs: this.o.epochs, batches }),
        );
        if (signal?.aborted) throw signal.reason;
      }
      this.progress = startProgress(this.o.progress, this.o.initialEpoch, this.o.epochs);
      await this.train(begin);
      if (this.stopped !== null && signal?.aborted) throw signal.reason;
    } finally {
      signal?.removeEventListener('abort', stop);
      this.end();
      if (signal?.aborted) this.o.earlyStopping?.restore(this.model);
    }
    const { result, o } = this;
    o.earlyStopping?.restore(this.model);
    const best = bestOf(result.validationLoss ?? result.loss);
    result.bestEpoch = o.earlyStopping?.bestEpoch ?? (best && o.initialEpoch + best);
    result.stopped = this.stopped;
    result.seconds = (performance.now() - begin) / 1000;
    await callbacks.tell('onEnd', result);
    return result;
  }

  private async train(begin: number): Promise<void> {
    const { o, result, progress } = this;
    // Whatever JavaScript does after an epoch must come before the next one begins.
    const epochByEpoch =
      this.validates || Object.keys(o.metrics).length > 0 || !o.schedules.isEmpty || o.callbacks.has('onEpoch') || o.earlyStopping !== null;
    const legTime = o.schedules.everyStep ? 0 : o.progressEvery; // 0: one step
    let samples = 0;
    let [told, shown] = [performance.now(), 0];
    while (this.epochsDone < o.epochs && this.stopped === null) {
      // Not at the end of the epoch before: callbacks in between may use the metrics.
      if (this.engine.isBetweenEpochs(0)) for (const metric of Object.values(this.trainingMetrics)) metric.reset();
      const rates = this.groups.map(({ lr }) => lr ?? NaN); // an optimizer of one's own may have none
      const leg = await this.leg(0, epochByEpoch ? 1 : o.epochs - this.epochsDone, legTime);
      samples += leg.batches * this.batchSize;
      this.unchecked += leg.batches;
      this.ofMetrics.run(() => update(this.trainingMetrics, leg));
      if (leg.batches > 0) {
        this.rates = rates;
        this.inStream(() => o.schedules.afterStep());
      }
      for (const loss of leg.losses) {
        result.loss.push(loss);
        result.lr.push(this.rates[0]!);
        result.epochs++;
      }
      if (o.signal?.aborted) throw o.signal.reason;
      if (leg.losses.length > 0 && epochByEpoch && (await this.endEpoch(leg.losses[0]!))) this.stopped ??= 'earlyStopping';
      this.countSeconds(leg.losses.length);
      const now = performance.now();
      if (leg.losses.length > 0 || now - shown >= o.progressEvery) {
        shown = now;
        progress.update(result, leg.batch / (o.loader.length ?? Infinity), samples / ((now - begin) / 1000));
      }
      if (
        this.stopped === null &&
        o.callbacks.has('onBatch') &&
        leg.batches > 0 &&
        now - told >= o.progressEvery &&
        this.engine.isSettled
      ) {
        const report = { ...batchReport(result, this.epochsDone, leg, o.loader.length), stop: this.stopper };
        await this.outside(() => o.callbacks.tell('onBatch', report));
        this.epochBegan += performance.now() - now;
        told = performance.now();
      }
    }
  }

  private get batchSize(): number {
    return this.engine.kinds(0)[0]?.target.shape[0] ?? 1;
  }

  private async leg(part: number, epochs: number, milliseconds: number): Promise<Leg> {
    const { signal, detectAnomaly, check } = this.o;
    if (signal?.aborted) throw signal.reason;
    // Where the loader's last batch is done, no step needs what a callback has changed.
    const hasNext = this.engine.hasNext(part);
    try {
      let session = hasNext ? this.engine.held : null;
      if (hasNext && session === null) {
        await this.engine.recordInTurns();
        if (signal?.aborted) throw signal.reason;
        // In one turn where a part holds no longer when all are done: whoever changes options all the time does not keep it from going on.
        session = this.engine.held ?? this.engine.record();
      }
      if (session !== null && check > 0 && this.unchecked >= check) {
        session.verify();
        this.unchecked = 0;
      }
    } catch (error) {
      if (part === 0 && !(error instanceof SimdnnError)) this.refusedStep();
      throw error;
    }
    return this.engine.leg(part, { epochs, milliseconds, outputBytes, finite: detectAnomaly });
  }

  // A callback has set what the next step will refuse, such as a rate below zero. In a loop that step begins: its order and its dropout are drawn,
  // its gradients are there. It is done here as there, and throws.
  private refusedStep(): void {
    if (!this.engine.isBetweenEpochs(0)) return;
    this.free();
    this.engine.stream.begin();
    try {
      for (const batch of this.o.loader) {
        this.task.run(...batch);
        break;
      }
    } finally {
      this.engine.stream.end();
    }
  }

  // Validation, metrics, scheduler, callback; true when the fit is to end.
  private async endEpoch(loss: number): Promise<boolean> {
    const { o, result, rates: lrs } = this;
    if (this.validates) {
      for (const metric of Object.values(o.metrics)) metric.reset();
      for (let ended = false; !ended; ) {
        const leg = await this.leg(1, 1, o.progressEvery);
        if (o.signal?.aborted) throw o.signal.reason;
        this.ofMetrics.run(() => update(o.metrics, leg));
        ended = leg.losses.length > 0;
        if (ended) result.validationLoss!.push(leg.losses[0]!);
      }
    }
    const metrics = this.ofMetrics.run(() => compute(where, o.metrics));
    const trainMetrics = this.ofMetrics.run(() => compute(where, o.trainMetrics, 'trainMetrics'));
    for (const [name, figure] of Object.entries(trainMetrics)) result.trainMetrics[name]!.push(figure);
    for (const [name, figure] of Object.entries(metrics)) result.metrics[name]!.push(figure);
    const validationLoss = result.validationLoss?.at(-1);
    const figures = { loss, ...(validationLoss !== undefined && { validationLoss }), ...metrics };
    this.inStream(() => o.schedules.afterEpoch(figures));
    this.countSeconds(1);
    const epoch = this.epochsDone;
    const report = {
      epoch,
      epochs: o.epochs,
      loss,
      ...(validationLoss !== undefined && { validationLoss }),
      metrics,
      trainMetrics,
      lr: lrs[0]!,
      lrs,
      seconds: result.epochSeconds.at(-1)!,
      stop: this.stopper,
    };
    if (!o.callbacks.has('onEpoch') && o.earlyStopping === null) return false;
    const isOver = await this.outside(async () => {
      await o.callbacks.tell('onEpoch', report);
      return o.earlyStopping?.isOver(figures, epoch, this.model) ?? false;
    });
    this.epochBegan = performance.now();
    return isOver;
  }

  // What JavaScript draws in it is of the run's numbers.
  private inStream(call: () => void): void {
    this.engine.stream.begin();
    try {
      call();
    } finally {
      this.engine.stream.end();
    }
  }

  // Calls back with the model free to be used, and changed. What is thrown leaves it free, and as it is then.
  private async outside<T>(call: () => Promise<T>): Promise<T> {
    this.free();
    this.engine.stream.begin();
    let result: T;
    try {
      result = await call();
    } finally {
      this.engine.stream.end();
    }
    const { tensors } = this;
    this.checkFree(tensors);
    this.hold(tensors);
    this.engine.write();
    this.inUse = true;
    return result;
  }

  private get groups(): readonly { params: readonly Tensor[]; lr?: number }[] {
    return (this.o.optimizer as unknown as { paramGroups: { params: readonly Tensor[]; lr?: number }[] }).paramGroups;
  }

  /** Those before this fit counted. */
  private get epochsDone(): number {
    return this.o.initialEpoch + this.result.epochs;
  }

  // Since the last epoch ended, divided among those that ended now; callbacks do not count.
  private countSeconds(epochs: number): void {
    const { epochSeconds, epochs: done } = this.result;
    const uncounted = Math.min(epochs, done - epochSeconds.length);
    if (uncounted === 0) return;
    const now = performance.now();
    for (let i = 0; i < uncounted; i++) epochSeconds.push((now - this.epochBegan) / 1000 / uncounted);
    this.epochBegan = now;
  }

  // Of model and optimizer.
  private get tensors(): Tensor[] {
    return [...this.model.parameters(), ...this.model.buffers(), ...this.groups.flatMap(({ params }) => params)];
  }

  private checkFree(tensors: readonly Tensor[]): void {
    for (const { version } of tensors) this.refuseHeld(version);
  }

  private refuseHeld({ holder }: Version): void {
    if (holder !== null && holder !== this) {
      throw new SimdnnError(
        'SIMDNN_IN_USE',
        `[${where}] the model or the optimizer is in use by another ${holder.name}\n  hint: await it first`,
      );
    }
  }

  private hold(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) this.take(tensor);
  }

  // What the recordings found besides is in use as well.
  private takeFound(leaves: readonly Tensor[], changes: readonly Tensor[]): void {
    for (const tensor of [...leaves.filter(({ requiresGrad }) => requiresGrad), ...changes]) {
      this.refuseHeld(tensor.version);
      this.take(tensor);
    }
  }

  private recorded(session: Session): void {
    this.takeFound(session.leaves, session.changes);
    checkTrained(where, this.model, this.groups, session.kinds(0));
  }

  private take(tensor: Tensor): void {
    refuseLost(where, tensor);
    hold(tensor, this);
    this.held.add(tensor);
  }

  // Copies the thread's values into JavaScript's memory, where JavaScript has not had it since, and gives it back.
  private free(): void {
    if (this.inUse) this.engine.finish();
    this.inUse = false;
    for (const tensor of this.held) hold(tensor, null);
    this.held.clear();
  }

  private end(): void {
    try {
      this.free();
    } finally {
      this.restoreModes();
      this.engine.close();
      this.progress.end();
    }
  }
}

/**
 * Trains a model on a native thread, so that the event loop stays free: the loop of epochs, batches and steps with the same bits.
 *
 * Each batch is `[...inputs, target]`; a step is `zeroGrad`, `criterion(model(...inputs), target)`, `backward`, `step`, compiled as
 * `compile` does: its rules hold for the model's code. Loaders of a `TensorDataset` are gathered natively from a copy of its tensors; own datasets are
 * read on the JavaScript thread. `progressEvery` is in milliseconds, default 100.
 *
 * It trains in training mode, in a model that was left in evaluation mode too. Random numbers are drawn from the loop's one sequence, by callbacks and own
 * datasets as well, metrics have a sequence of their own; whoever else draws while it runs has a sequence of its own.
 *
 * From the call on the model, the optimizer and their tensors are in use: reading `data`, `item()` or `toArray()` gives the values as of the last
 * finished step, anything else is a SimdnnError `"SIMDNN_IN_USE"`. In `onEpoch` and `onBatch` they are free. When `signal` aborts, the run ends after the present step, the model
 * whole, and the promise rejects with `signal.reason`. What a callback, a dataset, a metric or a scheduler throws rejects it as well; what they changed stays.
 *
 * Rejects with a TypeError or RangeError for options that cannot be used, for batches of more tensors than the model takes, for an optimizer or a scheduler of something
 * else, for a step that changes no parameter, and for labels out of range; with `detectAnomaly` with a SimdnnError
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
export async function fit(model: Module, options: FitOptions, ...rest: never[]): Promise<FitResult> {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  if (rest.length > 0) throw typeError(where, `expected a model and options, got ${2 + rest.length} arguments`);
  const settings = settingsOf(where, options);
  if (settings.signal?.aborted) throw settings.signal.reason;
  return new Fit(model, settings).run();
}
