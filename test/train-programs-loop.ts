// A program of train-programs.test.ts set up, with its fit and evaluation as explicit loops.
import { join } from 'node:path';
import { cat, io, manualSeed, metrics, nn, noGrad, optim, randn, type Tensor, train } from '../src';
import { makeLoss } from './compile-programs';
import { temporaryFolder } from './temporary';
import { Bits, Net, optimizerOf, type Program, schedulerOf, stepsEveryStep } from './train-programs';
import { isSampled, type Loader, makeLoader, needsSameWidth } from './train-programs-loaders';

/** What a callback throws, and the reason of the signal. */
export class Stopped extends Error {}

export type Figures = { loss: number; metric?: number | number[][] };

/** When onBatch was called: after how many batches of an epoch, before or after its end. */
export type Call = `${number} ${number} ${'within' | 'ended'}`;

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
  const scheduler = schedulerOf(p, optimizer);
  const trainMetric = p.trainMetrics && sets.length > 0 ? new Bits() : null;
  const ofClasses = { task: 'multiclass', numClasses: classes, ignoreIndex: -100 } as const;
  const metric =
    p.metrics === 'none'
      ? null
      : p.metrics === 'bits' || !loss.ofClasses || classes < 2
        ? new Bits()
        : p.metrics === 'accuracy'
          ? new metrics.Accuracy(ofClasses)
          : new metrics.ConfusionMatrix(ofClasses);
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
    sets,
    sampled,
    /** The options about batches of fit and evaluation. */
    layout: { targets: p.outputs, sampleWeights: sampled },
    scheduler,
    metric,
    trainMetric,
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

const figureOf = (metric: metrics.Metric): number | number[][] => {
  const value = metric.compute() as Tensor;
  return value.numel === 1 ? value.item() : (value.toArray() as number[][]);
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
  metric?: (number | number[][])[] | undefined;
  trainMetric?: (number | number[][])[] | undefined;
  epochs: number;
  lr: number[];
  bestEpoch: number;
  stopped: string | null;
  /** With several validation sets their results, for each epoch. */
  sets?: [string, Figures][] | undefined;
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
  controller: AbortController,
  mostSteps: number,
): Promise<Result> {
  const { signal } = controller;
  let steps = 0;
  const { p, net, optimizer, loader, sets, scheduler, metric, trainMetric } = s;
  const validation = sets[0];
  if (loader.length === 0 || sets.some(([, set]) => set.length === 0)) throw new RangeError('no batches');
  const switched = net.training ? [] : net.modules().filter((m) => !m.training);
  for (const m of switched) m.training = true;
  const everyStep = p.scheduler !== 'none' && (stepsEveryStep(p) || scheduler!.interval === 'step');
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
  };
  let [best, waited] = [Infinity, 0];
  let state: nn.StateDict | null = null;
  let lrs: number[] = [];
  let isDone = false;
  try {
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
        if (everyStep) scheduler!.step();
        if (p.aborts > 0 && ++steps === mostSteps && mostSteps >= p.aborts) {
          controller.abort(new Stopped('aborted'));
          // Whoever goes on trains the next epoch: a scheduler that watches no figure is stepped for one that was trained.
          if (batches === loader.length && scheduler && !everyStep && !watches(scheduler)) scheduler.step();
          throw signal.reason;
        }
        if (calls.has(`${epoch} ${batches} within`)) {
          await onBatch({ epoch, batch: batches, batches: loader.length, loss: total / batches });
          if (signal.aborted) throw signal.reason;
        }
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
      if (scheduler && watches(scheduler)) scheduler.step(figures?.loss ?? loss);
      else if (scheduler && !everyStep) scheduler.step();
      await onEpoch({
        epoch,
        epochs: p.epochs,
        loss,
        validationLoss: figures?.loss,
        lr: lrs[0]!,
        lrs,
        metrics: [...(metric ? [result.metric!.at(-1)] : []), ...(trainMetric ? [result.trainMetric!.at(-1)] : [])],
      });
      if (p.stopsAfter === epoch) result.stopped = 'callback';
      if (p.stopping) {
        const watched = figures?.loss ?? loss;
        if (watched < best) {
          [best, waited] = [watched, 0];
          result.bestEpoch = epoch;
          if (p.stopping.restoreBest) state = Object.fromEntries(Object.entries(net.stateDict()).map(([name, t]) => [name, t.clone()]));
        } else if (++waited >= p.stopping.patience) result.stopped ??= 'earlyStopping';
      }
      const isLast = epoch === p.epochs || result.stopped !== null;
      if (p.checkpoint > 0 && (isLast || (p.before + epoch) % p.checkpoint === 0)) {
        await io.saveCheckpoint(s.checkpoint, { model: net, optimizer, epoch: p.before + epoch });
      }
      if (result.stopped === null && calls.has(`${epoch} ${batches} ended`))
        await onBatch({ epoch, batch: batches, batches: loader.length, loss });
    }
    if (result.stopped !== null && signal.aborted) throw signal.reason;
    isDone = true;
  } finally {
    for (const m of switched) m.training = false;
    if (state && (isDone || signal.aborted)) net.loadStateDict(state);
  }
  if (!p.stopping) result.bestEpoch = bestOf(result.validationLoss ?? result.loss);
  return result;
}
