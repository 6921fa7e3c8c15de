// Recordings of the same calls have the same plan, whatever memory they use: those of a thousand models of one architecture, for example. A pattern is what is
// left of a recording without its memory. A later recording that matches it takes over the result of the passes.
import { isInt32Array } from '../brands';
import { type KernelTable, kernelArguments } from '../kernels.generated';
import type { TensorData } from '../memory';
import type { Tensor } from '../tensor';
import { Bases, MemoryMap } from './bases';
import { type Argument, Base, liveArguments, type RawCall, type Role, type TracedCall, traced, untraced, type Value } from './calls';
import { type Form, formOfPlaced } from './form';
import type { Listener } from './listener';
import { type Outline, outlineOf } from './outline';
import { basesOf, forLists, type KnownBases, type KnownList, type KnownMemory, knownLists, type Placement, placed } from './placement';

/** An array of a call: a range of elements of a piece. */
class Slot {
  constructor(
    readonly index: number,
    readonly piece: number,
    readonly begin: number,
    readonly length: number,
    readonly isInt: boolean,
    readonly shape: readonly number[],
  ) {}
}

/** A call with slots in place of its arrays. */
type PatternCall = readonly [kernel: keyof KernelTable, ...args: unknown[]];

/** A base without its memory. */
interface Piece {
  readonly length: number;
  readonly isInt: boolean;
  readonly role: Role;
  /** Where a recording knows this memory; null: memory that only the calls reveal, or that a pass has made. */
  readonly known: { readonly list: KnownList; readonly index: number } | null;
  readonly isMade: boolean;
}

/** Stands for a number that may differ at each replay. */
const live = Symbol('live');

// Numbers the bases and the arrays of calls in the order of first use.
class Numbering {
  private readonly numbers = new Map<Base, number>();
  private readonly slots = new Map<Value, Slot>();

  readonly of = (base: Base): number => {
    const number = this.numbers.get(base) ?? this.numbers.size;
    if (number === this.numbers.size) this.numbers.set(base, number);
    return number;
  };

  readonly slotOf = (value: Value): Slot => {
    const known = this.slots.get(value);
    if (known !== undefined) return known;
    const { base, begin, array, shape } = value;
    const slot = new Slot(this.slots.size, this.of(base), begin, array.length, isInt32Array(array), shape);
    this.slots.set(value, slot);
    return slot;
  };

  get count(): number {
    return this.numbers.size;
  }

  /** The numbered bases without their memory. Those from `recorded` on are not used by the recorded calls. */
  pieces(bases: KnownBases, recorded: number): Piece[] {
    const places = new Map(knownLists.flatMap((list) => bases[list].map((base, index) => [base, { list, index }] as const)));
    return [...this.numbers.keys()].map((base, i) => {
      const known = places.get(base) ?? null;
      const { memory, role } = base;
      return { length: memory.length, isInt: isInt32Array(memory), role, known, isMade: known === null && i >= recorded };
    });
  }
}

// Whether an argument that is no array of memory is the same.
function isSame(now: unknown, then: unknown): boolean {
  if (then === live || Object.is(now, then)) return true;
  return isInt32Array(then) && isInt32Array(now) && now.length === then.length && then.every((number, i) => number === now[i]);
}

// The memory of another recording of the same calls: that of each piece, and the array at each slot.
class Found {
  private readonly memory: (TensorData | undefined)[];
  readonly arrays: TensorData[] = [];

  constructor(
    private readonly pieces: readonly Piece[],
    private readonly known: KnownMemory,
  ) {
    this.memory = pieces.map(({ known: place }) => (place === null ? undefined : known[place.list][place.index]));
  }

  /** Puts an array at a slot; false if it cannot be there. The first array of a piece reveals where the piece is. */
  put({ index, piece, begin, length, isInt }: Slot, array: TensorData | null | undefined): boolean {
    if (array === null || array === undefined || array.length !== length || isInt32Array(array) !== isInt) return false;
    this.arrays[index] = array;
    const { buffer, byteOffset } = array;
    const from = byteOffset - 4 * begin;
    const found = this.memory[piece];
    if (found !== undefined && length > 0) return found.buffer === buffer && found.byteOffset === from;
    const size = this.pieces[piece]!.length;
    if (from < 0 || from + 4 * size > buffer.byteLength) return false;
    this.memory[piece] ??= size === length && !isInt ? array : new Float32Array(buffer, from, size);
    return true;
  }

