// Whether functions that fill parameters at the start do so: a module that is loaded right away needs no values before.
import { noGrad } from '../grad-mode';

let skipping = false;

/** Whether parameters are left as they are made. */
export const startsSkipped = (): boolean => skipping;

/** Fills `t`, unless parameters are left as they are made. */
export const fillAtStart = <T>(t: T, fill: () => T): T => (skipping ? t : noGrad(fill));

/** Calls `make` with parameters left as they are made. */
export function skippingStart<T>(make: () => T): T {
  const before = skipping;
  skipping = true;
  try {
    return make();
  } finally {
    skipping = before;
  }
}
