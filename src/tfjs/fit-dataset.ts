// One `fitDataset` in which no callback asks for single batches. It takes the batches of the dataset as TensorFlow.js does, with the same bits and logs, but replays each
// without tensors for its results and without promises and callbacks of its own.
import { dispose, engine, keep, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { CallbackList, History, LayersModel } from '@tensorflow/tfjs-layers';
import { typeError } from '../errors';
import { allocateFloat, type TensorData } from '../memory';
import type { SeriesProvider } from './fit';
import { addToTotal, type FitLogs, type Logs } from './fit-logs';
import { type BatchFunction, internalsOf, type ModelInternals } from './model-internals';
import { signatureOf } from './recorded-step';
import { backendName } from './registry';
import { planArrayOf } from './replay';

type Tensors = Tensor | Tensor[] | Record<string, Tensor>;

interface Batch {
  xs: Tensors;
  ys: Tensors;
}

/** The part of a dataset that `fitDataset` uses. */
export interface Dataset {
  iterator(): Promise<{ next(): Promise<{ value: Batch | null; done: boolean }> }>;
}

export interface DatasetOptions {
  batchesPerEpoch?: number;
  epochs: number;
  initialEpoch?: number;
  callbacks?: unknown;
  yieldEvery?: unknown;
  classWeight?: unknown;
  validationData?: Dataset | [Tensor | Tensor[], Tensor | Tensor[]];
  validationBatchSize?: number;
  validationBatches?: number;
  verbose?: number;
}

export type FitDataset = (this: LayersModel, dataset: Dataset, options: DatasetOptions) => Promise<History>;

// The tensors for these inputs or outputs, in their order; null if `tensors` does not have exactly one for each.
function tensorsFor(names: readonly string[], tensors: Tensors | null | undefined): Tensor[] | null {
  if (tensors instanceof Tensor) return names.length === 1 ? [tensors] : null;
  if (tensors === null || typeof tensors !== 'object') return null;
  const found = Array.isArray(tensors) ? tensors : names.map((name) => tensors[name]);
  return found.length === names.length && found.every((t) => t instanceof Tensor) ? (found as Tensor[]) : null;
}

/** One call of `fitDataset`. */
export class DatasetFit {
  private readonly internals: ModelInternals;
  private readonly hasBatchesPerEpoch: boolean;
  private readonly validation: DatasetOptions['validationData'];
  private readonly outputs: Float32Array[];
  /** The logger's sums, if it does not have the newest yet, and the number of rows that it does not have. */
  private totals: number[] | null = null;
  private rows = 0;

  /** `original` is the `fitDataset` of TensorFlow.js, whose errors say what is wrong with a batch. */
  constructor(
    private readonly model: LayersModel,
    private readonly dataset: Dataset,
    private readonly options: DatasetOptions,
    private readonly list: CallbackList,
    private readonly trainFunction: BatchFunction,
    private readonly seriesOf: SeriesProvider,
    private readonly labels: readonly string[],
    private readonly logs: FitLogs,
    private readonly original: FitDataset,
  ) {
    this.internals = internalsOf(model);
    this.hasBatchesPerEpoch = options.batchesPerEpoch != null;
    const { validationData } = options;
    this.validation = Array.isArray(validationData) ? [validationData[0], validationData[1]] : validationData;
    this.outputs = labels.map(() => allocateFloat(1));
  }

  async run(): Promise<History> {
    this.internals.isTraining = true;
    try {
      return await this.train();
    } finally {
      this.internals.isTraining = false;
    }
  }

  private async train(): Promise<History> {
    const { internals, list, dataset, options } = this;
    list.setModel(this.model);
    internals.history = list.callbacks.at(-1) as History;
    await list.onTrainBegin();
    internals.stopTraining_ = false;
    let iterator = await dataset.iterator();
    for (let epoch = options.initialEpoch ?? 0; epoch < options.epochs; epoch++) {
      const logs: Logs = {};
      await list.onEpochBegin(epoch);
      if (!this.hasBatchesPerEpoch) iterator = await dataset.iterator();
      await this.epoch(epoch, iterator, logs);
      this.flushLogs();
      await list.onEpochEnd(epoch, logs as never);
      if (internals.stopTraining_) break;
    }
    await list.onTrainEnd();
    await internals.history.syncData();
    return internals.history;
  }

  private async epoch(epoch: number, iterator: Awaited<ReturnType<Dataset['iterator']>>, logs: Logs): Promise<void> {
    const { options, hasBatchesPerEpoch } = this;
    let batch = 0;
    while (!hasBatchesPerEpoch || batch < options.batchesPerEpoch!) {
      const { value, done } = await iterator.next();
      if (hasBatchesPerEpoch && done) {
        const all = `${options.batchesPerEpoch} batches for each of ${options.epochs} epochs`;
        console.warn(
          `[model.fitDataset] the dataset has ended after ${batch} batches of an epoch, and training with it: it should have ${all}`,
        );
        return;
      }
      if (value != null) await this.batch(epoch, batch++, value);
      if (hasBatchesPerEpoch ? batch >= options.batchesPerEpoch! : done) return this.validate(logs);
      if (this.internals.stopTraining_) return;
    }
  }

  private async batch(epoch: number, batch: number, value: Batch): Promise<void> {
    const data = this.dataOf(value) ?? (await this.refuse(value));
    const rows = data[0]!.shape[0]!;
    if (!this.replay(data, rows, batch === 0)) {
      this.flushLogs();
      return this.perOperation(batch, data);
    }
    dispose(data);
    const pauses: Promise<void>[] = [];
    this.logs.yieldIfDue(epoch, batch, pauses);
    if (pauses.length === 0) return;
    this.flushLogs();
    await Promise.all(pauses);
  }

  // The tensors of a batch, inputs before targets; null if the batch does not fit the model.
  private dataOf({ xs, ys }: Batch): Tensor[] | null {
    const { inputNames, outputNames, inputs, outputs } = this.internals;
    const [x, y] = [tensorsFor(inputNames, xs), tensorsFor(outputNames, ys)];
    if (x === null || y === null || x.length !== inputs.length || y.length !== outputs.length) return null;
    const data = [...x, ...y];
    return data.every(({ shape }) => shape[0] === data[0]!.shape[0]) ? data : null;
  }

  // Throws the error of TensorFlow.js for a batch that does not fit the model.
  private async refuse(value: Batch): Promise<never> {
    this.internals.isTraining = false;
    const iterator = async () => ({ next: async () => ({ value, done: false }) });
    await this.original.call(this.model, { iterator }, { batchesPerEpoch: 1, epochs: 1, verbose: 0 });
    throw typeError('model.fitDataset', 'expected batches of a tensor for each input and output of the model');
  }

  // Replays a batch and adds its results to the sums. Returns false, and has done nothing, if the batch cannot be replayed.
  private replay(data: readonly Tensor[], rows: number, isFirst: boolean): boolean {
    if (engine().backendName !== backendName || data.some((t) => t instanceof Variable)) return false;
    const arrays = data.map(planArrayOf);
    const series = arrays.includes(null) ? null : this.seriesOf(signatureOf(data), this.labels.length);
    if (series === null || !series.run(arrays as TensorData[], this.outputs)) return false;
    this.totals ??= this.logs.totals();
    for (let i = 0; i < this.totals.length; i++) this.totals[i] = addToTotal(this.totals[i]!, this.outputs[i]![0]!, rows);
    this.rows += rows;
    if (isFirst) this.flushLogs(); // the logger then has as many tensors as in the loop of TensorFlow.js
    return true;
  }

  private flushLogs(): void {
    if (this.totals !== null) this.logs.log(this.rows, this.totals);
    this.totals = null;
    this.rows = 0;
  }

  // Does one batch as the loop of TensorFlow.js does it.
  private async perOperation(batch: number, data: Tensor[]): Promise<void> {
    const logs: Logs = { batch, size: data[0]!.shape[0]! };
    await this.list.onBatchBegin(batch, logs as never);
    const outputs = this.trainFunction(data);
    dispose(data);
    for (const [i, label] of this.labels.entries()) logs[label] = keep(outputs[i]!);
    await this.list.onBatchEnd(batch, logs as never);
    for (const value of Object.values(logs)) if (typeof value !== 'number') value.dispose();
  }

  private async validate(logs: Logs): Promise<void> {
    const { internals, validation, options } = this;
    if (validation == null) return;
    const results = Array.isArray(validation)
      ? internals.evaluate(validation[0], validation[1], { batchSize: options.validationBatchSize ?? 32, verbose: 0 })
      : await internals.evaluateDataset(validation, { batches: options.validationBatches });
    for (const [i, name] of internals.metricsNames.entries()) logs[`val_${name}`] = [results].flat()[i]!;
  }
}
