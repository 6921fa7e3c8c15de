// Transformers composed of others are changed as a whole or not at all.
import { describe, rangeError } from '../../errors';
import type { Transformer } from './transformer';

type Named = readonly (readonly [string, Transformer, ...unknown[]])[];

/** The result of `change`. If it throws, every part is restored to its state from before. */
export function allOrNone<Result>(parts: Named, change: () => Result): Result {
  const before = parts.map(([, part]) => part.stateDict());
  try {
    return change();
  } catch (error) {
    parts.forEach(([, part], i) => {
      part.loadStateDict(before[i] as never);
    });
    throw error;
  }
}

/** Loads the state of every part; `states` has pairs of names and states in the order of the parts. */
export function loadAll(where: string, what: string, parts: Named, states: readonly unknown[]): void {
  allOrNone(parts, () => {
    for (const [i, [name, part]] of parts.entries()) {
      const entry = states[i];
      if (!Array.isArray(entry) || entry[0] !== name) throw rangeError(where, `expected ${what} ${i} to be ${describe(name)}`);
      part.loadStateDict(entry[1] as never);
    }
  });
}
