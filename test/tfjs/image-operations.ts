// Random convolutions, poolings and enlargements of images by the functions of tf, with their gradients, on this backend and on the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import { randomly } from './step-programs';

type Random = ReturnType<typeof randomly>;
type Pad = 'same' | 'valid' | number | [[0, 0], [number, number], [number, number], [0, 0]];

/** A function of some tensors, with what a comparison needs to know of it. */
interface Operation {
  kind: string;
  text: string;
  run: (inputs: tf.Tensor[]) => tf.Tensor;
  shapes: number[][];
  /** The most products, each of at most 1, that an element of the result or of a gradient is a sum of. */
  terms: number;
}

// Numbers that are not as others: an operation does with them what cpu does. Gradients of some differ for all but zeros, as docs/coming-from-tfjs.md says.
const special = [-0, 0, 1e-40, -1e-42, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const withOtherGradients = ['transposed', 'maxPool', 'dilatedPool', 'fusedConv2d', 'fusedDepthwise'];

const twice = (r: Random, most: number): [number, number] => [1 + r.upTo(most), 1 + r.upTo(most)];

function padOf(r: Random): Pad {
  const [top, bottom, left, right] = [r.upTo(3), r.upTo(3), r.upTo(3), r.upTo(3)];
  return r.one<Pad>([
    'same',
    'same',
    'valid',
    'valid',
    r.upTo(3),
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
  ]);
}

// What most operations have in common. Some of it is seldom valid, so that errors are compared too.
function settingOf(r: Random) {
  const [batch, height, width, channels] = [
    r.next() < 0.05 ? 0 : 1 + r.upTo(4),
    2 + r.upTo(11),
    2 + r.upTo(11),
    1 + r.upTo(r.one([3, 8, 20])),
  ];
  const isDilated = r.next() < 0.25;
  const pad = padOf(r);
  return {
    image: r.next() < 0.1 ? [height, width, channels] : [batch, height, width, channels],
    batch: Math.max(1, batch),
    height,
    width,
    channels,
    filter: twice(r, 4),
    outputs: 1 + r.upTo(r.one([3, 8, 20])),
    strides: isDilated ? 1 : r.one<number | [number, number]>([1, 1, 2, twice(r, 3)]),
    dilations: isDilated ? twice(r, 3) : 1,
    pad,
    rounding: typeof pad === 'string' && r.next() < 0.9 ? undefined : r.one([undefined, 'floor', 'floor', 'round', 'ceil'] as const),
    format: r.next() < 0.04 ? ('NCHW' as const) : ('NHWC' as const),
    multiplier: 1 + r.upTo(r.one([1, 3, 9])),
    activation: r.one(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const),
    biasShape: r.next(),
  };
}

type Setting = ReturnType<typeof settingOf>;

const termsOf = ({ batch, height, width, filter: [rows, columns], channels, outputs, multiplier }: Setting): number =>
  Math.max(rows * columns * Math.max(channels * multiplier, outputs), batch * (height + 4) * (width + 4));

// A bias with a number for each channel, or of another shape that cpu takes, or none.
const biasesOf = ({ biasShape }: Setting, outputs: number): number[][] => {
  if (biasShape < 0.2) return [];
  if (biasShape < 0.3) return [[1]];
  return [[outputs]];
};

const fusedArguments = (s: Setting, [x, filter, ...more]: tf.Tensor[], hasBias: boolean) => ({
  x: x as tf.Tensor4D,
  filter: filter as tf.Tensor4D,
  strides: s.strides,
  pad: s.pad as 'same',
  dataFormat: s.format as 'NHWC',
  dilations: s.dilations,
  ...(s.rounding && { dimRoundingMode: s.rounding }),
  activation: s.activation,
  ...(hasBias && { bias: more[0]! }),
  ...(s.activation === 'prelu' && { preluActivationWeights: more.at(-1)! }),
  ...(s.activation === 'leakyrelu' && { leakyreluAlpha: 0.3 }),
});

const kinds: Record<string, (s: Setting) => Pick<Operation, 'run' | 'shapes'>> = {
  conv2d: (s) => ({
    shapes: [s.image, [...s.filter, s.channels, s.outputs]],
    run: ([x, filter]) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, s.strides, s.pad as 'same', s.format, s.dilations, s.rounding),
  }),
  fusedConv2d: (s) => {
    const biases = biasesOf(s, s.outputs);
    return {
      shapes: [s.image, [...s.filter, s.channels, s.outputs], ...biases, ...(s.activation === 'prelu' ? [[s.outputs]] : [])],
      run: (inputs) => tf.fused.conv2d(fusedArguments(s, inputs, biases.length > 0)),
    };
  },
  depthwise: (s) => ({
    shapes: [s.image, [...s.filter, s.channels, s.multiplier]],
    run: ([x, filter]) =>
      tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, s.strides, s.pad as 'same', s.format, s.dilations, s.rounding),
  }),
  fusedDepthwise: (s) => {
    const outputs = s.channels * s.multiplier;
    const biases = biasesOf(s, outputs);
    return {
      shapes: [s.image, [...s.filter, s.channels, s.multiplier], ...biases, ...(s.activation === 'prelu' ? [[outputs]] : [])],
      run: (inputs) => tf.fused.depthwiseConv2d(fusedArguments(s, inputs, biases.length > 0)),
    };
  },
  separable: (s) => ({
    shapes: [s.image, [...s.filter, s.channels, s.multiplier], [1, 1, s.channels * s.multiplier, s.outputs]],
    run: ([x, depthwise, pointwise]) =>
      tf.separableConv2d(
        x as tf.Tensor4D,
        depthwise as tf.Tensor4D,
        pointwise as tf.Tensor4D,
        s.strides,
        s.pad as 'same',
        s.dilations as number,
        s.format,
      ),
  }),
  transposed: (s) => {
    const [h, w] = typeof s.strides === 'number' ? [s.strides, s.strides] : s.strides;
    const isSame = s.pad === 'same';
    const [height, width] = isSame ? [s.height * h, s.width * w] : [(s.height - 1) * h + s.filter[0], (s.width - 1) * w + s.filter[1]];
    const out = [...s.image.slice(0, -3), height, width, s.outputs];
    return {
      shapes: [s.image, [...s.filter, s.outputs, s.channels]],
      run: ([x, filter]) =>
        tf.conv2dTranspose(
          x as tf.Tensor4D,
          filter as tf.Tensor4D,
          out as [number, number, number, number],
          s.strides,
          isSame ? 'same' : 'valid',
        ),
    };
  },
  conv1d: (s) => ({
    shapes: [
      [...s.image.slice(0, -3), s.width, s.channels],
      [s.filter[1], s.channels, s.outputs],
    ],
    run: ([x, filter]) =>
      tf.conv1d(
        x as tf.Tensor3D,
        filter as tf.Tensor3D,
        typeof s.strides === 'number' ? s.strides : s.strides[0],
        typeof s.pad === 'object' ? 'same' : s.pad,
        'NWC',
        typeof s.dilations === 'number' ? s.dilations : s.dilations[1],
        s.rounding,
      ),
  }),
  maxPool: (s) => ({ shapes: [s.image], run: ([x]) => tf.maxPool(x as tf.Tensor4D, s.filter, s.strides, s.pad as 'same', s.rounding) }),
  avgPool: (s) => ({ shapes: [s.image], run: ([x]) => tf.avgPool(x as tf.Tensor4D, s.filter, s.strides, s.pad as 'same', s.rounding) }),
  dilatedPool: (s) => ({
    shapes: [s.image],
    run: ([x]) =>
      tf.pool(
        x as tf.Tensor4D,
        s.filter,
        s.outputs % 2 === 0 ? 'max' : 'avg',
        typeof s.pad === 'object' ? 'same' : s.pad,
        s.dilations,
        s.strides,
        s.rounding,
      ),
  }),
  // One image, and whole factors with halfPixelCenters: other gradients of the cpu backend are wrong.
  enlarged: (s) => ({
    shapes: [[...(s.image.length === 4 ? [1] : []), ...s.image.slice(-3)]],
    run: ([x]) => {
      const size: [number, number] = [s.height * s.filter[0], s.biasShape > 0.2 && s.biasShape < 0.4 ? s.outputs : s.width * s.filter[1]];
      return tf.image.resizeNearestNeighbor(x as tf.Tensor4D, size, s.biasShape > 0.9, s.biasShape < 0.2);
    },
  }),
};

