// Fields of modules that are computed anew whenever they are read: a weight that a parametrization makes of what is learned instead of it. Each is an own
// accessor that cannot be enumerated, so that no list of parts and no file has it, and that knows its module as `this`, so that a copy has it as it is.
import { SimdnnError } from '../errors';
import { asking, recorder } from '../recorder';
import type { Tensor } from '../tensor';
import { countChange, watch } from './watch';

/** Who made a field one that is computed. */
export type Maker = 'parametrization' | 'norm';

const makers = new WeakMap<object, Maker>();

const getterOf = (module: object, name: string): object | undefined => Object.getOwnPropertyDescriptor(module, name)?.get;

/** Refuses to make or to take away such a field while something is recorded. */
export function refuseRecorded(where: string): void {
  if (recorder === null) return;
  throw new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    `[${where}] a module cannot be parametrized inside a compiled function: each call would use the module of the first\n  hint: do it before the call`,
  );
}

/** Makes the property `name` one that `read` computes and `write` takes an assigned value for. What it was is gone. */
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
  makers.set(get, maker);
  delete (module as Record<string, unknown>)[name];
  Object.defineProperty(module, name, { get, set, enumerable: false, configurable: true });
  countChange();
}

/** Takes the property away. */
export function dropComputed(module: object, name: string): void {
  delete (module as Record<string, unknown>)[name];
  countChange();
}

/** Who made the property one that is computed; undefined where it is none. */
export function makerOf(module: object, name: string): Maker | undefined {
  const getter = getterOf(module, name);
  return getter && makers.get(getter);
}

/** The names of the properties that are computed, by whatever maker or by this one. */
export const computedIn = (module: object, by?: Maker): string[] =>
  Object.getOwnPropertyNames(module).filter((name) => {
    const maker = makerOf(module, name);
    return maker !== undefined && (by === undefined || maker === by);
  });
