// The parts of tfjs-layers whose JavaScript makes the same calls of kernels at each step: layers, activations, losses, metrics and regularizers. A replay skips that
// JavaScript, so a model with any other part is never recorded. Parts are recognised by their prototypes and functions, never by their names, which a program can reuse.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { internalsOf } from './model-internals';

export type Layers = typeof import('@tensorflow/tfjs-layers');
type Fields = Record<string, unknown>;

const activations = 'elu hardSigmoid linear relu relu6 selu sigmoid softmax softplus softsign tanh swish mish gelu gelu_new'.split(' ');
const losses = (
  'meanSquaredError meanAbsoluteError meanAbsolutePercentageError meanSquaredLogarithmicError squaredHinge hinge categoricalHinge logcosh ' +
  'categoricalCrossentropy sparseCategoricalCrossentropy binaryCrossentropy kullbackLeiblerDivergence poisson cosineProximity'
).split(' ');
const metrics = ['accuracy', 'crossentropy', 'binaryAccuracy', 'categoricalAccuracy', 'precision', 'mse', 'mae', 'mape', 'cosine'];

// One layer of each recordable class. They have a name because layers without one advance the counters of which TensorFlow.js makes names.
function exampleLayers({ layers }: Layers): object[] {
  const name = 'simdnn';
  return [
    layers.inputLayer({ inputShape: [1], name }),
    layers.dense({ units: 1, name }),
    layers.activation({ activation: 'linear', name }),
    layers.elu({ name }),
    layers.reLU({ name }),
    layers.leakyReLU({ name }),
    layers.prelu({ name }),
    layers.softmax({ name }),
    layers.thresholdedReLU({ name }),
    layers.dropout({ rate: 0, name }),
    layers.flatten({ name }),
    layers.reshape({ targetShape: [1], name }),
    layers.permute({ dims: [1], name }),
    layers.repeatVector({ n: 1, name }),
    layers.embedding({ inputDim: 1, outputDim: 1, name }),
    layers.add({ name }),
    layers.average({ name }),
    layers.concatenate({ name }),
    layers.maximum({ name }),
    layers.minimum({ name }),
    layers.multiply({ name }),
    layers.dot({ axes: 1, name }),
    layers.layerNormalization({ name }),
    layers.batchNormalization({ name }),
    layers.conv1d({ filters: 1, kernelSize: 1, name }),
    layers.conv2d({ filters: 1, kernelSize: 1, name }),
    layers.conv2dTranspose({ filters: 1, kernelSize: 1, name }),
    layers.depthwiseConv2d({ kernelSize: 1, name }),
    layers.separableConv2d({ filters: 1, kernelSize: 1, name }),
    layers.zeroPadding2d({ name }),
    layers.cropping2D({
      cropping: [
        [0, 0],
        [0, 0],
      ],
      name,
    } as never),
    layers.upSampling2d({ name }),
    layers.rescaling({ scale: 1, name } as never),
    layers.masking({ name }),
    layers.maxPooling1d({ name }),
    layers.averagePooling1d({ name }),
    layers.maxPooling2d({ name }),
    layers.averagePooling2d({ name }),
    layers.globalAveragePooling1d({ name }),
    layers.globalAveragePooling2d({ name }),
    layers.globalMaxPooling1d({ name }),
    layers.globalMaxPooling2d({ name }),
    ...exampleSequenceLayers({ layers } as Layers),
  ];
}

// Recurrent layers, their cells and the wrappers. A recording has the operations of all time steps, one after the other.
function exampleSequenceLayers({ layers }: Layers): object[] {
  const one = { units: 1, name: 'simdnn' };
  return [
    layers.simpleRNNCell(one),
    layers.lstmCell(one),
    layers.gruCell({ ...one }),
    layers.simpleRNN({ ...one }),
    layers.lstm({ ...one }),
    layers.gru({ ...one }),
    layers.rnn({ cell: layers.simpleRNNCell(one), name: one.name }),
    layers.bidirectional({ layer: layers.simpleRNN({ ...one }), mergeMode: 'concat', name: one.name }),
    layers.timeDistributed({ layer: layers.dense(one), name: one.name }),
  ];
}

const partsOfLayers = ['cell', 'layer', 'forwardLayer', 'backwardLayer'];

// Why a layer cannot be recorded although its class can, or null: it keeps tensors from one step to the next.
function objectionToState(layer: Fields): string | null {
  const name = String(layer['name']);
  if (layer['_stateful'] === true) return `the layer ${name} is stateful`;
  const drops = Object.hasOwn(layer, 'recurrentDropout') && (layer['dropout'] !== 0 || layer['recurrentDropout'] !== 0);
  return drops ? `the recurrent layer ${name} has dropout` : null;
}

// What a program calls the class of a layer.
const classOf = (prototype: object): string => {
  const { className, name } = prototype.constructor as unknown as Record<string, unknown>;
  return String(className ?? name);
};

const functionsOfModel = (model: LayersModel): unknown[] => {
  const { lossFunctions, metricsTensors } = internalsOf(model);
  return [...lossFunctions, ...metricsTensors.map(([metric]) => metric)];
};

// The functions that models have for the losses and metrics of tfjs-layers. For some names these depend on the loss and on the width of the output.
function recordableFunctions(of: Layers, optimizer: never): Set<unknown> {
  const found = new Set<unknown>();
  for (const width of [1, 2]) {
    const x = of.input({ shape: [width], name: `simdnn_input_${width}` });
    const y = of.layers.activation({ activation: 'linear', name: 'simdnn_output' }).apply(x) as never;
    const model = of.model({ inputs: x, outputs: y, name: 'simdnn_model' });
    for (const loss of losses) {
      model.compile({ optimizer, loss, metrics });
      for (const f of functionsOfModel(model)) found.add(f);
    }
  }
  for (const f of Object.values(of.metrics)) found.add(f);
  return found;
}

