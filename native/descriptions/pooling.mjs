// pooling.cc, depthwise.cc: windows of images [batch, height, width, channels] in which each channel is by itself.

import { dilated, places } from './convolution.mjs';
import { attributes, choice, flag, kernel, out, read, real } from './describe.mjs';

const image = (role, name) => role(name, 'batch * height * width * channels');
const pooled = (role, name) => role(name, 'batch * out_height * out_width * channels');
const sizes = ['batch', 'height', 'width', 'channels', 'filter_height', 'filter_width', 'out_height', 'out_width'];
const optionsOf = (name, ...fields) => [`${name}Options`, `The options of \`${name[0].toLowerCase()}${name.slice(1)}\`.`, ...fields];
const names = (fields) => fields.map(({ name }) => name);

const ofMaxima = attributes('MaxPoolAttributes', ...places);
const ofMeans = attributes(
  'AvgPoolAttributes',
  ...places,
  flag('count_include_pad', {
    doc: 'Each sum is divided by the size of the window instead of the number of its pixels in the image (false).',
  }),
);
const meanOptions = (name) => optionsOf(name, ...names(places), 'count_include_pad');

const filter = (role, name) => role(name, 'filter_height * filter_width * channels * multiplier');
const result = (role, name) => role(name, 'batch * out_height * out_width * channels * multiplier');
const depthwiseSizes = [...sizes, 'multiplier'];
const depthwiseOptions = (name, ...more) => optionsOf(name, ...more, ...names(dilated));
const ofWindows = attributes('ConvolutionAttributes', ...dilated);
const flops = '2 * batch * out_height * out_width * filter_height * filter_width * channels * multiplier';

export const pooling = [
  kernel('max_pool2d_forward', {
    operands: [pooled(out, 'y'), image(read, 'x')],
    sizes,
    attributes: ofMaxima,
    options: optionsOf('MaxPool2dForward', ...names(places)),
    doc: `The largest number of each window of images, for each channel: \`y[n, i, j, c]\` is the maximum over k and l of \`x[n, i s - p + k, j s - p + l, c]\`, with stride s and
padding p of each direction, of what lies in the image and is not NaN; -Infinity if there is nothing.

Shapes: y \`[batch, outHeight, outWidth, channels]\`, x \`[batch, height, width, channels]\`. y overlaps nothing. A RangeError for a size of more than 2^30.`,
    example: `const y = new Float32Array(2);
maxPool2dForward(y, Float32Array.of(1, 2, 4, 3), 1, 1, 4, 1, 1, 2, 1, 2, { strideWidth: 2 });
y; // [2, 4]`,
  }),
  kernel('max_pool2d_backward', {
    operands: [image(out, 'dx'), pooled(read, 'dy'), image(read, 'x')],
    sizes,
    attributes: ofMaxima,
    options: optionsOf('MaxPool2dBackward', ...names(places)),
    doc: `The gradient of \`maxPool2dForward\`: each element of dy is added to the first of its window's largest pixels; where no number is above -Infinity, to the first of its
window's pixels. Shapes and options as there.`,
    example: `const dx = new Float32Array(4);
maxPool2dBackward(dx, Float32Array.of(10, 20), Float32Array.of(1, 2, 4, 3), 1, 1, 4, 1, 1, 2, 1, 2, { strideWidth: 2 });
dx; // [0, 10, 20, 0]`,
  }),
  kernel('avg_pool2d_forward', {
    operands: [pooled(out, 'y'), image(read, 'x')],
    sizes,
    attributes: ofMeans,
    options: meanOptions('AvgPool2dForward'),
    doc: 'The mean of each window of images, for each channel, where zeros lie around the image. Shapes and windows are those of `maxPool2dForward`.',
    example: `const y = new Float32Array(2);
avgPool2dForward(y, Float32Array.of(1, 2, 4, 3), 1, 1, 4, 1, 1, 2, 1, 2, { strideWidth: 2 });
y; // [1.5, 3.5]`,
  }),
  kernel('avg_pool2d_backward', {
    operands: [image(out, 'dx'), pooled(read, 'dy')],
    sizes,
    attributes: ofMeans,
    options: meanOptions('AvgPool2dBackward'),
    doc: 'The gradient of `avgPool2dForward`. Shapes and options as there.',
    example: `const dx = new Float32Array(4);
avgPool2dBackward(dx, Float32Array.of(10, 20), 1, 1, 4, 1, 1, 2, 1, 2, { strideWidth: 2 });
dx; // [5, 5, 10, 10]`,
  }),
  kernel('depthwise_conv2d_forward', {
    operands: [
      result(out, 'y'),
      image(read, 'x'),
      filter(read, 'filter'),
      read('bias', 'channels * multiplier', { optional: true, doc: '`[channels, multiplier]`, added to every pixel (null).' }),
    ],
    sizes: depthwiseSizes,
    attributes: [
      ...dilated,
      choice('activation', 'Unary', 'none', { internal: true }),
      real('a', 0, { internal: true }),
      real('b', 0, { internal: true }),
    ],
    options: depthwiseOptions('DepthwiseConv2dForward', 'bias'),
    flops,
    doc: `\`conv2dForward\` of each channel by itself, with \`multiplier\` filters of its own:
\`y[n, i, j, c, q] = bias[c, q] + sum over k, l of x[n, i s - p + k d, j s - p + l d, c] filter[k, l, c, q]\`.

Shapes: y \`[batch, outHeight, outWidth, channels, multiplier]\`, x \`[batch, height, width, channels]\`, filter \`[filterHeight, filterWidth, channels, multiplier]\`. Options are those
of \`conv2dForward\`.`,
    example: `const y = new Float32Array(2);
depthwiseConv2dForward(y, Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 100, 1, 1), 1, 1, 2, 2, 1, 2, 1, 1, 1);
y; // [13, 204]`,
  }),
  kernel('depthwise_conv2d_filter_gradient', {
    operands: [filter(out, 'dfilter'), result(read, 'dy'), image(read, 'x')],
    sizes: depthwiseSizes,
    attributes: ofWindows,
    options: depthwiseOptions('DepthwiseConv2dFilterGradient'),
    flops,
    doc: 'The gradient of `depthwiseConv2dForward` by its filter. Shapes and options as there.',
    example: `const dfilter = new Float32Array(4);
depthwiseConv2dFilterGradient(dfilter, Float32Array.of(1, 10), Float32Array.of(1, 2, 3, 4), 1, 1, 2, 2, 1, 2, 1, 1, 1);
dfilter; // [1, 20, 3, 40]`,
  }),
  kernel('depthwise_conv2d_image_gradient', {
    operands: [image(out, 'dx'), result(read, 'dy'), filter(read, 'filter')],
    sizes: depthwiseSizes,
    attributes: ofWindows,
    options: depthwiseOptions('DepthwiseConv2dImageGradient'),
    flops,
    doc: 'The gradient of `depthwiseConv2dForward` by its images. Shapes and options as there.',
    example: `const dx = new Float32Array(4);
depthwiseConv2dImageGradient(dx, Float32Array.of(1, 2), Float32Array.of(10, 100, 1, 1), 1, 1, 2, 2, 1, 2, 1, 1, 1);
dx; // [10, 200, 1, 2]`,
  }),
];