  /** The bases of all pieces; null if two share memory, or if one has another role. */
  bases(listener: Listener): { own: Base[]; all: Bases } | null {
    const bases = basesOf(this.known);
    const own = this.pieces.map(({ known: place, isMade, isInt, length, role }, i) => {
      if (place !== null) return bases[place.list][place.index]!;
      if (isMade) return new Base(isInt ? new Int32Array(length) : new Float32Array(length), role);
      return new Base(this.memory[i]!, 'captured');
    });
    const map = new MemoryMap<Base>();
    const captured = own.filter((_, i) => this.pieces[i]!.known === null && !this.pieces[i]!.isMade);
    for (const base of [...bases.arguments, ...bases.temporaries, ...bases.constants, ...captured]) if (!map.fits(base)) return null;
    const all = new Bases(map, listener);
    if (!own.every((base, i) => this.pieces[i]!.known !== null || base.role === this.pieces[i]!.role)) return null;
    for (const [i, base] of own.entries()) base.role = this.pieces[i]!.role;
    return { own, all };
  }
}

// Puts arrays in place of slots. An array that no recorded call uses is the whole of what a pass has made.
function callsAt(own: readonly Base[], arrays: readonly TensorData[], shapes: ReadonlyMap<TensorData, readonly number[]>) {
  const values: Value[] = [];
  const valueAt = ({ index, piece, begin, shape, length }: Slot): Value => {
    const array = arrays[index];
    values[index] ??=
      array === undefined
        ? { base: own[piece]!, begin, array: own[piece]!.memory, shape }
        : { base: own[piece]!, begin, array, shape: shapes.get(array) ?? [length] };
    return values[index];
  };
  const tracedAt = (call: PatternCall, from: TracedCall['from']): TracedCall => {
    const { kernel, args } = traced(call as unknown as RawCall, 0, (slot) => valueAt(slot as unknown as Slot));
    return { kernel, args, from };
  };
  return { valueAt, traced: tracedAt };
}

class Pattern {
  private readonly recorded: PatternCall[];
  private readonly results: Slot[];
  private readonly liveCalls: readonly { first: number; end: number; alike: boolean }[];
  private readonly sizes: Readonly<Record<KnownList, number[]>>;
  private readonly pieces: readonly Piece[];
  private readonly calls: PatternCall[];
  private readonly from: TracedCall['from'][];
  private readonly inputs: number[];
  private readonly temporaries: number[];
  private readonly persistent: number[];
  private readonly written: Slot[];
  private readonly rest: Pick<Form, 'changesArguments' | 'liveRows' | 'callsBefore'>;

  constructor(listener: Listener, known: KnownMemory, placement: Placement, results: readonly Tensor[], form: Form) {
    const numbering = new Numbering();
    const { slotOf } = numbering;
    const slotted = (call: TracedCall): PatternCall => untraced(call, slotOf);
    const recorded = placement.recorded.map(slotted);
    for (const { first, end } of listener.liveCalls) {
      for (let c = first; c < end; c++) {
        const call: unknown[] = [...recorded[c]!];
        for (const { index } of liveArguments[recorded[c]![0]]) call[index + 1] = live;
        recorded[c] = call as unknown as PatternCall;
      }
    }
    this.recorded = recorded;
    this.results = results.map(({ values }) => slotOf(placement.bases.of(values)));
    this.liveCalls = listener.liveCalls.map(({ first, end, alike }) => ({ first, end, alike }));
    this.sizes = forLists((list) => known[list].map(({ length }) => length));
    const { count } = numbering;
    this.calls = form.calls.map(slotted);
    this.from = form.calls.map(({ from }) => from);
    this.inputs = form.inputs.map(numbering.of);
    this.temporaries = form.temporaries.map(numbering.of);
    this.persistent = form.persistent.map(numbering.of);
    this.written = form.written.map(slotOf);
    const { changesArguments, liveRows, callsBefore } = form;
    this.rest = { changesArguments, liveRows, callsBefore };
    this.pieces = numbering.pieces(placement.known, count);
  }

  get length(): number {
    return this.recorded.length;
  }

