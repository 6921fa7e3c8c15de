// What lazy layers share, whose sizes are determined by their first input.
import { SimdnnError } from '../errors';
import { recorder } from '../recorder';
import { Tensor } from '../tensor';
import { isUninitialized } from './parameter';
import type { StateDict } from './state';

/** Throws if parameters would be made while a function is recorded. */
export function refuseRecorded(where: string, what: string): void {
  if (recorder === null) return;
  throw new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    `[${where}] the layer has no ${what} yet, and a recorded function cannot make it\n  hint: call model.forward(x) on a batch before`,
  );
}

/** The tensors with these names in a state dict; null for those that are missing or not made yet. */
export const givenIn = (dict: Readonly<StateDict>, prefix: string, names: readonly string[]): (Tensor | null)[] =>
  names.map((name) => {
    const given = Object.hasOwn(dict, prefix + name) ? dict[prefix + name] : undefined;
    return given instanceof Tensor && !isUninitialized(given) ? given : null;
  });
