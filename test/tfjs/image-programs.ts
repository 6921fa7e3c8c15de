// Random models of images: convolutions, poolings, enlargements and norms, and dense layers behind them.
import * as layers from '@tensorflow/tfjs-layers';
import { type Description, optimizers } from './model-programs';
import type { randomly } from './step-programs';

type Random = ReturnType<typeof randomly>;

const make = layers.layers;
const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'tanh', 'softplus', 'selu', 'swish'] as const;
const kinds = [
  'conv2d',
  'conv2d',
  'conv2d',
  'depthwise',
  'separable',
  'transposed',
  'max',
  'average',
  'norm',
  'enlarged',
  'padded',
] as const;

// TensorFlow.js itself cannot train dilated convolutions. A random layer for images of at least `size` rows and columns.
function layerOf(r: Random, size: number): () => layers.layers.Layer {
  const side = (most: number): number => 1 + r.upTo(Math.min(most, size));
  const [kind, kernelSize, poolSize] = [r.one(kinds), [side(3), side(3)] as [number, number], [side(3), side(3)] as [number, number]];
  const common = {
    kernelSize,
    padding: r.one(['same', 'valid'] as const),
    strides: r.one<number | [number, number]>([1, 1, 1, 2, [1, 2], [3, 1]]),
    useBias: r.next() < 0.8,
    activation: r.one(activations),
  };
  const [filters, depthMultiplier, isPenal] = [1 + r.upTo(r.one([4, 20])), 1 + r.upTo(3), r.next() < 0.15];
  const windows = { poolSize, padding: common.padding, strides: r.one<number | [number, number]>([1, 2, [2, 1], poolSize]) } as never;
  const penalty = isPenal && { kernelRegularizer: layers.regularizers.l2({ l2: 0.01 }) };
  return {
    conv2d: () => make.conv2d({ ...common, ...penalty, filters }),
    depthwise: () => make.depthwiseConv2d({ ...common, depthMultiplier }),
    separable: () => make.separableConv2d({ ...common, filters, depthMultiplier, strides: 1 } as never),
    transposed: () => make.conv2dTranspose({ ...common, filters }),
    max: () => make.maxPooling2d(windows),
    average: () => make.averagePooling2d(windows),
    norm: () => make.batchNormalization({}),
    enlarged: () => make.upSampling2d({ size: [...kernelSize] }),
    padded: () =>
      make.zeroPadding2d({
        padding: [
          [0, 1],
          [2, 0],
        ],
      }),
  }[kind];
}

/** A random model of images of 2 to 12 pixels a side with 1 to 20 channels. */
export function describeImageModel(r: Random): Description {
  const shape = [2 + r.upTo(11), 2 + r.upTo(11), 1 + r.upTo(r.one([3, 20]))];
  const x = layers.input({ shape });
  let [out, text] = [x, `images [${shape}]`];
  const makers: (() => layers.layers.Layer)[] = [];
  for (let n = 1 + r.upTo(4); n > 0; n--) {
    const [height, width] = out.shape.slice(1, 3) as [number, number];
    if (height * width > 200) break;
    const maker = layerOf(r, Math.min(height, width));
    const layer = maker();
    out = layer.apply(out) as layers.SymbolicTensor;
    text += ` ${layer.getClassName()} ${JSON.stringify(layer.getConfig(), (key, value) => (/nitializer|onstraint|trainable|dtype/.test(key) ? undefined : value))}`;
    makers.push(maker);
  }
  const end = r.one(['flatten', 'flatten', 'globalAveragePooling2d', 'globalMaxPooling2d'] as const);
  const outputs = 1 + r.upTo(5);
  const [activation, loss] = r.one([
    ['linear', 'meanSquaredError'],
    ['sigmoid', 'binaryCrossentropy'],
    ['tanh', 'meanAbsoluteError'],
    ...(outputs > 1 ? ([['softmax', 'categoricalCrossentropy']] as const) : []),
  ] as const);
  const [optimizer, rate] = [r.one(optimizers), 0.001 + 0.01 * r.next()];
  const [dropout, metrics] = [r.next() < 0.15, r.next() < 0.3 ? ['mse'] : []];
  return {
    make: () =>
      layers.sequential({
        layers: [
          make.inputLayer({ inputShape: shape }),
          ...makers.map((maker) => maker()),
          make[end]({}),
          ...(dropout ? [make.dropout({ rate: 0.5 })] : []),
          make.dense({ units: outputs, activation }),
        ],
      }),
    compile: (model) => model.compile({ optimizer: optimizer(rate), loss, metrics }),
    inputs: shape.reduce((product, n) => product * n),
    shape,
    outputs,
    isSparse: false,
    text: `${text} ${end}${dropout ? ' dropout' : ''} ${loss}`,
  };
}
