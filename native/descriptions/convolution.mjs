// convolution.cc, convolution_gradient.cc: images [batch, height, width, channels] and the windows of a filter, each image apart.
import { attributes, choice, counter, kernel, out, read, real } from './describe.mjs';

const image = (role, name) => role(name, 'batch * height * width * channels');
const filter = (role, name) => role(name, 'filter_height * filter_width * channels * out_channels');
const result = (role, name) => role(name, 'batch * out_height * out_width * out_channels');
const sizes = ['batch', 'height', 'width', 'channels', 'filter_height', 'filter_width', 'out_height', 'out_width', 'out_channels'];
const flops = '2 * batch * out_height * out_width * out_channels * filter_height * filter_width * channels';

/** Where the windows of an output lie in the image. */
export const places = [
  counter('stride_height', 1, { doc: 'The rows of the image from one window to the next (1).' }),
  counter('stride_width', 1, { doc: 'The columns of the image from one window to the next (1).' }),
  counter('padding_top', 0, { doc: 'The rows of zeros above the image (0).' }),
  counter('padding_left', 0, { doc: 'The columns of zeros to the left of the image (0).' }),
];
export const dilated = [
  ...places,
  counter('dilation_height', 1, { doc: 'The rows of the image from one row of the filter to the next (1).' }),
  counter('dilation_width', 1, { doc: 'The columns of the image from one column of the filter to the next (1).' }),
];
const optionsOf = (name, ...more) => [
  `${name}Options`,
  `The options of \`${name[0].toLowerCase()}${name.slice(1)}\`.`,
  ...more,
  ...dilated.map((option) => option.name),
];
const ofWindows = attributes('ConvolutionAttributes', ...dilated);

export const convolution = [
  kernel('conv2d_forward', {
    operands: [
      result(out, 'y'),
      image(read, 'x'),
      filter(read, 'filter'),
      read('bias', 'out_channels', { optional: true, doc: '`[outChannels]`, added to every pixel (null).' }),
    ],
    sizes,
    attributes: [
      ...dilated,
      choice('activation', 'Unary', 'none', { internal: true }),
      real('a', 0, { internal: true }),
      real('b', 0, { internal: true }),
    ],
    options: optionsOf('Conv2dForward', 'bias'),
    flops,
    doc: `The convolution of images with a filter, a cross-correlation as in all libraries of neural networks:
\`y[n, i, j, o] = bias[o] + sum over k, l, c of x[n, i s - p + k d, j s - p + l d, c] filter[k, l, c, o]\`, with stride s, padding p and dilation d of each direction.
What lies outside of the image is zero, so that any size of the output is valid.

Shapes: y \`[batch, outHeight, outWidth, outChannels]\`, x \`[batch, height, width, channels]\`, filter \`[filterHeight, filterWidth, channels, outChannels]\`. y overlaps nothing. A
RangeError for a size of more than 2^30.`,
    example: `const y = new Float32Array(2);
conv2dForward(y, Float32Array.of(1, 2, 3), Float32Array.of(10, 1), 1, 1, 3, 1, 1, 2, 1, 2, 1);
y; // [12, 23]`,
  }),
  kernel('conv2d_filter_gradient', {
    operands: [filter(out, 'dfilter'), result(read, 'dy'), image(read, 'x')],
    sizes,
    attributes: ofWindows,
    options: optionsOf('Conv2dFilterGradient'),
    flops,
    doc: 'The gradient of `conv2dForward` by its filter. Shapes and options as there.',
    example: `const dfilter = new Float32Array(2);
conv2dFilterGradient(dfilter, Float32Array.of(1, 10), Float32Array.of(1, 2, 3), 1, 1, 3, 1, 1, 2, 1, 2, 1);
dfilter; // [21, 32]`,
  }),
  kernel('conv2d_image_gradient', {
    operands: [image(out, 'dx'), result(read, 'dy'), filter(read, 'filter')],
    sizes,
    attributes: ofWindows,
    options: optionsOf('Conv2dImageGradient'),
    flops,
    doc: 'The gradient of `conv2dForward` by its images. Shapes and options as there.',
    example: `const dx = new Float32Array(3);
conv2dImageGradient(dx, Float32Array.of(1, 100), Float32Array.of(10, 1), 1, 1, 3, 1, 1, 2, 1, 2, 1);
dx; // [10, 1001, 100]`,
  }),
];
