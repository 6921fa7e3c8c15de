// One `fit` in which no callback asks for single batches. It goes through the batches of an epoch in the same order and with the same bits and logs as TensorFlow.js, but
// replays them in a row, without tensors, promises and callbacks for each: on the library's training thread or on JavaScript's.
import { engine, gather, keep, type Tensor, tensor1d, tidy, util } from '@tensorflow/tfjs-core';
import type { CallbackList, History, LayersModel } from '@tensorflow/tfjs-layers';
import * as calls from '../calls.generated';
import { allocateFloat, allocateInt, type TensorData } from '../memory';
import { numelOf } from '../shape';
import { addToTotal, type Callback, FitLogs, type Logs } from './fit-logs';
import { FitThread } from './fit-thread';
import { type BatchFunction, internalsOf, type ModelInternals } from './model-internals';
import type { Layers } from './recordable';
import { type ReplaySeries, signatureOf } from './recorded-step';
import { backendName } from './registry';
import { planArrayOf } from './replay';

/** Returns replays for batches of a signature, each of whose steps gives so many numbers; null if the next step is no replay. */
export type SeriesProvider = (signature: string, outputs: number) => ReplaySeries | null;

/** The arguments of `fitLoop` of a LayersModel. */
export type FitArguments = [
  trainFunction: BatchFunction,
  data: (Tensor | null)[],
  labels: string[],
  batchSize: number | null | undefined,
  epochs: number | null | undefined,
  verbose: unknown,
  callbacks: Callback[],
  testFunction: unknown,
  validationData: Tensor[] | null,
  shuffle: unknown,
  callbackMetrics: string[],
  initialEpoch: number | null | undefined,
  stepsPerEpoch: unknown,
  validationSteps: unknown,
];

/** The number of the next batch, and the promises to await before it. */
interface Progress {
  next: number;
  pauses: Promise<void>[];
}

// The arrays of all steps with batches of one size.
interface BatchBuffers {
  series: ReplaySeries;
  arrays: TensorData[];
  outputs: Float32Array[];
}

/** The threads of the fits that are running. */
export const activeThreads = new WeakMap<LayersModel, FitThread>();

/** One call of `fit`. */
export class Fit {
  private readonly internals: ModelInternals;
  private readonly order: Int32Array;
  private readonly size: number;
  private readonly batches: number;
  private readonly logs: FitLogs;
  private readonly buffers = new Map<number, BatchBuffers>();
  private readonly thread: FitThread;

  constructor(
    private readonly model: LayersModel,
    private readonly args: FitArguments,
    private readonly list: CallbackList,
    private readonly seriesOf: SeriesProvider,
    customCallback: Layers['CustomCallback'],
    objectionToThread: string | null,
  ) {
    this.internals = internalsOf(model);
    const [, data, labels, batchSize, , , callbacks] = args;
    this.logs = new FitLogs(list, labels, callbacks, customCallback);
    this.order = Int32Array.from({ length: data[0]!.shape[0]! }, (_, i) => i);
    this.size = batchSize ?? 32;
    this.batches = Math.ceil(this.order.length / this.size);
    this.thread = new FitThread(this.tensors() as Tensor[], this.columns(), this.order.length, this.logs.pauses, objectionToThread);
    activeThreads.set(model, this.thread);
  }

  async run(): Promise<History> {
    try {
      return await this.train();
    } finally {
      this.thread.end();
      activeThreads.delete(this.model);
    }
  }

  private async train(): Promise<History> {
    const { internals, list, args } = this;
    const [, , , , epochs, , , , , shuffle, , initialEpoch] = args;
    list.setModel(this.model);
    internals.history = list.callbacks.at(-1) as History;
    await list.onTrainBegin();
    internals.stopTraining_ = false;
    for (let epoch = initialEpoch ?? 0; epoch < (epochs ?? 1); epoch++) {
      await list.onEpochBegin(epoch);
      const logs: Logs = {};
      if (shuffle ?? true) util.shuffle(this.order as never);
      await this.epoch(epoch, logs);
      await list.onEpochEnd(epoch, logs as never);
      if (internals.stopTraining_) break;
    }
    await list.onTrainEnd();
    await internals.history.syncData();
    return internals.history;
  }

  private async epoch(epoch: number, logs: Logs): Promise<void> {
    for (let batch = 0; batch < this.batches; ) {
      const onThread = await this.replayOnThread(epoch, batch, logs);
      const { next, pauses } = onThread ?? this.replayHere(epoch, batch, logs);
      if (onThread === null && next === batch) await this.perOperation(batch++, logs);
      else await Promise.all(pauses);
      batch = Math.max(batch, next);
      // `batch` is 0 if the thread's run was ended before its first step. TensorFlow.js does at least one batch of an epoch that has begun.
      if (this.internals.stopTraining_ && batch > 0) break;
    }
  }

  // Does one batch as the loop of TensorFlow.js does it.
  private async perOperation(batch: number, epochLogs: Logs): Promise<void> {
    const [trainFunction, data, labels] = this.args;
    const rows = this.rowsOf(batch);
    const logs: Logs = {};
    await this.list.onBatchBegin(batch, logs as never);
    tidy(() => {
      Object.assign(logs, { batch, size: rows.length });
      const index = tensor1d(rows, 'int32');
      const outputs = trainFunction(data.map((t) => t && gather(t, index)) as Tensor[]);
      for (const [i, label] of labels.entries()) logs[label] = keep(outputs[i]!);
      if (batch === this.batches - 1) this.validate(epochLogs);
    });
    await this.list.onBatchEnd(batch, logs as never);
    for (const value of Object.values(logs)) if (typeof value !== 'number') value.dispose();
  }

