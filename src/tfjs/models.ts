// Models of tf.layers: what trains and evaluates them, and what they predict, is recorded and replayed.
import { createRequire } from 'node:module';
import { concat, keep, type Optimizer, slice, type Tensor, Tensor as TensorClass, tidy, train, type Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { installDropout } from './dropout';
import { installDatasetLoop, installFitLoop, type Trainers } from './fit-loop';
import { Fixed, Known, type Layers } from './known';
import type { Run } from './recorded';
import { lastPrediction, lastStep, RecordedStep, type Series, type Status } from './recorded-step';

/** What is inside a LayersModel. */
interface Inside {
  optimizer_: Optimizer;
  lossFunctions: unknown[];
  metricsTensors: object[];
  collectedTrainableWeights: { read(): Variable }[];
  inputs: unknown[];
  outputs: unknown[];
  layers: unknown[];
  testFunction: Function_;
}

type Function_ = (data: Tensor[]) => Tensor[];

const mostChanges = 16;

let known: Known | null = null;

// What is known is found out when it is first asked for: it takes some milliseconds.
function knownOf(layers: Layers): Known {
  if (known !== null) return known;
  const optimizer = train.sgd(0);
  known = new Known(layers, optimizer as never);
  optimizer.dispose();
  return known;
}

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean => a.every((object, i) => object === b[i]);

/** Recorded steps that depend on the same parts of a model, and go when one of them is changed. */
class Steps<Name extends string> {
  private whole: readonly unknown[] = [];
  private fixed = new Fixed([]);
  private objection: string | null = null;
  private changes = 0;
  private steps!: Record<Name, RecordedStep>;

  /** `wholeNow`: what belongs to one compilation; `objectionTo` says why there are no recordings, and adds to `parts` what else they depend on. */
  constructor(
    private readonly wholeNow: () => readonly object[],
    private readonly objectionTo: (parts: object[]) => string | null,
    private readonly make: () => Record<Name, RecordedStep>,
  ) {}

  // What was recorded goes when something of the model is changed.
  private look(): void {
    const whole = this.wholeNow();
    const isWhole = this.whole.length > 0 && isSame(whole, this.whole);
    if (isWhole && (this.changes > mostChanges || this.fixed.holds())) return;
    this.changes = isWhole ? this.changes + 1 : 0;
    this.whole = whole;
    const parts: object[] = [];
    this.objection = this.objectionTo(parts);
    if (this.changes > mostChanges) this.objection ??= 'its layers change again and again';
    this.fixed = new Fixed([...parts, ...whole.filter(Array.isArray)]);
    this.steps = this.make();
  }

  /** See RecordedStep. */
  series(name: Name, kind: string, outputs: number): Series | null {
    this.look();
    return this.objection === null ? this.steps[name].series(kind, outputs) : null;
  }

  /** What must be done operation by operation is done so, for a reason. */
  call(name: Name, run: Run, data: readonly unknown[]): Tensor[] {
    this.look();
    const reason = this.objection ?? (data.every((t) => t instanceof TensorClass) ? null : 'its data are not all tensors');
    const given = data as readonly Tensor[];
    return reason === null ? this.steps[name].call(run, given) : this.steps[name].perOperation(run, given, reason);
  }
}

/** One model. */
class RecordedModel {
  private readonly compiled: Steps<'trained' | 'tested'>;
  private readonly predicting: Steps<'predicted'>;

  constructor(layers: Layers, model: LayersModel) {
    const inside = model as unknown as Inside;
    const testStatus: Status = { isReplayed: false, reason: '' };
    this.compiled = new Steps(
      () => {
        const { optimizer_, lossFunctions, metricsTensors, collectedTrainableWeights, inputs, outputs, layers: own } = inside;
        return [optimizer_, lossFunctions, metricsTensors, collectedTrainableWeights, inputs, outputs, own];
      },
      (parts) => {
        parts.push(...inside.metricsTensors);
        return knownOf(layers).objectionToStep(model, parts);
      },
      () => {
        const variables = inside.collectedTrainableWeights.map((weight) => weight.read());
        return {
          trained: new RecordedStep(lastStep, inside.optimizer_, variables, true),
          tested: new RecordedStep(testStatus, null, [], true),
        };
      },
    );
    this.predicting = new Steps(
      () => [inside.inputs, inside.outputs, inside.layers],
      (parts) => knownOf(layers).objectionToPrediction(model, parts),
      () => ({ predicted: new RecordedStep(lastPrediction, null, [], true) }),
    );
  }

  private call(step: 'trained' | 'tested', plain: Function_, data: Tensor[]): Tensor[] {
    const count = data.findLastIndex((t) => t != null) + 1; // behind them are weights of samples that there are not
    const [given, missing] = [data.slice(0, count), data.slice(count)];
    return this.compiled.call(step, (args) => plain([...args, ...missing]), given);
  }

  /** The loss and the metrics of a step, whose function is `plain`; metrics are kept. */
  train(plain: Function_, data: Tensor[]): Tensor[] {
    const outputs = this.call('trained', plain, data);
    for (const metric of outputs.slice(1)) keep(metric);
    return outputs;
  }

  /** Such steps in a row, over arguments of a kind. */
  series(kind: string, outputs: number): Series | null {
    return this.compiled.series('trained', kind, outputs);
  }

  /** The same of an evaluation. */
  test(plain: Function_, data: Tensor[]): Tensor[] {
    return this.call('tested', plain, data);
  }

  /** What the model predicts, batch for batch; `plain` does it for all rows of what it is given. */
  predict(plain: Function_, data: Tensor[], batchSize: number): Tensor[] {
    const rows = data[0]!.shape[0]!;
    if (rows <= batchSize) return this.predicting.call('predicted', plain, data);
    return tidy(() => {
      const batches: Tensor[][] = [];
      for (let start = 0; start < rows; start += batchSize) {
        const part = data.map((t) => slice(t, start, Math.min(batchSize, rows - start)));
        batches.push(this.predicting.call('predicted', plain, part));
      }
      return batches[0]!.map((_, i) => concat(batches.map((outputs) => outputs[i]!)));
    });
  }
}

const recordings = new WeakMap<LayersModel, RecordedModel>();

function recordingOf(layers: Layers, model: LayersModel): RecordedModel {
  let recording = recordings.get(model);
  if (recording === undefined) {
    recording = new RecordedModel(layers, model);
    recordings.set(model, recording);
  }
  return recording;
}

// tfjs-layers, where the program can have it.
function layersHere(): Layers | null {
  try {
    return createRequire(__filename)('@tensorflow/tfjs-layers') as Layers;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** Has models recorded where tfjs-layers is one whose inside is known. */
export function installModels(): void {
  const layers = layersHere();
  if (layers === null) return;
  if (!layers.version_layers.startsWith('4.22.')) {
    lastStep.reason = `models are recorded of tfjs-layers 4.22, this is ${layers.version_layers}`;
    return;
  }
  installDropout(layers);
  const trainers: Trainers = { of: new WeakMap(), made: new WeakMap() };
  installFitLoop(layers, trainers);
  const prototype = layers.LayersModel.prototype as unknown as {
    makeTrainFunction(this: LayersModel): Function_;
    makeTestFunction(this: LayersModel): void;
    predictLoop(this: LayersModel, data: Tensor | Tensor[], batchSize?: number, verbose?: boolean): Tensor | Tensor[];
  };
  const { makeTrainFunction, makeTestFunction, predictLoop } = prototype;
  prototype.makeTrainFunction = function () {
    const plain = makeTrainFunction.call(this);
    const recorded: Function_ = (data) => recordingOf(layers, this).train(plain, data);
    trainers.of.set(recorded, (kind, outputs) => recordingOf(layers, this).series(kind, outputs));
    trainers.made.set(this, recorded);
    return recorded;
  };
  installDatasetLoop(layers, trainers);
  prototype.makeTestFunction = function () {
    makeTestFunction.call(this);
    const inside = this as unknown as Inside;
    const plain = inside.testFunction;
    inside.testFunction = (data) => recordingOf(layers, this).test(plain, data);
  };
  prototype.predictLoop = function (data, batchSize = 32, verbose = false) {
    const list = [data].flat();
    const rows = list[0]?.shape?.[0];
    if (verbose || !rows || list.some((t) => t.shape?.[0] !== rows)) return predictLoop.call(this, data, batchSize, verbose);
    const plain: Function_ = (args) => [predictLoop.call(this, Array.isArray(data) ? args : args[0]!, rows)].flat();
    const outputs = recordingOf(layers, this).predict(plain, list, batchSize);
    return outputs.length === 1 ? outputs[0]! : outputs;
  };
}
