// The record of a run of a random program, and the comparison of two records.
import type { Tensor } from '../src';
import type { Optimizer } from './compile-programs';

/** Recorded where two runs may differ. */
export const anything = Symbol('anything');

// FNV-1a over 32-bit words. All NaN count as equal, because the compiler determines which of two a sum returns.
export function bitsOf(values: Float32Array | Int32Array): number {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  let hash = 0x811c9dc5 | values.length;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ (Number.isNaN(values[i]) ? 0x7fc00000 : words[i]!), 0x01000193);
  return hash;
}

/** The record of a run, place by place. */
export class Notes {
  readonly what: string[] = [];
  readonly bits: unknown[] = [];
  /** The current place of the run. */
  at = '';

  add(what: string, bits: unknown): void {
    this.what.push(`${this.at}: ${what}`);
    this.bits.push(bits);
  }
  tensor(what: string, t: Tensor): void {
    this.add(`${what} [${t.shape}]`, bitsOf(t.data));
  }
  optimizer(name: string, o: Optimizer): void {
    const { state, param_groups } = o.stateDict();
    this.add(`groups of ${name}`, JSON.stringify(param_groups));
    for (const [i, entries] of Object.entries(state)) {
      for (const [key, t] of Object.entries(entries as Record<string, Tensor>)) this.tensor(`${key} of ${name}, ${i}`, t);
    }
  }
}

/** Throws if two runs differ, except in places recorded as `anything`. */
export function compareNotes(one: [string, Notes], other: [string, Notes]): void {
  const [[name, a], [otherName, b]] = [one, other];
  const equal = (i: number): boolean =>
    a.what[i] === b.what[i] && (Object.is(a.bits[i], b.bits[i]) || a.bits[i] === anything || b.bits[i] === anything);
  for (let i = 0; i < Math.max(a.what.length, b.what.length); i++) {
    if (!equal(i)) throw new Error(`${name}: ${a.what[i]} = ${a.bits[i]}\n${otherName}: ${b.what[i]} = ${b.bits[i]}`);
  }
}
