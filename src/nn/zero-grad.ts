// The two ways in which modules and optimizers clear gradients.
import { openLeaf } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, withDefaults } from '../errors';
import type { Tensor } from '../tensor';

/** The options of `zeroGrad`. */
export interface ZeroGradOptions {
  /** Whether gradients become null; if not, those that exist become zeros (true). */
  setToNone?: boolean;
}

/** How gradients are cleared under these options. */
export function clearingOf(where: string, options: ZeroGradOptions | undefined): (parameter: Tensor) => void {
  const { setToNone } = withDefaults(where, options, { setToNone: true });
  if (checkBoolean(where, 'setToNone', setToNone)) return (parameter) => parameter.clearGradient();
  return (parameter) => {
    if (parameter.gradient !== null) calls.fill({ out: openLeaf(parameter), n: parameter.numel, value: 0 });
  };
}
