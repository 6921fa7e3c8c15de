// One fit, from its call to its result.
import { SimdnnError } from '../errors';
import type { Holder } from '../holders';
import type { Module } from '../nn';
import { randomPosition } from '../random';
import type { RecordedStep } from '../recording';
import { hold, refuseLost, type Tensor } from '../tensor';
import { canRunAhead, hasEpochWork, mayChangeNextEpoch, mustRanksAgree } from './after-epoch';
import { Group } from './batch';
import { knownLength } from './batches';
import { batchReport } from './callbacks';
import { Engine } from './engine';
import { EpochSeconds } from './epoch-seconds';
import { refuseInUse } from './exclusive-use';
import type { Figures, SetFigures } from './figure-types';
import { runsOnlyLibraryCode, tensorsOf } from './library-step';
import { type Measures, outputBytes } from './measures';
import { MetricsInUse } from './metrics-in-use';
import type { FitResult, Settings } from './options';
import { drainLoaders } from './phase';
import { type Progress, silent, startProgress } from './progress';
import { RandomSequence, seedOf } from './random-stream';
import type { Ranks } from './ranks';
import { addFigures, addSet, bestOf, emptyResult } from './result';
import type { AheadOptions } from './rounds-ahead';
import { ScheduledRates } from './scheduled-rates';
import type { Segment } from './segment';
import { enterTrainingMode, evaluationTask, type LossTask, trainingTask } from './tasks';
import { checkTrainedParameters } from './untrained-parameters';
import { epochFigures, loaderName, reported } from './validation';

const where = 'train.fit';

export class Fit implements Holder {
  readonly name = where;
  private readonly result: FitResult;
  private readonly task: LossTask;
  private readonly engine: Engine;
  private readonly tensorsInUse = new Set<Tensor>();
  /** The number of steps since the step was last recorded or verified. */
  private stepsSinceCheck = 0;
  private readonly trainingMetrics: Measures;
  private readonly metricsInUse: MetricsInUse;
  private readonly validates: boolean;
  private rows = 0;
  /** The number of rows done in the current epoch. */
  private epochRows = 0;
  private readonly restoreModes: () => void;
  /** Whether the thread has the current values. While callbacks have the model, JavaScript has them. */
  private isThreadCurrent = false;
  private progress: Progress = silent;
  private readonly afterSteps: ScheduledRates;
  private readonly epochSeconds: EpochSeconds;
  private stopped: FitResult['stopped'] = null;
  private readonly stopper = (): void => {
    this.stopped ??= 'callback';
  };
  /** The random numbers of metrics. They are not the fit's, because how many are drawn before a step depends on when segments end. */
  private readonly metricSequence = new RandomSequence(seedOf(randomPosition().seed, randomPosition().offset));

