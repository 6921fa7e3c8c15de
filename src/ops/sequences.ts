// Numbers, or exponents, at equal distances.
import { checkInteger, checkNumber, rangeError, withDefaults } from '../errors';
import { constant, type Tensor } from '../tensor';
import { type CreateOptions, finish, settings } from './create';

// `steps` numbers at equal distances, including both ends. They are calculated from the nearer end, so that both ends are exact.
function spaced(
  where: string,
  start: number,
  end: number,
  steps: number,
  options: CreateOptions | undefined,
  of: (x: number) => number,
): Tensor {
  for (const [name, value] of Object.entries({ start, end })) checkNumber(where, name, value, -Number.MAX_VALUE, Number.MAX_VALUE);
  checkInteger(where, 'steps', steps);
  const { dtype, requiresGrad } = settings(where, options);
  const out = constant([steps], dtype);
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  for (let i = 0; i < steps; i++) {
    const value = of(i < steps / 2 ? start + step * i : end - step * (steps - 1 - i));
    if (dtype === 'int32' && Math.trunc(value) !== (value | 0)) throw rangeError(where, `${value} is not an int32`);
    out.values[i] = value;
  }
  return finish(out, requiresGrad);
}

/**
 * `steps` numbers at equal distances from `start` to `end`, both included: `torch.linspace`. For int32 fractions are cut off.
 *
 * @example
 * linspace(0, 1, 5).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, end: number, steps: number, options?: CreateOptions): Tensor {
  return spaced('linspace', start, end, steps, options, (x) => x);
}

/**
 * `base` (default 10) to the power of `steps` exponents at equal distances from `start` to `end`, both included: `torch.logspace`.
 *
 * @example
 * logspace(0, 2, 3).toArray(); // [1, 10, 100]
 * logspace(0, 3, 4, { base: 2 }).toArray(); // [1, 2, 4, 8]
 */
export function logspace(start: number, end: number, steps: number, options?: CreateOptions & { base?: number }): Tensor {
  const { base, ...others } = withDefaults<Required<CreateOptions> & { base: number }>('logspace', options, {
    ...{ base: 10, dtype: 'float32', requiresGrad: false },
  });
  checkNumber('logspace', 'base', base);
  return spaced('logspace', start, end, steps, others, (x) => base ** x);
}
