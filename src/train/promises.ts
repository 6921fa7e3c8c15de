// Promises where none is expected, such as the result of an async `forward`. Callers reject the value itself.
import { isPromise } from '../brands';

/** If the value is a promise, ignores its rejection, which nobody else could handle: the process would end. */
export function ignoreRejection(value: unknown): void {
  if (isPromise(value)) value.catch(() => {});
}
