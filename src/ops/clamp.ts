// Limits between which elements are kept: numbers, or tensors with a limit for each element.
import { record } from '../autograd';
import { checkNumber, rangeError, withDefaults } from '../errors';
import { checkTensor, Tensor } from '../tensor';
import { giveSummed, scalar } from './broadcast';
import { choose } from './choose';
import './convert';
import { unary } from './unary';
import './compare';
import './truth';

/** A limit; null is none. */
type Limit = number | Tensor | null;

/** The limits of `clamp`; null is none. */
export interface ClampLimits {
  /** The least value. */
  min?: Limit;
  /** The greatest value. */
  max?: Limit;
}

interface Limits {
  min: number | Tensor;
  max: number | Tensor;
}

/** @internal The limits of `clamp`, given as options or one after the other, with defaults filled in. */
export function clampLimits(where: string, first: ClampLimits | Limit, second?: Limit): Limits {
  const byPosition = first === null || typeof first === 'number' || first instanceof Tensor;
  const given = withDefaults<ClampLimits>(where, byPosition ? { min: first, max: second } : first, { min: null, max: null });
  const { min, max } = { min: given.min ?? -Infinity, max: given.max ?? Infinity };
  if (min === -Infinity && max === Infinity) throw rangeError(where, 'expected min, max or both', 'clamp({ min: 0 })');
  for (const [name, limit] of Object.entries({ min, max })) {
    if (limit instanceof Tensor) checkTensor(where, name, limit);
    else checkNumber(where, name, limit);
  }
  return { min, max };
}

// x where it is within the limit, which is included, or NaN; else the limit. Neither has a gradient where one is NaN.
function limited(where: string, x: Tensor, isWithin: 'ge' | 'le', limit: Tensor): Tensor {
  const within = x[isWithin](limit);
  const beyond = x[isWithin === 'ge' ? 'lt' : 'gt'](limit);
  const y = choose(where, within.logicalOr(x.isnan()), x.detach(), limit.detach());
  return record(y, 'clamp', [x, limit], [within, beyond], (dy) => {
    if (x.needsGrad) giveSummed(x, choose(where, within, dy, scalar(0)), true);
    if (limit.needsGrad) giveSummed(limit, choose(where, beyond, dy, scalar(0)), true);
  });
}

// Of int32 with limits that are int32 too.
function clampWhole(where: string, x: Tensor, { min, max }: Limits): Tensor {
  const within = (t: Tensor, isWithin: 'ge' | 'le', given: number | Tensor): Tensor => {
    if (given === Infinity || given === -Infinity) return t;
    const limit = given instanceof Tensor ? given : scalar(given, 'int32');
    return choose(where, t[isWithin](limit), t, limit);
  };
  return within(within(x, 'ge', min), 'le', max);
}

const isWhole = (limit: number | Tensor, none: number): boolean =>
  limit instanceof Tensor ? limit.dtype === 'int32' : (limit | 0) === limit || limit === none;

function clamp(where: string, given: Tensor, { min: first, max: second }: Limits): Tensor {
  checkTensor(where, 'x', given);
  if (given.dtype === 'int32' && isWhole(first, -Infinity) && isWhole(second, Infinity))
    return clampWhole(where, given, { min: first, max: second });
  const [x, min, max] = [given, first, second].map((t) => (t instanceof Tensor ? t.to('float32') : t)) as [
    Tensor,
    number | Tensor,
    number | Tensor,
  ];
  if (typeof min === 'number' && typeof max === 'number') return unary('clamp', where, x, min, max);
  const low = min instanceof Tensor ? limited(where, x, 'ge', min) : min === -Infinity ? x : unary('clamp', where, x, min, Infinity);
  return max instanceof Tensor ? limited(where, low, 'le', max) : max === Infinity ? low : unary('clamp', where, low, -Infinity, max);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * x limited to `[min, max]`, numbers or tensors whose shapes broadcast, int32 if all are whole and x is int32; either may be omitted, and where `min` is greater, the result is `max`. The gradient
     * passes where x is within the limits, which are included, and elsewhere to the limit.
     *
     * @example
     * tensor([-2, 0.5, 2]).clamp({ min: -1, max: 1 }).toArray(); // [-1, 0.5, 1]
     */
    clamp(limits: ClampLimits): Tensor;
    /** x limited to `[min, max]`; see `clamp`. */
    clamp(min: number | Tensor | null, max?: number | Tensor | null): Tensor;
    /**
     * `max(x, min)`: `torch.clamp_min`. See `clamp`.
     *
     * @example
     * tensor([-2, 2]).clampMin(0).toArray(); // [0, 2]
     */
    clampMin(min: number | Tensor): Tensor;
    /**
     * `min(x, max)`: `torch.clamp_max`. See `clamp`.
     *
     * @example
     * tensor([-2, 2]).clampMax(0).toArray(); // [-2, 0]
     */
    clampMax(max: number | Tensor): Tensor;
    /**
     * `clamp` by another name: `torch.clip`.
     *
     * @example
     * tensor([-2, 0.5, 2]).clip({ min: -1, max: 1 }).toArray(); // [-1, 0.5, 1]
     */
    clip(limits: ClampLimits): Tensor;
    /** x limited to `[min, max]`; see `clamp`. */
    clip(min: number | Tensor | null, max?: number | Tensor | null): Tensor;
  }
}

for (const name of ['clamp', 'clip'] as const) {
  const where = `Tensor.${name}`;
  Tensor.prototype[name] = function (this: Tensor, first: ClampLimits | Limit, second?: Limit) {
    return clamp(where, this, clampLimits(where, first, second));
  };
}
function one(where: string, name: 'min' | 'max', limit: unknown): Limits {
  const checked = limit instanceof Tensor ? checkTensor(where, name, limit) : checkNumber(where, name, limit);
  return { min: -Infinity, max: Infinity, [name]: checked };
}
Tensor.prototype.clampMin = function (this: Tensor, min) {
  return clamp('Tensor.clampMin', this, one('Tensor.clampMin', 'min', min));
};
Tensor.prototype.clampMax = function (this: Tensor, max) {
  return clamp('Tensor.clampMax', this, one('Tensor.clampMax', 'max', max));
};
