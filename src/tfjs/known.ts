// The parts of tfjs-layers whose JavaScript does the same at each step, known by what they are and never by their names: classes of layers and activations,
// losses, metrics, penalties. A recording leaves that JavaScript out, so that a part that is not known is never recorded.
import type { LayersModel } from '@tensorflow/tfjs-layers';

export type Layers = typeof import('@tensorflow/tfjs-layers');
type Fields = Record<string, unknown>;

const activations = 'elu hardSigmoid linear relu relu6 selu sigmoid softmax softplus softsign tanh swish mish gelu gelu_new'.split(' ');
const losses = (
  'meanSquaredError meanAbsoluteError meanAbsolutePercentageError meanSquaredLogarithmicError squaredHinge hinge categoricalHinge logcosh ' +
  'categoricalCrossentropy sparseCategoricalCrossentropy binaryCrossentropy kullbackLeiblerDivergence poisson cosineProximity'
).split(' ');
const metrics = ['accuracy', 'crossentropy', 'binaryAccuracy', 'categoricalAccuracy', 'precision', 'mse', 'mae', 'mape', 'cosine'];

// One of each class of layers. With names of their own, since those that are made up are counted.
function examplesOf({ layers }: Layers): object[] {
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
    layers.maxPooling2d({ name }),
    layers.averagePooling2d({ name }),
    layers.globalAveragePooling1d({ name }),
    layers.globalAveragePooling2d({ name }),
    layers.globalMaxPooling1d({ name }),
    layers.globalMaxPooling2d({ name }),
  ];
}

const functionsIn = (model: object): unknown[] => {
  const { lossFunctions, metricsTensors } = model as unknown as { lossFunctions: unknown[]; metricsTensors: [unknown, number][] };
  return [...lossFunctions, ...metricsTensors.map(([f]) => f)];
};

// What a model of each loss and metric has for them.
function functionsOf(of: Layers, optimizer: never): Set<unknown> {
  const found = new Set<unknown>();
  for (const width of [1, 2]) {
    const x = of.input({ shape: [width], name: `simdnn_input_${width}` });
    const y = of.layers.activation({ activation: 'linear', name: 'simdnn_output' }).apply(x) as never;
    const model = of.model({ inputs: x, outputs: y, name: 'simdnn_model' });
    for (const loss of losses) {
      model.compile({ optimizer, loss, metrics });
      for (const f of functionsIn(model)) found.add(f);
    }
  }
  for (const f of Object.values(of.metrics)) found.add(f);
  return found;
}

/** What is known of a copy of tfjs-layers. */
export class Known {
  private readonly layers: Map<object, { example: Fields; call: unknown }>;
  private readonly activations: Set<object>;
  private readonly functions: Set<unknown>;
  private readonly penalty: object;
  private readonly models: Set<object>;
  private readonly weight: Layers['LayerVariable'];

  constructor(of: Layers, optimizer: never) {
    this.models = new Set([of.LayersModel.prototype, of.Sequential.prototype]);
    this.layers = new Map(
      examplesOf(of).map((example) => [Object.getPrototypeOf(example), { example: example as Fields, call: (example as Fields)['call'] }]),
    );
    this.activations = new Set(
      activations.map((activation) => {
        const layer = of.layers.activation({ activation: activation as 'relu', name: 'simdnn' });
        return Object.getPrototypeOf((layer as unknown as Fields)['activation']);
      }),
    );
    this.functions = functionsOf(of, optimizer);
    this.weight = of.LayerVariable;
    this.penalty = Object.getPrototypeOf(of.regularizers.l2());
  }

  // Why a layer may do something else at each step; null when it is known. What it is made of is added to `parts`.
  private objectionTo(layer: Fields, parts: object[]): string | null {
    const prototype = Object.getPrototypeOf(layer) as object;
    const name = String(layer['name']);
    parts.push(layer);
    if (this.models.has(prototype)) return this.objectionToLayers(layer, parts);
    const known = this.layers.get(prototype);
    if (known === undefined || known.call !== layer['call']) return `the layer ${name} is not known`;
    if (layer['_callHook'] != null) return `the layer ${name} has a call hook`;
    let penalties = 0;
    for (const [key, value] of Object.entries(layer)) {
      if (typeof value === 'function' && value !== known.example[key]) return `the layer ${name} has its own ${key}`;
      if (value === null || typeof value !== 'object') continue;
      if (key === 'activation' && !this.activations.has(Object.getPrototypeOf(value))) return `the activation of ${name} is not known`;
      if (key.endsWith('Regularizer')) {
        if (Object.getPrototypeOf(value) !== this.penalty) return `the regularizer of ${name} is not known`;
        penalties++;
      }
      if (key === 'activation' || key.endsWith('Regularizer') || Array.isArray(value)) parts.push(value);
      for (const one of [value].flat()) if (one instanceof this.weight) parts.push(one); // its `val` is a variable of the core API
    }
    return (layer['_losses'] as unknown[]).length <= penalties ? null : `the layer ${name} has losses of its own`;
  }

  private objectionToLayers(model: Fields, parts: object[]): string | null {
    for (const layer of model['layers'] as Fields[]) {
      const objection = this.objectionTo(layer, parts);
      if (objection !== null) return objection;
    }
    return null;
  }

  /** Why what a model predicts cannot be recorded; null where all that it is made of is known. That is added to `parts`. */
  objectionToPrediction(model: LayersModel, parts: object[]): string | null {
    if (!this.models.has(Object.getPrototypeOf(model))) return 'the model is of a class of its own';
    if (replaceable.some((name) => Object.hasOwn(model, name))) return 'the model has methods of its own';
    return this.objectionToLayers(model as unknown as Fields, parts);
  }

  /** The same of its steps, with loss and metrics. */
  objectionToStep(model: LayersModel, parts: object[]): string | null {
    if (functionsIn(model).some((f) => !this.functions.has(f))) return 'a loss or a metric is a function of its own';
    return this.objectionToPrediction(model, parts);
  }
}

const replaceable = ['call', 'apply', 'invokeCallHook', 'computeMask', 'calculateLosses'];

// The fields of an object that count, methods that its class has among them.
function keysOf(object: object): string[] {
  const methods = replaceable.filter((name) => name in object && !Object.hasOwn(object, name));
  return [...Object.keys(object), ...(Array.isArray(object) ? ['length'] : methods)];
}

/** The fields of some objects, each as it was. */
export class Fixed {
  private readonly fields: readonly [object: Fields, key: string, value: unknown][];

  constructor(objects: readonly object[]) {
    this.fields = [...new Set(objects)].flatMap((object) =>
      keysOf(object).map((key): [Fields, string, unknown] => [object as Fields, key, (object as Fields)[key]]),
    );
  }

  /** Whether none of them has changed. */
  holds(): boolean {
    for (const [object, key, value] of this.fields) if (object[key] !== value) return false;
    return true;
  }
}
