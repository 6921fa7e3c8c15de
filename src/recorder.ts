// How `compile` and `train` listen while a function is recorded. Whoever has something to say that is not in the arguments of
// a kernel says it here; without a recording each of these costs a comparison with null.
import type { TensorData } from './native';

/** What JavaScript counts along with the steps: an optimizer's steps. */
export interface Progress {
  /** Counts this many steps that were done. */
  commit(steps: number): void;
  /** What it returns puts back what is counted now. */
  keep(): () => void;
  /** Whether each further count adds the same to every number, so that those of many steps are known ahead. */
  steady(): boolean;
  /** What counts: the same for every step of it. */
  readonly counter: object;
}

/** What memory that outlasts a step is, where that is known. */
export type PersistentRole = 'parameter' | 'gradient' | 'state' | 'buffer';

/** What is told to a recording. */
export interface Recorder {
  /** Whether it asks later if it still holds: not where it is only compared with another. */
  readonly watches: boolean;
  /** A tensor was made, in memory that no other tensor has. */
  made(tensor: object): void;
  /** Memory that was made for a result. */
  allocated(array: TensorData): void;
  /** Memory that was made for numbers that JavaScript writes. */
  constant(array: TensorData): void;
  /** What the memory of an array is. */
  memory(array: TensorData, role: PersistentRole): void;
  /** Kernel calls whose numbers may differ at each replay: `issue` makes them, now and again then. */
  live(issue: () => void): void;
  /** Random numbers drawn: `redraw` puts the next ones where `issue` of `live` finds them. */
  drawn(redraw: () => void): void;
  /** What is to happen after each step that succeeded, the one that is recorded included: after the calls that `live` heard last. */
  after(progress: Progress): void;
  /** A leaf that an operation used. */
  used(leaf: object): void;
  /** A leaf's gradient is about to be cleared, read, or written. */
  gradient(leaf: object, event: 'clear' | 'use'): void;
  /** A tensor's values were changed in place, but by an optimizer. */
  changed(tensor: object): void;
  /** A value is about to be shown to the user: throws. */
  reading(what: string): void;
  /** The kernel calls since the last time that this was said were made by an operation, or by the gradient of that of `node`. */
  operation(name: string, node?: object): void;
  /** A node of the graph was made: its gradient belongs to the module that runs now. */
  recorded(node: object): void;
  /** A module's `forward` begins, and ends. */
  enter(module: object): void;
  leave(): void;
  /** `then` is called when the function has ended. */
  ended(then: () => void): void;
  /** The recording is good only while `holds()` is true. With `module`, it says whether all parameters of that module are still the same. */
  guard(holds: () => boolean, module?: object): void;
}

/** The recording that is under way; null outside `compile` and `train`. */
export let recorder: Recorder | null = null;

export function setRecorder(next: Recorder | null): void {
  recorder = next;
}

/** Whether recordings are asked if they still hold: a field that is computed anew whenever it is read is not computed for that. */
export let asking = false;

/** Whether all of these hold. */
export function allHold(guards: readonly (() => boolean)[]): boolean {
  asking = true;
  try {
    for (let i = 0; i < guards.length; i++) if (!guards[i]!()) return false;
    return true;
  } finally {
    asking = false;
  }
}

/** Makes kernel calls whose numbers (rates, step counts, seeds) are read anew at each replay of a recorded step. */
export function live(issue: () => void): void {
  if (recorder === null) issue();
  else recorder.live(issue);
}
