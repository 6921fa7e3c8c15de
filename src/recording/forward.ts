// The kernel calls that a function of tensors makes, without any rewriting: exporters read them.
import type { TensorData } from '../memory';
import type { Tensor } from '../tensor';
import type { Base, TracedCall, Value } from './calls';
import { Listener } from './listener';
import { tensorsOf } from './outputs';
import { knownMemory, placed } from './placement';
import { type Source, sourcesOf, sourcesRecordedBy } from './sources';
import { listenTo } from './trace';

/** An argument or a result of the function. */
export interface TracedTensor {
  readonly value: Value;
  readonly shape: readonly number[];
}

export interface ForwardTrace {
  readonly calls: readonly TracedCall[];
  /** The operation and the module that made each call. */
  readonly sources: readonly Source[];
  readonly inputs: readonly TracedTensor[];
  readonly results: readonly TracedTensor[];
  /** The values of each constant when JavaScript had made it. */
  readonly constants: ReadonlyMap<Base, TensorData>;
}

/** Records `fn` without calculating anything. The state of tensors, modules and random numbers is unchanged afterwards. */
export function traceForward(fn: () => unknown, args: readonly Tensor[]): ForwardTrace {
  const listener = new Listener(true, false);
  const results = tensorsOf(listenTo(listener, fn));
  const { bases, recorded, known } = placed(listener, knownMemory(listener, args), results);
  const at = ({ values, shape }: Tensor): TracedTensor => ({ value: bases.of(values), shape });
  return {
    calls: recorded,
    sources: sourcesOf(sourcesRecordedBy(listener)),
    inputs: args.map(at),
    results: results.map(at),
    constants: new Map(known.constants.map((base, i) => [base, known.pristine[i]!.memory])),
  };
}
