// One fit, from its call to its result.
import { SimdnnError } from '../errors';
import type { Holder } from '../holders';
import type { Module } from '../nn';
import { randomPosition } from '../random';
import type { RecordedStep } from '../recording';
import { hold, refuseLost, type Tensor } from '../tensor';
import { canGoAhead, decides, endsEpochs, mayDiffer } from './after-epoch';
import { Group } from './batch';
import { knownLength } from './batches';
import { batchReport } from './callbacks';
import { Engine } from './engine';
import type { Figures, SetFigures } from './figure-types';
import { type Measures, outputBytes } from './measures';
import type { FitResult, Settings } from './options';
import { isPlainStep, tensorsOf } from './plain';
import { type Progress, silent, startProgress } from './progress';
import type { Ranks } from './ranks';
import { RatesOfSteps } from './rates';
import { addFigures, addSet, bestOf, emptyResult } from './result';
import type { Ahead } from './rounds';
import type { Segment } from './segment';
import { OwnSequence, seedOf } from './stream';
import { refuseTaken } from './taking';
import { evaluationTask, intoTraining, type LossTask, trainingTask } from './tasks';
import { checkTrained } from './trained';
import { epochFigures, reported } from './validation';

const where = 'train.fit';

export class Fit implements Holder {
  readonly name = where;
  private readonly result: FitResult;
  private readonly task: LossTask;
  private readonly engine: Engine;
  private readonly held = new Set<Tensor>();
  /** The number of steps since the step was last recorded or checked. */
  private unchecked = 0;
  private readonly trainingMetrics: Measures;
  private readonly validates: boolean;
  private rows = 0;
  /** The progress of the current epoch. */
  private epochRows = 0;
  private readonly restoreModes: () => void;
  /** Whether the thread's values are the current ones; they are not while callbacks have the model. */
  private inUse = false;
  private progress: Progress = silent;
  private readonly afterSteps: RatesOfSteps;
  private epochBegan = performance.now();
  private threadSeconds = 0; // the thread's time for the current epoch, if it worked ahead of JavaScript
  private stopped: FitResult['stopped'] = null;
  private readonly stopper = (): void => {
    this.stopped ??= 'callback';
  };
  /** Random numbers of metrics, apart from the fit's, because how many are drawn before a step depends on when segments end. */
  private readonly ofMetrics = new OwnSequence(seedOf(randomPosition().seed, randomPosition().offset));

