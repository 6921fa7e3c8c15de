// Collates items into batches.
import { isPlainObject, viewName } from '../brands';
import { describe, rangeError, typeError } from '../errors';
import type { DType } from '../memory';
import { stack } from '../ops';
import { sameShape, shapeText } from '../shape';
import { Tensor } from '../tensor';

/** The type of a batch of items: a tensor for each tensor, number or typed array of an item. */
export type Collated<Item> = Item extends Tensor | number | boolean | ArrayBufferView
  ? Tensor
  : Item extends readonly unknown[]
    ? { -readonly [K in keyof Item]: Collated<Item[K]> }
    : Item extends object
      ? { -readonly [K in keyof Item]: Collated<Item[K]> }
      : Tensor;

/** The element types that numbers had in earlier batches, by their place in an item. */
export type NumberTypes = Map<string, DType>;

const isInt32 = (value: unknown): boolean => value === ((value as number) | 0);

const hint = (place: string): string =>
  `whole numbers become int32, others float32: let get(i) return a tensor for ${place}, tensor(value), or give a collateFn`;

// Only their values tell whether numbers are labels, so numbers that do not agree with earlier batches are refused.
function numbersOf(parts: readonly number[], place: string, types: NumberTypes | undefined): Tensor {
  const fraction = parts.find((part) => !isInt32(part));
  const before = types?.get(place);
  if (fraction !== undefined && before === 'int32') {
    throw rangeError('DataLoader', `${place} was a whole number in the batches before and is ${fraction} now`, hint(place));
  }
  const dtype = fraction === undefined ? (before ?? 'int32') : 'float32';
  types?.set(place, dtype);
  return new Tensor(dtype === 'int32' ? new Int32Array(parts) : new Float32Array(parts), [parts.length]);
}

function rowsOfArrays(parts: readonly unknown[], place: string): Tensor {
  const first = parts[0] as Float32Array;
  const kind = viewName(first);
  parts.forEach((part) => {
    const { length } = part as Float32Array;
    if (viewName(part) !== kind || length !== first.length) {
      const other = ArrayBuffer.isView(part) ? `${describe(part)} of ${length}` : describe(part);
      throw rangeError('DataLoader', `${place} is ${describe(first)} of ${first.length} in one item, ${other} in another`);
    }
  });
  const isFloat = kind === 'Float32Array' || kind === 'Float64Array';
  const out = new (isFloat ? Float32Array : Int32Array)(parts.length * first.length);
  parts.forEach((part, i) => {
    out.set(part as Float32Array, i * first.length);
  });
  return new Tensor(out, [parts.length, first.length]);
}

const stackable = ['Float32', 'Float64', 'Int8', 'Uint8', 'Uint8Clamped', 'Int16', 'Uint16', 'Int32'].map((type) => `${type}Array`);

function stackedTensors(parts: readonly unknown[], first: Tensor, place: string): Tensor {
  for (const part of parts) {
    if (!(part instanceof Tensor)) throw typeError('DataLoader', `${place} is a tensor in one item, ${describe(part)} in another`);
    if (part.dtype !== first.dtype || !sameShape(part.shape, first.shape)) {
      throw rangeError(
        'DataLoader',
        `${place} is ${first.dtype} ${shapeText(first.shape)} in one item, ${part.dtype} ${shapeText(part.shape)} in another`,
        'the option collateFn makes batches of items whose shapes differ',
      );
    }
  }
  return stack(parts as Tensor[]);
}

function stacked(parts: readonly unknown[], place: string, types: NumberTypes | undefined): Tensor {
  const first = parts[0];
  if (first instanceof Tensor) return stackedTensors(parts, first, place);
  if (typeof first === 'number' || typeof first === 'boolean') {
    const odd = parts.findIndex((part) => typeof part !== typeof first);
    if (odd >= 0) {
      const kind = typeof first === 'number' ? 'a number' : 'a boolean';
      throw typeError('DataLoader', `${place} is ${kind} in one item, ${describe(parts[odd])} in another`);
    }
    if (typeof first === 'boolean') return new Tensor(Int32Array.from(parts as boolean[], Number), [parts.length]);
    return numbersOf(parts as number[], place, types);
  }
  if (stackable.includes(viewName(first) ?? '')) return rowsOfArrays(parts, place);
  throw typeError(
    'DataLoader',
    `${place} is ${describe(first)}: expected a tensor or a number`,
    'the option collateFn makes batches of other items',
  );
}

function together(items: readonly unknown[], place: string, whole: string, types: NumberTypes | undefined): unknown {
  const first = items[0];
  const inner = (name: string): string => `${name} of ${place}`;
  if (Array.isArray(first)) {
    for (const item of items) {
      if (!Array.isArray(item) || item.length !== first.length) {
        throw rangeError(
          'DataLoader',
          `${whole} is a tuple of ${first.length}, another ${Array.isArray(item) ? `one of ${item.length}` : describe(item)}`,
        );
      }
    }
    return first.map((_, part) =>
      together(
        items.map((item) => (item as unknown[])[part]),
        inner(`part ${part}`),
        inner(`part ${part}`),
        types,
      ),
    );
  }
  if (!isPlainObject(first)) return stacked(items, place, types);
  const names = Object.keys(first);
  for (const item of items) {
    if (!isPlainObject(item) || Object.keys(item).length !== names.length || !names.every((name) => Object.hasOwn(item, name))) {
      const other = isPlainObject(item) ? `{ ${Object.keys(item).join(', ')} }` : describe(item);
      throw rangeError('DataLoader', `${whole} is { ${names.join(', ')} }, another ${other}`);
    }
  }
  return Object.fromEntries(
    names.map((name) => [
      name,
      together(
        items.map((item) => (item as Record<string, unknown>)[name]),
        inner(`"${name}"`),
        inner(`"${name}"`),
        types,
      ),
    ]),
  );
}

/** Collates items, checking numbers against the types that they had in earlier batches. */
export const collate = <Item>(items: readonly Item[], types?: NumberTypes): Collated<Item> =>
  together(items, 'an item', 'one item', types) as Collated<Item>;

/**
 * Collates a list of items into a batch, as a loader without `collateFn` does: tensors, numbers and typed arrays are stacked along a new first dimension,
 * tuples and records part by part. As `torch.utils.data.default_collate`.
 *
 * Numbers become int32 if all of them are integers, so that they can be class labels, else float32 (PyTorch goes by their type). Booleans become int32 0 and 1.
 * A loader refuses fractions where earlier batches had only integers. Float64Array becomes float32, arrays of smaller integers int32.
 *
 * @example
 * const [x, y] = data.defaultCollate([[tensor([1, 2]), 0], [tensor([3, 4]), 1]]);
 * x.shape; // [2, 2]
 * y.dtype; // "int32"
 */
export function defaultCollate<Item>(items: readonly Item[]): Collated<Item> {
  if (!Array.isArray(items) || items.length === 0) {
    throw typeError('defaultCollate', `expected a list of items, got ${Array.isArray(items) ? 'an empty one' : describe(items)}`);
  }
  return collate(items as readonly Item[]);
}
