// Models of tf.layers: what trains and evaluates them is recorded and replayed.
import { createRequire } from 'node:module';
import { keep, type Optimizer, type Tensor, Tensor as TensorClass, train, type Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { Fixed, Known, type Layers } from './known';
import type { Run } from './recorded';
import { lastStep, RecordedStep, type Status } from './recorded-step';

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

const compiledOf = ({
  optimizer_,
  lossFunctions,
  metricsTensors,
  collectedTrainableWeights,
  inputs,
  outputs,
  layers,
}: Inside): object[] => [optimizer_, lossFunctions, metricsTensors, collectedTrainableWeights, inputs, outputs, layers];

const isSame = (a: readonly object[], b: readonly object[]): boolean => a.every((object, i) => object === b[i]);

/** One model, as it is compiled now. */
class RecordedModel {
  private compiled: readonly object[] = [];
  private fixed = new Fixed([]);
  private objection: string | null = null;
  private changes = 0;
  private trained!: RecordedStep;
  private tested!: RecordedStep;
  private readonly testStatus: Status = { isReplayed: false, reason: '' };

  constructor(
    private readonly layers: Layers,
    private readonly model: LayersModel,
  ) {}

  // What was recorded goes when something of the model is changed.
  private look(): void {
    const inside = this.model as unknown as Inside;
    const compiled = compiledOf(inside);
    const isCompiled = isSame(compiled, this.compiled);
    if (isCompiled && (this.changes > mostChanges || this.fixed.holds())) return;
    this.changes = isCompiled ? this.changes + 1 : 0;
    this.compiled = compiled;
    const parts: object[] = [];
    const { optimizer_, lossFunctions, metricsTensors, collectedTrainableWeights, inputs, outputs, layers } = inside;
    this.objection = knownOf(this.layers).objectionToModel(this.model, parts);
    if (this.changes > mostChanges) this.objection ??= 'its layers change again and again';
    this.fixed = new Fixed([
      ...parts,
      lossFunctions,
      metricsTensors,
      ...metricsTensors,
      collectedTrainableWeights,
      inputs,
      outputs,
      layers,
    ]);
    const variables = collectedTrainableWeights.map((weight) => weight.read());
    this.trained = new RecordedStep(lastStep, optimizer_, variables, true);
    this.tested = new RecordedStep(this.testStatus, null, [], true);
  }

  private call(step: 'trained' | 'tested', plain: Function_, data: Tensor[]): Tensor[] {
    this.look();
    const count = data.findLastIndex((t) => t != null) + 1; // behind them are weights of samples that there are not
    const [given, missing] = [data.slice(0, count), data.slice(count)];
    const run: Run = (args) => plain([...args, ...missing]);
    const reason = this.objection ?? (given.every((t) => t instanceof TensorClass) ? null : 'its data are not all tensors');
    return reason === null ? this[step].call(run, given) : this[step].perOperation(run, given, reason);
  }

  /** The loss and the metrics of a step, whose function is `plain`; metrics are kept. */
  train(plain: Function_, data: Tensor[]): Tensor[] {
    const outputs = this.call('trained', plain, data);
    for (const metric of outputs.slice(1)) keep(metric);
    return outputs;
  }

  /** The same of an evaluation. */
  test(plain: Function_, data: Tensor[]): Tensor[] {
    return this.call('tested', plain, data);
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
  const prototype = layers.LayersModel.prototype as unknown as {
    makeTrainFunction(this: LayersModel): Function_;
    makeTestFunction(this: LayersModel): void;
  };
  const { makeTrainFunction, makeTestFunction } = prototype;
  prototype.makeTrainFunction = function () {
    const plain = makeTrainFunction.call(this);
    return (data) => recordingOf(layers, this).train(plain, data);
  };
  prototype.makeTestFunction = function () {
    makeTestFunction.call(this);
    const inside = this as unknown as Inside;
    const plain = inside.testFunction;
    inside.testFunction = (data) => recordingOf(layers, this).test(plain, data);
  };
}
