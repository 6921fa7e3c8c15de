// The loss of class scores in which the scores of several labels should be larger than all others by 1.
import * as calls from '../calls.generated';
import { rangeError, withDefaults } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { reduced } from './composed-losses';
import { arange, zeros } from './create';
import { explainIndex } from './indices';
import { cat } from './join';
import { scoresAt } from './label-scores';
import { checkReduction, type Reduction } from './loss';
import { view } from './views';
import './arithmetic';
import './between';
import './compare';
import './extremum';
import './narrow';
import './reduce';
import './unary';

// The error for a kernel's refusal of a place, which is a label plus 1.
function explainLabel(error: unknown, where: string, target: Tensor, classes: number): unknown {
  const explained = explainIndex(error, where, 'target', target);
  if (explained === error) return error;
  const { message } = explained as Error;
  const position = Number(/\[(\d+)\]( = -?\d+ is out of range .*)$/.exec((error as Error).message)![1]);
  const place = message.slice(message.indexOf('target'), message.indexOf(' = '));
  return rangeError(where, `${place} = ${target.ints[position]} is out of range [-1, ${classes})`);
}

/**
 * The hinge loss of rows with several labels: the sum of `max(0, 1 - x[y] + x[j])` over each label y of the row and each class j that is not among its labels,
 * divided by the number of classes. The rows' losses are reduced to the mean (default), the sum, or "none": `torch.nn.functional.multilabel_margin_loss`.
 *
 * Shapes: x float32 `[n, classes]` or `[classes]`; target int32 in the shape of x. Each row of the target has its labels, followed by -1 if there are fewer
 * than classes; entries behind a -1 are ignored, but must be labels or -1. It needs memory for `n * classes * classes` numbers. A RangeError for any other
 * entry.
 *
 * @example
 * const target = tensor([[2, 0, -1]], { dtype: "int32" });
 * nn.functional.multilabelMarginLoss(tensor([[0.5, 0, 1]]), target).item(); // 0.1666666716337204
 */
export function multilabelMarginLoss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }): Tensor;
/** @internal */
export function multilabelMarginLoss(x: Tensor, target: Tensor, options: { reduction?: Reduction } | undefined, where: string): Tensor;
export function multilabelMarginLoss(
  x: Tensor,
  target: Tensor,
  options?: { reduction?: Reduction },
  where = 'multilabelMarginLoss',
): Tensor {
  const { reduction } = withDefaults<{ reduction: Reduction }>(where, options, { reduction: 'mean' });
  checkReduction(where, reduction);
  checkTensor(where, 'x', x, 'float32');
  const rank = x.shape.length;
  if (rank < 1 || rank > 2 || x.shape[rank - 1] === 0) {
    throw rangeError(where, `expected x [n, classes] or [classes], with one class at least, got ${shapeText(x.shape)}`);
  }
  checkTensor(where, 'target', target, 'int32');
  if (!sameShape(target.shape, x.shape)) {
    throw rangeError(where, `expected target ${shapeText(x.shape)}, the shape of x, got ${shapeText(target.shape)}`);
  }
  const classes = x.shape[rank - 1]!;
  const rows = x.numel / classes;
  const scores = rank === 2 ? x : view(x, [1, classes]);
  const labels = view(target, [rows, classes]);

  // Place 0, a column of zeros in front, stands for -1.
  const places = labels.add(1);
  const own = scoresAt(cat([zeros([rows, 1]), scores], 1), places, classes, (error) => explainLabel(error, where, target, classes));

  // Whether an entry is -1 or behind one, and whether a class is one of the labels.
  const { values: ends, indices } = labels.lt(0).max(1, { keepdim: true });
  const count = indices.add(ends.rsub(1).mul(classes));
  const behind = arange(classes, { dtype: 'int32' }).ge(count);
  const times = empty([rows, classes + 1]);
  calls.fill({ out: times.floats, n: times.numel, value: 0 });
  const counted = behind.eq(0).to('float32');
  calls.scatterAdd({
    dx: times.floats,
    dy: counted.floats,
    index: places.ints,
    outer: rows,
    n: classes + 1,
    inner: 1,
    count: classes,
  });
  const isLabel = times.narrow(1, 1, classes).ne(0);

  const over = view(own.rsub(1), [rows, classes, 1])
    .add(view(scores, [rows, 1, classes]))
    .relu();
  const without = view(behind, [rows, classes, 1]).add(view(isLabel, [rows, 1, classes]));
  const terms = choose(where, without, scalar(0), over).sum([1, 2]).div(classes);
  return reduced(view(terms, x.shape.slice(0, -1)), reduction);
}
