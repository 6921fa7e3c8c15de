// The recorded calls of one run of a function, with each array as a range of elements of a piece of memory.
import type { TensorData } from '../memory';
import { Parameter } from '../nn/parameter';
import type { Tensor } from '../tensor';
import { Bases } from './bases';
import { Base, type Role, type TracedCall, traced } from './calls';
import type { Listener } from './listener';

// The kinds of memory of which the listener knows what they are, and the role of each. `arguments` is without those that get a gradient: such an argument is always the
// same tensor, so its memory is persistent. For each constant, `pristine` has a copy of the values with which JavaScript made it.
const roles = { arguments: 'argument', temporaries: 'temporary', constants: 'constant', pristine: 'constant' } as const satisfies Record<
  string,
  Role
>;

export type KnownList = keyof typeof roles;
export const knownLists = Object.keys(roles) as KnownList[];

/** A value for each of these lists. */
export const forLists = <T>(make: (list: KnownList) => T): Readonly<Record<KnownList, T>> =>
  Object.fromEntries(knownLists.map((list) => [list, make(list)])) as Record<KnownList, T>;

/** The arrays of each list, in the order in which the function made or used them. */
export type KnownMemory = Readonly<Record<KnownList, readonly TensorData[]>>;

/** The known memory of a run that has ended. The roles of parameters and gradients, which are persistent, are told to the listener. */
export function knownMemory(listener: Listener, args: readonly Tensor[]): KnownMemory {
  for (const { home } of listener.gradients.values()) {
    if (home === null) continue;
    listener.temporaries.delete(home.values); // a leaf's gradient outlasts the step, so its memory is persistent
    listener.memory(home.values, 'gradient');
  }
  for (const leaf of listener.leaves.keys()) if (leaf.needsGrad || leaf instanceof Parameter) listener.memory(leaf.values, 'parameter');
  return {
    arguments: [...new Set(args.filter((t) => !t.needsGrad).map(({ values }) => values))],
    temporaries: [...listener.temporaries],
    constants: [...listener.pristine.keys()],
    pristine: [...listener.pristine.values()],
  };
}

/** The bases of known memory, in the same order. */
export type KnownBases = Readonly<Record<KnownList, readonly Base[]>>;

export const basesOf = (memory: KnownMemory): KnownBases => forLists((list) => memory[list].map((array) => new Base(array, roles[list])));

/** The recorded calls and their memory. */
export interface Placement {
  readonly bases: Bases;
  readonly recorded: readonly TracedCall[];
  /** Those of `pristine` belong to no recorded call. */
  readonly known: KnownBases;
}

export function placed(listener: Listener, memory: KnownMemory, results: readonly Tensor[]): Placement {
  const known = basesOf(memory);
  const { arrays } = listener;
  for (const { values } of results) arrays.add(values);
  const bases = Bases.of([...known.arguments, ...known.temporaries, ...known.constants], arrays, listener);
  return { bases, recorded: listener.calls.map((call, i) => traced(call, i, (array) => bases.of(array))), known };
}
