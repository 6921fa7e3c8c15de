// Records and replays the steps of tf.layers models: training, evaluation and prediction.
import { createRequire } from 'node:module';
import { concat, keep, slice, Tensor, tidy, train } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { installDropout } from './dropout';
import { installDatasetLoop, installFitLoop, type TrainFunctions } from './fit-loop';
import { type BatchFunction, internalsOf } from './model-internals';
import { installMovingAverages } from './moving-averages';
import { FieldSnapshot, type Layers, methodsOf, RecordableParts } from './recordable';
import { lastPrediction, lastStep, RecordedStep, type ReplaySeries, type Status } from './recorded-step';
import type { StepFunction } from './replay';

const maxChanges = 16;

let recordable: RecordableParts | null = null;

// Made at the first step, because it takes some milliseconds.
function recordableOf(layers: Layers): RecordableParts {
  if (recordable !== null) return recordable;
  const optimizer = train.sgd(0);
  recordable = new RecordableParts(layers, optimizer as never);
  optimizer.dispose();
  return recordable;
}

const areSame = (a: readonly unknown[], b: readonly unknown[]): boolean => a.every((object, i) => object === b[i]);

/** Recorded steps that depend on the same parts of a model. They are made anew when one of these has changed. */
class ModelSteps<Name extends string> {
  private compilation: readonly unknown[] = [];
  private snapshot = new FieldSnapshot([]);
  private objection: string | null = null;
  /** How often a field has changed since the last compilation. */
  private changes = 0;
  private steps!: Record<Name, RecordedStep>;

  /**
   * `currentCompilation` returns the objects that `compile` replaces. `objectionTo` returns why nothing can be recorded, or null, and adds the other objects on whose
   * fields recordings depend to `parts`.
   */
  constructor(
    private readonly currentCompilation: () => readonly object[],
    private readonly objectionTo: (parts: object[]) => string | null,
    private readonly make: () => Record<Name, RecordedStep>,
  ) {}

  private refresh(): void {
    const compilation = this.currentCompilation();
    const isSameCompilation = this.compilation.length > 0 && areSame(compilation, this.compilation);
    if (isSameCompilation && (this.changes > maxChanges || this.snapshot.isUnchanged())) return;
    this.changes = isSameCompilation ? this.changes + 1 : 0;
    this.compilation = compilation;
    const parts: object[] = [];
    this.objection = this.objectionTo(parts);
    if (this.changes > maxChanges) this.objection ??= 'its layers change again and again';
    this.snapshot = new FieldSnapshot([...parts, ...compilation.filter(Array.isArray)]);
    this.steps = this.make();
  }

  /** See `RecordedStep.series`. */
  series(name: Name, signature: string, outputs: number): ReplaySeries | null {
    this.refresh();
    return this.objection === null ? this.steps[name].series(signature, outputs) : null;
  }

  /** Does a step: by a replay if possible, otherwise by `run`. */
  call(name: Name, run: StepFunction, data: readonly unknown[]): Tensor[] {
    this.refresh();
    const reason = this.objection ?? (data.every((t) => t instanceof Tensor) ? null : 'its data are not all tensors');
    const tensors = data as readonly Tensor[];
    return reason === null ? this.steps[name].call(run, tensors) : this.steps[name].perOperation(run, tensors, reason);
  }
}

/** The recorded steps of one model. */
class RecordedModel {
  private readonly compiled: ModelSteps<'train' | 'test'>;
  private readonly prediction: ModelSteps<'predict'>;

  constructor(layers: Layers, model: LayersModel) {
    const internals = internalsOf(model);
    const testStatus: Status = { isReplayed: false, reason: '' };
    this.compiled = new ModelSteps(
      () => {
        const { optimizer_, lossFunctions, metricsTensors, collectedTrainableWeights, inputs, outputs, layers: own } = internals;
        return [optimizer_, lossFunctions, metricsTensors, collectedTrainableWeights, inputs, outputs, own, ...methodsOf(model)];
      },
      (parts) => {
        parts.push(...internals.metricsTensors);
        return recordableOf(layers).objectionToStep(model, parts);
      },
      () => {
        const variables = internals.collectedTrainableWeights.map((weight) => weight.read());
        return {
          train: new RecordedStep(lastStep, internals.optimizer_, variables, true),
          test: new RecordedStep(testStatus, null, [], true),
        };
      },
    );
    this.prediction = new ModelSteps(
      () => [internals.inputs, internals.outputs, internals.layers, ...methodsOf(model)],
      (parts) => recordableOf(layers).objectionToPrediction(model, parts),
      () => ({ predict: new RecordedStep(lastPrediction, null, [], true) }),
    );
  }

