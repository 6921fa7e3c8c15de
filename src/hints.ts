// Names that are not there: reading one says what to use instead.
import { typeError } from './errors';

/** What to use instead, by name. */
export type Hints = Readonly<Record<string, string>>;

/** A name of this library in Python's spelling; classes are spelled alike. */
export const inPython = (name: string): string => (/^[A-Z]/.test(name) ? name : name.replace(/[A-Z]/g, '_$&').toLowerCase());

/** A name of Python's in this library's spelling. */
export const inCamel = (name: string): string => name.replace(/(?<=.)_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Many names with one hint. */
export const hintsOf = (lists: readonly (readonly [hint: string, names: string])[]): Record<string, string> =>
  Object.fromEntries(lists.flatMap(([hint, names]) => names.split(' ').map((name) => [name, hint])));

/** Hints for Python's spelling of names that are there, where it is another one. */
export const spelledHere = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.filter((name) => inPython(name) !== name).map((name) => [inPython(name), `it is called ${name} here`]));

const refusal = (where: string, name: string, hint: string): TypeError => typeError(`${where}.${name}`, 'there is no such property', hint);

/** Has reading or assigning a name of `hints`, in both spellings, throw: `where` has it in the message. Names that are there stay what they are. */
export function refuse(object: object, where: (self: object) => string, hints: Hints): void {
  for (const [name, hint] of Object.entries(hints)) {
    for (const spelled of new Set([name, inCamel(name)])) {
      if (spelled in object) continue;
      const throws = function (this: object): never {
        throw refusal(where(this), spelled, hint);
      };
      Object.defineProperty(object, spelled, { configurable: true, get: throws, set: throws });
    }
  }
}

/**
 * Has reading a name of `hints`, in both spellings, from a namespace throw. Its prototype does it, so that names that are there go first, and neither `in` nor a list
 * of the names finds others; the hints are put together when the first name is missed. The namespace of a real ECMAScript module can have no prototype: it stays as
 * it is.
 */
export function refuseIn(space: object, where: string, hints: () => Hints): void {
  let known: Map<string, string> | null = null;
  const before = Object.create(Object.getPrototypeOf(space) as object | null) as object;
  const get = (target: object, name: string | symbol, self: unknown): unknown => {
    if (typeof name === 'symbol' || name in target) return Reflect.get(target, name, self);
    known ??= new Map(Object.entries(hints()).flatMap(([hinted, hint]) => [[inCamel(hinted), hint], [hinted, hint]])); // biome-ignore format: pairs
    const hint = known.get(name);
    if (hint !== undefined) throw refusal(where, name, hint);
    return undefined;
  };
  Reflect.setPrototypeOf(space, new Proxy(before, { get }));
}
