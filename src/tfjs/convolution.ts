// Convolution and pooling of images by im2col: all windows of the padded image become the rows of a matrix, over which products, maxima and sums then run.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocateInt } from '../memory';
import { layoutOf, numelOf, stridesOf } from '../shape';
import { filledWith } from './elementwise';
import { giveBack, pooled } from './pool';
import { withBiasAndActivation } from './products';
import { replaceNaN } from './reductions';
import { define } from './registry';
import { type Backend, floatsOf } from './storage';

/** The sizes of a convolution or a pooling. */
export type Info = backend_util.Conv2DInfo;
export type Attributes = Record<string, unknown>;

/** The padded image that the windows cover, and the part of the image that lies in it. */
function paddedOf({ batchSize, inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, ...info }: Info, channels: number) {
  const { top, left } = info.padInfo;
  const height = (outHeight - 1) * strideHeight + info.effectiveFilterHeight;
  const width = (outWidth - 1) * strideWidth + info.effectiveFilterWidth;
  const shape = [batchSize, height, width, channels];
  return {
    shape,
    strides: stridesOf(shape),
    offset: (top * width + left) * channels,
    covered: [batchSize, Math.min(inHeight, height - top), Math.min(inWidth, width - left), channels],
    isUnpadded: top === 0 && left === 0 && height <= inHeight && width <= inWidth,
  };
}

/** The shape of the im2col matrix: [batch, output rows, output columns, filter rows, filter columns, channels]. */
export const columnShape = ({ batchSize, outHeight, outWidth, filterHeight, filterWidth }: Info, channels: number): number[] => [
  batchSize,
  outHeight,
  outWidth,
  filterHeight,
  filterWidth,
  channels,
];

// The strides of its elements in an image of these strides.
const columnStrides = (
  { strideHeight, strideWidth, dilationHeight, dilationWidth }: Info,
  [image, row, column]: readonly number[],
): number[] => [image!, strideHeight * row!, strideWidth * column!, dilationHeight * row!, dilationWidth * column!, 1];

/** Returns the elements of all windows of x, one window after the other. */
export function im2col(x: Float32Array, info: Info, channels: number, padding: number): Float32Array {
  const columns = columnShape(info, channels);
  const padded = paddedOf(info, channels);
  const own = stridesOf([info.batchSize, info.inHeight, info.inWidth, channels]);
  const out = pooled(numelOf(columns));
  const to = { strides: stridesOf(columns) };
  if (padded.isUnpadded) {
    calls.copyStrided({ out, x, layout: layoutOf('tfjs', columns, to, { strides: columnStrides(info, own) }) });
    return out;
  }
  const image = filledWith(numelOf(padded.shape), padding);
  const { strides, offset, covered } = padded;
  calls.copyStrided({ out: image, x, layout: layoutOf('tfjs', covered, { strides, offset }, { strides: own }) });
  calls.copyStrided({ out, x: image, layout: layoutOf('tfjs', columns, to, { strides: columnStrides(info, strides) }) });
  giveBack(image);
  return out;
}

/** The reverse of im2col: sums, for each pixel, the elements of all windows there. `strides` are those of the elements in `windows`. */
export function col2im(windows: Float32Array, strides: readonly number[], info: Info, channels: number): Float32Array {
  const padded = paddedOf(info, channels);
  const columns = columnShape(info, channels);
  const steps = columnStrides(info, padded.strides);
  let image = filledWith(numelOf(padded.shape), 0);
  const isDisjoint = info.strideHeight >= info.effectiveFilterHeight && info.strideWidth >= info.effectiveFilterWidth;
  if (isDisjoint) calls.copyStrided({ out: image, x: windows, layout: layoutOf('tfjs', columns, { strides: steps }, { strides }) });
  else {
    const one = [...columns.slice(0, 3), 1, 1, channels];
    for (let i = 0; i < info.filterHeight * info.filterWidth; i++) {
      const place = [Math.floor(i / info.filterWidth), i % info.filterWidth] as const;
      const at = (by: readonly number[]): number => place[0] * by[3]! + place[1] * by[4]!;
      const [part, sum] = [filledWith(image.length, 0), pooled(image.length)];
      const layout = layoutOf('tfjs', one, { strides: steps, offset: at(steps) }, { strides, offset: at(strides) });
      calls.copyStrided({ out: part, x: windows, layout });
      calls.add({ out: sum, a: image, b: part, layout: layoutOf('tfjs', [sum.length], { strides: [1] }, { strides: [1] }) });
      giveBack(image);
      giveBack(part);
      image = sum;
    }
  }
  const shape = [info.batchSize, info.inHeight, info.inWidth, channels];
  const dx = filledWith(numelOf(shape), 0);
  const { covered, offset } = padded;
  calls.copyStrided({
    out: dx,
    x: image,
    layout: layoutOf('tfjs', covered, { strides: stridesOf(shape) }, { strides: padded.strides, offset }),
  });
  giveBack(image);
  return dx;
}