  private hasSameLists({ calls, liveCalls }: Listener, known: KnownMemory, results: readonly Tensor[]): boolean {
    const { sizes } = this;
    if (calls.length !== this.length || results.length !== this.results.length || liveCalls.length !== this.liveCalls.length) return false;
    return (
      liveCalls.every(({ first, end, alike }, i) => {
        const then = this.liveCalls[i]!;
        return first === then.first && end === then.end && alike === then.alike;
      }) &&
      knownLists.every(
        (list) => known[list].length === sizes[list].length && known[list].every(({ length }, i) => length === sizes[list][i]),
      )
    );
  }

  // Finds the memory of this recording; null if it is another one.
  private find(listener: Listener, known: KnownMemory, results: readonly Tensor[]): Found | null {
    if (!this.hasSameLists(listener, known, results)) return null;
    const found = new Found(this.pieces, known);
    for (let c = 0; c < this.recorded.length; c++) {
      const then: readonly unknown[] = this.recorded[c]!;
      const now: readonly unknown[] = listener.calls[c]!; // arguments at its end may be absent
      for (let i = 0; i < then.length; i++) {
        const argument = then[i];
        const fits = argument instanceof Slot ? found.put(argument, now[i] as TensorData) : isSame(now[i], argument);
        if (!fits) return null;
      }
    }
    return results.every(({ values }, i) => found.put(this.results[i]!, values)) ? found : null;
  }

  /** The form of a recording of the same calls over its own memory; null if it is another recording. */
  formFor(listener: Listener, known: KnownMemory, results: readonly Tensor[]): { form: Form; bases: Bases } | null {
    const found = this.find(listener, known, results);
    const bases = found?.bases(listener) ?? null;
    return bases && { form: this.over(bases.own, found!.arrays, listener), bases: bases.all };
  }

  // The live numbers of a recording, in the order of `liveRows`, into its calls: errors and tables show them.
  private putNumbers(calls: readonly TracedCall[], listener: Listener): void {
    let row = 0;
    for (const { first, end } of this.liveCalls) {
      for (const [kernel, ...args] of listener.calls.slice(first, end)) {
        for (const { index } of liveArguments[kernel]) {
          const [call] = this.rest.liveRows[row++]!;
          (calls[call]!.args as Record<string, Argument>)[kernelArguments[kernel][index]!.name] = args[index] as number;
        }
      }
    }
  }

  private over(own: readonly Base[], arrays: readonly TensorData[], listener: Listener): Form {
    const { liveCalls, pristine } = listener;
    const { recorded } = this;
    const calls = callsAt(own, arrays, listener.shapes);
    const traces = this.calls.map((call, i) => calls.traced(call, this.from[i]!));
    this.putNumbers(traces, listener);
    const base = (piece: number): Base => own[piece]!;
    let outline: Outline | null = null;
    return {
      ...this.rest,
      calls: traces,
      inputs: this.inputs.map(base),
      temporaries: this.temporaries.map(base),
      persistent: this.persistent.map(base),
      written: this.written.map(calls.valueAt),
      outline: () => {
        const { traced } = callsAt(own, arrays, new Map());
        outline ??= outlineOf(
          recorded.map((call, i) => traced(call, [i])),
          { liveCalls, pristine },
        );
        return outline;
      },
    };
  }
}

const mostPatterns = 16;
const mostCalls = 20_000;

// The most recently used patterns, the last one first.
const patterns: Pattern[] = [];

function keep(pattern: Pattern): void {
  const at = patterns.indexOf(pattern);
  if (at >= 0) patterns.splice(at, 1);
  patterns.unshift(pattern);
  let calls = 0;
  for (const [i, { length }] of patterns.entries()) {
    calls += length;
    if (i < mostPatterns && calls <= mostCalls) continue;
    patterns.length = i;
    return;
  }
}

/** The form of a recording: that of an earlier recording of the same calls, or what the passes make of it. */
export function formLike(listener: Listener, known: KnownMemory, results: readonly Tensor[]): { form: Form; bases: Bases } {
  for (const pattern of patterns) {
    const found = pattern.formFor(listener, known, results);
    if (found === null) continue;
    keep(pattern);
    return found;
  }
  const placement = placed(listener, known, results);
  const form = formOfPlaced(listener, placement, results);
  if (listener.calls.length <= mostCalls) keep(new Pattern(listener, known, placement, results, form));
  return { form, bases: placement.bases };
}
