// Transformers made of others change all of their parts, or none.
import { describe, rangeError } from '../../errors';
import type { Transformer } from './transformer';

type Named = readonly (readonly [string, Transformer, ...unknown[]])[];

/** What `change` returns. Where it throws, every part has what it had learned before. */
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

/** Has every part take over its state in `states`, pairs of names and states in the order of the parts. */
export function loadAll(where: string, what: string, parts: Named, states: readonly unknown[]): void {
  allOrNone(parts, () => {
    for (const [i, [name, part]] of parts.entries()) {
      const entry = states[i];
      if (!Array.isArray(entry) || entry[0] !== name) throw rangeError(where, `expected ${what} ${i} to be ${describe(name)}`);
      part.loadStateDict(entry[1] as never);
    }
  });
}
