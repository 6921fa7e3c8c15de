// optimizers.cc: one optimizer step over a block of parameters.
import { counter, flag, inout, kernel, read, real } from './describe.mjs';

const live = (doc, more) => ({ live: true, doc, ...more });
const param = inout('param', 'n');
const grad = read('grad', 'n');
const lr = real('lr', 1e-3, live('The learning rate (1e-3).'));
const weightDecay = real('weight_decay', 0, live('Weight decay: this multiple of the parameter is added to the gradient (0).'));
const number = counter('step', undefined, live('The number of this step, from 1.', { least: 1 }));
const beta1 = real('beta1', 0.9, live('The decay of the running mean of gradients (0.9).'));
const beta2 = real('beta2', 0.999, live('The decay of the running mean of squared gradients (0.999).'));
const eps = real('eps', 1e-8, live('Added to the denominator (1e-8).'));
const maximize = flag('maximize', { doc: 'Gradient ascent: maximizes instead of minimizing (false).' });
const tfjs = (doc) => flag('tfjs', { doc: `${doc}, as in TensorFlow.js (false).` });

const adagradRate = [
  real('lr', 0.01, live('The learning rate (0.01).')),
  real('lr_decay', 0, live('The decay of the learning rate, which is divided by 1 + (step - 1) lrDecay (0).')),
  real('eps', 1e-10, live('Added to the denominator (1e-10).')),
];
const initial = real('initial', 0, live('The initial value of the sum: before the first step, sum is raised to it (0).'));

/** An optimizer's step. All of its attributes, and the operands named in `inOptions`, are options of the public function. */
const step = (name, options, inOptions, description) =>
  kernel(name, {
    sizes: ['n'],
    derived: { n: 'param.length' },
    options: [
      options,
      `The options of \`${options[0].toLowerCase()}${options.slice(1, -7)}\`.`,
      ...description.attributes.map((a) => a.name),
      ...inOptions,
    ],
    ...description,
  });

/** A step of the rows of a table that a set holds, with `state` between the parameter and its gradient. */
const rowsStep = (name, state, attributes, description) => {
  const caller = name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return kernel(name, {
    operands: [
      inout('param', 'rows * columns'),
      ...state,
      read('grad', 'rows * columns'),
      read('touched', '2 * rows + 1', { type: 'int32' }),
    ],
    sizes: ['rows', 'columns'],
    attributes,
    options: [`${caller[0].toUpperCase()}${caller.slice(1)}Options`, `The options of \`${caller}\`.`, ...attributes.map((a) => a.name)],
    ...description,
  });
};

