// How a recording hears which module runs, by whatever way its `forward` is called: from the first recording on, the `forward` of every class of
// modules says so. A process that never records keeps its classes as they were written.
import { recorder } from '../recorder';
import type { Module } from './module';
import { isRunWatched, watchRun } from './watch';

type Forward = (this: Module, ...args: unknown[]) => unknown;

const known = new WeakSet<object>();
// Prototypes of classes that have had an instance since the last recording. Weak: a class may be made, used once and dropped.
let waiting: WeakRef<object>[] = [];
let mostWaiting = 64;
const written = new WeakMap<object, Forward>();

/** A module of the class with this prototype is made. */
export function knowClass(prototype: object): void {
  if (known.has(prototype)) return;
  known.add(prototype);
  waiting.push(new WeakRef(prototype));
  if (waiting.length < mostWaiting) return;
  waiting = waiting.filter((reference) => reference.deref() !== undefined);
  mostWaiting = Math.max(64, 2 * waiting.length);
}

/** A `forward` as it was written. */
export const asWritten = <F extends object>(forward: F): F => (written.get(forward) ?? forward) as F;

// Calls `fn`, in which the module's `forward` runs, and says so to the recording that is under way.
function running<R>(module: Module, fn: () => R): R {
  const listening = recorder!;
  if (listening.watches && !isRunWatched(module)) watchRun(module.modules());
  listening.enter(module);
  try {
    return fn();
  } finally {
    listening.leave();
  }
}

/** Calls the module's `forward` while something is recorded. */
export const callHeard = (module: Module, args: readonly never[]): unknown => running(module, () => module.forward(...args));

/** Runs the module's `forward` on `self`, an object that inherits from the module; a recording hears of the module. */
export function forwardOn(module: Module, self: object, args: readonly unknown[]): unknown {
  const forward = (): unknown => (asWritten(module.forward) as unknown as Forward).apply(self as Module, [...args]);
  return recorder === null ? forward() : running(module, forward);
}

function heard(forward: Forward): Forward {
  const hearing: Forward = function (...args) {
    return recorder === null ? forward.apply(this, args) : running(this, () => forward.apply(this, args));
  };
  for (const name of ['name', 'length'] as const) Object.defineProperty(hearing, name, { value: forward[name], configurable: true });
  written.set(hearing, forward);
  return hearing;
}

/** Has every class that is known, and those it extends, say when its `forward` runs. */
export function hearForwards(): void {
  if (waiting.length === 0) return;
  for (const reference of waiting) {
    for (let at = reference.deref(); at !== undefined && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      const own = Object.getOwnPropertyDescriptor(at, 'forward');
      if (typeof own?.value !== 'function' || !own.writable || written.has(own.value)) continue;
      Object.defineProperty(at, 'forward', { ...own, value: heard(own.value) });
    }
  }
  waiting = [];
}
