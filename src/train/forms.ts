// What a model returns: a tensor, or several in lists and plain objects.
import { isPlainObject } from '../brands';
import { describe, typeError } from '../errors';
import { Tensor } from '../tensor';
import { leaveAlone } from './promises';

/** What a model returned, taken apart. */
export interface Form {
  /** The tensors, in their order. */
  readonly leaves: readonly Tensor[];
  /** Where each of them stands, for messages: `output.kind`. */
  readonly names: readonly string[];
  /** How they stand together: `tensor`, `[tensor, tensor]`, `{ kind: tensor }`. */
  readonly text: string;
  /** Other tensors in their places. */
  with(leaves: readonly Tensor[]): unknown;
}

type Build = (next: () => Tensor) => unknown;

const isName = (key: string): boolean => /^[A-Za-z_$][\w$]*$/.test(key);

/** Takes apart what a model returned, or what is given in its place; `name` is what messages call it, `who` whose it is. */
export function formOf(where: string, name: string, who: string, value: unknown): Form {
  const leaves: Tensor[] = [];
  const names: string[] = [];
  const walk = (part: unknown, at: string): { text: string; build: Build } => {
    leaveAlone(part);
    if (part instanceof Tensor) {
      leaves.push(part);
      names.push(at);
      return { text: 'tensor', build: (next) => next() };
    }
    if (part === null || part === undefined) return { text: String(part), build: () => part };
    if (Array.isArray(part)) {
      const parts = part.map((one, i) => walk(one, `${at}[${i}]`));
      return { text: `[${parts.map(({ text }) => text).join(', ')}]`, build: (next) => parts.map(({ build }) => build(next)) };
    }
    if (isPlainObject(part)) {
      const parts = Object.entries(part).map(([key, one]) => {
        const shown = isName(key) ? key : JSON.stringify(key);
        return { key, shown, ...walk(one, isName(key) ? `${at}.${key}` : `${at}[${shown}]`) };
      });
      return {
        text: `{ ${parts.map(({ shown, text }) => `${shown}: ${text}`).join(', ')} }`,
        build: (next) => Object.fromEntries(parts.map(({ key, build }) => [key, build(next)])),
      };
    }
    throw typeError(
      where,
      `expected ${who} a tensor, or several in lists and plain objects, got ${describe(part)}${at === name ? '' : ` as ${at}`}`,
    );
  };
  const { text, build } = walk(value, name);
  if (leaves.length === 0)
    throw typeError(where, `expected ${who} a tensor, or several in lists and plain objects, got ${describe(value)}`);
  return {
    leaves,
    names,
    text,
    with: (others) => {
      let at = 0;
      return build(() => others[at++]!);
    },
  };
}