  // From here on, before anything is awaited, model and optimizer are in use, and with `run` also everything else that the first recording finds.
  constructor(
    private readonly model: Module,
    private readonly o: Settings,
    private readonly ranks: Ranks,
  ) {
    this.validates = o.validation.length > 0;
    this.trainingMetrics = this.validates ? o.trainMetrics : o.metrics;
    for (const measures of [o.metrics, o.trainMetrics]) measures.over(this.ranks);
    const inStep = {
      afterBackward: () => o.clip?.(this.groups.flatMap(({ params }) => params)),
      afterStep: o.callbacks.afterStep,
    };
    const trained = (measures: Measures) => ({
      model,
      criterion: o.criterion,
      layout: o.layout,
      handOut: measures.handOut,
      classes: measures.classes,
      precision: o.precision,
    });
    this.task = trainingTask(where, trained(this.trainingMetrics), o.optimizer, new Group(where, o.accumulate), o.detectAnomaly, inStep);
    const tasks = [
      { task: this.task, loader: o.loader },
      ...o.validation.map(({ loader }) => ({ task: evaluationTask(where, trained(o.metrics)), loader })),
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
      made: (fresh) => this.recorded(fresh),
    });
    this.afterSteps = new RatesOfSteps(
      o.schedules,
      o.callbacks,
      () => this.groups,
      (call) => this.engine.stream.within(call),
    );
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
      await this.engine.recordInTurns(() => !this.ranks.areSeveral && isPlainStep(this.model, this.o, this.held));
      this.inUse = true;
      if (callbacks.has('onBegin')) {
        const { optimizer, epochs, initialEpoch, resumed, loader } = this.o;
        const batches = knownLength(loader);
        await this.outside(() => callbacks.tell('onBegin', { model: this.model, optimizer, epochs, initialEpoch, resumed, batches }));
        if (signal?.aborted) throw signal.reason;
      }
      this.progress = startProgress(this.ranks.isFirst && this.o.progress, this.o.initialEpoch, this.o.epochs);
      await callbacks.flushedAfter(this.train(begin));
      if (this.stopped !== null && this.ranks.areStopped(signal)) throw signal!.reason;
    } finally {
      signal?.removeEventListener('abort', stop);
      this.ranks.hear(await this.engine.landing());
      try {
        if (signal?.aborted || this.ranks.areSeveral) this.afterSteps.catchUp(this.engine.phases[0]!.epochsDone);
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
    await callbacks.tell('onEnd', result);
    return result;
  }

  private async train(begin: number): Promise<void> {
    const { o, result, progress } = this;
    const agrees = this.ranks.agreeByEpoch(mayDiffer(o) || !this.engine.countsEpochs);
    const epochByEpoch = agrees || endsEpochs(o);
    const isTold = this.ranks.areSeveral && o.schedules.everyStep; // numbers told of each step are for rounds that can be taken back
    const goesAhead = epochByEpoch && !agrees && !isTold && canGoAhead(o);
    const takesBack = decides(o) && !this.ranks.areSeveral; // of ranks that agree only at the end none decides
    let [told, shown] = [performance.now(), 0];
    const isStopped = (): boolean => this.stopped !== null && (!this.ranks.areSeveral || this.engine.isBetweenEpochs(0)); // ranks stop together, after an epoch
    while (this.epochsDone < o.epochs && !isStopped()) {
      // Not at the end of the epoch before, because callbacks in between may use the metrics.
      if (this.engine.isBetweenEpochs(0)) this.trainingMetrics.reset();
      const [left, rowsOfEpoch] = [o.epochs - this.epochsDone, this.engine.rowsOf(0)];
      const ahead = goesAhead ? { rounds: left, rates: this.afterSteps, decides: takesBack } : null;
      const segment = await this.segment(0, epochByEpoch ? 1 : left, o.progressEvery, ahead);
      this.rows += segment.rows;
      this.epochRows += segment.rows;
      segment.losses = segment.losses.map((loss) => this.ranks.mean(loss, rowsOfEpoch ?? this.epochRows));
      if (segment.losses.length > 0) this.epochRows = 0;
      this.unchecked += segment.steps;
      this.ofMetrics.run(() => this.trainingMetrics.update(segment));
      for (const loss of segment.losses) {
        result.loss.push(loss);
        result.lr.push(this.afterSteps.rates[0]!);
        result.epochs++;
      }
      if (o.signal?.aborted) throw o.signal.reason;
      if (segment.losses.length > 0 && epochByEpoch && (await this.endEpoch(segment.losses[0]!))) this.stopped ??= 'earlyStopping';
      if (segment.losses.length > 0 && this.ranks.any(this.stopped !== null)) this.stopper();
      if (this.epochsDone === o.epochs || isStopped()) this.ranks.end();
      this.countSeconds(segment.losses.length);
      const now = performance.now();
      if (segment.losses.length > 0 || now - shown >= o.progressEvery) {
        shown = now;
        progress.update(result, segment.batch / (o.loader.length ?? Infinity), this.rows / ((now - begin) / 1000));
      }
      if (!isStopped() && o.callbacks.has('onBatch') && segment.steps > 0 && now - told >= o.progressEvery) {
        await this.engine.settling();
        if (this.epochsDone < o.epochs && this.ranks.areStopped(o.signal)) throw o.signal!.reason;
        if (!this.engine.isSettled) continue;
        const report = { ...batchReport(result, this.epochsDone, segment, knownLength(o.loader)), stop: this.stopper };
        await this.outside(() => o.callbacks.tell('onBatch', report));
        this.epochBegan += performance.now() - now;
        told = performance.now();
      }
    }
  }

  private async segment(phase: number, epochs: number, milliseconds: number, ahead: Ahead | null = null): Promise<Segment> {
    const { signal, detectAnomaly } = this.o;
    if (signal?.aborted) throw signal.reason;
    if (phase === 0) await this.engine.takingBack();
    if (!this.engine.isAhead) await this.prepare(phase);
    const limits = { epochs, milliseconds, outputBytes, finite: detectAnomaly, joins: this.ranks.joins };
    const began = performance.now();
    const segment = await this.engine.segment(phase, limits, phase === 0 ? this.afterSteps : undefined, ahead);
    // After segments that were done ahead, the rest of the epoch may be done while JavaScript waits.
    this.threadSeconds += segment.seconds ?? (this.threadSeconds > 0 ? (performance.now() - began) / 1000 : 0);
    return segment;
  }

  // Ensures that the recordings are valid for the next step.
  private async prepare(phase: number): Promise<void> {
    const { signal, check } = this.o;
    // If the loader's last batch is done, there is no next step, and changes by callbacks need no new recording.
    const asked = this.engine.hasNext(phase);
    const hasNext = typeof asked === 'boolean' ? asked : await asked;
    if (signal?.aborted) throw signal.reason;
    try {
      let session = hasNext ? this.engine.validSession : null;
      if (hasNext && session === null) {
        await this.engine.recordInTurns();
        if (signal?.aborted) throw signal.reason;
        // In one turn if a recording has become invalid by the time all are made, so that code that keeps changing options cannot stall the fit.
        session = this.engine.validSession ?? this.engine.record();
      }
      if (session !== null && check > 0 && this.unchecked >= check) {
        session.verify();
        this.unchecked = 0;
      }
    } catch (error) {
      if (phase === 0 && !(error instanceof SimdnnError)) await this.refusedStep();
      throw error;
    }
  }

  // A callback has set something that the next step will refuse, such as a negative rate. In a plain loop that step begins: its order and dropout are drawn,
  // and its gradients are computed, before it throws. The same is done here.
  private async refusedStep(): Promise<void> {
    if (!this.engine.isBetweenEpochs(0)) return;
    this.free();
    await this.engine.stepHere(0);
  }

  // Loss and metrics over a validation set.
  private async validate(set: number): Promise<SetFigures> {
    const { o } = this;
    o.metrics.reset();
    let rows = 0;
    for (;;) {
      const segment = await this.segment(set + 1, 1, o.progressEvery);
      if (o.signal?.aborted) throw o.signal.reason;
      this.ofMetrics.run(() => o.metrics.update(segment));
      rows += segment.rows;
      if (segment.losses.length === 0) continue;
      return { ...this.ofMetrics.run(() => o.metrics.compute()), loss: this.ranks.mean(segment.losses[0]!, rows) };
    }
  }

  private ofTraining(measures: Measures): Figures {
    return this.ofMetrics.run(() => measures.compute());
  }

  // Validation, metrics, scheduler and callbacks; returns true if the fit should end.
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
    const own: Figures = first ?? this.ofTraining(o.metrics);
    addFigures(result, own);
    const trained = this.ofTraining(o.trainMetrics);
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
    const tell = async () => {
      await o.callbacks.tell('onEpoch', report);
      isLast = o.earlyStopping?.isOver(figures, epoch) ?? false;
    };
    const keep = async () => {
      o.earlyStopping?.keep(this.model);
      if (this.ranks.isFirst) await o.checkpoint?.write(epoch, figures, isLast || this.stopped !== null || epoch === o.epochs);
    };
    if (o.callbacks.useModel('onEpoch')) await this.outside(() => tell().then(keep));
    else {
      await tell();
      if (o.earlyStopping?.keeps || o.checkpoint !== null) await this.outside(keep);
      else if (!this.engine.isAhead) this.engine.validSession?.refresh();
    }
    this.epochBegan = performance.now();
    return isLast;
  }

  // Calls a callback that may use and change the model. If the callback throws, the model is left to the user with its present values.
  private async outside<T>(call: () => Promise<T>): Promise<T> {
    const found = [...this.held]; // including tensors that only the recordings have found
    this.free();
    this.engine.lend();
    let result: T;
    try {
      result = await call();
    } finally {
      this.engine.stream.end();
    }
    const tensors = new Set([...this.tensors, ...found]);
    this.checkFree(tensors);
    this.hold(tensors);
    await this.engine.writing();
    this.inUse = true;
    return result;
  }

  private get groups(): readonly { params: readonly Tensor[]; lr?: number }[] {
    return (this.o.optimizer as unknown as { paramGroups: { params: readonly Tensor[]; lr?: number }[] }).paramGroups;
  }

  /** The epochs before this fit count too. */
  private get epochsDone(): number {
    return this.o.initialEpoch + this.result.epochs;
  }

  // The time since the last epoch ended, divided by the number of epochs that ended now; without the time of callbacks.
  private countSeconds(epochs: number): void {
    const { epochSeconds, epochs: done } = this.result;
    const uncounted = Math.min(epochs, done - epochSeconds.length);
    if (uncounted === 0) return;
    const now = performance.now();
    const seconds = this.threadSeconds || (now - this.epochBegan) / 1000;
    for (let i = 0; i < uncounted; i++) epochSeconds.push(seconds / uncounted);
    [this.epochBegan, this.threadSeconds] = [now, 0];
  }

  private get tensors(): Tensor[] {
    return tensorsOf(this.model, this.o.optimizer);
  }

  private checkFree(tensors: Iterable<Tensor>): void {
    refuseTaken(where, tensors, this);
  }

  private hold(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) this.take(tensor);
  }

  // Everything else that the recordings found is in use too.
  private takeFound(leaves: readonly Tensor[], changes: readonly Tensor[]): void {
    for (const tensor of [...leaves.filter(({ requiresGrad }) => requiresGrad), ...changes]) {
      this.checkFree([tensor]);
      this.take(tensor);
    }
  }

  private recorded(fresh: readonly (readonly RecordedStep[])[]): void {
    for (const { leaves, trace } of fresh.flat()) this.takeFound(leaves, trace.changes);
    checkTrained(where, this.model, this.groups, fresh[0]!, this.engine.kinds(0));
  }

  private take(tensor: Tensor): void {
    refuseLost(where, tensor);
    hold(tensor, this);
    this.held.add(tensor);
  }

  // Copies the thread's values into JavaScript's memory, unless JavaScript has used it since, and releases it.
  private free(): void {
    if (this.inUse) this.engine.finish();
    this.inUse = false;
    for (const tensor of this.held) hold(tensor, null);
    this.held.clear();
  }

  // Releases everything. Returns null if no loader has to be awaited.
  private end(): Promise<void> | null {
    let leaving: Promise<void> | null = null;
    try {
      this.free();
    } finally {
      this.restoreModes();
      leaving = this.engine.close();
      this.progress.end();
    }
    return leaving;
  }
}