/** Whether our kernels can do it: there is an output, and each window overlaps the image. */
function isSupported({ dataFormat, outShape, inShape, padInfo, ...info }: Info): boolean {
  const lastRow = (info.outHeight - 1) * info.strideHeight - padInfo.top;
  const lastColumn = (info.outWidth - 1) * info.strideWidth - padInfo.left;
  return (
    dataFormat === 'channelsLast' &&
    numelOf(outShape) > 0 &&
    numelOf(inShape) > 0 &&
    padInfo.top < info.effectiveFilterHeight &&
    padInfo.left < info.effectiveFilterWidth &&
    lastRow < info.inHeight &&
    lastColumn < info.inWidth
  );
}

/** The sizes of a convolution; null if our kernels cannot do it. */
export function convolutionOf(
  inShape: readonly number[],
  filterShape: readonly number[],
  attributes: Attributes,
  isDepthwise = false,
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

const sizesOf = (info: Info) => ({
  rows: info.batchSize * info.outHeight * info.outWidth,
  inner: info.filterHeight * info.filterWidth * info.inChannels,
});

function convolve(backend: Backend, x: TensorInfo, filter: TensorInfo, attributes: Attributes): TensorInfo | null {
  const [image, weights] = [floatsOf(backend, x), floatsOf(backend, filter)];
  const info = convolutionOf(x.shape, filter.shape, attributes);
  if (image === null || weights === null || info === null) return null;
  const { rows, inner } = sizesOf(info);
  const [c, columns] = [pooled(rows * info.outChannels), im2col(image, info, info.inChannels, 0)];
  calls.matmul({ c, a: columns, b: weights, m: rows, n: info.outChannels, k: inner });
  giveBack(columns);
  return backend.info(c, info.outShape, 'float32');
}

function filterGradient(backend: Backend, x: TensorInfo, dy: TensorInfo, attributes: Attributes): TensorInfo | null {
  const [image, gradient] = [floatsOf(backend, x), floatsOf(backend, dy)];
  const filterShape = attributes['filterShape'] as number[];
  const info = convolutionOf(x.shape, filterShape, attributes);
  if (image === null || gradient === null || info === null || !util.arraysEqual(dy.shape, info.outShape)) return null;
  const { rows, inner } = sizesOf(info);
  const [c, columns] = [pooled(inner * info.outChannels), im2col(image, info, info.inChannels, 0)];
  calls.matmul({ c, a: columns, b: gradient, m: inner, n: info.outChannels, k: rows, transposeA: true });
  giveBack(columns);
  return backend.info(c, filterShape, 'float32');
}

function imageGradient(backend: Backend, dy: TensorInfo, filter: TensorInfo, attributes: Attributes): TensorInfo | null {
  const [gradient, weights] = [floatsOf(backend, dy), floatsOf(backend, filter)];
  const info = convolutionOf(attributes['inputShape'] as number[], filter.shape, attributes);
  if (gradient === null || weights === null || info === null || !util.arraysEqual(dy.shape, info.outShape)) return null;
  const { rows, inner } = sizesOf(info);
  const c = pooled(rows * inner);
  calls.matmul({ c, a: gradient, b: weights, m: rows, n: inner, k: info.outChannels, transposeB: true });
  const dx = col2im(c, stridesOf(columnShape(info, info.inChannels)), info, info.inChannels);
  giveBack(c);
  return backend.info(dx, info.inShape, 'float32');
}

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

// The largest number of each window, NaN excluded, and its index in the window.
function maxOfWindows(x: Float32Array, info: Info) {
  const n = info.filterHeight * info.filterWidth;
  const outer = info.batchSize * info.outHeight * info.outWidth;
  const inner = info.inChannels;
  const found = { values: pooled(outer * inner), indices: allocateInt(outer * inner) };
  const numbers = replaceNaN(x, -Infinity);
  const columns = im2col(numbers, info, inner, -Infinity);
  calls.max({ ...found, x: columns, outer, n, inner });
  giveBack(numbers);
  giveBack(columns);
  return { ...found, outer, n, inner };
}

function definePooling(): void {
  define('MaxPool', (backend, { x }, attributes) => {
    const [values, info] = [floatsOf(backend, x!), poolingOf(x!, attributes)];
    return values && info && backend.info(maxOfWindows(values, info).values, info.outShape, 'float32');
  });
  define('MaxPoolGrad', (backend, { dy, input }, attributes) => {
    const [gradient, values, info] = [floatsOf(backend, dy!), floatsOf(backend, input!), poolingOf(input!, attributes)];
    if (gradient === null || values === null || info === null || !util.arraysEqual(dy!.shape, info.outShape)) return null;
    const { values: unused, indices, outer, n, inner } = maxOfWindows(values, info);
    giveBack(unused);
    const windows = filledWith(outer * n * inner, 0);
    calls.scatter({ out: windows, x: gradient, index: indices, outer, n, inner, count: 1 });
    const dx = col2im(windows, stridesOf(columnShape(info, inner)), info, inner);
    giveBack(windows);
    return backend.info(dx, input!.shape, 'float32');
  });
  define('AvgPool', (backend, { x }, attributes) => {
    const [values, info] = [floatsOf(backend, x!), poolingOf(x!, attributes)];
    if (values === null || info === null || !paddedOf(info, info.inChannels).isUnpadded) return null; // a mean over a padded window counts only the pixels in the image
    const [n, inner] = [info.filterHeight * info.filterWidth, info.inChannels];
    const outer = info.batchSize * info.outHeight * info.outWidth;
    const [out, columns] = [pooled(outer * inner), im2col(values, info, inner, 0)];
    calls.sum({ out, x: columns, outer, n, inner, scale: 1 / n });
    giveBack(columns);
    return backend.info(out, info.outShape, 'float32');
  });
  define('AvgPoolGrad', (backend, { dy, input }, attributes) => {
    const [gradient, info] = [floatsOf(backend, dy!), poolingOf(input!, attributes)];
    if (gradient === null || info === null || !util.arraysEqual(dy!.shape, info.outShape)) return null;
    const share = pooled(gradient.length);
    const each = filledWith(1, 1 / (info.filterHeight * info.filterWidth));
    calls.mul({ out: share, a: gradient, b: each, layout: layoutOf('tfjs', [share.length], { strides: [1] }, { strides: [0] }) });
    const [image, row, column] = stridesOf(info.outShape);
    const dx = col2im(share, [image!, row!, column!, 0, 0, 1], info, info.inChannels);
    giveBack(share);
    return backend.info(dx, input!.shape, 'float32');
  });
}

/** Defines the kernels of convolution and pooling. */
export function defineConvolution(): void {
  define('Conv2D', (backend, { x, filter }, attributes) => convolve(backend, x!, filter!, attributes));
  define('FusedConv2D', (backend, inputs, attributes) =>
    withBiasAndActivation(backend, inputs, attributes, () => convolve(backend, inputs['x']!, inputs['filter']!, attributes)),
  );
  define('Conv2DBackpropFilter', (backend, { x, dy }, attributes) => filterGradient(backend, x!, dy!, attributes));
  define('Conv2DBackpropInput', (backend, { dy, filter }, attributes) => imageGradient(backend, dy!, filter!, attributes));
  definePooling();
}