// What both backends start from: the values of the inputs, their types, and the gradient of the result.
function inputsOf(r: Random, { shapes, kind }: Operation) {
  const hasSpecial = r.next() < 0.2;
  const hasGradients = r.next() < 0.5;
  const numbers = hasGradients && withOtherGradients.includes(kind) ? special.slice(0, 2) : special;
  const type = r.next() < 0.06 ? r.one(['int32', 'bool'] as const) : ('float32' as const);
  const values = shapes.map((shape, i) => {
    const floats = r.floats(tf.util.sizeFromShape(shape));
    if (i === 0 && hasSpecial && type === 'float32') for (let n = r.upTo(9); n > 0; n--) floats[r.upTo(floats.length)] = r.one(numbers);
    return i === 0 && type !== 'float32' ? floats.map((v) => (type === 'bool' ? Number(v > 0) : Math.round(5 * v))) : floats;
  });
  return { values, type, hasGradients: type === 'float32' && hasGradients, seed: r.upTo(1e6) };
}

type Inputs = ReturnType<typeof inputsOf>;
type Outcome = { shape: number[]; type: string; values: number[] }[];

function outcomeOf({ run, shapes }: Operation, { values, type, hasGradients, seed }: Inputs): Outcome | string {
  try {
    return tf.tidy(() => {
      const inputs = values.map((v, i) => tf.tensor(v.slice(), shapes[i], i === 0 ? type : 'float32'));
      const y = run(inputs);
      const dy = hasGradients ? tf.tensor(randomly(seed).floats(y.size), y.shape) : null;
      const gradients = dy === null ? [] : tf.grads((...x: tf.Tensor[]) => run(x))(inputs, dy);
      return [y, ...gradients].map((t) => ({ shape: t.shape, type: t.dtype, values: Array.from(t.dataSync()) }));
    });
  } catch (error) {
    return (error as Error).message;
  }
}

