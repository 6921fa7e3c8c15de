// How gradients are kept small between backward and step.
import { checkNumber, describe, typeError, withDefaults } from '../errors';
import { clipGradNorm_, clipGradValue_ } from '../nn/utils';
import type { Tensor } from '../tensor';

/** A bound of all gradients together. */
export interface ClipNorm {
  /** Gradients are scaled so that their norm is at most this. */
  maxNorm: number;
  /** Which norm: 1, 2 (the default), Infinity or another power. */
  normType?: number;
}

/** What is done to the gradients of the optimizer's parameters; null: nothing. */
export type Clipping = ((parameters: readonly Tensor[]) => void) | null;

/** What `clipGradNorm` and `clipGradValue` ask for: the norm first where both do. */
export function clippingOf(where: string, norm: number | ClipNorm | undefined, value: number | undefined): Clipping {
  if (norm === undefined && value === undefined) return null;
  const bound = value === undefined ? null : checkNumber(where, 'clipGradValue', value, 0);
  let byNorm: Required<ClipNorm> | null = null;
  if (norm !== undefined) {
    if (typeof norm !== 'number' && (typeof norm !== 'object' || norm === null)) {
      throw typeError(where, `expected clipGradNorm to be a number or { maxNorm, normType }, got ${describe(norm)}`);
    }
    const given = typeof norm === 'number' ? { maxNorm: norm } : norm;
    const { maxNorm, normType } = withDefaults(`${where}: clipGradNorm`, given, { maxNorm: undefined as number | undefined, normType: 2 });
    byNorm = {
      maxNorm: checkNumber(where, 'clipGradNorm', maxNorm, 0),
      normType: normType === Infinity ? normType : checkNumber(where, 'clipGradNorm.normType', normType, 0),
    };
  }
  return (parameters) => {
    if (byNorm !== null) clipGradNorm_(parameters, byNorm.maxNorm, { normType: byNorm.normType });
    if (bound !== null) clipGradValue_(parameters, bound);
  };
}
