// Items to batches.
import { describe, rangeError, typeError } from '../errors';
import { stack } from '../ops';
import { sameShape, shapeText } from '../shape';
import { Tensor } from '../tensor';

/** What a batch of items is: a tensor for each tensor or number of an item. */
export type Collated<Item> = Item extends readonly unknown[] ? { -readonly [K in keyof Item]: Tensor } : Tensor;

function stacked(parts: unknown[], where: string): Tensor {
  const first = parts[0];
  if (typeof first === 'number') {
    const odd = parts.findIndex((part) => typeof part !== 'number');
    if (odd >= 0) throw typeError('DataLoader', `${where} is a number in one item, ${describe(parts[odd])} in another`);
    return new Tensor(Float32Array.from(parts as number[]), [parts.length]);
  }
  if (!(first instanceof Tensor)) {
    throw typeError(
      'DataLoader',
      `${where} is ${describe(first)}: expected a tensor or a number`,
      'the option collate makes batches of other items',
    );
  }
  for (const part of parts) {
    if (!(part instanceof Tensor)) throw typeError('DataLoader', `${where} is a tensor in one item, ${describe(part)} in another`);
    if (part.dtype !== first.dtype || !sameShape(part.shape, first.shape)) {
      throw rangeError(
        'DataLoader',
        `${where} is ${first.dtype} ${shapeText(first.shape)} in one item, ${part.dtype} ${shapeText(part.shape)} in another`,
        'the option collate makes batches of items whose shapes differ',
      );
    }
  }
  return stack(parts as Tensor[]);
}

/**
 * Stacks the tensors and numbers of items along a new first dimension. Numbers become float32, as in `tensor(...)`: class labels
 * are to be int32 tensors.
 */
export function collate<Item>(items: Item[]): Collated<Item> {
  const first = items[0];
  if (!Array.isArray(first)) return stacked(items, 'an item') as Collated<Item>;
  for (const item of items) {
    if (!Array.isArray(item) || item.length !== first.length) {
      throw rangeError(
        'DataLoader',
        `one item is a tuple of ${first.length}, another ${Array.isArray(item) ? `one of ${item.length}` : describe(item)}`,
      );
    }
  }
  return first.map((_, part) =>
    stacked(
      items.map((item) => (item as unknown[])[part]),
      `part ${part} of an item`,
    ),
  ) as Collated<Item>;
}