  // The constructor marks the tensors of model and optimizer as in use before anything is awaited; `run` does so with the other tensors that the recordings find.
  constructor(
    private readonly model: Module,
    private readonly o: Settings,
    private readonly ranks: Ranks,
  ) {
    this.validates = o.validation.length > 0;
    this.trainingMetrics = this.validates ? o.trainMetrics : o.metrics;
    for (const measures of [o.metrics, o.trainMetrics]) measures.over(this.ranks);
    this.metricsInUse = new MetricsInUse(where, [...o.metrics.all, ...o.trainMetrics.all]);
    const inStep = {
      afterBackward: () => o.clip?.(this.groups.flatMap(({ params }) => params)),
      afterStep: o.callbacks.afterStep,
    };
    const trained = (measures: Measures) => ({
      model,
      criterion: o.criterion,
      layout: o.layout,
      selectOutputs: measures.selectOutputs,
      classes: measures.classes,
      precision: o.precision,
    });
    this.task = trainingTask(where, trained(this.trainingMetrics), o.optimizer, new Group(where, o.accumulate), o.detectAnomaly, inStep);
    const tasks = [
      { task: this.task, loader: o.loader },
      ...o.validation.map(({ name, loader }) => ({ task: evaluationTask(where, trained(o.metrics)), loader, name: loaderName(name) })),
    ];
    this.result = emptyResult(o);
    this.epochSeconds = new EpochSeconds(this.result.epochSeconds);
    const { tensors } = this;
    this.refuseInUse(tensors);
    this.engine = new Engine(where, tasks, {
      forFits: true,
      mayChange: true,
      epochsBefore: o.initialEpoch,
      onRecording: (kind) => this.holdRecorded(kind.leaves, kind.trace.changes),
      onRecorded: (fresh) => this.checkRecorded(fresh),
    });
    if (o.callbacks.has('onBatch')) this.engine.phases[0]!.wantedBatches = 8; // the time of a step is not known yet
    this.afterSteps = new ScheduledRates(
      o.schedules,
      o.callbacks,
      () => this.groups,
      (call) => this.engine.stream.within(call),
    );
    this.restoreModes = enterTrainingMode(model);
    try {
      this.holdAll(tensors);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  sync(): void {
    if (this.isThreadCurrent) this.engine.sync();
  }

  async run(): Promise<FitResult> {
    const { signal, callbacks } = this.o;
    const begin = performance.now();
    const stop = () => this.engine.stop();
    signal?.addEventListener('abort', stop);
    try {
      await this.engine.recordInTurns(() => !this.ranks.isDistributed && runsOnlyLibraryCode(this.model, this.o, this.tensorsInUse));
      this.isThreadCurrent = true;
      if (callbacks.has('onBegin')) {
        const { optimizer, epochs, initialEpoch, resumed, loader } = this.o;
        const batches = knownLength(loader);
        await this.lendModel(() => callbacks.notify('onBegin', { model: this.model, optimizer, epochs, initialEpoch, resumed, batches }));
        if (signal?.aborted) throw signal.reason;
      }
      this.progress = startProgress(this.ranks.isFirst && this.o.progress, this.o.initialEpoch, this.o.epochs);
      await callbacks.flushedAfter(this.train(begin));
      if (this.stopped !== null && this.ranks.isAborted(signal)) throw signal!.reason;
    } finally {
      signal?.removeEventListener('abort', stop);
      this.ranks.noteError(await this.engine.settleAhead());
      try {
        if (signal?.aborted || this.ranks.isDistributed) this.afterSteps.catchUp(this.engine.phases[0]!.epochsDone);
      } finally {
        await this.end();
      }
      if (signal?.aborted) this.o.earlyStopping?.restore(this.model);
    }
    const { result, o } = this;
    o.earlyStopping?.restore(this.model);
    const best = bestOf(result.validationLoss ?? result.loss);
    result.bestEpoch = o.earlyStopping?.bestEpoch ?? (best && o.initialEpoch + best);
    result.stopped = this.stopped;
    result.seconds = (performance.now() - begin) / 1000;
    result.rowsPerSecond = this.rows / result.seconds;
    await callbacks.notify('onEnd', result);
    return result;
  }

  private async train(begin: number): Promise<void> {
    const { o, result, progress } = this;
    const agrees = this.ranks.agreeByEpoch(mustRanksAgree(o) || !this.engine.countsEpochs);
    const epochByEpoch = agrees || hasEpochWork(o);
    const isDistributedPerStep = this.ranks.isDistributed && o.schedules.hasPerStep; // precomputed step numbers need rounds that can be rolled back
    const runsAhead = epochByEpoch && !agrees && !isDistributedPerStep && canRunAhead(o);
    const mayRollBack = mayChangeNextEpoch(o) && !this.ranks.isDistributed; // ranks that go ahead change nothing after an epoch, so they roll nothing back
    let [notified, shown] = [performance.now(), 0];
    const isStopped = (): boolean => this.stopped !== null && (!this.ranks.isDistributed || this.engine.isBetweenEpochs(0)); // all ranks stop after the same epoch
    while (this.epochsDone < o.epochs && !isStopped()) {
      // Reset at the beginning of an epoch and not at the end of the last one, because callbacks in between may use the metrics.
      if (this.engine.isBetweenEpochs(0)) this.trainingMetrics.reset();
      const [left, rowsOfEpoch] = [o.epochs - this.epochsDone, this.engine.rowsOf(0)];
      const ahead = runsAhead ? { maxRounds: left, rates: this.afterSteps, mayRollBack } : null;
      const segment = await this.segment(0, epochByEpoch ? 1 : left, o.progressEvery, ahead);
      this.rows += segment.rows;
      this.epochRows += segment.rows;
      segment.losses = segment.losses.map((loss) => this.ranks.mean(loss, rowsOfEpoch ?? this.epochRows));
      if (segment.losses.length > 0) this.epochRows = 0;
      this.stepsSinceCheck += segment.steps;
      this.metricSequence.run(() => this.trainingMetrics.update(segment));
      for (const loss of segment.losses) {
        result.loss.push(loss);
        result.lr.push(this.afterSteps.rates[0]!);
        result.epochs++;
      }
      if (o.signal?.aborted) throw o.signal.reason;
      if (segment.losses.length > 0 && epochByEpoch && (await this.endEpoch(segment.losses[0]!))) this.stopped ??= 'earlyStopping';
      if (segment.losses.length > 0 && this.ranks.any(this.stopped !== null)) this.stopper();
      if (this.epochsDone === o.epochs || isStopped()) this.ranks.agreeOnEnd();
      const part = segment.batch / (o.loader.length ?? Infinity);
      this.countSeconds(segment.losses.length, part);
      const now = performance.now();
      if (segment.losses.length > 0 || now - shown >= o.progressEvery) {
        shown = now;
        progress.update(result, segment, part, this.rows / ((now - begin) / 1000));
      }
      if (!isStopped() && o.callbacks.has('onBatch') && segment.steps > 0 && now - notified >= o.progressEvery) {
        await this.engine.batchesArrived();
        if (this.epochsDone < o.epochs && this.ranks.isAborted(o.signal)) throw o.signal!.reason;
        if (!drainLoaders(this.engine.phases)) continue;
        const report = { ...batchReport(result, this.epochsDone, segment, knownLength(o.loader)), stop: this.stopper };
        await this.lendModel(() => o.callbacks.notify('onBatch', report));
        this.epochSeconds.leaveOut(performance.now() - now);
        notified = performance.now();
      }
    }
  }

  private async segment(phase: number, epochs: number, milliseconds: number, ahead: AheadOptions | null = null): Promise<Segment> {
    const { signal, detectAnomaly } = this.o;
    if (signal?.aborted) throw signal.reason;
    if (phase === 0) await this.engine.takingBack();
    if (!this.engine.isRunningAhead) await this.prepare(phase);
    const limits = { epochs, milliseconds, outputBytes, finite: detectAnomaly, joins: this.ranks.joins };
    const began = performance.now();
    const segment = await this.engine.segment(phase, limits, phase === 0 ? this.afterSteps : undefined, ahead);
    this.epochSeconds.addSegment(segment.seconds, (performance.now() - began) / 1000);
    return segment;
  }

  // Ensures that the recordings are valid for the next step.
  private async prepare(phase: number): Promise<void> {
    const { signal, check } = this.o;
    // After the loader's last batch there is no next step, so changes by callbacks need no new recording.
    const found = this.engine.hasNext(phase);
    const hasNext = typeof found === 'boolean' ? found : await found;
    if (signal?.aborted) throw signal.reason;
    try {
      let session = hasNext ? this.engine.validSession : null;
      if (hasNext && session === null) {
        await this.engine.recordInTurns();
        if (signal?.aborted) throw signal.reason;
        // If a recording became invalid before all were made, everything is recorded in one turn, so that code that keeps changing options cannot stall the fit.
        session = this.engine.validSession ?? this.engine.record();
      }
      if (session !== null && check > 0 && this.stepsSinceCheck >= check) {
        session.verify();
        this.stepsSinceCheck = 0;
      }
    } catch (error) {
      if (phase === 0 && !(error instanceof SimdnnError)) await this.runRefusedStep();
      throw error;
    }
  }

  // Does the step that will throw because of what a callback has set, such as a negative rate. In a plain loop this step draws its order and its dropout and computes
  // its gradients before it throws, so the fit does the same.
  private async runRefusedStep(): Promise<void> {
    if (!this.engine.isBetweenEpochs(0)) return;
    this.release();
    await this.engine.stepInJavaScript(0);
  }

  // The loss and the metrics over a validation set.
  private async validate(set: number): Promise<SetFigures> {
    const { o } = this;
    o.metrics.reset();
    let rows = 0;
    for (;;) {
      const segment = await this.segment(set + 1, 1, o.progressEvery);
      if (o.signal?.aborted) throw o.signal.reason;
      this.metricSequence.run(() => o.metrics.update(segment));
      rows += segment.rows;
      if (segment.losses.length === 0) continue;
      return { ...this.metricSequence.run(() => o.metrics.compute()), loss: this.ranks.mean(segment.losses[0]!, rows) };
    }
  }

  private computeMetrics(measures: Measures): Figures {
    return this.metricSequence.run(() => measures.compute());
  }

  // The work after an epoch: validation, metrics, schedulers, callbacks. Returns true if early stopping ends the fit.
  private async endEpoch(loss: number): Promise<boolean> {
    const { o, result } = this;
    const lrs = this.afterSteps.rates;
    const sets: SetFigures[] = [];
    for (const [i, { name }] of o.validation.entries()) {
      sets.push(await this.validate(i));
      if (name !== null) addSet(result, name, sets[i]!);
    }
    const first = sets[0];
    if (first !== undefined) result.validationLoss!.push(first.loss);
    const own: Figures = first ?? this.computeMetrics(o.metrics);
    addFigures(result, own);
    const trained = this.computeMetrics(o.trainMetrics);
    addFigures({ metrics: result.trainMetrics, arrays: result.trainArrays }, trained);
    const figures = epochFigures(loss, own, o.validation, sets);
    this.afterSteps.endEpoch(figures);
    this.countSeconds(1);
    const epoch = this.epochsDone;
    const report = {
      ...{ epoch, epochs: o.epochs, loss, ...reported(own, trained, o.validation, sets) },
      ...{ lr: lrs[0]!, lrs, seconds: result.epochSeconds.at(-1)!, stop: this.stopper },
    };
    if (!o.callbacks.has('onEpoch') && o.earlyStopping === null && o.checkpoint === null) return false;
    let isLast = false;
    const notify = async () => {
      await o.callbacks.notify('onEpoch', report);
      isLast = o.earlyStopping?.update(figures, epoch) ?? false;
    };
    const save = async () => {
      o.earlyStopping?.copyBest(this.model);
      if (this.ranks.isFirst) await o.checkpoint?.write(epoch, figures, isLast || this.stopped !== null || epoch === o.epochs);
    };
    if (o.callbacks.mayUseModel('onEpoch')) await this.lendModel(() => notify().then(save));
    else {
      await notify();
      if (o.earlyStopping?.hasUncopiedBest || o.checkpoint !== null) await this.lendModel(save);
      else if (!this.engine.isRunningAhead) this.engine.validSession?.refresh();
    }
    this.epochSeconds.restart();
    return isLast;
  }

  // Calls a function that may use and change the model. If it throws, the user keeps the model with its present values.
  private async lendModel<T>(call: () => Promise<T>): Promise<T> {
    const found = [...this.tensorsInUse]; // includes tensors that only the recordings have found
    this.release();
    this.engine.lend();
    let result: T;
    try {
      result = await call();
    } finally {
      this.engine.stream.exit();
    }
    const tensors = new Set([...this.tensors, ...found]);
    this.refuseInUse(tensors);
    this.holdAll(tensors);
    await this.engine.reclaim();
    this.isThreadCurrent = true;
    return result;
  }

  private get groups(): readonly { params: readonly Tensor[]; lr?: number }[] {
    return (this.o.optimizer as unknown as { paramGroups: { params: readonly Tensor[]; lr?: number }[] }).paramGroups;
  }

  /** The number of epochs done, including those before this fit. */
  private get epochsDone(): number {
    return this.o.initialEpoch + this.result.epochs;
  }

  // An epoch with work after it is counted there, before its callbacks.
  private countSeconds(epochs: number, part = 0): void {
    this.epochSeconds.end(Math.min(epochs, this.result.epochs - this.result.epochSeconds.length), part);
  }

  private get tensors(): Tensor[] {
    return tensorsOf(this.model, this.o.optimizer);
  }

  private refuseInUse(tensors: Iterable<Tensor>): void {
    refuseInUse(where, tensors, this);
  }

  private holdAll(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) this.holdOne(tensor);
    this.metricsInUse.hold();
  }

  // Marks the parameters and changed tensors that a recording has found as in use.
  private holdRecorded(leaves: readonly Tensor[], changes: readonly Tensor[]): void {
    for (const tensor of [...leaves.filter(({ requiresGrad }) => requiresGrad), ...changes]) {
      this.refuseInUse([tensor]);
      this.holdOne(tensor);
    }
  }

  private checkRecorded(fresh: readonly (readonly RecordedStep[])[]): void {
    for (const { leaves, trace } of fresh.flat()) this.holdRecorded(leaves, trace.changes);
    checkTrainedParameters(where, this.model, this.groups, fresh[0]!, this.engine.kinds(0), this.tensorsInUse);
  }

  private holdOne(tensor: Tensor): void {
    refuseLost(where, tensor);
    hold(tensor, this);
    this.tensorsInUse.add(tensor);
  }

  // Releases all tensors. If the thread has the current values, they are copied into JavaScript's memory first.
  private release(): void {
    if (this.isThreadCurrent) this.engine.finish();
    this.isThreadCurrent = false;
    for (const tensor of this.tensorsInUse) hold(tensor, null);
    this.tensorsInUse.clear();
    this.metricsInUse.release();
  }

  // Releases the tensors, restores the modes of the modules and closes the loaders. Returns null if no loader has to be awaited.
  private end(): Promise<void> | null {
    let leaving: Promise<void> | null = null;
    try {
      this.release();
    } finally {
      this.restoreModes();
      leaving = this.engine.close();
      this.progress.end();
    }
    return leaving;
  }
}
