// An outline is what must be equal when a function is recorded a second time: its calls, their numbers, and which arguments share memory.
import { isInt32Array } from '../brands';
import type { TensorData } from '../memory';
import { type Argument, type Base, isValue, liveArguments, type TracedCall } from './calls';
import type { Listener } from './listener';

interface Place {
  /** Numbers the memory in the order of first use, which is the same in the next recording. Null for memory that is compared by identity, and for empty arrays. */
  number: number | null;
  begin: number;
  length: number;
  /** For persistent memory: the memory itself. Gradients and optimizer states are numbered instead, because they may move. */
  memory: TensorData | null;
  /** For a constant: its values. */
  constant: TensorData | null;
}

type Entry = [kernel: string, ...args: (Place | number | string | boolean | null)[]];

export type Outline = readonly Entry[];

const moves = ({ role }: Base): boolean => role === 'gradient' || role === 'state';

/** The outline of calls as they were recorded. */
export function outlineOf(calls: readonly TracedCall[], { liveCalls, pristine }: Pick<Listener, 'liveCalls' | 'pristine'>): Outline {
  const numbers = new Map<Base, number>();
  const numberOf = (base: Base): number => {
    const known = numbers.get(base);
    if (known !== undefined) return known;
    numbers.set(base, numbers.size);
    return numbers.size - 1;
  };
  const entryOf = (arg: Argument | undefined): Entry[number] => {
    if (!isValue(arg)) return isInt32Array(arg) ? arg.join(' ') : (arg ?? null);
    const { base, begin, array } = arg;
    const { length } = array;
    if (length === 0) return { number: null, begin: 0, length, memory: null, constant: null };
    const constant = pristine.size === 0 ? null : (pristine.get(base.memory) ?? null);
    const number = numberOf(base);
    const isKnown = base.isPersistent && !moves(base) && constant === null;
    return { number: isKnown ? null : number, begin, length, memory: isKnown ? base.memory : null, constant };
  };
  const outline: Entry[] = [];
  for (const { kernel, args } of calls) {
    const entry: Entry = [kernel];
    for (const name in args) entry.push(entryOf(args[name]));
    outline.push(entry);
  }
  for (const { first, end } of liveCalls) {
    for (let call = first; call < end; call++) {
      const entry = outline[call]!;
      for (const { index } of liveArguments[entry[0] as keyof typeof liveArguments]) entry[index + 1] = null;
    }
  }
  return outline;
}

const isPlace = (arg: Entry[number]): arg is Place => typeof arg === 'object' && arg !== null;

// Describes the first difference between two constants; null if there is none.
function firstDifference(now: TensorData, then: TensorData): string | null {
  const at = now.findIndex((value, i) => !Object.is(value, then[i]));
  return at < 0 ? null : `${now[at]} instead of ${then[at]}`;
}

const startsAlike = (a: TensorData, b: TensorData): boolean => a.buffer === b.buffer && a.byteOffset === b.byteOffset;

function placesDiffer(now: Place, then: Place): string | null {
  if (now.constant !== null && then.constant !== null) {
    const differs = firstDifference(now.constant, then.constant);
    if (differs !== null) return `has a constant with ${differs}`;
  }
  if (now.length !== then.length) return `has ${now.length} elements instead of ${then.length}`;
  const alike = now.memory === null || then.memory === null ? now.memory === then.memory : startsAlike(now.memory, then.memory);
  return alike && now.number === then.number && now.begin === then.begin
    ? null
    : 'uses other memory: a tensor that one call leaves for the next, or one that was replaced';
}

/** Describes the first difference between two outlines; null if there is none. */
export function differenceOf(now: Outline, then: Outline): string | null {
  if (now.length !== then.length) return `${now.length} kernel calls instead of ${then.length}`;
  for (const [c, a] of now.entries()) {
    const b = then[c]!;
    if (a[0] !== b[0]) return `call ${c} is ${a[0]} instead of ${b[0]}`;
    for (let i = 1; i < a.length; i++) {
      const [x, y] = [a[i]!, b[i]!];
      const differs =
        isPlace(x) && isPlace(y)
          ? placesDiffer(x, y)
          : x === y
            ? null
            : `has ${isPlace(x) ? 'an array' : x} instead of ${isPlace(y) ? 'an array' : y}`;
      if (differs !== null) return `call ${c}, ${a[0]}, ${differs}`;
    }
  }
  return null;
}
