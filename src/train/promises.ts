// Refuses promises where none is expected.
import { isPromise } from '../brands';

/** Throws for a promise, the result of an async function, where none is expected. Its own rejection is ignored, because nobody else could handle it. */
export function leaveAlone(value: unknown): void {
  if (isPromise(value)) value.catch(() => {});
}
