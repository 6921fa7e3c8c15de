// Computed fields of modules: each read computes the value, as a parametrization computes a weight from what is learned. Such a field is an own, non-enumerable
// accessor, so that lists of submodules and files do not have it. It refers to its module as `this`, so that it can be copied as it is.

import { SimdnnError } from '../errors';
import { asking, recorder } from '../recorder';
import type { Tensor } from '../tensor';
import { libraryGetter } from './library-getters';
import { countChange, watch } from './watch';

/** The code that made a field computed. */
export type Maker = 'parametrization' | 'norm';

const makers = new WeakMap<object, Maker>();

const getterOf = (module: object, name: string): object | undefined => Object.getOwnPropertyDescriptor(module, name)?.get;

/** Throws if such a field is made or removed while a function is recorded. */
export function refuseRecorded(where: string): void {
  if (recorder === null) return;
  throw new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    `[${where}] a module cannot be parametrized inside a compiled function: each call would use the module of the first\n  hint: do it before the call`,
  );
}

/** Makes the property `name` computed by `read`; `write` receives assigned values. The former property is lost. */
export function defineComputed<M extends object>(
  module: M,
  name: string,
  maker: Maker,
  read: (module: M) => Tensor,
  write: (module: M, value: unknown) => void,
): void {
  function get(this: M): Tensor | undefined {
    if (asking) return undefined;
    if (recorder !== null) watch(() => getterOf(this, name) === get);
    return read(this);
  }
  function set(this: M, value: unknown): void {
    write(this, value);
  }
  makers.set(libraryGetter(get), maker);
  delete (module as Record<string, unknown>)[name];
  Object.defineProperty(module, name, { get, set, enumerable: false, configurable: true });
  countChange();
}

/** Removes the property. */
export function dropComputed(module: object, name: string): void {
  delete (module as Record<string, unknown>)[name];
  countChange();
}

/** The maker of a computed property; undefined for other properties. */
export function makerOf(module: object, name: string): Maker | undefined {
  const getter = getterOf(module, name);
  return getter && makers.get(getter);
}

/** The names of the computed properties, of every maker or of this one. */
export const computedIn = (module: object, by?: Maker): string[] =>
  Object.getOwnPropertyNames(module).filter((name) => {
    const maker = makerOf(module, name);
    return maker !== undefined && (by === undefined || maker === by);
  });
