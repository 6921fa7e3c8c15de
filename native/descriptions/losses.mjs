// softmax.cc, cross_entropy.cc, losses.cc
import { choice, flag, integer, kernel, out, read, real } from './describe.mjs';

const rowsClasses = ['rows', 'classes'];
const scores = (role, name, more) => role(name, 'rows * classes', more);

const loss = (terms) =>
  out('loss', `reduced(${terms}, reduction)`, { doc: '`[1]`, or one element for each term with the reduction "none".' });
const weight = read('weight', 'classes', { optional: true, doc: "`[classes]`: each class's weight (all 1)." });
const ignoreIndex = integer('ignore_index', -100, { doc: 'Rows with this label are ignored (-100). It has no effect on probabilities.' });
const labelSmoothing = real('label_smoothing', 0, {
  least: 0,
  most: 1,
  doc: 'The part of the target, from 0 to 1, that is spread evenly over all classes (0).',
});
const reduction = choice('reduction', 'Reduction', 'mean', {
  doc: 'How the terms are reduced ("mean"). The mean over labels is weighted if there are weights, and is over the labels that are not ignored.',
});
const gradient = (name, length) => out(name, length, { optional: true, doc: "The gradient, with the input's shape; optional." });
const lossOutputs = ['LossOutputs', 'The arrays that a loss writes.', 'loss', 'dx'];

/** A loss over n pairs (x, target) of numbers, with its gradient. */
const pairwise = (name, { attributes = [], options, ...more }) =>
  kernel(name, {
    operands: [loss('n'), gradient('dx', 'n'), read('x', 'n'), read('target', 'n')],
    sizes: ['n'],
    attributes: [...attributes, reduction],
    results: lossOutputs,
    options: [
      options,
      `The options of \`${options[0].toLowerCase()}${options.slice(1, -7)}\`.`,
      ...attributes.map((a) => a.name),
      'reduction',
    ],
    ...more,
  });

