// Samples of a categorical distribution through which gradients flow.
import { noGrad } from '../autograd';
import { checkBoolean, checkNumber, rangeError, withDefaults } from '../errors';
import { normalizeDim } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { rand, zeros } from './create';
import { softmax } from './softmax';
import './extremum';
import './scatter';
import './unary';

/** The options of `gumbelSoftmax`. */
export interface GumbelSoftmaxOptions {
  /** The temperature, above 0: the lower it is, the closer the samples are to a single class. Default 1. */
  tau?: number;
  /** Whether each sample is a single class, with the gradient of the soft sample; default false. */
  hard?: boolean;
  /** The dimension of the classes; default -1. */
  dim?: number;
}

/**
 * A differentiable sample of classes with these logits: `softmax((logits + G) / tau)`, with G from the Gumbel distribution. As `torch.nn.functional.gumbel_softmax`.
 *
 * G is `-log(-log u)` with u uniform in [0, 1), from the random numbers of `manualSeed`. With `hard` the class with the largest value is 1, up to a rounding, and all
 * others are 0; the gradient is that of the soft sample. A RangeError unless tau is above 0. Source: Jang et al., arXiv 1611.01144, Maddison et al., arXiv
 * 1611.00712.
 *
 * @example
 * const sample = nn.functional.gumbelSoftmax(tensor([[0, 1, 2], [0, 50, 0]]), { hard: true });
 * sample.sum(1).toArray().map(Math.round); // [1, 1]
 * sample.toArray()[1].map(Math.round); // [0, 1, 0]
 */
export function gumbelSoftmax(logits: Tensor, options?: GumbelSoftmaxOptions): Tensor {
  const where = 'gumbelSoftmax';
  checkTensor(where, 'logits', logits, 'float32');
  const { tau, hard, dim } = withDefaults(where, options, { tau: 1, hard: false, dim: -1 });
  if (checkNumber(where, 'tau', tau) <= 0) throw rangeError(where, `expected tau to be above 0, got ${tau}`);
  checkBoolean(where, 'hard', hard);
  const d = normalizeDim(where, dim, logits.shape.length);
  const noise = noGrad(() => rand(logits.shape).log().neg().log().neg());
  const soft = softmax(logits.add(noise).div(tau), d);
  if (!hard) return soft;
  const sample = noGrad(() =>
    zeros(logits.shape)
      .scatter(d, soft.argmax(d, { keepdim: true }), 1)
      .sub(soft),
  );
  return sample.add(soft);
}
