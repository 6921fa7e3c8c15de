// The addon in a context of `node:vm`, as Jest makes one for every test file. The addon throws errors of Node's own realm, which are not instances of the context's
// error classes.
import { isError } from './brands';

type Functions = Record<string, unknown>;
type Call = (...args: unknown[]) => unknown;

const classes: Record<string, new (message: string) => Error> = { RangeError, TypeError };

function ownError(error: unknown): unknown {
  if (!isError(error)) return error;
  const own = Object.assign(new (classes[error.name] ?? Error)(error.message), error);
  if (error.stack !== undefined) own.stack = error.stack;
  return own;
}

function wrapped(call: Call): Call {
  return (...args) => {
    let result: unknown;
    try {
      result = call(...args);
    } catch (error) {
      throw ownError(error);
    }
    const { then } = (result ?? {}) as Promise<unknown>;
    if (typeof then !== 'function') return result;
    return new Promise((resolve, reject) => {
      then.call(result, resolve, (error) => reject(ownError(error)));
    });
  };
}

const wrappedAll = (functions: Functions): Functions =>
  Object.fromEntries(
    Object.entries(functions).map(([name, one]) => [
      name,
      typeof one === 'function' ? wrapped(one as Call) : typeof one === 'object' && one !== null ? wrappedAll(one as Functions) : one,
    ]),
  );

/**
 * The same functions, throwing errors of this realm. `refused` makes a call that throws; if that error is of this realm already, the functions are returned
 * unchanged.
 */
export function inThisRealm<T extends object>(functions: T, refused: (functions: T) => void): T {
  try {
    refused(functions);
  } catch (error) {
    if (Object.getPrototypeOf(error) === RangeError.prototype) return functions;
  }
  return wrappedAll(functions as Functions) as T;
}
