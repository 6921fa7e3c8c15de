// Compares the form that a recording takes from an earlier one with what the passes make of it.
import { isInt32Array } from '../../src/brands';
import { type Base, isValue, type TracedCall } from '../../src/recording/calls';
import { type Form, formOf } from '../../src/recording/form';
import type { Listener } from '../../src/recording/listener';
import { differenceOf } from '../../src/recording/outline';
import type * as pattern from '../../src/recording/pattern';
import type { KnownMemory } from '../../src/recording/placement';
import type { Tensor } from '../../src/tensor';

const identities = new WeakMap<object, number>();
let next = 0;
function identityOf(object: object): number {
  if (!identities.has(object)) identities.set(object, next++);
  return identities.get(object)!;
}

// Everything that a replay uses, as text. Bases that a pass has made have new memory in each form: they are numbered in the order of use.
function textOf(form: Form, own: ReadonlySet<ArrayBufferLike>): string {
  const made = new Map<Base, number>();
  const base = (b: Base): string => {
    const { memory, role } = b;
    const size = `${memory.length}${isInt32Array(memory) && !b.isPersistent ? 'i' : ''} ${role}`;
    if (memory.length === 0) return role;
    if (own.has(memory.buffer)) return `${identityOf(memory.buffer)}+${memory.byteOffset} ${size}`;
    if (!made.has(b)) made.set(b, made.size);
    return `made ${made.get(b)} ${size}`;
  };
  const argument = (arg: unknown): unknown => {
    if (typeof arg !== 'object' || arg === null) return arg;
    if (!isValue(arg as never)) return isInt32Array(arg) ? [...arg] : arg;
    const value = arg as { base: Base; begin: number; array: Float32Array | Int32Array; shape: readonly number[] };
    const { begin, array, shape } = value;
    const place = array.length > 0 && own.has(array.buffer) ? array.byteOffset : begin;
    return [base(value.base), begin, array.length, isInt32Array(array), place, shape];
  };
  const call = ({ kernel, args, from }: TracedCall): unknown => [
    kernel,
    from,
    Object.entries(args).map(([name, arg]) => [name, argument(arg)]),
  ];
  return JSON.stringify({
    calls: form.calls.map(call),
    inputs: form.inputs.map(base),
    temporaries: form.temporaries.map(base),
    persistent: form.persistent.map(base),
    written: form.written.map(argument),
    rest: [form.changesArguments, form.liveRows, form.callsBefore],
  });
}

/**
 * `formLike` with the comparison. It is called twice, so that the second call finds what the first has left, and the form that it takes from there is compared. `passes`
 * counts how often the passes were done; `counts` has the recordings, and those for which they were not done.
 */
export function checked({ formLike }: typeof pattern, passes: () => number, counts: { forms: number; taken: number }): typeof formLike {
  return (listener: Listener, known: KnownMemory, results: readonly Tensor[]) => {
    const before = passes();
    const found = formLike(listener, known, results);
    const between = passes();
    const { form: taken } = formLike(listener, known, results);
    counts.forms++;
    counts.taken += between === before ? 1 : 0;
    if (passes() > between) throw new Error('a recording does not match itself');
    const { form } = formOf(listener, known, results);
    const buffers = new Set<ArrayBufferLike>(
      [...listener.arrays, ...known.arguments, ...known.temporaries, ...known.pristine].map(({ buffer }) => buffer),
    );
    const expected = textOf(form, buffers);
    for (const text of [textOf(taken, buffers), textOf(found.form, buffers)]) {
      if (text === expected) continue;
      let at = 0;
      while (text[at] === expected[at]) at++;
      const [own, other] = [text, expected].map((all) => all.slice(Math.max(0, at - 200), at + 100));
      throw new Error(`a form differs from what the passes make: ${own} instead of ${other}`);
    }
    for (const other of [taken, found.form]) {
      const difference = differenceOf(other.outline(), form.outline());
      if (difference !== null) throw new Error(`an outline differs: ${difference}`);
    }
    return found;
  };
}
