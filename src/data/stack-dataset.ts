// Datasets combined item by item.
import { isPlainObject } from '../brands';
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { Tensor } from '../tensor';
import { isPromise } from './ahead';
import { checkDataset, Dataset, TensorDataset } from './dataset';

/** What can be stacked: a dataset, or a tensor whose rows are its items. */
export type Stackable = Dataset<unknown> | Tensor;

/** What a dataset of a stack contributes to an item: a tensor's row, or a dataset's item. */
export type Stacked<Source> = Source extends Tensor ? Tensor : Source extends Dataset<infer Item> ? Item : never;

/** The datasets of a stack, by name. */
export interface NamedParts {
  readonly [name: string]: Stackable;
}

/** The datasets of a stack: the arguments as a tuple, or the record that was the only argument. */
export type StackParts<Given extends readonly unknown[]> = Given extends readonly [infer Only]
  ? Only extends Stackable
    ? Given
    : Only
  : Given;

type Each<Parts> = { -readonly [K in keyof Parts]: Stacked<Parts[K]> };

/** An item of a stack. */
export type StackItem<Given extends readonly unknown[]> = Each<StackParts<Given>>;

/**
 * Datasets combined item by item: item i is the tuple of their items i, or a record if they are given by name. As `torch.utils.data.StackDataset`.
 *
 * A tensor `[n, *]` counts as a dataset whose items are copies of its rows. A batch has the structure of an item. A RangeError if the lengths differ.
 *
 * @example
 * const pairs = new data.StackDataset({ image: rand([5, 4]), label: tensor(Int32Array.of(0, 1, 2, 3, 4)) });
 * pairs.get(3).label.item(); // 3
 * const [batch] = new data.DataLoader(pairs, { batchSize: 2 });
 * batch.image.shape; // [2, 4]
 */
export class StackDataset<Given extends readonly (Stackable | NamedParts)[]> extends Dataset<StackItem<Given>> {
  /** The datasets: the arguments as a tuple, or the record that was the only argument. */
  readonly datasets: StackParts<Given>;
  /** @internal The datasets by name or number; a tensor is wrapped as a dataset of its rows. */
  readonly parts: readonly (readonly [name: string, Dataset<unknown>])[];

  constructor(...datasets: Given) {
    super();
    const [first] = datasets;
    const isRecord = datasets.length === 1 && isPlain(first);
    this.datasets = (isRecord ? first : datasets) as StackParts<Given>;
    const entries = Object.entries(this.datasets as NamedParts);
    if (entries.length === 0) throw typeError('StackDataset', 'expected at least one dataset');
    this.parts = entries.map(([name, part]) => [
      name,
      part instanceof Tensor ? new TensorDataset(part) : checkDataset('StackDataset', part),
    ]);
    const [[name, { length }]] = this.parts as [readonly [string, Dataset<unknown>]];
    for (const [other, part] of this.parts) {
      if (part.length !== length) {
        throw rangeError('StackDataset', `the lengths differ: ${describe(name)} has ${length} items, ${describe(other)} ${part.length}`);
      }
    }
  }

  get length(): number {
    return this.parts[0]![1].length;
  }

  get(i: number): StackItem<Given> {
    checkInteger('StackDataset.get', 'i', i, 0, this.length - 1);
    return this.together((part, isTensor) => (isTensor ? (part.get(i) as Tensor[])[0] : part.get(i)));
  }

  /** @internal A tuple or a record of `make`'s results for each dataset. */
  together<Result>(make: (part: Dataset<unknown>, isTensor: boolean) => unknown): Result {
    const given = this.datasets as NamedParts;
    const made = this.parts.map(([name, part]) => make(part, given[name] instanceof Tensor));
    const whole = (parts: unknown[]): unknown =>
      Array.isArray(this.datasets) ? parts : Object.fromEntries(this.parts.map(([name], i) => [name, parts[i]]));
    return (made.some(isPromise) ? Promise.all(made).then(whole) : whole(made)) as Result;
  }
}

const isPlain = (value: unknown): boolean => isPlainObject(value) && !(value instanceof Dataset) && typeof value.get !== 'function';
