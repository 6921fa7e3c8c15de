// The state of objects without a state dict, such as metrics: the values of their fields.
import {
  isAnyArrayBuffer,
  isDate,
  isError,
  isMap,
  isPlainObject,
  isPromise,
  isRegExp,
  isSet,
  isWeakMap,
  isWeakSet,
  viewName,
} from '../brands';
import { describe, rangeError, typeError } from '../errors';
import { Tensor } from '../tensor';
import { Fields } from './codec';

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object';
const isLeaf = (value: object): boolean => value instanceof Tensor || ArrayBuffer.isView(value);

const hiding = [isMap, isSet, isWeakMap, isWeakSet, isDate, isRegExp, isPromise, isAnyArrayBuffer, isError];

/** The state of a value without its functions; objects of classes as their fields. */
export function stateOf(value: unknown): unknown {
  if (!isObject(value) || isLeaf(value)) return value;
  if (Array.isArray(value)) return value.map(stateOf);
  if (hiding.some((isOne) => isOne(value))) {
    throw typeError(
      'io.saveCheckpoint',
      `cannot save ${describe(value)}, whose content is in no field`,
      'give the object a stateDict and a loadStateDict',
    );
  }
  const fields = Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => typeof one !== 'function')
      .map(([name, one]) => [name, stateOf(one)]),
  );
  return isPlainObject(value) ? fields : new Fields(fields);
}

type Changes = (() => void)[];

function ofObject(where: string, path: string, present: Record<string, unknown>, { fields }: Fields, changes: Changes): unknown {
  for (const name of Object.keys(fields)) {
    const before: unknown = Object.getOwnPropertyDescriptor(present, name)?.value;
    if (!Object.hasOwn(present, name) || typeof before === 'function') throw rangeError(where, `${path} has no field ${describe(name)}`);
    const after = merged(where, `${path}.${name}`, before, fields[name], changes);
    if (after === before) continue;
    changes.push(() => {
      present[name] = after;
    });
  }
  const missing = Object.keys(present).filter((name) => typeof present[name] !== 'function' && !Object.hasOwn(fields, name));
  if (missing.length > 0) throw rangeError(where, `${path}: the file has no ${missing.join(', ')}`);
  return present;
}

// Returns what replaces `present`; changes within `present` are added to `changes`.
function merged(where: string, path: string, present: unknown, saved: unknown, changes: Changes): unknown {
  if (saved instanceof Fields) {
    if (!isObject(present) || isPlainObject(present) || isLeaf(present) || Array.isArray(present)) {
      throw rangeError(where, `${path}: the file has the state of an object, here is ${describe(present)}`);
    }
    return ofObject(where, path, present, saved, changes);
  }
  if (ArrayBuffer.isView(saved) && ArrayBuffer.isView(present) && viewName(saved) === viewName(present)) {
    const [to, from] = [present as Float64Array, saved as Float64Array];
    if (to.length !== from.length) return saved;
    changes.push(() => to.set(from));
    return present;
  }
  const isList = Array.isArray(saved);
  if (isList || (isObject(saved) && !isLeaf(saved))) {
    const known = isObject(present) && !isLeaf(present) ? present : {};
    const all = Object.entries(saved).map(([name, one]) => [name, merged(where, `${path}.${name}`, known[name], one, changes)] as const);
    const made = isList ? all.map(([, one]) => one) : Object.fromEntries(all);
    return Object.isFrozen(present) && isObject(present) ? Object.freeze(made) : made;
  }
  const same = isObject(saved)
    ? isObject(present) || present === null || present === undefined
    : !isObject(present) || saved === null || saved === undefined;
  const oneKind = present === null || present === undefined || saved === null || saved === undefined || typeof present === typeof saved;
  if (!same || !oneKind) throw rangeError(where, `${path}: the file has ${describe(saved)}, here is ${describe(present)}`);
  return saved;
}

/** Checks that `saved`, made by `stateOf`, is the state of an object like this one; the function that it returns sets it. */
export function readFields(where: string, path: string, present: object, saved: unknown): () => void {
  if (!(saved instanceof Fields)) throw rangeError(where, `${path}: the file has ${describe(saved)}, expected the state of an object`);
  const changes: Changes = [];
  merged(where, path, present, saved, changes);
  return () => {
    for (const change of changes) change();
  };
}
