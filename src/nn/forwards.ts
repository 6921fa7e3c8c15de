// How a recording learns which module runs, however its `forward` is called: the first recording wraps the `forward` of every class of modules. A process that
// never records leaves its classes unchanged.
import { recorder } from '../recorder';
import type { Module } from './module';
import { isRunWatched, watchRun } from './watch';

type Forward = (this: Module, ...args: unknown[]) => unknown;

const known = new WeakSet<object>();
// The prototypes of classes that got an instance since the last recording. Weak references, because a class may be made, used once and dropped.
let waiting: WeakRef<object>[] = [];
let mostWaiting = 64;
const written = new WeakMap<object, Forward>();

/** Called when a module is made whose class has this prototype. */
export function knowClass(prototype: object): void {
  if (known.has(prototype)) return;
  known.add(prototype);
  waiting.push(new WeakRef(prototype));
  if (waiting.length < mostWaiting) return;
  waiting = waiting.filter((reference) => reference.deref() !== undefined);
  mostWaiting = Math.max(64, 2 * waiting.length);
}

/** A `forward` before it was wrapped. */
export const asWritten = <F extends object>(forward: F): F => (written.get(forward) ?? forward) as F;

// Calls `fn`, in which the module's `forward` runs, and tells the current recording.
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

/** Calls the module's `forward` during a recording. */
export const callHeard = (module: Module, args: readonly never[]): unknown => running(module, () => module.forward(...args));

/** Calls the module's `forward` on `self`, an object that inherits from the module; a recording is told of the module. */
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

/** Wraps the `forward` of every known class and of the classes that it extends. */
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
