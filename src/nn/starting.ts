// Whether parameters are initialised: a module that is loaded right away needs no initial values.
import { noGrad } from '../grad-mode';

let skipping = false;

/** Whether initialisation is skipped. */
export const startsSkipped = (): boolean => skipping;

/** Fills `t`, unless initialisation is skipped. */
export const fillAtStart = <T>(t: T, fill: () => T): T => (skipping ? t : noGrad(fill));

/** Calls `make` with initialisation skipped. */
export function skippingStart<T>(make: () => T): T {
  const before = skipping;
  skipping = true;
  try {
    return make();
  } finally {
    skipping = before;
  }
}