const isClose = (a: number, b: number, bound: number): boolean => (Number.isFinite(b) ? Math.abs(a - b) <= bound : Object.is(a, b));

/**
 * Runs a random operation on the cpu backend and on this one. Throws if types, shapes, errors or values differ: values by more than 2^-22 for each product in the sum. Returns
 * the kind of the operation and whether it has a result.
 */
export async function runOperation(seed: number): Promise<{ kind: string; isValid: boolean }> {
  const r = randomly(seed + 4e6);
  const kind = r.one(Object.keys(kinds));
  const setting = settingOf(r);
  const operation: Operation = {
    kind,
    text: `${seed}, ${kind} ${JSON.stringify(setting)}`,
    terms: termsOf(setting),
    ...kinds[kind]!(setting),
  };
  const inputs = inputsOf(r, operation);
  await tf.setBackend('cpu');
  const expected = outcomeOf(operation, inputs);
  await tf.setBackend('simdnn');
  const found = outcomeOf(operation, inputs);
  const text = `operation ${operation.text}, ${inputs.type}${inputs.hasGradients ? ' with gradients' : ''}`;
  if (typeof expected === 'string' || typeof found === 'string') {
    if (found !== expected)
      throw new Error(`${text}: ${JSON.stringify(found).slice(0, 200)} for ${JSON.stringify(expected).slice(0, 200)}`);
    return { kind, isValid: false };
  }
  for (const [i, { values, ...more }] of expected.entries()) {
    const name = i === 0 ? 'the result' : `gradient ${i - 1}`;
    const { values: actual, ...same } = found[i]!;
    if (JSON.stringify(same) !== JSON.stringify(more))
      throw new Error(`${text}: ${name} is ${JSON.stringify(same)} for ${JSON.stringify(more)}`);
    const at = values.findIndex((value, k) => !isClose(actual[k]!, value, operation.terms * 2 ** -22));
    if (at >= 0) throw new Error(`${text}: ${actual[at]} for ${values[at]} at ${at} of ${name}`);
  }
  return { kind, isValid: true };
}
