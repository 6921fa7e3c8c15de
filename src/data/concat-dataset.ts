// The concatenation of datasets.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { checkDataset, Dataset } from './dataset';

/**
 * The items of several datasets, one after the other: `torch.utils.data.ConcatDataset`.
 *
 * The lengths of the datasets are fixed at construction. If all are `TensorDataset`s or subsets of them, with tensors that agree in type and row shape, a
 * kernel gathers each batch, in `train.fit` on its own thread (which copies the tensors once).
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
  /** The number of items up to the end of each dataset. */
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

  /** @internal The dataset of item i, and the item's number in it. */
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
