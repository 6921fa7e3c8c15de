// A program of train-programs.test.ts set up, with its fit and evaluation as explicit loops.
import { join } from 'node:path';
import { cat, io, manualSeed, metrics, nn, noGrad, optim, randn, type Tensor, train } from '../src';
import { type Loss, makeLoss } from './compile-programs';
import { temporaryFolder } from './temporary';
import {
  Bits,
  OfFunction,
  optimizerOf,
  type Program,
  type Scheduled,
  schedulerOf,
  schedulersBeside,
  stepsEveryStep,
} from './train-programs';
import type { Callbacks } from './train-programs-events';
import { isSampled, type Loader, makeLoader, needsSameWidth } from './train-programs-loaders';
import { Net } from './train-programs-net';

/** What a callback throws, and the reason of the signal. */
export class Stopped extends Error {}

export type Figures = { loss: number; metric?: number | number[] | number[][] };

/** When onBatch was called: after how many batches of an epoch, before or after its end. */
export type Call = `${number} ${number} ${'within' | 'ended'}`;

function metricOf(kind: Program['metrics'], loss: Loss, classes: number): metrics.Metric | null {
  const ofClasses = { task: 'multiclass', numClasses: classes, ignoreIndex: -100 } as const;
  if (kind === 'none') return null;
  if (kind === 'function') return new OfFunction();
  if (kind === 'bits' || !loss.ofClasses || classes < 2) return new Bits();
  if (kind === 'accuracy') return new metrics.Accuracy(ofClasses);
  return kind === 'recalls' ? new metrics.Recall({ ...ofClasses, average: 'none' }) : new metrics.ConfusionMatrix(ofClasses);
}

export function setUp(p: Program) {
  manualSeed(p.seed);
  const classes = needsSameWidth(p) ? p.width : p.layers.at(-1)!.out;
  const series = { tensor: randn([40, p.width]) };
  const net = new Net(p, classes, series);
  const parameters = net.parameters();
  parameters.forEach((parameter, i) => {
    if (((i * 7 + p.seed) % 10) / 10 < p.frozen) parameter.requiresGrad_(false);
  });
  const optimizer = optimizerOf(p, parameters);
  const loss = makeLoss(needsSameWidth(p) ? { ...p, loss: p.loss === 'own' ? 'own' : 'mseLoss' } : p, classes);
  const sampled = isSampled(p, loss);
  const criterion = {
    forward(out: Tensor | Tensor[], ...targets: Tensor[]): Tensor {
      const ofRows = sampled && this.reduction === 'none';
      const one = (x: Tensor, y: Tensor): Tensor => (ofRows ? loss.rows!(x, y) : loss.forward(x, y));
      return Array.isArray(out) ? one(out[0]!, targets[0]!).add(one(out[1]!, targets[1]!).mul(0.3)) : one(out, targets[0]!);
    },
    get reduction() {
      return loss.criterion.reduction;
    },
  };
  const made = makeLoader(p.loader, { p, loss, series });
  const { loader } = made;
  const another = (kind: 'rows' | 'arrays'): Loader => makeLoader({ ...p.loader, kind }, { p, loss, series }).loader;
  const sets: [string, Loader][] =
    p.validation === 'none'
      ? []
      : p.validation === 'same'
        ? [['', loader]]
        : p.validation !== 'sets'
          ? [['', makeLoader(p.validation, { p, loss, series }).loader]]
          : needsSameWidth(p)
            ? [['own', loader]]
            : Object.entries({ rows: another('rows'), own: loader, arrays: another('arrays') });
  const first = schedulerOf(p, optimizer);
  const own: Scheduled[] = first === null ? [] : [{ scheduler: first, ...(stepsEveryStep(p) && { interval: 'step' }) }];
  const beside = schedulersBeside(p, optimizer);
  const metric = metricOf(p.metrics, loss, classes);
  const trainMetric = sets.length > 0 ? metricOf(p.trainMetrics, loss, classes) : null;
  const isSingle = metric !== null && !(metric instanceof metrics.ConfusionMatrix || metric instanceof metrics.Recall);
  const isReplaced = p.events.some(({ kind }) => kind === 'replace' || kind === 'replace layer');
  const ema = p.averaged && !isReplaced ? train.emaWeights(net, { decay: 0.9 }) : null;
  if (p.evaluating) net.eval();
  return {
    p,
    ema,
    series,
    net,
    parameters,
    optimizer,
    loss,
    criterion,
    loader,
    ends: made.ends,
    inputs: made.inputs,
    sets,
    sampled,
    /** The options about batches of fit and evaluation. */
    layout: { targets: p.outputs, sampleWeights: sampled },
    /** The schedulers, in the order in which they are stepped. */
    scheduled: p.besidesFirst ? [...beside, ...own] : [...own, ...beside],
    metric,
    trainMetric,
    stopping: p.stopping?.monitor === 'metric' && !isSingle ? { ...p.stopping, monitor: 'loss' as const } : p.stopping,
    /** After a step: bounds the weights. */
    bound: p.bounded ? () => noGrad(() => parameters.forEach((parameter) => void parameter.clamp_({ min: -1, max: 1 }))) : null,
    classes,
    kinds: new Set<string>(),
    /** The file of its checkpoints. */
    checkpoint: p.checkpoint === 0 ? '' : join(temporaryFolder(), 'program.safetensors'),
  };
}
export type SetUp = ReturnType<typeof setUp>;

