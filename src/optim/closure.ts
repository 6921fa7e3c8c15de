// The function that a step may be given to calculate the loss.
import { describe, typeError } from '../errors';
import { enableGrad } from '../grad-mode';
import type { Tensor } from '../tensor';

/** What the function returns, called with operations recorded for a backward pass; null without a function. */
export function lossOf(where: string, closure: (() => Tensor) | undefined): Tensor | null {
  if (closure === undefined) return null;
  if (typeof closure !== 'function') throw typeError(where, `expected a function that gives the loss, got ${describe(closure)}`);
  return enableGrad(closure);
}
