// Normalisation of columns over the rows of a batch.
import { give, hasGradient, noGrad, open, record, target } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { distinct } from './views';
import './in-place';
import './transpose';
import './views';

/** The options of `batchNorm`. */
export interface BatchNormOptions {
  /** A factor for each column, or null (default) for ones. */
  weight?: Tensor | null;
  /** Added to each column, or null (default) for zeros. */
  bias?: Tensor | null;
  /** Whether the mean and the variance are the batch's, which also update the running ones; if false (default) they are the running ones. */
  training?: boolean;
  /** The weight of the batch in the running mean and variance (0.1): a number, or a scalar tensor. */
  momentum?: number | Tensor;
  /** Added to the variance (1e-5). */
  eps?: number;
}

function checkColumns(where: string, name: string, t: Tensor | null, columns: number): void {
  if (t === null) return;
  checkTensor(where, name, t, 'float32');
  if (t.shape.length !== 1 || t.numel !== columns) throw rangeError(where, `expected ${name} [${columns}], got ${shapeText(t.shape)}`);
}

// running += (own - running) momentum, for a momentum that is a number or a tensor.
function follow(running: Tensor, own: Tensor, momentum: number | Tensor): void {
  if (typeof momentum === 'number') running.lerp_(own, momentum);
  else running.add_(own.sub(running).mul(momentum));
}

/**
 * `(x - mean) / sqrt(variance + eps) * weight + bias` for each column, with mean and variance over the rows: `torch.nn.functional.batch_norm`. Source: Ioffe
 * and Szegedy, arXiv 1502.03167.
 *
 * Shapes: x `[n, columns]` or `[n, columns, length]`, the others `[columns]`; the result has x's shape. With `training` the mean and the variance (the sum divided
 * by the number of rows) are x's. `runningMean` and `runningVar`, unless null, then move in place towards the batch's mean and its variance divided by the
 * number of rows less one; a RangeError for a single row. Without `training` the running ones are used.
 *
 * @example
 * nn.functional.batchNorm(tensor([[1], [5]]), null, null, { training: true, eps: 0 }).toArray(); // [[-1], [1]]
 */
export function batchNorm(x: Tensor, runningMean: Tensor | null, runningVar: Tensor | null, options?: BatchNormOptions): Tensor;
/** @internal */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options: BatchNormOptions | undefined,
  where: string,
): Tensor;
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options?: BatchNormOptions,
  where = 'batchNorm',
): Tensor {
  const o = withDefaults<Required<BatchNormOptions>>(where, options, {
    weight: null,
    bias: null,
    training: false,
    momentum: 0.1,
    eps: 1e-5,
  });
  checkTensor(where, 'x', x, 'float32');
  const rank = x.shape.length;
  if (rank !== 2 && rank !== 3) throw rangeError(where, `expected x [n, columns] or [n, columns, length], got ${shapeText(x.shape)}`);
  const columns = x.shape[1]!;
  checkColumns(where, 'weight', o.weight, columns);
  checkColumns(where, 'bias', o.bias, columns);
  checkColumns(where, 'runningMean', runningMean, columns);
  checkColumns(where, 'runningVar', runningVar, columns);
  const eps = checkNumber(where, 'eps', o.eps, 0);
  if (o.momentum instanceof Tensor) checkTensor(where, 'momentum', o.momentum, 'float32');
  else checkNumber(where, 'momentum', o.momentum, 0, 1);
  const ofBatch = checkBoolean(where, 'training', o.training);
  if (!ofBatch && (runningMean === null || runningVar === null)) {
    throw rangeError(where, 'expected runningMean and runningVar where training is false, got null');
  }
  if (rank === 3) {
    const [n, , length] = x.shape as [number, number, number];
    const rows = x.transpose(1, 2).reshape([n * length, columns]);
    return normalized(where, rows, runningMean, runningVar, { ...o, eps, training: ofBatch })
      .reshape([n, length, columns])
      .transpose(1, 2);
  }
  return normalized(where, x, runningMean, runningVar, { ...o, eps, training: ofBatch });
}

function normalized(
  where: string,
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  { weight: givenWeight, bias: givenBias, training, momentum, eps }: Required<BatchNormOptions>,
): Tensor {
  const [rows, columns] = x.shape as [number, number];
  let mean = runningMean!;
  let variance = runningVar!;
  if (training) {
    if (rows < 2)
      throw rangeError(
        where,
        `expected more than one row to find a variance in training, got ${shapeText(x.shape)}`,
        'eval() uses the running ones',
      );
    mean = empty([columns]);
    variance = empty([columns]);
    calls.batchNormStatistics({ mean: mean.floats, variance: variance.floats, x: x.floats, rows, columns });
    noGrad(() => {
      if (runningMean !== null) follow(runningMean, mean, momentum);
      if (runningVar !== null) follow(runningVar, variance.mul(rows / (rows - 1)), momentum);
    });
  }
  const weight = distinct(givenWeight, x);
  const bias = distinct(givenBias, x, givenWeight);
  const y = empty(x.shape.slice());
  calls.batchNormForward({
    y: y.floats,
    x: x.floats,
    mean: mean.floats,
    variance: variance.floats,
    weight: weight?.floats,
    bias: bias?.floats,
    rows,
    columns,
    eps,
  });
  const inputs = [x, weight, bias].filter((t): t is Tensor => t !== null);
  const read = [x, mean, variance, weight].filter((t): t is Tensor => t !== null);
  return record(y, 'batchNorm', inputs, read, (dy) => {
    const accumulateDweight = hasGradient(weight);
    const accumulateDbias = hasGradient(bias);
    const dx = x.needsGrad ? target(x) : null;
    calls.batchNormBackward({
      dx: dx?.floats,
      dweight: open(weight),
      dbias: open(bias),
      dy: dy.floats,
      x: x.floats,
      mean: mean.floats,
      variance: variance.floats,
      weight: weight?.floats,
      rows,
      columns,
      eps,
      fixed: !training,
      accumulateDweight,
      accumulateDbias,
    });
    if (dx !== null) give(x, dx);
  });
}