export type OnEpoch = (report: {
  epoch: number;
  epochs: number;
  loss: number;
  validationLoss?: number | undefined;
  lr: number;
  lrs: number[];
  metrics: unknown[];
}) => unknown;
export type OnBatch = (report: Omit<train.BatchReport, 'stop'>) => unknown;

export const inEvaluation = async <T>(net: nn.Module, fn: () => T | Promise<T>): Promise<T> => {
  const training = net.modules().filter((m) => m.training);
  for (const m of training) m.training = false;
  try {
    return await fn();
  } finally {
    for (const m of training) m.training = true;
  }
};

/** Loss, output and targets of a batch. */
export function through(s: SetUp, batch: readonly Tensor[]): { loss: Tensor; out: Tensor; y: Tensor } {
  const { p, net, criterion, sampled } = s;
  const [inputs, targets] = [batch.slice(0, p.inputs), batch.slice(p.inputs, p.inputs + p.outputs)];
  const out = net.call(...(inputs as [Tensor]));
  const [last, y] = [Array.isArray(out) ? out[1]! : out, targets.at(-1)!];
  if (!sampled) return { loss: criterion.forward(out, ...targets), out: last, y };
  const { criterion: inner } = s.loss;
  const { reduction } = inner;
  inner.reduction = 'none';
  const losses = criterion.forward(out, ...targets);
  inner.reduction = reduction;
  const weights = batch.at(-1)!;
  const weighed = losses.mul(losses.shape.length === 1 ? weights : weights.reshape([-1, 1]));
  return { loss: reduction === 'sum' ? weighed.sum() : weighed.mean(), out: last, y };
}

