// The memory of a trace: a list of pieces that never overlap. Each array of a recorded call lies in exactly one of them.
import { SimdnnError } from '../errors';
import type { TensorData } from '../memory';
import { Base, type Role, type Value } from './calls';

const begins = ({ byteOffset }: TensorData): number => byteOffset;
const ends = ({ byteOffset, byteLength }: TensorData): number => byteOffset + byteLength;

// The bytes of an array within its buffer. They are kept in fields because byteOffset and byteLength of a typed array are slower to read.
interface Span {
  readonly begin: number;
  readonly end: number;
}

/** The union of the arrays as a list of stretches, sorted within each buffer. Arrays that overlap are merged; arrays that are only adjacent stay apart. */
export function stretchesOf(arrays: Iterable<TensorData>): Float32Array[] {
  const byBuffer = new Map<ArrayBufferLike, Span[]>();
  for (const array of arrays) {
    const span = { begin: begins(array), end: ends(array) };
    if (span.begin === span.end) continue;
    const { buffer } = array;
    const known = byBuffer.get(buffer);
    if (known === undefined) byBuffer.set(buffer, [span]);
    else known.push(span);
  }
  const stretches: Float32Array[] = [];
  for (const [buffer, list] of byBuffer) {
    if (list.length > 1) list.sort((a, b) => a.begin - b.begin);
    let { begin, end } = list[0]!;
    for (let i = 1; i <= list.length; i++) {
      const next = list[i];
      if (next !== undefined && next.begin < end) {
        end = Math.max(end, next.end);
        continue;
      }
      stretches.push(new Float32Array(buffer, begin, (end - begin) / 4));
      if (next !== undefined) ({ begin, end } = next);
    }
  }
  return stretches;
}

/**
 * Finds the piece of memory that contains an array, among pieces that do not overlap. The result is undefined where no piece has any of its bytes;
 * an array that lies only partly within a piece is an error.
 */
export class MemoryMap<T extends { readonly memory: TensorData }> {
  private readonly byBuffer = new Map<ArrayBufferLike, (Span & { readonly piece: T })[]>();

  constructor(pieces: Iterable<T> = []) {
    for (const piece of pieces) this.add(piece);
  }

  add(piece: T): void {
    if (!this.fits(piece)) overlapping();
  }

  /** Adds a piece, unless it shares bytes with another: then the result is false. */
  fits(piece: T): boolean {
    const { memory } = piece;
    const entry = { begin: begins(memory), end: ends(memory), piece };
    if (entry.begin === entry.end) return true;
    const list = this.byBuffer.get(memory.buffer);
    if (list === undefined) {
      this.byBuffer.set(memory.buffer, [entry]);
      return true;
    }
    const at = this.after(list, entry.begin);
    if ((at > 0 && list[at - 1]!.end > entry.begin) || (at < list.length && list[at]!.begin < entry.end)) return false;
    if (at === list.length) list.push(entry);
    else list.splice(at, 0, entry);
    return true;
  }

  of(array: TensorData): T | undefined {
    const list = this.byBuffer.get(array.buffer);
    if (list === undefined) return undefined;
    const [begin, end] = [begins(array), ends(array)];
    const at = this.after(list, begin); // the first piece that begins after it
    const found = list[at - 1];
    if (found !== undefined && begin < found.end) {
      if (end > found.end) overlapping();
      return found.piece;
    }
    if (at < list.length && list[at]!.begin < end) overlapping();
    return undefined;
  }

  /** The pieces that share bytes with an array. */
  meeting(array: TensorData): T[] {
    const found: T[] = [];
    this.some(array, (piece) => {
      found.push(piece);
      return false;
    });
    return found;
  }

  /** Whether a predicate holds for any of the pieces that share bytes with an array. */
  some(array: TensorData, is: (piece: T) => boolean): boolean {
    const list = this.byBuffer.get(array.buffer);
    if (list === undefined) return false;
    const [begin, end] = [begins(array), ends(array)];
    for (let i = Math.max(0, this.after(list, begin) - 1); i < list.length && list[i]!.begin < end; i++) {
      if (list[i]!.end > begin && is(list[i]!.piece)) return true;
    }
    return false;
  }

  // The number of pieces in the sorted list that begin at or before this byte.
  private after(list: readonly Span[], byte: number): number {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]!.begin <= byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function overlapping(): never {
  throw new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    '[compile] an array of a recorded call reaches beyond the memory in which it begins\n  hint: this is a fault of simdnn, please report it with the function',
  );
}

const isMadeAnew = ({ isPersistent }: Base): boolean => !isPersistent;

/** What a listener knows of the memory that a function uses. */
interface Heard {
  readonly roles: ReadonlyMap<TensorData, Role>;
  readonly shapes: ReadonlyMap<TensorData, readonly number[]>;
}

/** The memory of a trace. */
export class Bases {
  private readonly shapes: Heard['shapes'];

  /** `map` has all bases. Those whose role is "captured" get the role that the listener knows. */
  constructor(
    private readonly map: MemoryMap<Base>,
    { roles, shapes }: Heard,
  ) {
    this.shapes = shapes;
    for (const [array, role] of roles) {
      map.some(array, (base) => {
        if (base.role === 'captured') base.role = role;
        return false;
      });
    }
  }

  /**
   * `known` has the pieces that each replay allocates and the constants. `arrays` has all arrays of the calls: what lies outside of `known` is persistent memory.
   */
  static of(known: readonly Base[], arrays: Iterable<TensorData>, heard: Heard): Bases {
    const map = new MemoryMap(known);
    const unknown: TensorData[] = [];
    for (const array of arrays) if (array.byteLength > 0 && map.of(array) === undefined) unknown.push(array);
    for (const memory of stretchesOf(unknown)) map.add(new Base(memory, 'captured'));
    return new Bases(map, heard);
  }

  /** Whether an array has elements in memory that each replay allocates anew. */
  passes(array: TensorData): boolean {
    return array.byteLength > 0 && this.map.some(array, isMadeAnew);
  }

  /** The base of an array and its position there. An empty array gets a base of its own. */
  of(array: TensorData): Value {
    const base = array.byteLength === 0 ? new Base(array, 'captured') : this.map.of(array)!;
    return { base, begin: (array.byteOffset - base.memory.byteOffset) / 4, array, shape: this.shapes.get(array) ?? [array.length] };
  }
}