/** The recordable parts of the program's copy of tfjs-layers. */
export class RecordableParts {
  /** An example of each layer's class, and its `call`, by prototype. */
  private readonly layers: Map<object, { example: Fields; call: unknown }>;
  private readonly activations: Set<object>;
  private readonly functions: Set<unknown>;
  private readonly regularizer: object;
  private readonly models: Set<object>;
  private readonly weight: Layers['LayerVariable'];

  constructor(of: Layers, optimizer: never) {
    this.models = new Set([of.LayersModel.prototype, of.Sequential.prototype]);
    this.layers = new Map(
      exampleLayers(of).map((example) => [
        Object.getPrototypeOf(example),
        { example: example as Fields, call: (example as Fields)['call'] },
      ]),
    );
    this.activations = new Set(
      activations.map((activation) => {
        const layer = of.layers.activation({ activation: activation as 'relu', name: 'simdnn' });
        return Object.getPrototypeOf((layer as unknown as Fields)['activation']);
      }),
    );
    this.functions = recordableFunctions(of, optimizer);
    this.weight = of.LayerVariable;
    this.regularizer = Object.getPrototypeOf(of.regularizers.l2());
  }

  // Returns why a layer cannot be recorded, or null. Adds the objects on whose fields a recording of it depends to `parts`.
  private objectionToLayer(layer: Fields, parts: object[]): string | null {
    const prototype = Object.getPrototypeOf(layer) as object;
    const name = String(layer['name']);
    parts.push(layer);
    if (this.models.has(prototype)) return this.objectionToLayers(layer, parts);
    const recordable = this.layers.get(prototype);
    if (recordable === undefined) return `the layer ${name}, a ${classOf(prototype)}, is not known`;
    if (recordable.call !== layer['call']) return `the layer ${name} has its own call`;
    if (layer['_callHook'] != null) return `the layer ${name} has a call hook`;
    const objection = objectionToState(layer);
    if (objection !== null) return objection;
    let regularizers = 0;
    for (const [key, value] of Object.entries(layer)) {
      if (typeof value === 'function' && value !== recordable.example[key]) return `the layer ${name} has its own ${key}`;
      if (value === null || typeof value !== 'object') continue;
      if (partsOfLayers.includes(key)) {
        const inner = this.objectionToLayer(value as Fields, parts);
        if (inner !== null) return inner;
      }
      const isActivation = key === 'activation' || key === 'recurrentActivation';
      if (isActivation && !this.activations.has(Object.getPrototypeOf(value))) return `the activation of ${name} is not known`;
      if (key.endsWith('Regularizer')) {
        if (Object.getPrototypeOf(value) !== this.regularizer) return `the regularizer of ${name} is not known`;
        regularizers++;
      }
      if (isActivation || key.endsWith('Regularizer') || Array.isArray(value)) parts.push(value);
      for (const one of [value].flat()) if (one instanceof this.weight) parts.push(one); // its field `val` is the variable
    }
    // Each regularizer adds one loss; any further ones come from `addLoss`.
    return (layer['_losses'] as unknown[]).length <= regularizers ? null : `the layer ${name} has losses of its own`;
  }

  private objectionToLayers(model: Fields, parts: object[]): string | null {
    for (const layer of model['layers'] as Fields[]) {
      const objection = this.objectionToLayer(layer, parts);
      if (objection !== null) return objection;
    }
    return null;
  }

  /** Returns why the predictions of a model cannot be recorded, or null. Adds the objects on whose fields a recording depends to `parts`. */
  objectionToPrediction(model: LayersModel, parts: object[]): string | null {
    if (!this.models.has(Object.getPrototypeOf(model))) return 'the model is of a class of its own';
    if (replaceableMethods.some((name) => Object.hasOwn(model, name))) return 'the model has methods of its own';
    return this.objectionToLayers(model as unknown as Fields, parts);
  }

  /** Does the same for the steps of a model, with its loss and metrics. */
  objectionToStep(model: LayersModel, parts: object[]): string | null {
    if (functionsOfModel(model).some((f) => !this.functions.has(f))) return 'a loss or a metric is a function of its own';
    return this.objectionToPrediction(model, parts);
  }
}

const replaceableMethods = ['call', 'apply', 'invokeCallHook', 'computeMask', 'calculateLosses', 'getInitialState'];

/** The present methods of a model for which a program can set its own. */
export const methodsOf = (model: LayersModel): object[] =>
  replaceableMethods.map((name) => (model as unknown as Record<string, object>)[name]!);

// The fields of an object, and the methods of its class for which a program can set its own.
function trackedKeys(object: object): string[] {
  const methods = replaceableMethods.filter((name) => name in object && !Object.hasOwn(object, name));
  return [...Object.keys(object), ...(Array.isArray(object) ? ['length'] : methods)];
}

/** The values of all fields of some objects at the time when it is made. */
export class FieldSnapshot {
  private readonly fields: readonly [object: Fields, key: string, value: unknown][];

  constructor(objects: readonly object[]) {
    this.fields = [...new Set(objects)].flatMap((object) =>
      trackedKeys(object).map((key): [Fields, string, unknown] => [object as Fields, key, (object as Fields)[key]]),
    );
  }

  /** Whether all fields still have these values. */
  isUnchanged(): boolean {
    for (const [object, key, value] of this.fields) if (object[key] !== value) return false;
    return true;
  }
}
