// Promises where none is expected.
import { isPromise } from '../brands';

/** What an async function gives where none is expected is refused: its own error then is nobody's. */
export function leaveAlone(value: unknown): void {
  if (isPromise(value)) value.catch(() => {});
}
