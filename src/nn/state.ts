// State dicts: comparing them with a module, and copying them in.
import * as calls from '../calls.generated';
import { describe, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { sameShape, shapeText } from '../shape';
import { changed, refuseLost, Tensor } from '../tensor';
import { isUninitialized } from './parameter';

/** The tensors of a module by their paths, with PyTorch's keys. Under `_extra_state` stands what `getExtraState` of a module gave, whatever that is. */
export type StateDict = Record<string, Tensor>;

/** How a module whose parameters wait for their sizes is asked to make those that a state dict has: it checks them, and what it returns makes them. */
export const initializeFrom: unique symbol = Symbol('initializeFrom');

/** The keys that `loadStateDict` did not find in the dict, and those that it found no place for. */
export interface LoadResult {
  /** Keys of the module that the dict lacks. */
  missingKeys: string[];
  /** Keys of the dict that the module lacks. */
  unexpectedKeys: string[];
}

/** What a module keeps beside tensors, as an entry of its state dict. */
export class ExtraState {
  constructor(
    /** What stands in the dict; null for a module that does not say. */
    readonly get: (() => unknown) | null,
    /** Takes over what a dict has; null for a module that cannot. */
    readonly set: ((state: unknown) => void) | null,
  ) {}
}

type Entries = readonly (readonly [path: string, held: Tensor | ExtraState])[];

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

/** What keeps `dict` from being loaded, a line each, and the keys that are on one side only. */
export function mismatches(
  where: string,
  own: Entries,
  dict: Readonly<StateDict>,
  strict: boolean,
): { lines: string[]; result: LoadResult } {
  if (dict === null || typeof dict !== 'object' || Array.isArray(dict)) {
    throw typeError(where, `expected a state dict, an object of tensors by name, got ${describe(dict)}`);
  }
  const known = new Set(own.flatMap(([path, held]) => (held instanceof Tensor || held.set !== null ? [path] : [])));
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

/** Copies what `dict` has of the entries into them: all tensors, then what modules keep beside them. */
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
  for (const [path, held] of own) if (held instanceof ExtraState && Object.hasOwn(dict, path)) held.set?.(dict[path]);
}
