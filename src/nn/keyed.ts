// Modules or parameters whose names are only known at run time: own properties, where a module looks for its contents, that read and write one map.

import { describe, rangeError, typeError } from '../errors';
import { recorder } from '../recorder';
import { isAbsent } from './absent';
import type { Copies } from './clone';
import { libraryGetter } from './library-getters';
import { Module } from './module';
import type { Named } from './parts';
import { countChange, watch } from './watch';

/** Parts by their names: an object, a map or another list of pairs. */
export type NamedParts<T> = Readonly<Record<string, T>> | Iterable<readonly [name: string, part: T]>;

const alike = <T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): boolean => {
  if (a === b) return true;
  const others = [...b];
  return a.size === b.size && [...a].every(([key, part], i) => key === others[i]![0] && part === others[i]![1]);
};

/** Parts by their names, in the order in which they came; `Given` is what one may be made of. */
export abstract class Keyed<T, Given = T> extends Module implements Iterable<Named<T>> {
  #parts: ReadonlyMap<string, T> = new Map(); // replaced by a new map at each change

  readonly #kind: string;
  readonly #checked: (place: string, given: Given) => T;

  /** @internal Messages call an element `kind`; `checked` returns `given`, or what it is converted to; `place` is where it was given. */
  constructor(kind: string, checked: (place: string, given: Given) => T) {
    super();
    this.#kind = kind;
    this.#checked = checked;
  }

  // The present elements. A recording that reads them is valid while they are the same.
  get #current(): ReadonlyMap<string, T> {
    if (recorder !== null) this.#watch();
    return this.#parts;
  }

  /** The number of parts. */
  get size(): number {
    return this.#current.size;
  }

  /** The part with this name; undefined when there is none. */
  get(name: string): T | undefined {
    return this.#current.get(name);
  }

  /** Whether there is a part with this name. */
  has(name: string): boolean {
    return this.#current.has(name);
  }

  /** Sets the part with this name. Returns the container. A RangeError for a name that is empty, has a dot, or is that of a method. */
  set(name: string, part: Given): this {
    return this.#take(new Map([...this.#parts, [this.#checkName('set', name), this.#made('.set', part)]]));
  }

  /** Takes out the part with this name. Returns whether there was one. */
  delete(name: string): boolean {
    const left = new Map(this.#parts);
    const was = left.delete(name);
    if (was) this.#take(left);
    return was;
  }

  /** Takes out the part with this name, and returns it. A RangeError when there is none. */
  pop(name: string): T {
    const part = this.#parts.get(name);
    if (part === undefined) throw rangeError(`${this.constructor.name}.pop`, `there is no ${this.#kind} ${describe(name)}`);
    this.delete(name);
    return part;
  }

  /** Takes out all parts. */
  clear(): void {
    this.#take(new Map());
  }

  /** Sets several parts, given as an object, a map or a list of pairs. Returns the container; when one of them is refused, nothing is set. */
  update(parts: NamedParts<Given>): this {
    if (parts === null || typeof parts !== 'object') {
      throw typeError(`${this.constructor.name}.update`, `expected an object, a map or a list of pairs, got ${describe(parts)}`);
    }
    const pairs =
      Symbol.iterator in parts ? [...(parts as Iterable<readonly [string, Given]>)] : Object.entries(parts as Record<string, Given>);
    const wrong = pairs.find((pair: unknown) => !Array.isArray(pair) || pair.length !== 2);
    if (wrong !== undefined) {
      throw typeError(`${this.constructor.name}.update`, `expected pairs of a name and a ${this.#kind}, got ${describe(wrong)}`);
    }
    const made = pairs.map(([name, part]): [string, T] => [this.#checkName('update', name), this.#made('.update', part)]);
    return this.#take(new Map([...this.#parts, ...made]));
  }

  /** The names in their order. */
  keys(): IterableIterator<string> {
    return this.#current.keys();
  }

  /** The parts in their order. */
  values(): IterableIterator<T> {
    return this.#current.values();
  }

  /** Names and parts in their order. */
  entries(): IterableIterator<Named<T>> {
    return this.#current.entries();
  }

  /** Names and parts in their order, as of a Map. */
  [Symbol.iterator](): IterableIterator<Named<T>> {
    return this.#current.entries();
  }

  /** @internal In the order of the map, because JavaScript lists properties with numeric names first. */
  protected override ownEntries(): Named<unknown>[] {
    return [...this.#current, ...super.ownEntries().filter(([name]) => !this.#parts.has(name))];
  }

  /** @internal */
  protected override blank(of: new () => object): object {
    return Reflect.construct(Keyed, [this.#kind, this.#checked], of) as object;
  }

  /** @internal */
  protected override copyPrivate(copy: this, copies: Copies): void {
    copy.#take(new Map([...this.#parts].map(([name, part]) => [name, copies.of(part)])));
  }

  #take(parts: ReadonlyMap<string, T>): this {
    for (const name of parts.keys()) if (!this.#parts.has(name)) this.#open(name);
    for (const name of this.#parts.keys()) if (!parts.has(name)) delete (this as Record<string, unknown>)[name];
    this.#parts = parts;
    countChange();
    return this;
  }

  #open(name: string): void {
    Object.defineProperty(this, name, {
      get: libraryGetter(() => this.#current.get(name)),
      set: (part: Given) => void this.#take(new Map([...this.#parts, [name, this.#made(`.${name}`, part)]])),
      enumerable: true,
      configurable: true,
    });
  }

  #watch(): void {
    const parts = this.#parts;
    watch(() => alike(this.#parts, parts));
  }

  #checkName(method: string, name: string): string {
    const where = `${this.constructor.name}.${method}`;
    if (typeof name !== 'string') throw typeError(where, `expected the name to be a string, got ${describe(name)}`);
    if (name === '' || name.includes('.')) throw rangeError(where, `a ${this.#kind} cannot be called ${describe(name)}`);
    if (!this.#parts.has(name) && name in this && !(isAbsent(name) && !Object.hasOwn(this, name))) {
      throw rangeError(where, `the module already has a property "${name}"`);
    }
    return name;
  }

  #made(place: string, part: Given): T {
    return this.#checked(`${this.constructor.name}${place}`, part);
  }
}
