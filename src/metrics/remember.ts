// Snapshots of objects for rollback: a batch is added to all metrics of a collection or to none.

import { noGrad } from '../autograd';
import { isDataView, isMap, isSet } from '../brands';
import '../ops/in-place';
import { Tensor } from '../tensor';
import { Growing } from './growing';

/** @internal The name of the method by which a metric makes its own snapshot. */
export const remember = Symbol('remember');

type Undo = () => void;

const isTyped = (value: object): value is Float64Array => ArrayBuffer.isView(value) && !isDataView(value);

function undoOf(value: unknown, seen: Set<object>): Undo | null {
  if (typeof value !== 'object' || value === null || seen.has(value)) return null;
  seen.add(value);
  if (value instanceof Growing) return value.remember();
  if (isTyped(value)) {
    const copy = value.slice();
    return () => value.set(copy);
  }
  if (value instanceof Tensor) {
    const copy = noGrad(() => value.clone());
    const { count } = value.version;
    return () => {
      if (value.version.count !== count) noGrad(() => value.copy_(copy));
    };
  }
  if (isMap(value) || isSet(value)) {
    const entries = [...value] as never[];
    const inner = [...value.values()].map((one) => undoOf(one, seen));
    return () => {
      value.clear();
      for (const entry of entries) {
        if (isMap(value)) value.set(entry[0], entry[1]);
        else value.add(entry);
      }
      for (const undo of inner) undo?.();
    };
  }
  return undoFields(value, seen);
}

function undoFields(value: object, seen: Set<object>): Undo {
  const fields = Object.getOwnPropertyDescriptors(value) as Record<string, PropertyDescriptor>;
  const inner = Object.values(fields).map((field) => undoOf(field.value, seen));
  return () => {
    if (Array.isArray(value)) value.length = fields['length']!.value as number;
    for (const name of Object.keys(value)) if (!Object.hasOwn(fields, name)) Reflect.deleteProperty(value, name);
    for (const [name, field] of Object.entries(fields)) if (field.writable) Reflect.set(value, name, field.value);
    for (const undo of inner) undo?.();
  };
}

/**
 * Returns a function that restores the fields of `value`, and all that they contain, to their current state. It does not restore private fields, `#name`.
 */
export const undoOfFields = (value: object): Undo => undoFields(value, new Set([value]));
