// A training of the command line: from prepared rows to a model and the record of the run.

import { existsSync } from 'node:fs';
import { data, info, io, manualSeed, metrics, nn, optim, type Tensor, train, version } from '../index';
import { BestEpoch, type BestState } from './best-epoch';
import { differenceOf } from './difference';
import { CliError } from './errors';
import { figuresOf, listsOf, predictionsOf } from './figures';
import type { TrainedModel } from './model-file';
import { countParameters, makeNetwork, optimizers, usualBatch } from './network';
import { InOwnUnit, unitsOf } from './own-unit';
import type { Prepared, PreparedRows } from './prepare';
import type { HistoryRecord, RunRecord } from './run-record';
import { decisive, type TrainOptions } from './train-options';

/** The result of a training. */
export interface TrainingResult {
  record: RunRecord;
  model: TrainedModel;
  /** The number of epochs that a checkpoint had done already. */
  resumed: number;
}

/** Callbacks of a running training. */
export interface TrainingCallbacks {
  /** Whether the training should end now. */
  isInterrupted(): boolean;
  progress: boolean;
  /** Called with the model before the first step. */
  onBegin(network: nn.Sequential, batchSize: number, resumed: number): void;
}

/** The `extra` of a checkpoint, besides the parts that the library saves. */
interface Saved {
  run: string;
  history: HistoryRecord;
  best: BestState;
}

function metricsOf({ labels, scale, validation }: Prepared): Record<string, metrics.Metric<Tensor>> {
  if (labels !== null)
    return { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: labels.classes.length, average: 'micro' }) };
  const { mse, mae, r2 } = unitsOf(scale!);
  return {
    mse: new InOwnUnit(new metrics.MeanSquaredError(), mse),
    mae: new InOwnUnit(new metrics.MeanAbsoluteError(), mae),
    ...(validation.rows.length > 1 && { r2: new InOwnUnit(new metrics.R2Score(), r2) }), // one row has no spread
  };
}

function emptyHistory(prepared: Prepared): HistoryRecord {
  const names = Object.keys(metricsOf(prepared));
  return { loss: [], validationLoss: [], metrics: Object.fromEntries(names.map((name) => [name, []])), lr: [], epochSeconds: [] };
}

function criterionOf(prepared: Prepared, o: TrainOptions): nn.Module & train.Criterion {
  if (prepared.labels === null) return new nn.MSELoss();
  if (o.classWeight === 'none') return new nn.CrossEntropyLoss();
  const classes = prepared.labels.classes.map((_, number) => number);
  return new nn.CrossEntropyLoss({ weight: data.computeClassWeight('balanced', { classes, y: prepared.train.y }) });
}

function schedulerOf(optimizer: optim.Optimizer<never>, o: TrainOptions): optim.lrScheduler.LRScheduler | undefined {
  if (o.schedule === 'cosine') return new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: o.epochs });
  if (o.schedule === 'plateau') return new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: Math.floor(o.patience / 2) });
  return undefined;
}

// What a resumed run must have in common with the run that wrote the checkpoint. With a constant learning rate it may have more epochs.
function identityOf(prepared: Prepared, o: TrainOptions, options: RunRecord['options']): string {
  const { epochs, patience, ...others } = options;
  const columns = prepared.columns.map(({ name, role }) => [name, role]);
  const length = o.schedule === 'constant' ? {} : { epochs, patience };
  return JSON.stringify({
    sha256: prepared.digest.sha256,
    task: prepared.task,
    target: o.target,
    columns,
    dialect: o.dialect,
    ...others,
    ...length,
  });
}

/** Trains on prepared data. */
export async function runTraining(prepared: Prepared, o: TrainOptions, callbacks: TrainingCallbacks): Promise<TrainingResult> {
  const started = new Date();
  const begin = performance.now();
  const outputs = prepared.labels?.classes.length ?? 1;
  manualSeed(o.seed);
  const network = makeNetwork(prepared.train.x.shape[1]!, outputs, o);
  const criterion = criterionOf(prepared, o);
  const optimizer = new optimizers[o.optimizer](network.parameters(), { lr: o.lr, weightDecay: o.weightDecay });
  const scheduler = schedulerOf(optimizer as optim.Optimizer<never>, o);
  const batchSize = o.batchSize ?? usualBatch(prepared.train.rows.length);
  const loader = new data.DataLoader(datasetOf(prepared.train), { batchSize, shuffle: true });
  const options = decisive(o, batchSize);

  const best = new BestEpoch(o.patience);
  const saved: Saved = { run: identityOf(prepared, o, options), history: emptyHistory(prepared), best: best.state() };
  const parts = { model: network, optimizer, loader, ...(scheduler && { scheduler }) };
  const resumed = o.resume ? await resume(o.checkpoint!, parts, saved, best) : 0;
  const { history } = saved;
  const checkpoint = o.checkpoint === undefined ? null : io.checkpointEvery({ path: o.checkpoint, ...parts, extra: saved });
  callbacks.onBegin(network, batchSize, resumed);

  const measures = metricsOf(prepared);
  const hurry = ({ stop }: { stop(): void }): void => {
    if (callbacks.isInterrupted()) stop();
  };
  if (resumed < o.epochs && !best.isOver && !callbacks.isInterrupted()) {
    await train.fit(network, {
      criterion,
      optimizer,
      loader,
      ...(scheduler && { scheduler }),
      epochs: o.epochs,
      initialEpoch: resumed,
      validation: new data.DataLoader(datasetOf(prepared.validation), { batchSize: 1024 }),
      metrics: measures,
      progress: callbacks.progress,
      onBatch: hurry,
      onEpoch: async (report) => {
        take(history, report, measures);
        best.note(report.epoch, report.validationLoss!, network);
        saved.best = best.state();
        await checkpoint?.onEpoch(report);
        if (best.isOver) report.stop();
        hurry(report);
      },
    });
  }
  const seconds = (performance.now() - begin) / 1000;
  best.restore(network);
  network.eval();
  const done = history.loss.length;
  const isInterrupted = done < o.epochs && !best.isOver && callbacks.isInterrupted();
  if (best.epoch === 0 && done > 0) {
    throw new CliError(`the loss over the validation rows was never a number (${history.validationLoss[0]})`, 'a smaller --lr');
  }
  const stopped = isInterrupted ? 'interrupted' : done < o.epochs ? 'earlyStopping' : null;
  const record = await recordOf(network, prepared, o, { started, options, history, bestEpoch: best.epoch, stopped, seconds });
  return { record, model: modelOf(network, prepared, o), resumed };
}

