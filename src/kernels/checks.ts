// Checks that the addon cannot do.
import { isFloat32Array, isInt32Array } from '../brands';
import { checkAttached, describe, typeError } from '../errors';
import type { TensorData } from '../memory';

/** The length of an array that determines the size of the operation. */
export function lengthOf<T extends TensorData>(where: string, name: string, array: T, kind: abstract new (n: number) => T): number {
  if (!(array instanceof kind))
    throw typeError(where, `${name}: expected a${kind.name === 'Int32Array' ? 'n' : ''} ${kind.name}, got ${describe(array)}`);
  checkAttached(where, array);
  return array.length;
}

/** Throws if one of two arrays is float32 and the other int32, because a kernel that moves elements would copy the bits unchanged. */
export function checkSameKind(where: string, out: TensorData, x: TensorData, name: string): void {
  const kinds = [out, x].map((array) => (isFloat32Array(array) ? 1 : isInt32Array(array) ? 2 : 0));
  if (kinds.includes(1) && kinds.includes(2)) {
    throw typeError(where, `expected out and ${name} of one kind, got ${describe(out)} and ${describe(x)}`);
  }
}
