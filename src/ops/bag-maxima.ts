// The largest rows of bags whose sizes are values, as in a recorded step: nothing is read, so that a replay follows the offsets it is given.
import type { Tensor } from '../tensor';
import './arithmetic';
import { scalar } from './broadcast';
import './compare';
import { choose } from './choose';
import { arange, zeros } from './create';
import { cat } from './join';
import './narrow';
import './pairs';
import { placesAlong, scanned } from './running-extremes';
import { bucketize } from './search';
import './select';
import './truth';
import { view } from './views';

const number = (value: number): Tensor => view(scalar(value, 'int32'), [1]);

/**
 * The largest element of each column in each of the first `count` bags of `rows`, `[n, columns]`, and 0 for a bag without rows. Bag b goes from position
 * `offsets[b]` to the next offset or the end. `skipped` (int32, `[n]`) is not 0 where a position does not count. Of equal elements the first gets the gradient.
 */
export function maximaOfBags(where: string, rows: Tensor, offsets: Tensor, count: number, skipped: Tensor | null): Tensor {
  const [n, columns] = rows.shape as [number, number];
  if (n === 0 || count === 0) return zeros([count, columns]);
  const bag = bucketize(arange(n, { dtype: 'int32' }), offsets, { right: true }).reshape([n, 1]);
  const isOut = skipped === null ? zeros([n, 1], { dtype: 'int32' }) : skipped.reshape([n, 1]);
  const start = [rows.detach(), placesAlong(where, rows.shape, 0), bag, isOut];
  const [, best, , allOut] = scanned(start, 0, ([before, at, bagBefore, outBefore], [after, here, bagAfter, outAfter]) => {
    const larger = outAfter!.logicalOr(before!.ge(after!)).logicalOr(before!.isnan());
    const stays = bagBefore!.eq(bagAfter!).logicalAnd(outBefore!.logicalNot()).logicalAnd(larger);
    const out = outAfter!.logicalAnd(bagBefore!.ne(bagAfter!).logicalOr(outBefore!));
    return [choose(where, stays, before!, after!), choose(where, stays, at!, here!), bagAfter!, out];
  });
  const begins = offsets.narrow(0, 0, count);
  const ends = count < offsets.numel ? offsets.narrow(0, 1, count) : cat([offsets.narrow(0, 1, count - 1), number(n)]);
  const last = ends.sub(1).maximum(number(0));
  const isEmpty = ends.le(begins).reshape([count, 1]).logicalOr(allOut!.indexSelect(0, last));
  const places = choose(where, isEmpty, number(n), best!.indexSelect(0, last)); // behind the rows there is one of zeros
  return cat([rows, zeros([1, columns])]).gather(0, places);
}
