// Variances and standard deviations.
import { checkBoolean, checkNumber, typeError, withDefaults } from '../errors';
import { checkTensor, Tensor } from '../tensor';
import { reducedDims } from './reduce';
import { root } from './root';
import './arithmetic';
import './unary';

type Dim = number | readonly number[];

/** The options of `var`, `std`, `varMean` and `stdMean`. */
interface Options {
  correction?: number;
  /** Whether the correction is 1, not 0; in place of `correction`. */
  unbiased?: boolean;
  keepdim?: boolean;
}

function correctionOf(where: string, { correction, unbiased }: Options): number {
  if (unbiased === undefined) return checkNumber(where, 'correction', correction ?? 1);
  if (correction !== undefined) throw typeError(where, 'expected correction or unbiased, got both');
  return checkBoolean(where, 'unbiased', unbiased) ? 1 : 0;
}

interface Moments {
  variance: () => Tensor;
  mean: () => Tensor;
}

// The variance and the mean, each calculated only when it is asked for.
function moments(where: string, x: Tensor, dim: Dim | undefined, options: Options | undefined): Moments {
  checkTensor(where, 'x', x, 'float32');
  const { keepdim, ...given } = withDefaults(where, options, { correction: undefined, unbiased: undefined, keepdim: false } as Options);
  checkBoolean(where, 'keepdim', keepdim);
  const correction = correctionOf(where, given);
  const dims = reducedDims(where, dim, x.shape.length).flatMap((is, d) => (is ? [d] : []));
  const n = dims.reduce((product, d) => product * x.shape[d]!, 1);
  return {
    // The deviations from the mean have the sum 0, so no gradient passes through the mean.
    variance: () =>
      x
        .sub(x.detach().mean(dims, { keepdim: true }))
        .square()
        .sum(dims, { keepdim })
        .div(Math.max(0, n - correction)),
    mean: () => x.mean(dims, { keepdim }),
  };
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The variance over dimension `dim`, over several (an array), or over all (default): the sum of the squared distances from the mean, divided by
     * `n - correction`, where `correction` is 1 by default (Bessel's), 0 with `unbiased: false`. As `torch.var`.
     *
     * NaN if there are no more elements than the correction. A TypeError for int32.
     *
     * @example
     * tensor([1, 2, 3, 4]).var({ correction: 0 }).item(); // 1.25
     * tensor([[1, 3], [2, 6]]).var(1).toArray(); // [2, 8]
     */
    var(options?: { correction?: number; unbiased?: boolean; keepdim?: boolean }): Tensor;
    var(dim: number | readonly number[] | undefined, options?: { correction?: number; unbiased?: boolean; keepdim?: boolean }): Tensor;
    /**
     * The standard deviation, the square root of `var`: `torch.std`. Its gradient is 0 where it is 0.
     *
     * @example
     * tensor([[1, 3], [2, 6]]).std(1, { correction: 0 }).toArray(); // [1, 2]
     */
    std(options?: { correction?: number; unbiased?: boolean; keepdim?: boolean }): Tensor;
    std(dim: number | readonly number[] | undefined, options?: { correction?: number; unbiased?: boolean; keepdim?: boolean }): Tensor;
    /**
     * The variance and the mean, in this order: `torch.var_mean`. See `var`.
     *
     * @example
     * tensor([[1, 3], [2, 6]]).varMean(1).map((t) => t.toArray()); // [[2, 8], [2, 4]]
     */
    varMean(options?: { correction?: number; unbiased?: boolean; keepdim?: boolean }): [Tensor, Tensor];
    varMean(
      dim: number | readonly number[] | undefined,
      options?: { correction?: number; unbiased?: boolean; keepdim?: boolean },
    ): [Tensor, Tensor];
    /**
     * The standard deviation and the mean, in this order: `torch.std_mean`. See `var`.
     *
     * @example
     * tensor([[1, 3], [2, 6]]).stdMean(1, { correction: 0 }).map((t) => t.toArray()); // [[1, 2], [2, 4]]
     */
    stdMean(options?: { correction?: number; unbiased?: boolean; keepdim?: boolean }): [Tensor, Tensor];
    stdMean(
      dim: number | readonly number[] | undefined,
      options?: { correction?: number; unbiased?: boolean; keepdim?: boolean },
    ): [Tensor, Tensor];
  }
}

// All arguments in front of the options may be omitted.
function method<R>(name: string, result: (moments: Moments) => R) {
  return function (this: Tensor, first?: Dim | Options, second?: Options): R {
    const isDim = first === undefined || first === null || typeof first === 'number' || Array.isArray(first);
    const [dim, options] = isDim ? [first as Dim | undefined, second] : [undefined, first as Options];
    return result(moments(`Tensor.${name}`, this, dim, options));
  };
}

const deviation = ({ variance }: Moments): Tensor => root('std', variance());

Tensor.prototype.var = method('var', ({ variance }) => variance());
Tensor.prototype.std = method('std', deviation);
Tensor.prototype.varMean = method('varMean', ({ variance, mean }): [Tensor, Tensor] => [variance(), mean()]);
Tensor.prototype.stdMean = method('stdMean', (both): [Tensor, Tensor] => [deviation(both), both.mean()]);
