// One `fit` where nobody asks for single batches: it goes through the batches of an epoch as that of TensorFlow.js does, in the same order and with the same
// bits and logs, but replays them one after the other, without tensors, promises and callbacks for each: on the library's thread for fits, or on JavaScript's.
import { engine, gather, keep, type Scalar, type Tensor, tensor1d, tidy, util } from '@tensorflow/tfjs-core';
import type { CallbackList, History, LayersModel } from '@tensorflow/tfjs-layers';
import * as calls from '../calls.generated';
import { allocateFloat, allocateInt, type TensorData } from '../memory';
import { numelOf } from '../shape';
import { type Callback, FitLogs, type Logs, withValue } from './fit-logs';
import { FitThread } from './fit-thread';
import type { Layers } from './known';
import { valuesOf } from './recorded';
import { kindOf, type Series } from './recorded-step';
import { backendName } from './registry';

export type Function_ = (data: Tensor[]) => Tensor[];

/** What does steps of a kind in a row; each gives so many numbers. */
export type Trainer = (kind: string, outputs: number) => Series | null;

/** What is inside a LayersModel. */
interface Inside {
  history: History;
  stopTraining_: boolean;
  testLoop(f: unknown, ins: Tensor[], batchSize: number): Scalar[];
}

export type Given = [
  f: Function_,
  ins: (Tensor | null)[],
  labels: string[],
  batchSize: number | null | undefined,
  epochs: number | null | undefined,
  verbose: unknown,
  callbacks: Callback[],
  valF: unknown,
  valIns: Tensor[] | null,
  shuffle: unknown,
  callbackMetrics: string[],
  initialEpoch: number | null | undefined,
  stepsPerEpoch: unknown,
  validationSteps: unknown,
];

/** The number of the next batch, and what is waited for before it. */
interface Replayed {
  next: number;
  pauses: Promise<void>[];
}

// What a step of so many rows reads and writes, each array used by all steps of the kind.
interface Place {
  series: Series;
  arrays: TensorData[];
  outputs: Float32Array[];
}

/** The threads of the fits that are under way. */
export const threads = new WeakMap<LayersModel, FitThread>();

/** One call of `fit`. */
export class Fit {
  private readonly inside: Inside;
  private readonly order: Int32Array;
  private readonly size: number;
  private readonly batches: number;
  private readonly logs: FitLogs;
  private readonly places = new Map<number, Place>();
  private readonly thread: FitThread;

  constructor(
    private readonly model: LayersModel,
    private readonly given: Given,
    private readonly list: CallbackList,
    private readonly trainer: Trainer,
    of: Layers['CustomCallback'],
    objectionToThread: string | null,
  ) {
    this.inside = model as unknown as Inside;
    const [, ins, labels, batchSize, , , callbacks] = given;
    this.logs = new FitLogs(list, labels, callbacks, of);
    this.order = Int32Array.from({ length: ins[0]!.shape[0]! }, (_, i) => i);
    this.size = batchSize ?? 32;
    this.batches = Math.ceil(this.order.length / this.size);
    this.thread = new FitThread(this.tensors() as Tensor[], this.sources(), this.order.length, this.logs.pauses, objectionToThread);
    threads.set(model, this.thread);
  }

  async run(): Promise<History> {
    try {
      return await this.train();
    } finally {
      this.thread.end();
      threads.delete(this.model);
    }
  }

  private async train(): Promise<History> {
    const { inside, list, given } = this;
    const [, , , , epochs, , , , , shuffle, , initialEpoch] = given;
    list.setModel(this.model);
    inside.history = list.callbacks.at(-1) as History;
    await list.onTrainBegin();
    inside.stopTraining_ = false;
    for (let epoch = initialEpoch ?? 0; epoch < (epochs ?? 1); epoch++) {
      await list.onEpochBegin(epoch);
      const logs: Logs = {};
      if (shuffle ?? true) util.shuffle(this.order as never);
      await this.epoch(epoch, logs);
      await list.onEpochEnd(epoch, logs as never);
      if (inside.stopTraining_) break;
    }
    await list.onTrainEnd();
    await inside.history.syncData();
    return inside.history;
  }

  private async epoch(epoch: number, logs: Logs): Promise<void> {
    for (let batch = 0; batch < this.batches; ) {
      const aside = await this.aside(epoch, batch, logs);
      const { next, pauses } = aside ?? this.replay(epoch, batch, logs);
      if (aside === null && next === batch) await this.single(batch++, logs);
      else await Promise.all(pauses);
      batch = Math.max(batch, next);
      if (this.inside.stopTraining_ && batch > 0) break; // an epoch that has begun has a batch, also where a run of the thread was ended before its first
    }
  }

  // One batch, as TensorFlow.js does it.
  private async single(batch: number, epochLogs: Logs): Promise<void> {
    const [f, ins, labels] = this.given;
    const rows = this.rowsOf(batch);
    const logs: Logs = {};
    await this.list.onBatchBegin(batch, logs as never);
    tidy(() => {
      Object.assign(logs, { batch, size: rows.length });
      const index = tensor1d(rows, 'int32');
      const outputs = f(ins.map((t) => t && gather(t, index)) as Tensor[]);
      for (const [i, label] of labels.entries()) logs[label] = keep(outputs[i]!);
      if (batch === this.batches - 1) this.validate(epochLogs);
    });
    await this.list.onBatchEnd(batch, logs as never);
    for (const value of Object.values(logs)) if (typeof value !== 'number') value.dispose();
  }

