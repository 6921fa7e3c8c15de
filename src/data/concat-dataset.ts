// Datasets one after the other.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { checkDataset, Dataset } from './dataset';

/**
 * The items of several datasets, one after the other: `torch.utils.data.ConcatDataset`.
 *
 * The datasets keep the lengths that they have when they are put together. A batch of tensors' rows is gathered by a kernel, in `train.fit` on its thread (which copies the tensors once),
 * where all are `TensorDataset`s, or subsets of such, of tensors alike.
 *
 * @example
 * const all = new data.ConcatDataset([new data.TensorDataset(arange(3)), new data.TensorDataset(arange(10, 12))]);
 * all.length; // 5
 * all.get(3)[0].item(); // 10
 * all.cumulativeSizes; // [3, 5]
 */
export class ConcatDataset<Item = unknown> extends Dataset<Item> {
  /** The datasets given. */
  readonly datasets: readonly Dataset<Item>[];
  /** How many items there are up to the end of each. */
  readonly cumulativeSizes: readonly number[];

  constructor(datasets: Iterable<Dataset<Item>>) {
    super();
    if (typeof datasets !== 'object' || datasets === null || typeof datasets[Symbol.iterator] !== 'function') {
      throw typeError('ConcatDataset', `expected a list of datasets, got ${describe(datasets)}`);
    }
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw typeError('ConcatDataset', 'expected at least one dataset');
    let end = 0;
    this.cumulativeSizes = this.datasets.map((dataset) => {
      end += checkDataset('ConcatDataset', dataset).length;
      return end;
    });
    if (end >= 2 ** 31) throw rangeError('ConcatDataset', `${end} items are too many: items are numbered by int32`);
  }

  get length(): number {
    return this.cumulativeSizes.at(-1)!;
  }

  get(i: number): Item {
    checkInteger('ConcatDataset.get', 'i', i, 0, this.length - 1);
    const [number, item] = this.placeOf(i);
    return this.datasets[number]!.get(item);
  }

  /** @internal Which dataset item i is of, and its number there. */
  placeOf(i: number): [dataset: number, item: number] {
    const { cumulativeSizes } = this;
    let low = 0;
    let high = cumulativeSizes.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulativeSizes[middle]! > i) high = middle;
      else low = middle + 1;
    }
    return [low, i - (low === 0 ? 0 : cumulativeSizes[low - 1]!)];
  }
}
