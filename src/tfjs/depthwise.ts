// Depthwise convolution of images: each channel has filters of its own. The windows that im2col copies are multiplied by the filter and summed.
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { layoutOf, numelOf, stridesOf } from '../shape';
import { type Attributes, col2im, columnShape, convolutionOf, type Info, im2col } from './convolution';
import { giveBack, pooled } from './pool';
import { withBiasAndActivation } from './products';
import { define } from './registry';
import { type Backend, floatsOf } from './storage';

// The products of all windows, the filter and the output have the shape [windows, places in the filter, channels, filters of a channel].
function sizesOf(info: Info) {
  const [windows, places, channels] = [
    info.batchSize * info.outHeight * info.outWidth,
    info.filterHeight * info.filterWidth,
    info.inChannels,
  ];
  const multiplier = info.outChannels / channels;
  return {
    windows,
    places,
    channels,
    multiplier,
    shape: [windows, places, channels, multiplier],
    ofWindows: { strides: [places * channels, channels, 1, 0] },
    ofFilter: { strides: [0, channels * multiplier, multiplier, 1] },
    ofOutput: { strides: [channels * multiplier, 0, multiplier, 1] },
  };
}

interface Operand {
  values: Float32Array;
  at: { strides: number[] };
}

function productsOf(shape: readonly number[], a: Operand, b: Operand): Float32Array {
  const out = pooled(numelOf(shape));
  calls.mul({ out, a: a.values, b: b.values, layout: layoutOf('tfjs', shape, a.at, b.at) });
  return out;
}

// Sums over the middle of [outer, n, inner], and gives x back.
function sumOf(x: Float32Array, outer: number, n: number, inner: number): Float32Array {
  const out = pooled(outer * inner);
  calls.sum({ out, x, outer, n, inner, scale: 1 });
  giveBack(x);
  return out;
}

function convolve(backend: Backend, x: TensorInfo, filter: TensorInfo, attributes: Attributes): TensorInfo | null {
  const [image, weights, info] = [floatsOf(backend, x), floatsOf(backend, filter), convolutionOf(x.shape, filter.shape, attributes, true)];
  if (image === null || weights === null || info === null) return null;
  const { windows, places, channels, multiplier, shape, ofWindows, ofFilter } = sizesOf(info);
  const columns = im2col(image, info, channels, 0);
  const products = productsOf(shape, { values: columns, at: ofWindows }, { values: weights, at: ofFilter });
  giveBack(columns);
  return backend.info(sumOf(products, windows, places, channels * multiplier), info.outShape, 'float32');
}

function filterGradient(backend: Backend, x: TensorInfo, dy: TensorInfo, attributes: Attributes): TensorInfo | null {
  const filterShape = attributes['filterShape'] as number[];
  const [image, gradient, info] = [floatsOf(backend, x), floatsOf(backend, dy), convolutionOf(x.shape, filterShape, attributes, true)];
  if (image === null || gradient === null || info === null || !util.arraysEqual(dy.shape, info.outShape)) return null;
  const { windows, channels, shape, ofWindows, ofOutput } = sizesOf(info);
  const columns = im2col(image, info, channels, 0);
  const products = productsOf(shape, { values: columns, at: ofWindows }, { values: gradient, at: ofOutput });
  giveBack(columns);
  return backend.info(sumOf(products, 1, windows, numelOf(filterShape)), filterShape, 'float32');
}

function imageGradient(backend: Backend, dy: TensorInfo, filter: TensorInfo, attributes: Attributes): TensorInfo | null {
  const [gradient, weights] = [floatsOf(backend, dy), floatsOf(backend, filter)];
  const info = convolutionOf(attributes['inputShape'] as number[], filter.shape, attributes, true);
  if (gradient === null || weights === null || info === null || !util.arraysEqual(dy.shape, info.outShape)) return null;
  const { windows, places, channels, multiplier, shape, ofFilter, ofOutput } = sizesOf(info);
  const products = productsOf(shape, { values: gradient, at: ofOutput }, { values: weights, at: ofFilter });
  const columns = multiplier === 1 ? products : sumOf(products, windows * places * channels, multiplier, 1);
  const dx = col2im(columns, stridesOf(columnShape(info, channels)), info, channels);
  giveBack(columns);
  return backend.info(dx, info.inShape, 'float32');
}

/** Defines the kernels of depthwise convolution. */
export function defineDepthwise(): void {
  define('DepthwiseConv2dNative', (backend, { x, filter }, attributes) => convolve(backend, x!, filter!, attributes));
  define('FusedDepthwiseConv2D', (backend, inputs, attributes) =>
    withBiasAndActivation(backend, inputs, attributes, () => convolve(backend, inputs['x']!, inputs['filter']!, attributes)),
  );
  define('DepthwiseConv2dNativeBackpropFilter', (backend, { x, dy }, attributes) => filterGradient(backend, x!, dy!, attributes));
  define('DepthwiseConv2dNativeBackpropInput', (backend, { dy, filter }, attributes) => imageGradient(backend, dy!, filter!, attributes));
}
