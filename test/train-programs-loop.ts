// A program of train-programs.test.ts set up, and its fit and evaluation written out as loops.
import { manualSeed, metrics, nn, noGrad, type optim, randn, type Tensor, type train } from '../src';
import { makeLoss, makeScheduler } from './compile-programs';
import { Bits, type Loader, makeLoader, Net, needsSameWidth, optimizerOf, type Program } from './train-programs';

export type Figures = Record<string, number>;

/** Where onBatch was called: after so many batches of an epoch, before or after its end. */
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
  const criterion = {
    forward: (out: Tensor, y: Tensor) => loss.forward(out, y),
    get reduction() {
      return loss.criterion.reduction;
    },
  };
  const made = makeLoader(p.loader, { p, loss, series });
  const { loader } = made;
  const validation =
    p.validation === 'none' ? undefined : p.validation === 'same' ? loader : makeLoader(p.validation, { p, loss, series }).loader;
  const scheduler = makeScheduler(p.scheduler, optimizer) as optim.lrScheduler.LRScheduler | null;
  const metric =
    p.metrics === 'accuracy' && loss.ofClasses && classes > 1
      ? new metrics.Accuracy({ task: 'multiclass', numClasses: classes, ignoreIndex: -100 })
      : p.metrics === 'none'
        ? null
        : new Bits();
  if (p.evaluating) net.eval();
  return {
    p,
    series,
    net,
    parameters,
    optimizer,
    loss,
    criterion,
    loader,
    ends: made.ends,
    validation,
    scheduler,
    metric,
    classes,
    kinds: new Set<string>(),
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
    return await noGrad(() => fn());
  } finally {
    for (const m of training) m.training = true;
  }
};

export const forward = (net: Net, batch: readonly Tensor[]): Tensor => net.call(...(batch.slice(0, -1) as [Tensor]));

// What batches have in common that one recording serves.
export const kindOf = (batch: readonly Tensor[]): string => batch.map((t) => `${t.shape} ${batch.indexOf(t)}`).join('; ');

export async function loopEvaluate({ net, criterion, metric, kinds }: SetUp, loader: Loader): Promise<Figures> {
  if (loader.length === 0) throw new RangeError('no batches');
  return inEvaluation(net, () => {
    let [total, weight, batches] = [0, 0, 0];
    const sums = criterion.reduction === 'sum';
    metric?.reset();
    for (const batch of loader) {
      batches++;
      kinds.add(`evaluated ${kindOf(batch)}`);
      const out = forward(net, batch);
      const rows = sums ? 1 : batch.at(-1)!.shape[0]!;
      total += rows * criterion.forward(out, batch.at(-1)!).item();
      weight += rows;
      metric?.update(out, batch.at(-1)!);
    }
    if (batches === 0) throw new RangeError('no batches');
    return { loss: sums ? total : total / weight, ...(metric && { metric: metric.compute().item() }) };
  });
}

export interface Result {
  loss: number[];
  validationLoss?: number[] | undefined;
  metric?: number[] | undefined;
  epochs: number;
  lr: number[];
  bestEpoch: number;
  stopped: string | null;
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
  signal: AbortSignal,
): Promise<Result> {
  const { p, net, optimizer, criterion, loader, validation, scheduler, metric } = s;
  if (loader.length === 0 || validation?.length === 0) throw new RangeError('no batches');
  const switched = net.training ? [] : net.modules().filter((m) => !m.training);
  for (const m of switched) m.training = true;
  const everyStep = p.scheduler !== 'none' && (p.everyStep || scheduler!.interval === 'step');
  const result: Result = {
    loss: [],
    epochs: 0,
    lr: [],
    bestEpoch: 0,
    stopped: null,
    ...(validation && { validationLoss: [] }),
    ...(metric && { metric: [] }),
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
      for (const batch of loader) {
        const target = batch.at(-1)!;
        s.kinds.add(kindOf(batch));
        optimizer.zeroGrad();
        const out = forward(net, batch);
        const loss = criterion.forward(out, target);
        loss.backward();
        clip(s);
        const { paramGroups } = optimizer as unknown as { paramGroups: { lr: number }[] };
        lrs = paramGroups.map(({ lr }) => lr);
        optimizer.step();
        total += loss.item();
        batches++;
        if (!validation) metric?.update(out.detach(), target);
        if (everyStep) scheduler!.step();
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
      const figures = validation && (await loopEvaluate(s, validation));
      if (figures) result.validationLoss!.push(figures['loss']!);
      if (metric) result.metric!.push(figures ? figures['metric']! : metric.compute().item());
      if (scheduler && !everyStep) scheduler.step();
      await onEpoch({
        epoch,
        epochs: p.epochs,
        loss,
        validationLoss: figures?.['loss'],
        lr: lrs[0]!,
        lrs,
        metrics: metric ? [result.metric!.at(-1)] : [],
      });
      if (p.stopsAfter === epoch) result.stopped = 'callback';
      if (p.stopping) {
        const watched = figures?.['loss'] ?? loss;
        if (watched < best) {
          [best, waited] = [watched, 0];
          result.bestEpoch = epoch;
          if (p.stopping.restoreBest) state = Object.fromEntries(Object.entries(net.stateDict()).map(([name, t]) => [name, t.clone()]));
        } else if (++waited >= p.stopping.patience) result.stopped ??= 'earlyStopping';
      }
      if (result.stopped === null && calls.has(`${epoch} ${batches} ended`))
        await onBatch({ epoch, batch: batches, batches: loader.length, loss });
    }
    isDone = true;
  } finally {
    for (const m of switched) m.training = false;
    if (state && (isDone || signal.aborted)) net.loadStateDict(state);
  }
  if (!p.stopping) result.bestEpoch = bestOf(result.validationLoss ?? result.loss);
  return result;
}
