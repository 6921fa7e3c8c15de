// Datasets: items by number, which a loader reads.
import * as calls from '../calls.generated';
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { checkIndices } from './samplers';

/**
 * Items by number: extend it and implement `get(i)` and `length`. As `torch.utils.data.Dataset`.
 *
 * An item is a tensor, a number, a typed array, or a tuple or a record of these; other items need a loader with its own `collateFn`. `get` may return a promise;
 * then iterate the loader by `for await (const batch of loader)`.
 *
 * @example
 * class Squares extends data.Dataset<[number, number]> {
 *   get length() { return 100; }
 *   get(i: number): [number, number] { return [i, i * i]; }
 * }
 * const [[x, y]] = new data.DataLoader(new Squares(), { batchSize: 4 });
 * y.toArray(); // [0, 1, 4, 9]
 */
export abstract class Dataset<Item = unknown> {
  /** The number of items. */
  abstract get length(): number;
  /** Item `i`, an integer from 0 to `length - 1`. */
  abstract get(i: number): Item;
}

/** The rows of `t` that `index` lists, as a new tensor. The caller has checked the index. */
export function gatherRows(t: Tensor, index: Int32Array): Tensor {
  const shape = t.shape.slice();
  const rows = shape[0]!;
  shape[0] = index.length;
  const out = empty(shape, t.dtype);
  calls.gatherRows({ out: out.values, x: t.values, index, outer: 1, rows, columns: rows === 0 ? 0 : t.numel / rows, count: index.length });
  return out;
}

/**
 * A dataset of tensors' rows: item i is the tuple of their rows i. As `torch.utils.data.TensorDataset`.
 *
 * The tensors have any shapes `[n, *]` with the same n. The dataset shares their memory; its rows and batches are copies
 * without history. A RangeError if the first sizes differ.
 *
 * @example
 * const dataset = new data.TensorDataset(tensor([[1, 2], [3, 4]]), tensor(Int32Array.of(0, 1)));
 * dataset.length; // 2
 * const [x, y] = dataset.get(1);
 * x.toArray(); // [3, 4]
 */
export class TensorDataset<T extends Tensor[] = Tensor[]> extends Dataset<T> {
  /** The tensors given. */
  readonly tensors: T;

  constructor(...tensors: T) {
    super();
    if (tensors.length === 0) throw typeError('TensorDataset', 'expected at least one tensor');
    tensors.forEach((t, i) => {
      checkTensor('TensorDataset', `tensor ${i}`, t);
      if (t.shape.length === 0) throw rangeError('TensorDataset', `tensor ${i} is a scalar: it has no rows`);
      if (t.shape[0] !== tensors[0]!.shape[0]) {
        throw rangeError(
          'TensorDataset',
          `the first sizes differ: tensor 0 is ${shapeText(tensors[0]!.shape)}, tensor ${i} is ${shapeText(t.shape)}`,
        );
      }
    });
    this.tensors = tensors;
  }

  get length(): number {
    return this.tensors[0]!.shape[0]!;
  }

  get(i: number): T {
    checkInteger('TensorDataset.get', 'i', i, 0, this.length - 1);
    const index = Int32Array.of(i);
    return this.tensors.map((t) => {
      const row = gatherRows(t, index);
      row.shape.shift();
      return row;
    }) as T;
  }

  /** @internal The batch of the items that `index` lists, which the caller has checked. */
  gather(index: Int32Array): T {
    const batch = new Array<Tensor>(this.tensors.length);
    for (let t = 0; t < batch.length; t++) batch[t] = gatherRows(this.tensors[t]!, index);
    return batch as T;
  }
}

/**
 * Some items of a dataset: item i is item `indices[i]` of `dataset`. As `torch.utils.data.Subset`.
 *
 * A RangeError for an index that is not an item's number.
 *
 * @example
 * const subset = new data.Subset(new data.TensorDataset(arange(10)), [7, 8]);
 * subset.get(0)[0].item(); // 7
 */
export class Subset<Item = unknown> extends Dataset<Item> {
  /** The dataset that the items come from. */
  readonly dataset: Dataset<Item>;
  /** The number of each item in `dataset`. */
  readonly indices: Int32Array;

  constructor(dataset: Dataset<Item>, indices: ArrayLike<number> | Tensor) {
    super();
    this.dataset = checkDataset('Subset', dataset);
    this.indices = checkIndices('Subset', indices, dataset.length - 1);
  }

  get length(): number {
    return this.indices.length;
  }

  get(i: number): Item {
    checkInteger('Subset.get', 'i', i, 0, this.length - 1);
    return this.dataset.get(this.indices[i]!);
  }
}

/** Throws unless `dataset` has a `get`, and a `length` within int32. */
export function checkDataset<Item>(where: string, dataset: Dataset<Item>): Dataset<Item> {
  if (typeof dataset !== 'object' || dataset === null || typeof dataset.get !== 'function' || typeof dataset.length !== 'number') {
    throw typeError(
      where,
      `expected a dataset, with get(i) and length, got ${describe(dataset)}`,
      'new TensorDataset(x, y) makes one of tensors',
    );
  }
  checkInteger(where, "the dataset's length", dataset.length, 0, 2 ** 31 - 1);
  return dataset;
}