/** Batches in groups of this size. */
export async function* groupsOf(loader: Loader, size: number): AsyncGenerator<Tensor[][]> {
  let group: Tensor[][] = [];
  for await (const batch of loader) {
    group.push(batch);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

const figureOf = (metric: metrics.Metric): NonNullable<Figures['metric']> => {
  if (metric instanceof OfFunction) return metric.mean;
  const value = metric.compute() as Tensor;
  return value.numel === 1 ? value.item() : (value.toArray() as number[] | number[][]);
};

// What batches share that use the same recording.
export const kindOf = (batch: readonly Tensor[]): string => batch.map((t) => `${t.shape} ${batch.indexOf(t)}`).join('; ');

export async function loopEvaluate(s: SetUp, loader: Loader): Promise<Figures> {
  const { net, criterion, metric, kinds } = s;
  const set = s.sets.findIndex(([, other]) => other === loader); // each is recorded separately
  if (loader.length === 0) throw new RangeError('no batches');
  return inEvaluation(net, async () => {
    let [total, weight, batches] = [0, 0, 0];
    const sums = criterion.reduction === 'sum';
    metric?.reset();
    for await (const batch of loader) {
      batches++;
      kinds.add(`evaluated in set ${set}: ${kindOf(batch)}`);
      const { loss, out, y } = noGrad(() => through(s, batch));
      const rows = sums ? 1 : y.shape[0]!;
      total += rows * loss.item();
      weight += rows;
      metric?.update(out, y);
    }
    if (batches === 0) throw new RangeError('no batches');
    return { loss: sums ? total : total / weight, ...(metric && { metric: figureOf(metric) }) };
  });
}

/** The model's outputs for a loader's batches, in order. */
export async function loopPredict({ net, p }: SetUp, loader: Loader): Promise<Tensor[]> {
  if (loader.length === 0) throw new RangeError('no batches');
  return inEvaluation(net, async () => {
    const outputs: Tensor[][] = [];
    for await (const batch of loader) {
      const out = noGrad(() => net.call(...(batch.slice(0, p.inputs) as [Tensor])));
      (Array.isArray(out) ? out : [out]).forEach((one, i) => {
        outputs[i] ??= [];
        outputs[i].push(one);
      });
    }
    if (outputs.length === 0) throw new RangeError('no batches');
    return outputs.map((parts) => noGrad(() => cat(parts, 0)));
  });
}

export interface Result {
  loss: number[];
  validationLoss?: number[] | undefined;
  metric?: Figures['metric'][] | undefined;
  trainMetric?: Figures['metric'][] | undefined;
  epochs: number;
  lr: number[];
  bestEpoch: number;
  stopped: string | null;
  /** With several validation sets their results, for each epoch. */
  sets?: [string, Figures][] | undefined;
  /** What is logged of each epoch, and the numbers and rates of what a monitor records. */
  log?: string[] | undefined;
  rates?: { at: number[]; rates: number[][] } | undefined;
}

function clip({ p, optimizer }: SetUp): void {
  if (p.clip === null) return;
  const { paramGroups } = optimizer as unknown as { paramGroups: { params: Tensor[] }[] };
  const parameters = paramGroups.flatMap(({ params }) => params);
  const { clipGradNorm, clipGradValue } = p.clip;
  if (typeof clipGradNorm === 'number') nn.utils.clipGradNorm_(parameters, clipGradNorm);
  else if (clipGradNorm) nn.utils.clipGradNorm_(parameters, clipGradNorm.maxNorm, { normType: clipGradNorm.normType });
  if (clipGradValue !== undefined) nn.utils.clipGradValue_(parameters, clipGradValue);
}

const watches = (scheduler: unknown): scheduler is optim.lrScheduler.ReduceLROnPlateau =>
  scheduler instanceof optim.lrScheduler.ReduceLROnPlateau;

const bestOf = (figures: readonly number[]): number => {
  let best = -1;
  figures.forEach((figure, i) => {
    if (figure < (best < 0 ? Infinity : figures[best]!)) best = i;
  });
  return best + 1;
};

export async function loopFit(
  s: SetUp,
  onEpoch: OnEpoch,
  onBatch: OnBatch,
  calls: ReadonlySet<Call>,
  callbacks: Callbacks,
  mostSteps: number,
): Promise<Result> {
  const { controller } = callbacks;
  const { signal } = controller;
  let steps = 0;
  const { p, net, optimizer, loader, sets, scheduled, metric, trainMetric, stopping } = s;
  const validation = sets[0];
  if (loader.length === 0 || sets.some(([, set]) => set.length === 0)) throw new RangeError('no batches');
  const switched = net.training ? [] : net.modules().filter((m) => !m.training);
  for (const m of switched) m.training = true;
  const isPerStep = ({ interval, scheduler }: Scheduled): boolean => (interval ?? scheduler.interval) === 'step';
  const stepAll = (those: (one: Scheduled) => boolean): void => {
    for (const one of scheduled) if (those(one)) one.scheduler.step();
  };
  const result: Result = {
    loss: [],
    epochs: 0,
    lr: [],
    bestEpoch: 0,
    stopped: null,
    ...(validation && { validationLoss: [] }),
    ...(metric && { metric: [] }),
    ...(trainMetric && { trainMetric: [] }),
    ...(p.validation === 'sets' && { sets: [] }),
    ...(p.logged && { log: [], rates: { at: [], rates: [] } }),
  };
  const record = (at: number, rates: readonly number[]): void => {
    result.rates!.at.push(at);
    rates.forEach((rate, i) => {
      result.rates!.rates[i] ??= [];
      result.rates!.rates[i].push(rate);
    });
  };
  let [best, waited] = [Infinity, 0];
  let state: nn.StateDict | null = null;
  let lrs: number[] = [];
  let isDone = false;
  try {
    if (p.followed) callbacks.begin({ epochs: p.epochs, batches: loader.length });
    for (let epoch = 1; epoch <= p.epochs && result.stopped === null; epoch++) {
      if (signal.aborted) throw signal.reason;
      let [total, batches] = [0, 0];
      if (!validation) metric?.reset();
      trainMetric?.reset();
      for await (const group of groupsOf(loader, p.accumulate)) {
        s.kinds.add(group.map(kindOf).join(' | '));
        optimizer.zeroGrad();
        for (const batch of group) {
          const { loss, out, y } = through(s, batch);
          (group.length === 1 ? loss : loss.div(group.length)).backward();
          total += loss.item();
          batches++;
          if (!validation) metric?.update(out.detach(), y);
          trainMetric?.update(out.detach(), y);
        }
        clip(s);
        const { paramGroups } = optimizer as unknown as { paramGroups: { lr: number }[] };
        lrs = paramGroups.map(({ lr }) => lr);
        optimizer.step();
        s.ema?.afterStep();
        s.bound?.();
        if (p.logged === 'step') record(result.rates!.at.length + 1, lrs);
        stepAll(isPerStep);
        if (p.aborts > 0 && ++steps === mostSteps && mostSteps >= p.aborts) {
          controller.abort(new Stopped('aborted'));
          // Whoever goes on trains the next epoch: a scheduler that watches no figure is stepped for one that was trained.
          if (batches === loader.length) stepAll((one) => !isPerStep(one) && !watches(one.scheduler));
          throw signal.reason;
        }
        if (calls.has(`${epoch} ${batches} within`)) {
          await onBatch({ epoch, batch: batches, batches: loader.length, loss: total / batches });
          if (signal.aborted) throw signal.reason;
          if (callbacks.stops) break;
        }
      }
      if (callbacks.stops) {
        result.stopped = 'callback';
        break;
      }
      if (batches === 0) throw new RangeError('no batches');
      const loss = total / batches;
      result.loss.push(loss);
      result.epochs++;
      result.lr.push(lrs[0]!);
      const figuresOfSets: [string, Figures][] = [];
      for (const [name, set] of sets) figuresOfSets.push([name, await loopEvaluate(s, set)]);
      const figures = figuresOfSets[0]?.[1];
      if (figures) result.validationLoss!.push(figures.loss);
      if (metric) result.metric!.push(figures ? figures.metric! : figureOf(metric));
      if (p.validation === 'sets') result.sets!.push(...figuresOfSets);
      if (trainMetric) result.trainMetric!.push(figureOf(trainMetric));
      for (const one of scheduled) {
        if (watches(one.scheduler)) one.scheduler.step(one.monitor === 'loss' ? loss : (figures?.loss ?? loss));
        else if (!isPerStep(one)) one.scheduler.step();
      }
      await onEpoch({
        epoch,
        epochs: p.epochs,
        loss,
        validationLoss: figures?.loss,
        lr: lrs[0]!,
        lrs,
        metrics: [...(metric ? [result.metric!.at(-1)] : []), ...(trainMetric ? [result.trainMetric!.at(-1)] : [])],
      });
      if (p.logged) result.log!.push(JSON.stringify([p.before + epoch, loss, figures?.loss, lrs[0], lrs]));
      if (p.logged === 'epoch') record(p.before + epoch, lrs);
      if (p.stopsAfter === epoch || callbacks.stops) result.stopped = 'callback';
      if (stopping) {
        const { monitor, mode, minDelta = 0 } = stopping as train.EarlyStoppingOptions;
        const watched = monitor === 'metric' ? (result.metric!.at(-1) as number) : monitor === 'loss' ? loss : (figures?.loss ?? loss);
        const value = mode === 'max' ? -watched : watched;
        if (value < best - minDelta) {
          [best, waited] = [value, 0];
          result.bestEpoch = epoch;
          if (stopping.restoreBest) state = Object.fromEntries(Object.entries(net.stateDict()).map(([name, t]) => [name, t.clone()]));
        } else if (++waited >= stopping.patience) result.stopped ??= 'earlyStopping';
      }
      const isLast = epoch === p.epochs || result.stopped !== null;
      if (p.checkpoint > 0 && (isLast || (p.before + epoch) % p.checkpoint === 0)) {
        await io.saveCheckpoint(s.checkpoint, { model: net, optimizer, epoch: p.before + epoch });
      }
      if (result.stopped === null && calls.has(`${epoch} ${batches} ended`))
        await onBatch({ epoch, batch: batches, batches: loader.length, loss });
      if (callbacks.stops) result.stopped ??= 'callback';
    }
    if (result.stopped !== null && signal.aborted) throw signal.reason;
    isDone = true;
  } finally {
    for (const m of switched) m.training = false;
    if (state && (isDone || signal.aborted)) net.loadStateDict(state);
  }
  if (!stopping) result.bestEpoch = bestOf(result.validationLoss ?? result.loss);
  if (p.followed) callbacks.end(result.epochs, result.stopped);
  return result;
}
