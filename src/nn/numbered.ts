// Lists of modules or parameters under the names 0, 1, 2, ...: own properties, where a module looks for its contents, that read and write one list.

import { checkInteger, rangeError } from '../errors';
import { recorder } from '../recorder';
import type { Copies } from './clone';
import { libraryGetter } from './library-getters';
import { Module } from './module';
import { countChange, watch } from './watch';

const alike = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a === b || (a.length === b.length && a.every((part, i) => part === b[i]));

/** A list of parts; `Given` is what one may be made of. */
export abstract class Numbered<T, Given = T> extends Module implements Iterable<T> {
  [index: number]: T;
  #parts: readonly T[] = []; // replaced by a new list at each change

  readonly #kind: string;
  readonly #checked: (place: string, given: Given) => T;

  /** @internal Messages call an element `kind`; `checked` returns `given`, or what it is converted to; `place` is where it was given. */
  constructor(kind: string, checked: (place: string, given: Given) => T) {
    super();
    this.#kind = kind;
    this.#checked = checked;
  }

  /** @internal The present elements. A recording that reads them is valid while they are the same. */
  protected get parts(): readonly T[] {
    if (recorder !== null) this.#watch();
    return this.#parts;
  }

  /** The number of parts. */
  get length(): number {
    return this.parts.length;
  }

  /** The part at `index`; -1 is the last. A RangeError when there is none. */
  at(index: number): T {
    return this.parts[this.#position('at', index)]!;
  }

  /** Adds a part at the end. Returns the container. */
  append(part: Given): this {
    return this.#take([...this.#parts, this.#made('.append', part)]);
  }

  /** Adds parts at the end. Returns the container. */
  extend(parts: Iterable<Given>): this {
    return this.#take([...this.#parts, ...[...parts].map((part) => this.#made('.append', part))]);
  }

  /** Puts a part before the one at `index`, from 0 to `length`. */
  insert(index: number, part: Given): void {
    if (!Number.isInteger(index) || index < 0 || index > this.#parts.length) {
      throw rangeError(`${this.constructor.name}.insert`, `index ${index} is outside [0, ${this.#parts.length}]`);
    }
    this.#take(this.#parts.toSpliced(index, 0, this.#made('.insert', part)));
  }

  /** Takes out the part at `index`, by default the last, and returns it. A RangeError when there is none. */
  pop(index = -1): T {
    const position = this.#position('pop', index);
    const part = this.#parts[position]!;
    this.#take(this.#parts.toSpliced(position, 1));
    return part;
  }

  /** @internal The parts from `start` to before `end`, both as `Array.slice` takes them. */
  protected range(start: number | undefined, end: number | undefined): readonly T[] {
    const where = `${this.constructor.name}.slice`;
    for (const [name, value] of Object.entries({ start, end })) if (value !== undefined) checkInteger(where, name, value, -Infinity);
    return this.parts.slice(start, end);
  }

  /** The parts in order. */
  *[Symbol.iterator](): Iterator<T> {
    yield* this.parts;
  }

  /** @internal */
  protected override blank(of: new () => object): object {
    return Reflect.construct(Numbered, [this.#kind, this.#checked], of) as object;
  }

  /** @internal */
  protected override copyPrivate(copy: this, copies: Copies): void {
    copy.#take(this.#parts.map((part) => copies.of(part)));
  }

  #take(parts: readonly T[]): this {
    for (let i = this.#parts.length; i < parts.length; i++) this.#open(i);
    for (let i = parts.length; i < this.#parts.length; i++) delete this[i];
    this.#parts = parts;
    countChange();
    return this;
  }

  #open(index: number): void {
    Object.defineProperty(this, index, {
      get: libraryGetter(() => this.parts[index]),
      set: (part: Given) => void this.#take(this.#parts.with(index, this.#made(`[${index}]`, part))),
      enumerable: true,
      configurable: true,
    });
  }

  #watch(): void {
    const parts = this.#parts;
    watch(() => alike(this.#parts, parts));
  }

  #position(method: string, index: number): number {
    const { length } = this.#parts;
    const position = index < 0 ? index + length : index;
    if (Number.isInteger(position) && position >= 0 && position < length) return position;
    throw rangeError(`${this.constructor.name}.${method}`, `there is no ${this.#kind} ${index} among ${length}`);
  }

  #made(place: string, part: Given): T {
    return this.#checked(`${this.constructor.name}${place}`, part);
  }
}
