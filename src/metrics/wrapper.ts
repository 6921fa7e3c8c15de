// Checks that all metrics share which wrap other metrics.

import { noGrad } from '../autograd';
import { isDataView, isMap, isSet } from '../brands';
import { describe, typeError } from '../errors';
import '../ops/in-place';
import { Tensor } from '../tensor';
import { Metric } from './metric';

/** Throws unless the value is a metric. */
export function checkMetric<M extends Metric<unknown>>(where: string, name: string, metric: M): M {
  if (metric instanceof Metric) return metric;
  throw typeError(where, `expected ${name} to be a metric, got ${describe(metric)}`);
}

/**
 * An independent copy of a metric, in which each object is copied once. Functions are shared, and JavaScript's private fields, `#name`,
 * are not copied.
 */
export function copyOf<T>(value: T, seen = new Map<object, unknown>()): T {
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value) as T;
  const made = <U>(copy: U): U => {
    seen.set(value, copy);
    return copy;
  };
  if (ArrayBuffer.isView(value)) return made(isDataView(value) ? value : (value as unknown as Float64Array).slice()) as T;
  if (value instanceof Tensor) return made(noGrad(() => value.clone())) as T;
  if (isMap(value)) {
    const copy = made(new Map<unknown, unknown>());
    for (const [key, one] of value) copy.set(copyOf(key, seen), copyOf(one, seen));
    return copy as T;
  }
  if (isSet(value)) {
    const copy = made(new Set<unknown>());
    for (const one of value) copy.add(copyOf(one, seen));
    return copy as T;
  }
  const copy = made(Array.isArray(value) ? [] : (Object.create(Object.getPrototypeOf(value) as object) as object));
  for (const [name, field] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if ('value' in field) field.value = copyOf(field.value as unknown, seen);
    Object.defineProperty(copy, name, field);
  }
  return copy as T;
}
