// The recorded calls of one run of a function, with each array as a range of elements of a piece of memory.
import type { TensorData } from '../memory';
import { Parameter } from '../nn/parameter';
import type { Tensor } from '../tensor';
import { Bases } from './bases';
import { Base, type TracedCall, traced } from './calls';
import type { Listener } from './listener';

/** Memory of which the listener knows what it is: each list is in the order in which the function made or used its members. */
export interface KnownMemory {
  /** The arguments, without those that get a gradient: such an argument is always the same tensor, so its memory is persistent. */
  readonly arguments: readonly TensorData[];
  readonly temporaries: readonly TensorData[];
  readonly constants: readonly TensorData[];
  /** For each constant, a copy of the values with which JavaScript made it. */
  readonly pristine: readonly TensorData[];
}

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
export type KnownBases = { readonly [list in keyof KnownMemory]: readonly Base[] };

export const basesOf = (memory: KnownMemory): KnownBases => ({
  arguments: memory.arguments.map((array) => new Base(array, 'argument')),
  temporaries: memory.temporaries.map((array) => new Base(array, 'temporary')),
  constants: memory.constants.map((array) => new Base(array, 'constant')),
  pristine: memory.pristine.map((array) => new Base(array, 'constant')),
});

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