  private call(step: 'train' | 'test', original: BatchFunction, data: Tensor[]): Tensor[] {
    const count = data.findLastIndex((t) => t != null) + 1; // sample weights follow the targets, and are null where there are none
    const [given, missing] = [data.slice(0, count), data.slice(count)];
    return this.compiled.call(step, (args) => original([...args, ...missing]), given);
  }

  /** Does a training step; `original` does it operation by operation. As TensorFlow.js does, it keeps the metrics that it returns. */
  train(original: BatchFunction, data: Tensor[]): Tensor[] {
    const outputs = this.call('train', original, data);
    for (const metric of outputs.slice(1)) keep(metric);
    return outputs;
  }

  /** Replays of training steps for batches of a signature. */
  series(signature: string, outputs: number): ReplaySeries | null {
    return this.compiled.series('train', signature, outputs);
  }

  /** Does a step of an evaluation. */
  test(original: BatchFunction, data: Tensor[]): Tensor[] {
    return this.call('test', original, data);
  }

  /** Predicts batch by batch; `original` predicts all rows of its argument at once. */
  predict(original: BatchFunction, data: Tensor[], batchSize: number): Tensor[] {
    const rows = data[0]!.shape[0]!;
    if (rows <= batchSize) return this.prediction.call('predict', original, data);
    return tidy(() => {
      const batches: Tensor[][] = [];
      for (let start = 0; start < rows; start += batchSize) {
        const batch = data.map((t) => slice(t, start, Math.min(batchSize, rows - start)));
        batches.push(this.prediction.call('predict', original, batch));
      }
      return batches[0]!.map((_, i) => concat(batches.map((outputs) => outputs[i]!)));
    });
  }
}

const recordedModels = new WeakMap<LayersModel, RecordedModel>();

function recordedModelOf(layers: Layers, model: LayersModel): RecordedModel {
  let recorded = recordedModels.get(model);
  if (recorded === undefined) {
    recorded = new RecordedModel(layers, model);
    recordedModels.set(model, recorded);
  }
  return recorded;
}

// Returns null if the program does not have tfjs-layers.
function loadLayers(): Layers | null {
  try {
    return createRequire(__filename)('@tensorflow/tfjs-layers') as Layers;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** Makes models of tfjs-layers 4.22 record their steps. */
export function installModels(): void {
  const layers = loadLayers();
  if (layers === null) return;
  if (!layers.version_layers.startsWith('4.22.')) {
    lastStep.reason = `models are recorded of tfjs-layers 4.22, this is ${layers.version_layers}`;
    return;
  }
  installDropout(layers);
  installMovingAverages(layers);
  const trainFunctions: TrainFunctions = { series: new WeakMap(), last: new WeakMap() };
  installFitLoop(layers, trainFunctions);
  const prototype = layers.LayersModel.prototype as unknown as {
    makeTrainFunction(this: LayersModel): BatchFunction;
    makeTestFunction(this: LayersModel): void;
    predictLoop(this: LayersModel, data: Tensor | Tensor[], batchSize?: number, verbose?: boolean): Tensor | Tensor[];
  };
  const { makeTrainFunction, makeTestFunction, predictLoop } = prototype;
  prototype.makeTrainFunction = function () {
    const original = makeTrainFunction.call(this);
    const recorded: BatchFunction = (data) => recordedModelOf(layers, this).train(original, data);
    trainFunctions.series.set(recorded, (signature, outputs) => recordedModelOf(layers, this).series(signature, outputs));
    trainFunctions.last.set(this, recorded);
    return recorded;
  };
  installDatasetLoop(layers, trainFunctions);
  prototype.makeTestFunction = function () {
    makeTestFunction.call(this);
    const internals = internalsOf(this);
    const original = internals.testFunction;
    internals.testFunction = (data) => recordedModelOf(layers, this).test(original, data);
  };
  prototype.predictLoop = function (data, batchSize = 32, verbose = false) {
    const list = [data].flat();
    const rows = list[0]?.shape?.[0];
    if (verbose || !rows || list.some((t) => t.shape?.[0] !== rows)) return predictLoop.call(this, data, batchSize, verbose);
    const original: BatchFunction = (args) => [predictLoop.call(this, Array.isArray(data) ? args : args[0]!, rows)].flat();
    const outputs = recordedModelOf(layers, this).predict(original, list, batchSize);
    return outputs.length === 1 ? outputs[0]! : outputs;
  };
}
