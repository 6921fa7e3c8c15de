// Checks the number of inputs, because JavaScript silently ignores extra arguments.
import { typeError } from '../errors';

/** Throws for a call of `forward` with another number of inputs than it takes. */
export function checkInputs(where: string, given: number, expected = 1): void {
  if (given !== expected) throw typeError(where, `expected ${expected} ${expected === 1 ? 'input' : 'inputs'}, got ${given}`);
}
