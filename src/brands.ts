// Recognises the type of a value whichever realm made it. A context of `node:vm`, in which Jest and others run tests, has an `Int32Array`, an `Error` and an
// `Object` of its own, of which values from outside are not instances.
import { types } from 'node:util';

export const {
  isAnyArrayBuffer,
  isBigInt64Array,
  isBigUint64Array,
  isDataView,
  isDate,
  isFloat32Array,
  isFloat64Array,
  isInt32Array,
  isMap,
  isPromise,
  isRegExp,
  isSet,
  isUint8Array,
  isUint16Array,
  isUint32Array,
  isWeakMap,
  isWeakSet,
} = types;

/** An error of any kind. */
export const isError = (value: unknown): value is Error => types.isNativeError(value);

const isNamed = (value: unknown, name: string): boolean => types.isNativeError(value) && value.name === name;

/** A RangeError that is no error of a class derived from it. */
export const isRangeError = (value: unknown): value is RangeError => isNamed(value, 'RangeError');

/** The same for a TypeError. */
export const isTypeError = (value: unknown): value is TypeError => isNamed(value, 'TypeError');

/** `"Int32Array"` and so on, of a view of any kind; null for all else. */
export const viewName = (value: unknown): string | null =>
  ArrayBuffer.isView(value) ? (types.isDataView(value) ? 'DataView' : (value as Int8Array)[Symbol.toStringTag]) : null;

/** An object as `{}` makes it, or one without a prototype. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf'));
}

const tagOf = (value: unknown): string => Object.prototype.toString.call(value);

export const isUrl = (value: unknown): value is URL => tagOf(value) === '[object URL]' && typeof (value as URL).href === 'string';

/** Whatever can be listened to as an `AbortSignal` can. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as AbortSignal;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function';
}
