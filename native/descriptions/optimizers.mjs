// optimizers.cc: one step over a block of parameters.
import { counter, flag, inout, kernel, read, real } from './describe.mjs';

const live = (doc, more) => ({ live: true, doc, ...more });
const param = inout('param', 'n');
const grad = read('grad', 'n');
const lr = real('lr', 1e-3, live('The learning rate (1e-3).'));
const weightDecay = real('weight_decay', 0, live('Added to the gradient, times the parameter (0).'));
const maximize = flag('maximize', { doc: 'Goes up the gradient (false).' });

/** An optimizer's step: all of its attributes, and its operands of `inOptions`, are options. */
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

export const optimizers = [
  step('adam_step', 'AdamStepOptions', ['max_v'], {
    operands: [
      param,
      inout('m', 'n'),
      inout('v', 'n'),
      inout('max_v', 'n', { optional: true, doc: "AMSGrad's largest v so far, as long as param (null)." }),
      grad,
    ],
    attributes: [
      counter('step', undefined, live('The number of this step, from 1.', { least: 1 })),
      lr,
      real('beta1', 0.9, live('The decay of the mean of gradients (0.9).')),
      real('beta2', 0.999, live('The decay of the mean of squared gradients (0.999).')),
      real('eps', 1e-8, live('Added to the denominator (1e-8).')),
      weightDecay,
      flag('decoupled', { doc: 'AdamW: weight decay shrinks the parameter itself instead (false).' }),
      maximize,
    ],
    doc: `One step of Adam, or with \`decoupled\` of AdamW, over all of \`param\`: as \`torch.optim.Adam\`.

\`m += (1 - beta1) (grad - m)\`, \`v = beta2 v + (1 - beta2) grad^2\`,
\`param -= lr / (1 - beta1^step) m / (sqrt(v) / sqrt(1 - beta2^step) + eps)\`.
m and v are zero before the first step. The arrays are as long as param and must not overlap; grad stays as it is.`,
    example: `const [param, m, v] = [Float32Array.of(1), Float32Array.of(0), Float32Array.of(0)];
adamStep(param, m, v, Float32Array.of(2), { lr: 0.5, step: 1 });
param; // [0.5]`,
  }),
  step('sgd_step', 'SgdStepOptions', [], {
    operands: [param, inout('momentum_buffer', 'n', { optional: true }), grad],
    attributes: [
      lr,
      real('momentum', 0, live("How much of the last step's direction is kept (0). Needs the momentum buffer.")),
      real('dampening', 0, live('How much of the gradient is kept out of the buffer (0).')),
      weightDecay,
      flag('nesterov', { doc: 'Looks ahead along the buffer (false).' }),
      maximize,
      flag('first_step', { doc: 'The buffer holds nothing yet and becomes the gradient, undampened (false).' }),
    ],
    asks: [['(momentumBuffer ?? null) === null && (o.momentum !== 0 || o.nesterov)', 'momentum and nesterov need a momentum buffer']],
    doc: `One step of gradient descent over all of \`param\`: as \`torch.optim.SGD\`.

\`momentum b + (1 - dampening) grad\` becomes the buffer b, and \`param -= lr b\`; without a buffer \`param -= lr grad\`. The arrays are as long
as param and must not overlap; grad stays as it is. A RangeError for momentum or nesterov without a buffer.`,
    example: `const param = Float32Array.of(1);
sgdStep(param, null, Float32Array.of(2), { lr: 0.25 });
param; // [0.5]`,
  }),
  step('rmsprop_step', 'RmspropStepOptions', ['grad_avg', 'momentum_buffer'], {
    operands: [
      param,
      inout('square_avg', 'n'),
      inout('grad_avg', 'n', { optional: true, doc: 'The mean of the gradients so far, which centers the squares (null).' }),
      inout('momentum_buffer', 'n', { optional: true, doc: 'The direction so far, for momentum (null).' }),
      grad,
    ],
    attributes: [
      real('lr', 0.01, live('The learning rate (0.01).')),
      real('alpha', 0.99, live('The decay of the means (0.99).')),
      real('eps', 1e-8, live('Added to the denominator (1e-8).')),
      weightDecay,
      real('momentum', 0, live("How much of the last step's direction is kept (0). Needs the momentum buffer.")),
      maximize,
    ],
    asks: [['o.momentumBuffer === null && o.momentum !== 0', 'momentum needs a momentum buffer']],
    doc: `One step of RMSprop over all of \`param\`: as \`torch.optim.RMSprop\`.

\`v = alpha v + (1 - alpha) grad^2\` for \`squareAvg\`, \`g += (1 - alpha) (grad - g)\` for \`gradAvg\`, and with \`d = grad / (sqrt(v - g^2) + eps)\`, where g is 0
without \`gradAvg\`, \`param -= lr d\`, or with a buffer b \`b = momentum b + d\` and \`param -= lr b\`. All are zero before the first step. The arrays are as
long as param and must not overlap; grad stays as it is.`,
    example: `const [param, squareAvg] = [Float32Array.of(1), Float32Array.of(0)];
rmspropStep(param, squareAvg, Float32Array.of(2), { lr: 0.05 });
param; // [0.5]`,
  }),
];
