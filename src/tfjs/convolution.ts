// Convolution of images, also of each channel by itself, and pooling.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { flatLayout } from '../ops/broadcast';
import { numelOf } from '../shape';
import { pooled } from './pool';
import { activationOf, withBiasAndActivation } from './products';
import { define } from './registry';
import { type Backend, floatsOf } from './storage';

type Info = backend_util.Conv2DInfo;
type Attributes = Record<string, unknown>;
type Inputs = Record<string, TensorInfo>;

// Whether our kernels can do it: there is an output, and each window overlaps the image. A dilated filter larger than the image has outputs of negative sizes.
function isSupported({ dataFormat, outShape, inShape, padInfo, ...info }: Info): boolean {
  const lastRow = (info.outHeight - 1) * info.strideHeight - padInfo.top;
  const lastColumn = (info.outWidth - 1) * info.strideWidth - padInfo.left;
  return (
    dataFormat === 'channelsLast' &&
    outShape.every((size) => size > 0) &&
    numelOf(inShape) > 0 &&
    padInfo.top < info.effectiveFilterHeight &&
    padInfo.left < info.effectiveFilterWidth &&
    lastRow < info.inHeight &&
    lastColumn < info.inWidth
  );
}

// The sizes of a convolution; null if our kernels cannot do it.
function convolutionOf(
  inShape: readonly number[],
  filterShape: readonly number[],
  attributes: Attributes,
  isDepthwise: boolean,
): Info | null {
  const { strides, pad, dilations, dataFormat, dimRoundingMode } = attributes;
  const format = backend_util.convertConv2DDataFormat((dataFormat ?? 'NHWC') as 'NHWC');
  if (format !== 'channelsLast') return null;
  const info = backend_util.computeConv2DInfo(
    inShape as Info['inShape'],
    filterShape as Info['filterShape'],
    strides as number,
    (dilations ?? 1) as number,
    pad as 'same',
    dimRoundingMode as 'floor',
    isDepthwise,
    format,
  );
  return isSupported(info) && inShape[3] === filterShape[2] ? info : null;
}

// Where the windows lie, by the names of our kernels.
const windowsOf = (info: Info) => ({
  batch: info.batchSize,
  height: info.inHeight,
  width: info.inWidth,
  channels: info.inChannels,
  filterHeight: info.filterHeight,
  filterWidth: info.filterWidth,
  outHeight: info.outHeight,
  outWidth: info.outWidth,
  strideHeight: info.strideHeight,
  strideWidth: info.strideWidth,
  paddingTop: info.padInfo.top,
  paddingLeft: info.padInfo.left,
});

const sizesOf = (info: Info) => ({
  ...windowsOf(info),
  outChannels: info.outChannels,
  multiplier: info.outChannels / info.inChannels,
  dilationHeight: info.dilationHeight,
  dilationWidth: info.dilationWidth,
});

interface Convolution {
  forward: typeof calls.conv2dForward | typeof calls.depthwiseConv2dForward;
  filterGradient: typeof calls.conv2dFilterGradient | typeof calls.depthwiseConv2dFilterGradient;
  imageGradient: typeof calls.conv2dImageGradient | typeof calls.depthwiseConv2dImageGradient;
}
const convolutions: Record<'whole' | 'depthwise', Convolution> = {
  whole: { forward: calls.conv2dForward, filterGradient: calls.conv2dFilterGradient, imageGradient: calls.conv2dImageGradient },
  depthwise: {
    forward: calls.depthwiseConv2dForward,
    filterGradient: calls.depthwiseConv2dFilterGradient,
    imageGradient: calls.depthwiseConv2dImageGradient,
  },
};

// The convolution with a bias and an activation. Returns null for arguments that are not supported, and for a bias that is not one number for each output channel.
function convolve(
  backend: Backend,
  { x, filter, bias }: Inputs,
  attributes: Attributes,
  kind: keyof typeof convolutions,
): TensorInfo | null {
  const info = convolutionOf(x!.shape, filter!.shape, attributes, kind === 'depthwise');
  const [image, weights, added, after] = [
    floatsOf(backend, x!),
    floatsOf(backend, filter!),
    bias && floatsOf(backend, bias),
    activationOf(attributes),
  ];
  if (image === null || weights === null || info === null || added === null || after === null) return null;
  if (bias !== undefined && (bias.shape.at(-1) !== info.outChannels || added!.length !== info.outChannels)) return null;
  const y = pooled(numelOf(info.outShape));
  const activation = { activation: after.name, a: after.a };
  convolutions[kind].forward({ y, x: image, filter: weights, bias: added ?? null, ...sizesOf(info), ...activation });
  return backend.info(y, info.outShape, 'float32');
}