export const optimizers = [
  step('adam_step', 'AdamStepOptions', ['max_v'], {
    operands: [
      param,
      inout('m', 'n'),
      inout('v', 'n'),
      inout('max_v', 'n', { optional: true, doc: 'For AMSGrad: the largest v so far, with the length of param (null).' }),
      grad,
    ],
    attributes: [
      number,
      lr,
      beta1,
      beta2,
      eps,
      weightDecay,
      flag('decoupled', { doc: 'AdamW: weight decay shrinks the parameter directly instead (false).' }),
      maximize,
    ],
    doc: `One step of Adam, or with \`decoupled\` of AdamW, on all of \`param\`, as in \`torch.optim.Adam\`.

\`m += (1 - beta1) (grad - m)\`, \`v = beta2 v + (1 - beta2) grad^2\`,
\`param -= lr / (1 - beta1^step) m / (sqrt(v) / sqrt(1 - beta2^step) + eps)\`.
m and v must be zero before the first step. All arrays have the length of param and must not overlap; grad is not changed.`,
    example: `const [param, m, v] = [Float32Array.of(1), Float32Array.of(0), Float32Array.of(0)];
adamStep(param, m, v, Float32Array.of(2), { lr: 0.5, step: 1 });
param; // [0.5]`,
  }),
  step('sgd_step', 'SgdStepOptions', [], {
    operands: [param, inout('momentum_buffer', 'n', { optional: true }), grad],
    attributes: [
      lr,
      real('momentum', 0, live('The momentum factor (0); it needs the momentum buffer.')),
      real('dampening', 0, live('The part of the gradient that does not go into the buffer (0).')),
      weightDecay,
      flag('nesterov', { doc: 'Nesterov momentum (false).' }),
      maximize,
      flag('first_step', { doc: 'For the first step: the buffer is set to the gradient, without dampening (false).' }),
    ],
    asks: [['(momentumBuffer ?? null) === null && (o.momentum !== 0 || o.nesterov)', 'momentum and nesterov need a momentum buffer']],
    doc: `One step of gradient descent on all of \`param\`, as in \`torch.optim.SGD\`.

With a momentum buffer b, \`b = momentum b + (1 - dampening) grad\` and \`param -= lr b\`; without a buffer \`param -= lr grad\`. All arrays have the length of
param and must not overlap; grad is not changed. A RangeError for momentum or nesterov without a buffer.`,
    example: `const param = Float32Array.of(1);
sgdStep(param, null, Float32Array.of(2), { lr: 0.25 });
param; // [0.5]`,
  }),
  step('rmsprop_step', 'RmspropStepOptions', ['grad_avg', 'momentum_buffer'], {
    operands: [
      param,
      inout('square_avg', 'n'),
      inout('grad_avg', 'n', { optional: true, doc: 'For centered RMSprop: the running mean of the gradients (null).' }),
      inout('momentum_buffer', 'n', { optional: true, doc: 'The momentum buffer (null).' }),
      grad,
    ],
    attributes: [
      real('lr', 0.01, live('The learning rate (0.01).')),
      real('alpha', 0.99, live('The decay of the running means (0.99).')),
      eps,
      weightDecay,
      real('momentum', 0, live('The momentum factor (0); it needs the momentum buffer.')),
      maximize,
      tfjs('The buffer contains the learning rate, and eps is under the square root, where it is subtracted if there is a gradAvg'),
    ],
    asks: [['o.momentumBuffer === null && o.momentum !== 0', 'momentum needs a momentum buffer']],
    doc: `One step of RMSprop on all of \`param\`, as in \`torch.optim.RMSprop\`.

v is \`squareAvg\`, g is \`gradAvg\` or 0 without it, b is the momentum buffer: \`v = alpha v + (1 - alpha) grad^2\`, \`g += (1 - alpha) (grad - g)\`,
\`d = grad / (sqrt(v - g^2) + eps)\`. Then \`param -= lr d\`, or with a buffer \`b = momentum b + d\` and \`param -= lr b\`. With \`tfjs\`
\`d = lr grad / sqrt(v + eps)\`, or with \`gradAvg\` \`d = lr grad / sqrt(v - g^2 - eps)\`, and \`param -= d\` or \`param -= b\`. v, g and b must be zero before
the first step. All arrays have the length of param and must not overlap; grad is not changed.`,
    example: `const [param, squareAvg] = [Float32Array.of(1), Float32Array.of(0)];
rmspropStep(param, squareAvg, Float32Array.of(2), { lr: 0.05 });
param; // [0.5]`,
  }),
  step('adagrad_step', 'AdagradStepOptions', [], {
    operands: [param, inout('sum', 'n'), grad],
    attributes: [number, ...adagradRate, weightDecay, initial, maximize, tfjs('eps is under the square root')],
    doc: `One step of Adagrad on all of \`param\`, as in \`torch.optim.Adagrad\`.

\`sum += grad^2\`, \`param -= lr / (1 + (step - 1) lrDecay) grad / (sqrt(sum) + eps)\`; with \`tfjs\` the divisor is \`sqrt(sum + eps)\`. The sum must be zero before
the first step. All arrays have the length of param and must not overlap; grad is not changed.`,
    example: `const [param, sum] = [Float32Array.of(1), Float32Array.of(0)];
adagradStep(param, sum, Float32Array.of(2), { lr: 0.5, step: 1 });
param; // [0.5]`,
  }),
  step('adadelta_step', 'AdadeltaStepOptions', [], {
    operands: [param, inout('square_avg', 'n'), inout('acc_delta', 'n'), grad],
    attributes: [
      real('lr', 1, live('The learning rate (1).')),
      real('rho', 0.9, live('The decay of the running means (0.9).')),
      real('eps', 1e-6, live('Added under both square roots (1e-6).')),
      weightDecay,
      maximize,
      tfjs('The step uses the running mean of squared gradients without this gradient'),
    ],
    doc: `One step of Adadelta on all of \`param\`, as in \`torch.optim.Adadelta\`.

v is \`squareAvg\` and a is \`accDelta\`: \`v = rho v + (1 - rho) grad^2\`, \`d = sqrt(a + eps) / sqrt(v + eps) grad\`, \`a = rho a + (1 - rho) d^2\`, \`param -= lr d\`.
With \`tfjs\` d is computed from the v before this step. v and a must be zero before the first step. All arrays have the length of param and must not overlap;
grad is not changed.`,
    example: `const [param, squareAvg, accDelta] = [Float32Array.of(1), Float32Array.of(0), Float32Array.of(0)];
adadeltaStep(param, squareAvg, accDelta, Float32Array.of(2), { lr: 0.5, rho: 0.625, eps: 0.5 });
param; // [0.5]`,
  }),
  step('adamax_step', 'AdamaxStepOptions', [], {
    operands: [param, inout('exp_avg', 'n'), inout('exp_inf', 'n'), grad],
    attributes: [
      number,
      real('lr', 2e-3, live('The learning rate (2e-3).')),
      beta1,
      real('beta2', 0.999, live('The decay of the infinity norm of gradients (0.999).')),
      real('eps', 1e-8, live('Added to the absolute value of the gradient (1e-8).')),
      weightDecay,
      maximize,
      tfjs('eps is added to the infinity norm'),
    ],
    doc: `One step of Adamax on all of \`param\`, as in \`torch.optim.Adamax\`.

m is \`expAvg\` and u is \`expInf\`: \`m += (1 - beta1) (grad - m)\`, \`u = max(beta2 u, |grad| + eps)\`, \`param -= lr / (1 - beta1^step) m / u\`; with \`tfjs\`
\`u = max(beta2 u, |grad|)\` and the quotient is \`m / (u + eps)\`. m and u must be zero before the first step. All arrays have the length of param and must not
overlap; grad is not changed.`,
    example: `const [param, expAvg, expInf] = [Float32Array.of(1), Float32Array.of(0), Float32Array.of(0)];
adamaxStep(param, expAvg, expInf, Float32Array.of(2), { lr: 0.5, step: 1 });
param; // [0.5]`,
  }),
  step('radam_step', 'RadamStepOptions', [], {
    operands: [param, inout('exp_avg', 'n'), inout('exp_avg_sq', 'n'), grad],
    attributes: [
      number,
      lr,
      beta1,
      beta2,
      eps,
      weightDecay,
      flag('decoupled', { doc: 'As in AdamW: weight decay shrinks the parameter directly instead (false).' }),
      maximize,
    ],
    doc: `One step of RAdam on all of \`param\`, as in \`torch.optim.RAdam\`.

m is \`expAvg\` and v is \`expAvgSq\`: \`m += (1 - beta1) (grad - m)\`, \`v = beta2 v + (1 - beta2) grad^2\`. The length of the running mean of squares is
\`rho = rhoInf - 2 step beta2^step / (1 - beta2^step)\` with \`rhoInf = 2 / (1 - beta2) - 1\`. While it is at most 5, \`param -= lr / (1 - beta1^step) m\`;
from then on this is multiplied by \`r sqrt(1 - beta2^step) / (sqrt(v) + eps)\` with \`r^2 = (rho - 4) (rho - 2) rhoInf / ((rhoInf - 4) (rhoInf - 2) rho)\`.
m and v must be zero before the first step. All arrays have the length of param and must not overlap; grad is not changed.`,
    example: `const [param, expAvg, expAvgSq] = [Float32Array.of(1), Float32Array.of(0), Float32Array.of(0)];
radamStep(param, expAvg, expAvgSq, Float32Array.of(2), { lr: 0.25, step: 1 });
param; // [0.5]`,
  }),
  step('lion_step', 'LionStepOptions', [], {
    operands: [param, inout('exp_avg', 'n'), grad],
    attributes: [
      real('lr', 1e-4, live('The learning rate (1e-4).')),
      real('beta1', 0.9, live('The weight of the running mean in the update direction (0.9).')),
      real('beta2', 0.99, live('The decay of the running mean of gradients (0.99).')),
      real('weight_decay', 0, live('Decoupled weight decay: lr times it is the part by which the parameter shrinks (0).')),
      maximize,
    ],
    doc: `One step of Lion on all of \`param\`, as in \`timm.optim.Lion\`.

m is \`expAvg\`: \`param -= lr weightDecay param\`, \`param -= lr sign(beta1 m + (1 - beta1) grad)\`, \`m += (1 - beta2) (grad - m)\`. The sign of 0 is 0 and that of
NaN is NaN. m must be zero before the first step. All arrays have the length of param and must not overlap; grad is not changed.`,
    example: `const [param, expAvg] = [Float32Array.of(1), Float32Array.of(0)];
lionStep(param, expAvg, Float32Array.of(2), { lr: 0.5 });
param; // [0.5]`,
  }),
  rowsStep(
    'sparse_adam_step',
    [inout('exp_avg', 'rows * columns'), inout('exp_avg_sq', 'rows * columns')],
    [number, lr, beta1, beta2, eps, maximize],
    {
      doc: `One step of Adam for the rows of \`param\` in the set \`touched\`, the others and their moments stay: as \`torch.optim.SparseAdam\`.

\`m += (1 - beta1) (grad - m)\` for \`expAvg\`, \`v = beta2 v + (1 - beta2) grad^2\` for \`expAvgSq\`,
\`param -= lr sqrt(1 - beta2^step) / (1 - beta1^step) m / (sqrt(v) + eps)\`. Shapes: touched int32 \`[2 rows + 1]\` as of \`embeddingBagRowsBackward\`, the others
\`[rows, columns]\`. Called as \`sparseAdamStep(param, expAvg, expAvgSq, grad, touched, rows, columns, options)\`.`,
      example: `const [param, expAvg, expAvgSq] = [Float32Array.of(1, 1), new Float32Array(2), new Float32Array(2)];
sparseAdamStep(param, expAvg, expAvgSq, Float32Array.of(2, 2), Int32Array.of(1, 1, 0, 0, 0), 2, 1, { lr: 0.5, step: 1 });
param; // [1, 0.5]`,
    },
  ),
  rowsStep('sgd_rows_step', [], [lr, maximize], {
    doc: `\`param -= lr grad\` for the rows of \`param\` in the set \`touched\`: \`sgdStep\` where all other rows of grad are zeros.

Shapes: touched int32 \`[2 rows + 1]\` as of \`embeddingBagRowsBackward\`, the others \`[rows, columns]\`. Called as
\`sgdRowsStep(param, grad, touched, rows, columns, options)\`.`,
    example: `const param = Float32Array.of(1, 1);
sgdRowsStep(param, Float32Array.of(2, 2), Int32Array.of(1, 1, 0, 0, 0), 2, 1, { lr: 0.25 });
param; // [1, 0.5]`,
  }),
  rowsStep('adagrad_rows_step', [inout('sum', 'rows * columns')], [number, ...adagradRate, initial, maximize], {
    doc: `One step of Adagrad for the rows of \`param\` in the set \`touched\`: \`adagradStep\` where all other rows of grad are zeros.

\`sum += grad^2\`, \`param -= lr / (1 + (step - 1) lrDecay) grad / (sqrt(sum) + eps)\`; in step 1 with \`initial\` every sum. Shapes: touched int32 \`[2 rows + 1]\` as of
\`embeddingBagRowsBackward\`, the others \`[rows, columns]\`. Called as \`adagradRowsStep(param, sum, grad, touched, rows, columns, options)\`.`,
    example: `const [param, sum] = [Float32Array.of(1, 1), new Float32Array(2)];
adagradRowsStep(param, sum, Float32Array.of(2, 2), Int32Array.of(1, 1, 0, 0, 0), 2, 1, { lr: 0.5, step: 1 });
param; // [1, 0.5]`,
  }),
];
