// Errors for names that do not exist, which say what to use instead.
import { typeError } from './errors';

/** What to use instead, by name. */
export type Hints = Readonly<Record<string, string>>;

/** A name of this library in Python's spelling; classes are spelled alike. */
export const inPython = (name: string): string => (/^[A-Z]/.test(name) ? name : name.replace(/[A-Z]/g, '_$&').toLowerCase());

/** A name of Python's in this library's spelling. */
export const inCamel = (name: string): string => name.replace(/(?<=.)_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Several names with the same hint. */
export const hintsOf = (lists: readonly (readonly [hint: string, names: string])[]): Record<string, string> =>
  Object.fromEntries(lists.flatMap(([hint, names]) => names.split(' ').map((name) => [name, hint])));

/** Hints for Python's spelling of existing names, if it differs. */
export const spelledHere = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.filter((name) => inPython(name) !== name).map((name) => [inPython(name), `it is called ${name} here`]));

const refusal = (where: string, name: string, hint: string): TypeError => typeError(`${where}.${name}`, 'there is no such property', hint);

/** Makes reading or assigning a name of `hints` throw, in both spellings; `where` is the prefix of the message. Existing names do not change. */
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
 * Makes reading a name of `hints` from a namespace throw, in both spellings. The namespace's prototype does it, so that existing names take precedence, and
 * neither `in` nor a list of the names contains others. The hints are built when the first missing name is read. The namespace of an ECMAScript module cannot
 * have a prototype, so it does not change.
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