function filterGradient(backend: Backend, { x, dy }: Inputs, attributes: Attributes, kind: keyof typeof convolutions): TensorInfo | null {
  const [image, gradient] = [floatsOf(backend, x!), floatsOf(backend, dy!)];
  const filterShape = attributes['filterShape'] as number[];
  const info = convolutionOf(x!.shape, filterShape, attributes, kind === 'depthwise');
  if (image === null || gradient === null || info === null || !util.arraysEqual(dy!.shape, info.outShape)) return null;
  const dfilter = pooled(numelOf(filterShape));
  convolutions[kind].filterGradient({ dfilter, dy: gradient, x: image, ...sizesOf(info) });
  return backend.info(dfilter, filterShape, 'float32');
}

function imageGradient(
  backend: Backend,
  { dy, filter }: Inputs,
  attributes: Attributes,
  kind: keyof typeof convolutions,
): TensorInfo | null {
  const [gradient, weights] = [floatsOf(backend, dy!), floatsOf(backend, filter!)];
  const info = convolutionOf(attributes['inputShape'] as number[], filter!.shape, attributes, kind === 'depthwise');
  if (gradient === null || weights === null || info === null || !util.arraysEqual(dy!.shape, info.outShape)) return null;
  const dx = pooled(numelOf(info.inShape));
  convolutions[kind].imageGradient({ dx, dy: gradient, filter: weights, ...sizesOf(info) });
  return backend.info(dx, info.inShape, 'float32');
}

// The sizes of a pooling; null if our kernels cannot do it.
function poolingOf({ shape }: TensorInfo, { filterSize, strides, pad, dimRoundingMode }: Attributes): Info | null {
  const info = backend_util.computePool2DInfo(
    shape as Info['inShape'],
    filterSize as number,
    strides as number,
    1,
    pad as 'same',
    dimRoundingMode as 'floor',
  );
  return isSupported(info) ? info : null;
}

type Pooling = (c: { y: Float32Array; x: Float32Array } & ReturnType<typeof windowsOf>) => void;

function pool(backend: Backend, { x }: Inputs, attributes: Attributes, kernel: Pooling): TensorInfo | null {
  const [values, info] = [floatsOf(backend, x!), poolingOf(x!, attributes)];
  if (values === null || info === null) return null;
  const y = pooled(numelOf(info.outShape));
  // TensorFlow.js returns images whose windows are their pixels as they are, also NaN, which a maximum passes over.
  const isCopy = info.filterHeight === 1 && info.filterWidth === 1 && y.length === values.length;
  if (isCopy) calls.copyStrided({ out: y, x: values, layout: flatLayout(y.length) });
  else kernel({ y, x: values, ...windowsOf(info) });
  return backend.info(y, info.outShape, 'float32');
}

type PoolingGradient = (c: { dx: Float32Array; dy: Float32Array; x: Float32Array } & ReturnType<typeof windowsOf>) => void;

function poolingGradient(backend: Backend, { dy, input }: Inputs, attributes: Attributes, kernel: PoolingGradient): TensorInfo | null {
  const [gradient, values, info] = [floatsOf(backend, dy!), floatsOf(backend, input!), poolingOf(input!, attributes)];
  if (gradient === null || values === null || info === null || !util.arraysEqual(dy!.shape, info.outShape)) return null;
  const dx = pooled(values.length);
  kernel({ dx, dy: gradient, x: values, ...windowsOf(info) });
  return backend.info(dx, input!.shape, 'float32');
}

/** Defines the kernels of convolution and pooling. */
export function defineConvolution(): void {
  for (const [kind, name, fused] of [
    ['whole', 'Conv2D', 'FusedConv2D'],
    ['depthwise', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2D'],
  ] as const) {
    define(name, (backend, { x, filter }, attributes) =>
      convolve(backend, { x: x!, filter: filter! }, { ...attributes, activation: 'linear' }, kind),
    );
    define(
      fused,
      (backend, { x, filter, ...more }, attributes) =>
        convolve(backend, { x: x!, filter: filter!, ...more }, attributes, kind) ??
        withBiasAndActivation(backend, more, attributes, () =>
          convolve(backend, { x: x!, filter: filter! }, { ...attributes, activation: 'linear' }, kind),
        ),
    );
    define(`${name}BackpropFilter`, (backend, inputs, attributes) => filterGradient(backend, inputs, attributes, kind));
    define(`${name}BackpropInput`, (backend, inputs, attributes) => imageGradient(backend, inputs, attributes, kind));
  }
  define('MaxPool', (backend, inputs, attributes) => pool(backend, inputs, attributes, calls.maxPool2dForward));
  define('MaxPoolGrad', (backend, inputs, attributes) => poolingGradient(backend, inputs, attributes, calls.maxPool2dBackward));
  define('AvgPool', (backend, inputs, attributes) => pool(backend, inputs, attributes, calls.avgPool2dForward));
  // The gradient of TensorFlow.js divides by the size of the window also where it leaves the image.
  define('AvgPoolGrad', (backend, inputs, attributes) =>
    poolingGradient(backend, inputs, attributes, ({ x: _, ...c }) => calls.avgPool2dBackward({ ...c, countIncludePad: true })),
  );
}
