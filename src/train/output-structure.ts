// The structure of a model's output: a tensor, or several tensors in nested lists and plain objects (a tree whose leaves are tensors).
import { isPlainObject } from '../brands';
import { describe, typeError } from '../errors';
import { Tensor } from '../tensor';
import { ignoreRejection } from './promises';

/** A model's output, as a flat list of tensors and their structure. */
export interface OutputStructure {
  /** The tensors, in order. */
  readonly leaves: readonly Tensor[];
  /** The path of each tensor, for messages: `output.kind`. */
  readonly paths: readonly string[];
  /** The structure as text: `tensor`, `[tensor, tensor]`, `{ kind: tensor }`. */
  readonly text: string;
  /** Builds the same structure from other tensors. */
  unflatten(leaves: readonly Tensor[]): unknown;
}

type Build = (next: () => Tensor) => unknown;

const isIdentifier = (key: string): boolean => /^[A-Za-z_$][\w$]*$/.test(key);

/** Flattens a model's output, or a value of the same structure. In messages `name` is the value's name, and `who` says who returned it. */
export function flattenOutput(where: string, name: string, who: string, value: unknown): OutputStructure {
  const leaves: Tensor[] = [];
  const paths: string[] = [];
  const walk = (part: unknown, at: string): { text: string; build: Build } => {
    ignoreRejection(part);
    if (part instanceof Tensor) {
      leaves.push(part);
      paths.push(at);
      return { text: 'tensor', build: (next) => next() };
    }
    if (part === null || part === undefined) return { text: String(part), build: () => part };
    if (Array.isArray(part)) {
      const parts = part.map((one, i) => walk(one, `${at}[${i}]`));
      return { text: `[${parts.map(({ text }) => text).join(', ')}]`, build: (next) => parts.map(({ build }) => build(next)) };
    }
    if (isPlainObject(part)) {
      const parts = Object.entries(part).map(([key, one]) => {
        const shown = isIdentifier(key) ? key : JSON.stringify(key);
        return { key, shown, ...walk(one, isIdentifier(key) ? `${at}.${key}` : `${at}[${shown}]`) };
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
  if (value instanceof Tensor) return { leaves, paths, text, unflatten: (others) => others[0]! };
  return {
    leaves,
    paths,
    text,
    unflatten: (others) => {
      let at = 0;
      return build(() => others[at++]!);
    },
  };
}
