// One-hot encoding of classes.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { recorder } from '../recorder';
import { checkTensor, constant, type Tensor } from '../tensor';
import { placesIn } from './places';
import { view } from './views';
import './compare';
import './extremum';

/**
 * For each class of `index` (int32) a row of `numClasses` zeros with a 1 at the class, int32: `torch.nn.functional.one_hot`. Without `numClasses`, or
 * with -1, it is the largest class plus 1; that reads values and does not work inside `compile`.
 *
 * A RangeError for a class outside `[0, numClasses)`.
 *
 * @example
 * nn.functional.oneHot(tensor([2, 0], { dtype: "int32" }), 3).toArray(); // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(index: Tensor, numClasses = -1): Tensor {
  const where = 'oneHot';
  checkTensor(where, 'index', index, 'int32');
  if (typeof numClasses !== 'number') throw typeError(where, `expected numClasses to be a number, got ${describe(numClasses)}`);
  let n = numClasses;
  if (n === -1) {
    recorder?.reading('oneHot without numClasses');
    if (index.numel === 0) throw rangeError(where, 'no class says how many there are', 'oneHot(index, numClasses)');
    n = index.max().item() + 1;
  }
  checkInteger(where, 'numClasses', n, 1, 2 ** 31 - 1);
  const classes = constant([n], 'int32');
  for (let i = 0; i < n; i++) classes.values[i] = i;
  const places = placesIn(where, 'index', index, n, 1, 'front');
  return view(places, [...index.shape, 1]).eq(classes);
}
