// State dicts: comparing them with a module, and loading them.
import * as calls from '../calls.generated';
import { describe, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { sameShape, shapeText } from '../shape';
import { changed, refuseLost, Tensor } from '../tensor';
import { isUninitialized } from './parameter';

/** The tensors of a module by their paths, which are PyTorch's keys. The result of a module's `getExtraState`, of any type, has the key `_extra_state`. */
export type StateDict = Record<string, Tensor>;

/** The method by which a lazy module makes the parameters of a state dict: it checks them, and the function that it returns makes them. */
export const initializeFrom: unique symbol = Symbol('initializeFrom');

/** The keys that `loadStateDict` did not find in the dict, and those that the module does not have. */
export interface LoadResult {
  /** Keys of the module that are missing in the dict. */
  missingKeys: string[];
  /** Keys of the dict that the module does not have. */
  unexpectedKeys: string[];
}

/** A module's extra state, as an entry of its state dict. */
export class ExtraState {
  constructor(
    /** The state to save; null for a module without `getExtraState`. */
    readonly get: (() => unknown) | null,
    /** Loads a saved state; null for a module without `setExtraState`. */
    readonly set: ((state: unknown) => void) | null,
  ) {}
}

type Entries = readonly (readonly [path: string, entry: Tensor | ExtraState])[];

const tensorsOf = (own: Entries): (readonly [string, Tensor])[] =>
  own.filter((entry): entry is readonly [string, Tensor] => entry[1] instanceof Tensor);

function fits(own: Tensor, shape: number[]): boolean {
  if (!isUninitialized(own)) return sameShape(shape, own.shape);
  const { sizes } = own;
  return shape.length === sizes.length && shape.every((size, d) => typeof sizes[d] === 'string' || size === sizes[d]);
}

const expectedOf = (own: Tensor): string => shapeText(isUninitialized(own) ? own.sizes : own.shape);

function differences(own: Entries, dict: Readonly<StateDict>): string[] {
  const lines: string[] = [];
  for (const [path, tensor] of tensorsOf(own)) {
    if (!Object.hasOwn(dict, path)) continue;
    const given: unknown = dict[path];
    if (isUninitialized(given) && isUninitialized(tensor)) continue;
    if (!(given instanceof Tensor)) lines.push(`${path}: expected a tensor, got ${describe(given)}`);
    else if (!fits(tensor, given.shape)) lines.push(`${path}: expected shape ${expectedOf(tensor)}, got ${shapeText(given.shape)}`);
    else if (given.dtype !== tensor.dtype) lines.push(`${path}: expected ${tensor.dtype}, got ${given.dtype}`);
    else if (given.values.length < given.numel) lines.push(`${path}: the array is detached: its buffer was transferred elsewhere`);
  }
  return lines;
}

/** Why `dict` cannot be loaded, a line for each reason, and the keys that only one side has. */
export function mismatches(
  where: string,
  own: Entries,
  dict: Readonly<StateDict>,
  strict: boolean,
): { lines: string[]; result: LoadResult } {
  if (dict === null || typeof dict !== 'object' || Array.isArray(dict)) {
    throw typeError(where, `expected a state dict, an object of tensors by name, got ${describe(dict)}`);
  }
  const known = new Set(own.flatMap(([path, entry]) => (entry instanceof Tensor || entry.set !== null ? [path] : [])));
  const result: LoadResult = {
    missingKeys: [...known].filter((path) => !Object.hasOwn(dict, path)),
    unexpectedKeys: Object.keys(dict).filter((path) => !known.has(path)),
  };
  const lines = differences(own, dict);
  const list = (keys: string[]): string => keys.map((key) => `"${key}"`).join(', ');
  if (strict && result.unexpectedKeys.length > 0) lines.unshift(`unexpected keys: ${list(result.unexpectedKeys)}`);
  if (strict && result.missingKeys.length > 0) lines.unshift(`missing keys: ${list(result.missingKeys)}`);
  return { lines, result };
}

/** Copies the entries of `dict`: first all tensors, then the modules' extra states. */
export function copyState(own: Entries, dict: Readonly<StateDict>): void {
  const tensors = tensorsOf(own);
  for (const [, tensor] of tensors) {
    refuseHeld('Module.loadStateDict', tensor);
    refuseLost('Module.loadStateDict', tensor);
  }
  for (const [path, tensor] of tensors) {
    if (!Object.hasOwn(dict, path) || isUninitialized(tensor)) continue;
    dict[path]!.version.holder?.sync();
    const { values } = dict[path]!;
    if (values !== tensor.values) calls.copyStrided({ out: tensor.values, x: values, layout: Int32Array.of(1, tensor.numel, 1, 0, 1, 0) });
    changed(tensor);
  }
  for (const [path, entry] of own) if (entry instanceof ExtraState && Object.hasOwn(dict, path)) entry.set?.(dict[path]);
}
