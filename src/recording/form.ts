// The passes over the recorded calls, and their result: what a replay calls, and the memory that it uses.
import type { Tensor } from '../tensor';
import type { Bases } from './bases';
import { type Base, isValue, liveArguments, type TracedCall, type Value, writtenBy } from './calls';
import { withColumns } from './columns';
import { renewal } from './constants';
import { fuse } from './fusion';
import type { Listener } from './listener';
import { type Outline, outlineOf } from './outline';
import { overlapSums } from './overlap';
import { type KnownMemory, type Placement, placed } from './placement';

/** The position in the plan of a live number. */
export type LiveRow = [call: number, argument: number, counter: boolean];

/** The calls of a replay and the memory that they use. */
export interface Form {
  /** The recorded calls, after fusion. */
  readonly calls: readonly TracedCall[];
  /** The memory that each replay is given: that of the arguments, except those that get a gradient, and that of the results. */
  readonly inputs: readonly Base[];
  readonly temporaries: readonly Base[];
  /** Memory whose values outlast a replay, and the parts of it that a replay writes. */
  readonly persistent: readonly Base[];
  readonly written: readonly Value[];
  /** Whether the function changes an argument in place. */
  readonly changesArguments: boolean;
  readonly liveRows: LiveRow[];
  /** Element i is the number of these calls that begin with one of the first i recorded calls, for i from 0 to the number of recorded calls. */
  readonly callsBefore: readonly number[];
  /** What must be equal when the function is recorded again. */
  readonly outline: () => Outline;
}

function countsBefore(calls: readonly TracedCall[], recorded: number): number[] {
  const counts = Array<number>(recorded + 1).fill(0);
  for (const { from } of calls) counts[from[0]! + 1]!++;
  for (let at = 1; at <= recorded; at++) counts[at]! += counts[at - 1]!;
  return counts;
}

function usedBy(calls: readonly TracedCall[], used: Set<Base>): void {
  for (const { args } of calls) {
    for (const name in args) {
      const arg = args[name];
      if (isValue(arg)) used.add(arg.base);
    }
  }
}

function liveRowsOf(listener: Listener, calls: readonly TracedCall[]): LiveRow[] {
  return listener.liveCalls.flatMap(({ first, end }) =>
    listener.calls.slice(first, end).flatMap(([name], i) => {
      const call = calls.findIndex(({ from }) => from.includes(first + i));
      return liveArguments[name].map(({ index, counter }): LiveRow => [call, index, counter]);
    }),
  );
}

// This is a function of its own, apart from `formOf`, so that V8 optimizes the two separately: as one function they took its compiler 200 ms, five times over,
// until the code suited all recordings of a process.
function callsOver({ known, bases, recorded }: Placement, results: readonly Tensor[]) {
  const given = results.map(({ values }) => bases.of(values));
  const written = recorded.flatMap(writtenBy);
  const changed = new Set<Base>();
  for (const values of [written, given]) for (const { base } of values) changed.add(base);
  const renewals = known.constants.flatMap((base, i) => (changed.has(base) ? [renewal(base, known.pristine[i]!)] : []));
  const returned = new Set(given.map(({ base }) => base).filter(({ role }) => role === 'temporary'));
  for (const base of returned) base.role = 'result';

  const calls = [...renewals, ...overlapSums(withColumns(fuse(recorded)))];
  const used = new Set<Base>();
  usedBy(recorded, used);
  usedBy(calls, used);
  for (const { base } of given) used.add(base);
  return {
    calls,
    inputs: [...known.arguments, ...returned],
    temporaries: [...used].filter(({ role }) => role === 'temporary'),
    persistent: [...used].filter((base) => base.isPersistent && base.memory.byteLength > 0),
    written: written.filter(({ base }) => base.isPersistent),
    changesArguments: written.some(({ base }) => base.role === 'argument'),
  };
}

/** Does all passes over the calls of a placement. */
export function formOfPlaced(listener: Listener, placement: Placement, results: readonly Tensor[]): Form {
  const { recorded } = placement;
  const outline = outlineOf(recorded, listener);
  const over = callsOver(placement, results);
  return {
    ...over,
    liveRows: liveRowsOf(listener, over.calls),
    callsBefore: countsBefore(over.calls, recorded.length),
    outline: () => outline,
  };
}

/** The form of a recording, and the memory of all its arrays. */
export function formOf(listener: Listener, known: KnownMemory, results: readonly Tensor[]): { form: Form; bases: Bases } {
  const placement = placed(listener, known, results);
  return { form: formOfPlaced(listener, placement, results), bases: placement.bases };
}
