// One `fitDataset` where nobody asks for single batches: it takes the batches of the dataset as that of TensorFlow.js does, with the same bits and logs, but replays
// each without tensors for what it gives, and without promises and callbacks of its own.
import { dispose, engine, keep, type Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { CallbackList, History, LayersModel } from '@tensorflow/tfjs-layers';
import { typeError } from '../errors';
import { allocateFloat, type TensorData } from '../memory';
import type { Function_, Trainer } from './fit';
import { type FitLogs, type Logs, withValue } from './fit-logs';
import { valuesOf } from './recorded';
import { kindOf } from './recorded-step';
import { backendName } from './registry';

type Tensors = Tensor | Tensor[] | Record<string, Tensor>;

interface Batch {
  xs: Tensors;
  ys: Tensors;
}

/** A dataset, as far as TensorFlow.js asks for it. */
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

/** What is inside a LayersModel. */
interface Inside {
  history: History;
  isTraining: boolean;
  stopTraining_: boolean;
  inputNames: string[];
  outputNames: string[];
  inputs: unknown[];
  outputs: unknown[];
  metricsNames: string[];
  evaluate(x: unknown, y: unknown, options: object): Scalar | Scalar[];
  evaluateDataset(dataset: Dataset, options: object): Promise<Scalar | Scalar[]>;
}

function partsOf(names: readonly string[], of: Tensors | null | undefined): Tensor[] | null {
  if (of instanceof Tensor) return names.length === 1 ? [of] : null;
  if (of === null || typeof of !== 'object') return null;
  const parts = Array.isArray(of) ? of : names.map((name) => of[name]);
  return parts.length === names.length && parts.every((part) => part instanceof Tensor) ? (parts as Tensor[]) : null;
}

/** One call of `fitDataset`. */
export class DatasetFit {
  private readonly inside: Inside;
  private readonly counts: boolean;
  private readonly validation: DatasetOptions['validationData'];
  private readonly outputs: Float32Array[];
  /** What the logger is not told yet. */
  private totals: number[] | null = null;
  private rows = 0;

  /** `theirs` says what is wrong with a batch. */
  constructor(
    private readonly model: LayersModel,
    private readonly dataset: Dataset,
    private readonly options: DatasetOptions,
    private readonly list: CallbackList,
    private readonly f: Function_,
    private readonly trainer: Trainer,
    private readonly labels: readonly string[],
    private readonly logs: FitLogs,
    private readonly theirs: FitDataset,
  ) {
    this.inside = model as unknown as Inside;
    this.counts = options.batchesPerEpoch != null;
    const { validationData } = options;
    this.validation = Array.isArray(validationData) ? [validationData[0], validationData[1]] : validationData;
    this.outputs = labels.map(() => allocateFloat(1));
  }

  async run(): Promise<History> {
    this.inside.isTraining = true;
    try {
      return await this.train();
    } finally {
      this.inside.isTraining = false;
    }
  }

  private async train(): Promise<History> {
    const { inside, list, dataset, options } = this;
    list.setModel(this.model);
    inside.history = list.callbacks.at(-1) as History;
    await list.onTrainBegin();
    inside.stopTraining_ = false;
    let iterator = await dataset.iterator();
    for (let epoch = options.initialEpoch ?? 0; epoch < options.epochs; epoch++) {
      const logs: Logs = {};
      await list.onEpochBegin(epoch);
      if (!this.counts) iterator = await dataset.iterator();
      await this.epoch(epoch, iterator, logs);
      this.tell();
      await list.onEpochEnd(epoch, logs as never);
      if (inside.stopTraining_) break;
    }
    await list.onTrainEnd();
    await inside.history.syncData();
    return inside.history;
  }

  private async epoch(epoch: number, iterator: Awaited<ReturnType<Dataset['iterator']>>, logs: Logs): Promise<void> {
    const { options, counts } = this;
    let batch = 0;
    while (!counts || batch < options.batchesPerEpoch!) {
      const { value, done } = await iterator.next();
      if (counts && done) {
        const all = `${options.batchesPerEpoch} batches for each of ${options.epochs} epochs`;
        console.warn(
          `[model.fitDataset] the dataset has ended after ${batch} batches of an epoch, and training with it: it should have ${all}`,
        );
        return;
      }
      if (value != null) await this.batch(epoch, batch++, value);
      if (counts ? batch >= options.batchesPerEpoch! : done) return this.validate(logs);
      if (this.inside.stopTraining_) return;
    }
  }

  private async batch(epoch: number, batch: number, value: Batch): Promise<void> {
    const ins = this.insOf(value) ?? (await this.refuse(value));
    const rows = ins[0]!.shape[0]!;
    if (!this.replay(ins, rows, batch === 0)) {
      this.tell();
      return this.single(batch, ins);
    }
    dispose(ins);
    const pauses: Promise<void>[] = [];
    this.logs.giveTurns(epoch, batch, pauses);
    if (pauses.length === 0) return;
    this.tell();
    await Promise.all(pauses);
  }

  // The tensors of a batch, those of the model's inputs before those of its outputs; null where they are none.
  private insOf({ xs, ys }: Batch): Tensor[] | null {
    const { inputNames, outputNames, inputs, outputs } = this.inside;
    const [x, y] = [partsOf(inputNames, xs), partsOf(outputNames, ys)];
    if (x === null || y === null || x.length !== inputs.length || y.length !== outputs.length) return null;
    const ins = [...x, ...y];
    return ins.every(({ shape }) => shape[0] === ins[0]!.shape[0]) ? ins : null;
  }

  private async refuse(value: Batch): Promise<never> {
    this.inside.isTraining = false;
    const iterator = async () => ({ next: async () => ({ value, done: false }) });
    await this.theirs.call(this.model, { iterator }, { batchesPerEpoch: 1, epochs: 1, verbose: 0 });
    throw typeError('model.fitDataset', 'expected batches of a tensor for each input and output of the model');
  }

  // Adds what a batch gives to what the logger is to be told; false, and nothing is done, where it is no replay.
  private replay(ins: readonly Tensor[], rows: number, isFirst: boolean): boolean {
    if (engine().backendName !== backendName || ins.some((t) => t instanceof Variable)) return false;
    const arrays = ins.map(valuesOf);
    const series = arrays.includes(null) ? null : this.trainer(kindOf(ins), this.labels.length);
    if (series === null || !series.single(arrays as TensorData[], this.outputs)) return false;
    this.totals ??= this.logs.totals();
    for (let i = 0; i < this.totals.length; i++) this.totals[i] = withValue(this.totals[i]!, this.outputs[i]![0]!, rows);
    this.rows += rows;
    if (isFirst) this.tell(); // from then on the logger has as many tensors as that of TensorFlow.js
    return true;
  }

  private tell(): void {
    if (this.totals !== null) this.logs.log(this.rows, this.totals);
    this.totals = null;
    this.rows = 0;
  }

  // One batch, as TensorFlow.js does it.
  private async single(batch: number, ins: Tensor[]): Promise<void> {
    const logs: Logs = { batch, size: ins[0]!.shape[0]! };
    await this.list.onBatchBegin(batch, logs as never);
    const outputs = this.f(ins);
    dispose(ins);
    for (const [i, label] of this.labels.entries()) logs[label] = keep(outputs[i]!);
    await this.list.onBatchEnd(batch, logs as never);
    for (const value of Object.values(logs)) if (typeof value !== 'number') value.dispose();
  }

  private async validate(logs: Logs): Promise<void> {
    const { inside, validation, options } = this;
    if (validation == null) return;
    const given = Array.isArray(validation)
      ? inside.evaluate(validation[0], validation[1], { batchSize: options.validationBatchSize ?? 32, verbose: 0 })
      : await inside.evaluateDataset(validation, { batches: options.validationBatches });
    for (const [i, name] of inside.metricsNames.entries()) logs[`val_${name}`] = [given].flat()[i]!;
  }
}