  private validate(logs: Logs): void {
    const [, , labels, , , , , testFunction, validationData] = this.args;
    if (testFunction == null || validationData == null) return;
    tidy(() => {
      const outputs = this.internals.testLoop(testFunction, validationData, this.size);
      for (const [i, label] of labels.entries()) logs[`val_${label}`] = keep(outputs[i]!);
    });
  }

  private rowsBetween(first: number, end: number): number {
    return Math.min(end * this.size, this.order.length) - first * this.size;
  }

  private rowsOf(batch: number): Int32Array {
    return this.order.subarray(batch * this.size, Math.min((batch + 1) * this.size, this.order.length));
  }

  // Replays batches from `first` on by the training thread until the epoch ends or it is time to yield. Returns null if the thread does not do them.
  private async replayOnThread(epoch: number, first: number, logs: Logs): Promise<Progress | null> {
    const { thread, order } = this;
    const size = Math.min(this.size, order.length);
    const full = Math.floor(order.length / size) - first;
    if (full < 1 || !thread.accepts(this.batches - first, this.columns())) return null;
    const sizes = [size, order.length % size].filter((rows) => rows > 0);
    const all = sizes.map((rows) => this.seriesFor(rows));
    if (all[0] === null) return null;
    const series = all.filter((one) => one !== null);
    const end = series.length === sizes.length ? order.length : (first + full) * size; // a smaller last batch is recorded on JavaScript's thread first
    const report = await thread.run(series, size, order.subarray(first * size, end));
    if (report === null) return null;
    const pauses: Promise<void>[] = [];
    const next = first + report.steps;
    if (next === first) return { next, pauses };
    const totals = this.logs.totals();
    for (let batch = first; batch < next; batch++) {
      const rows = this.rowsOf(batch).length;
      for (let i = 0; i < totals.length; i++) totals[i] = addToTotal(totals[i]!, report.outputs[i]![batch - first]!, rows);
    }
    if (next === this.batches) this.validate(logs);
    this.logs.yieldIfDue(epoch, next - 1, pauses);
    this.logs.log(this.rowsBetween(first, next), totals);
    return { next, pauses };
  }

  // Replays batches from `first` on by this thread until the epoch ends, it is time to yield, the training thread may take over, or a batch cannot be replayed.
  private replayHere(epoch: number, first: number, logs: Logs): Progress {
    const columns = this.columns();
    const pauses: Promise<void>[] = [];
    this.buffers.clear();
    if (columns === null || this.buffersFor(this.rowsOf(first).length) === null) return { next: first, pauses };
    const totals = this.logs.totals();
    const end = Math.min(this.batches, first + this.thread.maxBatchesHere);
    const begin = performance.now();
    let seconds = 0;
    let next = first;
    for (; next < end && pauses.length === 0; next++) {
      const rows = this.rowsOf(next);
      const buffers = this.buffersFor(rows.length);
      if (buffers === null || !this.step(buffers, columns, rows)) break;
      for (let i = 0; i < totals.length; i++) totals[i] = addToTotal(totals[i]!, buffers.outputs[i]![0]!, rows.length);
      seconds = (performance.now() - begin) / 1000;
      if (next === this.batches - 1) this.validate(logs);
      this.logs.yieldIfDue(epoch, next, pauses);
    }
    if (next > first) {
      this.thread.measured(next - first, seconds);
      this.logs.log(this.rowsBetween(first, next), totals);
    }
    return { next, pauses };
  }

  // The present values of the data, of which batches are rows; null if kernels cannot read all of them.
  private columns(): TensorData[] | null {
    if (engine().backendName !== backendName) return null;
    const found = this.tensors().map((t) => t && planArrayOf(t));
    return found.includes(null) ? null : (found as TensorData[]);
  }

  // Sample weights follow the targets, and are null where there are none.
  private tensors(): (Tensor | null)[] {
    const [, data] = this.args;
    return data.slice(0, data.findLastIndex((t) => t != null) + 1);
  }

  private batchShapes(rows: number): Pick<Tensor, 'dtype' | 'shape'>[] {
    return (this.tensors() as Tensor[]).map(({ dtype, shape }) => ({ dtype, shape: [rows, ...shape.slice(1)] }));
  }

  private seriesFor(rows: number): ReplaySeries | null {
    return this.seriesOf(signatureOf(this.batchShapes(rows)), this.args[2].length);
  }

  private buffersFor(rows: number): BatchBuffers | null {
    const existing = this.buffers.get(rows);
    if (existing !== undefined) return existing;
    const series = this.seriesFor(rows);
    if (series === null) return null;
    series.replay.fetchVariables();
    const arrays = this.batchShapes(rows).map(({ dtype, shape }) => (dtype === 'float32' ? allocateFloat : allocateInt)(numelOf(shape)));
    const buffers = { series, arrays, outputs: this.args[2].map(() => allocateFloat(1)) };
    this.buffers.set(rows, buffers);
    return buffers;
  }

  private step({ series, arrays, outputs }: BatchBuffers, columns: readonly TensorData[], index: Int32Array): boolean {
    const rows = this.order.length;
    for (const [i, x] of columns.entries()) {
      calls.gatherRows({ out: arrays[i]!, x, index, outer: 1, rows, columns: x.length / rows, count: index.length });
    }
    return series.runNext(arrays, outputs);
  }
}
