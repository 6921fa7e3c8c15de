// Clips gradients between backward pass and optimizer step.
import { checkNumber, describe, typeError, withDefaults } from '../errors';
import { clipGradNorm_, clipGradValue_ } from '../nn/utils';
import type { Tensor } from '../tensor';

/** A bound of the norm of all gradients together. */
export interface ClipNorm {
  /** The largest norm; gradients are scaled down to it. */
  maxNorm: number;
  /** The norm: 1, 2 (the default), Infinity or another power. */
  normType?: number;
}

/** Clips the gradients of the optimizer's parameters; null: no clipping. */
export type Clipping = ((parameters: readonly Tensor[]) => void) | null;

/** The clipping that `clipGradNorm` and `clipGradValue` request; with both, by norm first. */
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
      maxNorm: checkNumber(where, typeof norm === 'number' ? 'clipGradNorm' : 'clipGradNorm.maxNorm', maxNorm, 0),
      normType: checkNumber(where, 'clipGradNorm.normType', normType),
    };
  }
  return (parameters) => {
    if (byNorm !== null) clipGradNorm_(parameters, byNorm.maxNorm, { normType: byNorm.normType });
    if (bound !== null) clipGradValue_(parameters, bound);
  };
}
