// The interface by which the library informs a recording (of `compile` or `train`) of events that the arguments of kernel calls do not show. When nothing is recorded,
// each of these calls costs a comparison with null.
import type { TensorData } from './native';

/** A counter that advances with the steps, as an optimizer's step count does. */
export interface StepCounter {
  /** Advances the counter by this many steps. */
  commit(steps: number): void;
  /** Returns a function that restores the present count. */
  keep(): () => void;
  /** Whether each further step adds the same amount to every number, so that the numbers of many steps are known in advance. */
  steady(): boolean;
  /** Identifies the counter: the same object for every step that advances it. */
  readonly counter: object;
}

/** The role of persistent memory, if it is known. */
export type PersistentRole = 'parameter' | 'gradient' | 'state' | 'buffer';

/** The events of which a recording is informed. */
export interface Recorder {
  /** Whether the recording needs guards. One that is only compared with another does not. */
  readonly watches: boolean;
  /** A tensor was made, in memory of its own. */
  made(tensor: object): void;
  /** Memory was allocated for a result. */
  allocated(array: TensorData): void;
  /** Memory was allocated for numbers that JavaScript code writes. */
  constant(array: TensorData): void;
  /** The role of the memory of an array. */
  memory(array: TensorData, role: PersistentRole): void;
  /**
   * `issue` makes kernel calls whose numbers may differ at each replay. It is called now, and before each replay. If they are `alike`, calls of one kernel with the
   * same numbers, it makes only the first of them when it is called with true, which is enough before a replay.
   */
  live(issue: (first: boolean) => void, alike?: boolean): void;
  /** Random numbers were drawn. Before each replay `redraw` draws the next ones and stores them where the `issue` of a later `live` reads them. */
  drawn(redraw: () => void): void;
  /** `stepCounter` advances after each step that succeeded, the recorded one included: after the calls of the last `live`. */
  after(stepCounter: StepCounter): void;
  /** An operation uses this leaf. */
  used(leaf: object): void;
  /** A leaf's gradient is about to be cleared, read, or written. */
  gradient(leaf: object, event: 'clear' | 'use'): void;
  /** A tensor's values were changed in place, other than by an optimizer. */
  changed(tensor: object): void;
  /** User code is about to read a value. Throws. */
  reading(what: string): void;
  /** The kernel calls since the last call of this were made by the operation `name`, or by the gradient of the operation of `node`. */
  operation(name: string, node?: object): void;
  /** A node of the graph was made. Its gradient counts to the module that runs now. */
  recorded(node: object): void;
  /** A module's `forward` begins; `leave` says that it ends. */
  enter(module: object): void;
  leave(): void;
  /** Has `then` called when the recorded function has ended. */
  ended(then: () => void): void;
  /** The recording is valid only while `isValid()` is true. With `module`, `isValid` says whether all parameters of that module are still the same. */
  guard(isValid: () => boolean, module?: object): void;
}

/** The current recording; null if nothing is recorded. */
export let recorder: Recorder | null = null;

export function setRecorder(next: Recorder | null): void {
  recorder = next;
}

/** True while guards are evaluated: a field that is computed when it is read is not computed for them. */
export let asking = false;

/** Whether all guards are true. */
export function allHold(guards: readonly (() => boolean)[]): boolean {
  asking = true;
  try {
    for (let i = 0; i < guards.length; i++) if (!guards[i]!()) return false;
    return true;
  } finally {
    asking = false;
  }
}

/** Makes kernel calls whose numbers (rates, step counts, seeds) are read again at each replay of a recorded step. */
export function live(issue: (first: boolean) => void, alike = false): void {
  if (recorder === null) issue(false);
  else recorder.live(issue, alike);
}
