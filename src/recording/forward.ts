// A function of tensors as the kernel calls that it makes, each as it was made: what exporters read.
import type { TensorData } from '../memory';
import type { Tensor } from '../tensor';
import type { Base, TracedCall, Value } from './calls';
import { Listener } from './listener';
import { tensorsOf } from './outputs';
import { type Source, sourcesHeardBy, sourcesOf } from './sources';
import { hear, placed } from './trace';

/** A tensor that the function was given, or gave. */
export interface HeardResult {
  readonly value: Value;
  readonly shape: readonly number[];
}

export interface Heard {
  readonly calls: readonly TracedCall[];
  /** The operation and the module of each call. */
  readonly sources: readonly Source[];
  readonly inputs: readonly HeardResult[];
  readonly results: readonly HeardResult[];
  /** Constants, as JavaScript made them. */
  readonly constants: ReadonlyMap<Base, TensorData>;
}

/** Hears `fn` without calculating anything: the state of tensors, modules and random numbers stays as it was. */
export function heardForward(fn: () => unknown, args: readonly Tensor[]): Heard {
  const listener = new Listener(true, false);
  const results = tensorsOf(hear(listener, fn));
  const { bases, recorded, constants } = placed(listener, args, results);
  const at = ({ values, shape }: Tensor): HeardResult => ({ value: bases.of(values), shape });
  return {
    calls: recorded,
    sources: sourcesOf(sourcesHeardBy(listener)),
    inputs: args.map(at),
    results: results.map(at),
    constants: new Map(constants.map(({ base, pristine }) => [base, pristine])),
  };
}