  private validate(logs: Logs): void {
    const [, , labels, , , , , valF, valIns] = this.given;
    if (valF == null || valIns == null) return;
    tidy(() => {
      const outputs = this.inside.testLoop(valF, valIns, this.size);
      for (const [i, label] of labels.entries()) logs[`val_${label}`] = keep(outputs[i]!);
    });
  }

  private rowsIn(first: number, end: number): number {
    return Math.min(end * this.size, this.order.length) - first * this.size;
  }

  private rowsOf(batch: number): Int32Array {
    return this.order.subarray(batch * this.size, Math.min((batch + 1) * this.size, this.order.length));
  }

  // Has the thread replay batches from this one on, until the epoch ends, or others have their turn; null where it is not asked.
  private async aside(epoch: number, first: number, logs: Logs): Promise<Replayed | null> {
    const { thread, order } = this;
    const size = Math.min(this.size, order.length);
    const whole = Math.floor(order.length / size) - first;
    if (whole < 1 || !thread.takes(this.batches - first, this.sources())) return null;
    const kinds = [size, order.length % size].filter((rows) => rows > 0).map((rows) => this.seriesFor(rows));
    if (kinds[0] === null) return null;
    const known = kinds.filter((series) => series !== null);
    const end = known.length === kinds.length ? order.length : (first + whole) * size;
    const done = await thread.run(known, size, order.subarray(first * size, end));
    if (done === null) return null;
    const pauses: Promise<void>[] = [];
    const next = first + done.steps;
    if (next === first) return { next, pauses };
    const totals = this.logs.totals();
    for (let batch = first; batch < next; batch++) {
      const rows = this.rowsOf(batch).length;
      for (let i = 0; i < totals.length; i++) totals[i] = withValue(totals[i]!, done.outputs[i]![batch - first]!, rows);
    }
    if (next === this.batches) this.validate(logs);
    this.logs.giveTurns(epoch, next - 1, pauses);
    this.logs.log(this.rowsIn(first, next), totals);
    return { next, pauses };
  }

  // Replays batches from this one on, until the epoch ends, or others have their turn, or the thread is asked, or one is no replay: its number.
  private replay(epoch: number, first: number, logs: Logs): Replayed {
    const sources = this.sources();
    const pauses: Promise<void>[] = [];
    this.places.clear();
    if (sources === null || this.placeFor(this.rowsOf(first).length) === null) return { next: first, pauses };
    const totals = this.logs.totals();
    const most = Math.min(this.batches, first + this.thread.mostHere);
    const begun = performance.now();
    let seconds = 0;
    let next = first;
    for (; next < most && pauses.length === 0; next++) {
      const rows = this.rowsOf(next);
      const place = this.placeFor(rows.length);
      if (place === null || !this.step(place, sources, rows)) break;
      for (let i = 0; i < totals.length; i++) totals[i] = withValue(totals[i]!, place.outputs[i]![0]!, rows.length);
      seconds = (performance.now() - begun) / 1000;
      if (next === this.batches - 1) this.validate(logs);
      this.logs.giveTurns(epoch, next, pauses);
    }
    if (next > first) {
      this.thread.didHere(next - first, seconds);
      this.logs.log(this.rowsIn(first, next), totals);
    }
    return { next, pauses };
  }

  // What the batches are made of now; null where it is not for our kernels.
  private sources(): TensorData[] | null {
    if (engine().backendName !== backendName) return null;
    const found = this.tensors().map((t) => t && valuesOf(t));
    return found.includes(null) ? null : (found as TensorData[]);
  }

  // Behind the last are weights of samples that there are not.
  private tensors(): (Tensor | null)[] {
    const [, ins] = this.given;
    return ins.slice(0, ins.findLastIndex((t) => t != null) + 1);
  }

  // What batches of so many rows are made of.
  private kindsFor(rows: number): Pick<Tensor, 'dtype' | 'shape'>[] {
    return (this.tensors() as Tensor[]).map(({ dtype, shape }) => ({ dtype, shape: [rows, ...shape.slice(1)] }));
  }

  private seriesFor(rows: number): Series | null {
    return this.trainer(kindOf(this.kindsFor(rows)), this.given[2].length);
  }

  private placeFor(rows: number): Place | null {
    const known = this.places.get(rows);
    if (known !== undefined) return known;
    const series = this.seriesFor(rows);
    if (series === null) return null;
    series.replay.settle();
    const [kinds, [, , labels]] = [this.kindsFor(rows), this.given];
    const arrays = kinds.map(({ dtype, shape }) => (dtype === 'float32' ? allocateFloat : allocateInt)(numelOf(shape)));
    const place = { series, arrays, outputs: labels.map(() => allocateFloat(1)) };
    this.places.set(rows, place);
    return place;
  }

  private step({ series, arrays, outputs }: Place, sources: readonly TensorData[], index: Int32Array): boolean {
    const rows = this.order.length;
    for (const [i, x] of sources.entries()) {
      calls.gatherRows({ out: arrays[i]!, x, index, outer: 1, rows, columns: x.length / rows, count: index.length });
    }
    return series.step(arrays, outputs);
  }
}