export const losses = [
  kernel('softmax', {
    operands: [scores(out, 'y'), scores(read, 'x')],
    sizes: rowsClasses,
    doc: `\`y[r, c] = exp(x[r, c]) / sum over c of exp(x[r, c])\`, without overflow.

Shapes: y, x \`[rows, classes]\`.`,
    example: `const y = new Float32Array(2);
softmax(y, Float32Array.of(0, 0), 1, 2);
y; // [0.5, 0.5]`,
  }),
  kernel('softmax_backward', {
    operands: [scores(out, 'dx'), scores(read, 'dy'), scores(read, 'y')],
    sizes: rowsClasses,
    doc: 'The gradient of `softmax`: `dx = y (dy - sum over classes of dy y)`, from its result y. Shapes: all `[rows, classes]`.',
    example: `const dx = new Float32Array(2);
softmaxBackward(dx, Float32Array.of(1, 0), Float32Array.of(0.5, 0.5), 1, 2);
dx; // [0.25, -0.25]`,
  }),
  kernel('log_softmax', {
    operands: [scores(out, 'y'), scores(read, 'x')],
    sizes: rowsClasses,
    doc: '`y = log(softmax(x))`, without overflow or underflow. Shapes: y, x `[rows, classes]`.',
    example: `const y = new Float32Array(2);
logSoftmax(y, Float32Array.of(0, 0), 1, 2);
y; // [-0.6931472, -0.6931472]`,
  }),
  kernel('log_softmax_backward', {
    operands: [scores(out, 'dx'), scores(read, 'dy'), scores(read, 'y')],
    sizes: rowsClasses,
    doc: 'The gradient of `logSoftmax`: `dx = dy - exp(y) sum over classes of dy`, from its result y. Shapes: all `[rows, classes]`.',
    example: `const [y, dx] = [new Float32Array(2), new Float32Array(2)];
logSoftmax(y, Float32Array.of(0, 0), 1, 2);
logSoftmaxBackward(dx, Float32Array.of(1, 0), y, 1, 2);
dx; // [0.5, -0.5]`,
  }),
  kernel('softmax_cross_entropy', {
    operands: [
      loss('rows'),
      gradient('dlogits', 'rows * classes'),
      scores(read, 'logits'),
      read('labels', 'rows', { type: 'int32' }),
      weight,
    ],
    sizes: rowsClasses,
    attributes: [ignoreIndex, labelSmoothing, reduction],
  }),
  kernel('softmax_cross_entropy_soft', {
    operands: [loss('rows'), gradient('dlogits', 'rows * classes'), scores(read, 'logits'), scores(read, 'target'), weight],
    sizes: rowsClasses,
    attributes: [labelSmoothing, reduction],
  }),
  kernel('nll_loss', {
    operands: [
      loss('rows'),
      gradient('dx', 'rows * classes'),
      scores(read, 'log_probs'),
      read('labels', 'rows', { type: 'int32' }),
      weight,
    ],
    sizes: rowsClasses,
    attributes: [ignoreIndex, reduction],
    results: lossOutputs,
    options: ['NllLossOptions', 'The options of `nllLoss`, as those of `torch.nn.NLLLoss`.', 'weight', 'ignore_index', 'reduction'],
    doc: `The negative log likelihood and its gradient: \`loss[r] = -weight[l] logProbs[r, l]\` for \`l = labels[r]\`.

Shapes: logProbs and dx \`[rows, classes]\`, labels int32 \`[rows]\`. Options, reductions and errors as for \`softmaxCrossEntropy\`.`,
    example: `const [loss, dx] = [new Float32Array(1), new Float32Array(2)];
nllLoss({ loss, dx }, Float32Array.of(-1, -2), Int32Array.of(1), 1, 2);
loss; // [2]
dx; // [0, -1]`,
  }),
  pairwise('mse_loss', {
    options: 'MseLossOptions',
    doc: 'The squared error and its gradient: `loss[i] = (x[i] - target[i])^2`, `dx[i] = 2 (x[i] - target[i])`, for "mean" divided by n. Shapes: x, target, dx `[n]`.',
    example: `const [loss, dx] = [new Float32Array(1), new Float32Array(2)];
mseLoss({ loss, dx }, Float32Array.of(1, 2), Float32Array.of(1, 4), 2);
loss; // [2]
dx; // [0, -2]`,
  }),
  pairwise('l1_loss', {
    options: 'L1LossOptions',
    doc: `The absolute error and its gradient: \`loss[i] = |x[i] - target[i]|\`, \`dx[i] = sign(x[i] - target[i])\`, where the sign of 0 is 0; for "mean" divided by
n. Shapes: x, target, dx \`[n]\`.`,
    example: `const [loss, dx] = [new Float32Array(1), new Float32Array(2)];
l1Loss({ loss, dx }, Float32Array.of(1, 2), Float32Array.of(1, 4), 2);
loss; // [1]
dx; // [0, -0.5]`,
  }),
  pairwise('smooth_l1_loss', {
    attributes: [real('beta', 1, { doc: 'The absolute error from which the loss is linear; below it the loss is quadratic (1).' })],
    options: 'SmoothL1LossOptions',
    doc: `The Huber loss divided by its delta, which is called beta here: with \`d = x[i] - target[i]\`, \`loss[i] = d^2 / (2 beta)\` where \`|d| < beta\`, else
\`|d| - beta / 2\`; \`dx[i] = d / beta\`, clamped to [-1, 1]; for "mean" divided by n. Shapes: x, target, dx \`[n]\`.`,
    example: `const [loss, dx] = [new Float32Array(2), new Float32Array(2)];
smoothL1Loss({ loss, dx }, Float32Array.of(1, 2), Float32Array.of(0.5, 4), 2, { beta: 2, reduction: 'none' });
loss; // [0.0625, 1]
dx; // [0.25, -1]`,
  }),
  pairwise('huber_loss', {
    attributes: [real('delta', 1, { doc: 'The absolute error from which the loss is linear; below it the loss is quadratic (1).' })],
    options: 'HuberLossOptions',
    doc: `The Huber loss and its gradient: with \`d = x[i] - target[i]\`, \`loss[i] = d^2 / 2\` where \`|d| < delta\`, else \`delta (|d| - delta / 2)\`;
\`dx[i] = d\`, clamped to [-delta, delta]; for "mean" divided by n. Shapes: x, target, dx \`[n]\`.`,
    example: `const [loss, dx] = [new Float32Array(2), new Float32Array(2)];
huberLoss({ loss, dx }, Float32Array.of(1, 2), Float32Array.of(0.5, 4), 2, { reduction: 'none' });
loss; // [0.125, 1.5]
dx; // [0.5, -1]`,
  }),
  pairwise('binary_cross_entropy', {
    options: 'BinaryCrossEntropyOptions',
    doc: `The cross-entropy of a probability x and its target, and its gradient: \`loss[i] = -(target log x + (1 - target) log(1 - x))\`, where each logarithm is
at least -100; \`dx[i] = (x - target) / max(x (1 - x), 1e-12)\`; for "mean" divided by n. Shapes: x, target, dx \`[n]\`. NaN for x outside [0, 1].`,
    example: `const [loss, dx] = [new Float32Array(1), new Float32Array(2)];
binaryCrossEntropy({ loss, dx }, Float32Array.of(0.5, 0.5), Float32Array.of(1, 0), 2);
loss; // [0.6931472]
dx; // [-1, 1]`,
  }),
  pairwise('binary_cross_entropy_with_logits', {
    options: 'BinaryCrossEntropyWithLogitsOptions',
    doc: `The cross-entropy of the probability sigmoid(x) and its target, and its gradient: \`loss[i] = max(x, 0) - x target + log(1 + exp(-|x|))\`,
\`dx[i] = sigmoid(x) - target\`; for "mean" divided by n. Shapes: x, target, dx \`[n]\`.`,
    example: `const [loss, dx] = [new Float32Array(1), new Float32Array(2)];
binaryCrossEntropyWithLogits({ loss, dx }, Float32Array.of(0, 0), Float32Array.of(1, 0), 2);
loss; // [0.6931472]
dx; // [-0.25, 0.25]`,
  }),
  pairwise('kl_div', {
    attributes: [flag('log_target', { doc: 'Whether target contains logarithms of probabilities (false).' })],
    options: 'KlDivOptions',
    doc: `The terms of the Kullback-Leibler divergence of exp(x) from a target, and their gradient: \`loss[i] = target (log target - x)\`, 0 where target is 0,
\`dx[i] = -target\`; for "mean" divided by n. Shapes: x, target, dx \`[n]\`.`,
    example: `const [loss, dx] = [new Float32Array(2), new Float32Array(2)];
klDiv({ loss, dx }, Float32Array.of(-1, -1), Float32Array.of(1, 0), 2, { reduction: 'none' });
loss; // [1, 0]
dx; // [-1, 0]`,
  }),
];