// What the training and its rows were, with the figures of the rows held out.
async function recordOf(
  network: nn.Sequential,
  prepared: Prepared,
  o: TrainOptions,
  run: Pick<RunRecord, 'options' | 'history' | 'bestEpoch' | 'stopped' | 'seconds'> & { started: Date },
): Promise<RunRecord> {
  const { train, validation, test, labels, digest, rows, task, columns } = prepared;
  const measured = await measure(network, validation, prepared);
  return {
    version,
    ...run,
    started: run.started.toISOString(),
    data: { file: o.file, ...digest, rows },
    task,
    target: o.target,
    columns,
    classes: labels?.classes.map(String) ?? null,
    seed: o.seed,
    model: { text: String(network), parameters: countParameters(network) },
    rows: { train: train.rows.length, validation: validation.rows.length, test: test?.rows.length ?? 0 },
    metrics: measured.figures,
    testMetrics: test === null ? null : (await measure(network, test, prepared)).figures,
    validation: measured.record,
    machine: machine(),
  };
}

const datasetOf = ({ x, y }: PreparedRows): data.TensorDataset => new data.TensorDataset(x, y);

function machine(): RunRecord['machine'] {
  const { target, threads, platform, node } = info();
  return { target, threads, platform, node };
}

function take(history: HistoryRecord, report: train.EpochReport, measures: Readonly<Record<string, metrics.Metric<Tensor>>>): void {
  history.loss.push(report.loss);
  history.validationLoss.push(report.validationLoss!);
  for (const [name, figure] of Object.entries(report.metrics)) {
    const metric = measures[name];
    history.metrics[name]!.push(metric instanceof InOwnUnit ? metric.exact : figure);
  }
  history.lr.push(report.lr);
  history.epochSeconds.push(report.seconds);
}

// Loads a checkpoint and returns the number of epochs done, which is 0 if there is none yet.
async function resume(path: string, parts: io.CheckpointParts, saved: Saved, best: BestEpoch): Promise<number> {
  if (!existsSync(path)) return 0;
  // The runs are compared before any part is loaded, because a part that does not fit would not tell why.
  const extra = (await io.loadCheckpoint(path, {})).extra as Partial<Saved> | undefined;
  if (typeof extra?.run !== 'string') throw new CliError(`${path} is a checkpoint that simdnn train has not written`);
  if (extra.run !== saved.run) {
    throw new CliError(`${path} is the checkpoint of a run with other options or of another file: ${differenceOf(extra.run, saved.run)}`);
  }
  const loaded = await io.loadCheckpoint(path, parts);
  const { history, best: state } = loaded.extra as Saved;
  saved.history = history;
  saved.best = state;
  best.load(state);
  return loaded.epoch;
}

function modelOf(network: nn.Sequential, prepared: Prepared, o: TrainOptions): TrainedModel {
  const named = (role: string): string[] => prepared.columns.filter((one) => one.role === role).map(({ name }) => name);
  return {
    network,
    inputs: prepared.inputs,
    classes: prepared.labels === null ? null : [...prepared.labels.classes],
    description: {
      format: 'simdnn train 1',
      version,
      task: prepared.task,
      target: o.target,
      targetIsText: prepared.targetIsText,
      numbers: named('number'),
      texts: named('text'),
      dialect: o.dialect,
      scale: prepared.scale,
      seed: o.seed,
      sha256: prepared.digest.sha256,
    },
  };
}

async function measure(
  network: nn.Sequential,
  { rows, x, targets }: PreparedRows,
  { scale }: Prepared,
): Promise<{ figures: Record<string, number>; record: RunRecord['validation'] }> {
  const outputs = await train.predict(network, x);
  const { values, probabilities } = predictionsOf(outputs, scale);
  const record = {
    rows: Array.from(rows, (row) => row + 1),
    targets: [...targets],
    predictions: values,
    probabilities: probabilities === null ? null : listsOf(probabilities),
  };
  return { figures: figuresOf(outputs, targets, scale), record };
}
