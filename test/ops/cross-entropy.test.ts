import { afterEach, describe, expect, test, vi } from 'vitest';
import { noGrad } from '../../src/autograd';
import { type CrossEntropyOptions, crossEntropy, tensor, zeros } from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { epsilon, expectClose, expectError, expectSame, gradientCheck } from '../helpers';
import { build, get, type Model, map, numbers, shaped, softmax, toTensor, total } from '../model';

const int = (values: number[], shape = [values.length]): Tensor => tensor(Int32Array.from(values)).reshape(shape);

// The class scores of one row as a target distribution gives them: (1 - s) of the label or the probabilities, s over all classes.
function lossOf(x: Model, target: Model, { weight, reduction = 'mean', labelSmoothing = 0, ignored = [] }: Options = {}): Model {
  const log = map(softmax(x, 1), Math.log);
  const classes = x.shape[1]!;
  const w = (c: number): number => (weight ? weight.data[c]! : 1);
  const at = (i: number, c: number): number => (1 - labelSmoothing) * get(target, [i, c]) + labelSmoothing / classes;
  const row = (i: number): number =>
    ignored.includes(i) ? 0 : -total(Array.from({ length: classes }, (_, c) => w(c) * at(i, c) * get(log, [i, c])));
  const losses = build([x.shape[0]!], ([i]) => row(i!));
  if (reduction === 'none') return losses;
  return { shape: [], data: [total(losses.data) / (reduction === 'mean' ? meanOver(target, w, ignored) : 1)] };
}
interface Options extends Omit<CrossEntropyOptions, 'weight'> {
  weight?: Model;
  ignored?: number[];
}
// With labels the mean is over the weights of the rows' classes, with probabilities over the rows.
const isOneHot = (target: Model): boolean => target.data.every((p) => p === 0 || p === 1);
function meanOver(target: Model, w: (c: number) => number, ignored: number[]): number {
  if (!isOneHot(target)) return target.shape[0]!;
  return total(build(target.shape, ([i, c], k) => (ignored.includes(i!) ? 0 : target.data[k]! * w(c!))).data);
}
const oneHot = (labels: number[], classes: number): Model => build([labels.length, classes], ([i, c]) => Number(labels[i!] === c));

const x = numbers([6, 5], -3, 3);
const labels = [4, 0, 2, 2, 1, 3];
const weight = numbers([5], 0.5, 2, 3);
const probabilities = softmax(numbers([6, 5], -1, 1, 4), 1);

describe.each(['mean', 'sum', 'none'] as const)('reduction %s', (reduction) => {
  test.each([{}, { labelSmoothing: 0.2 }, { weight }, { weight, labelSmoothing: 0.2 }] as Options[])('labels, %j', (options) => {
    const given = { ...options, reduction, weight: options.weight ? toTensor(options.weight) : null };
    gradientCheck(
      (t) => crossEntropy(t, int(labels), given),
      (m) => lossOf(m, oneHot(labels, 5), { ...options, reduction }),
      [x],
    );
    // ignored: rows 1 and 4
    const some = int(labels.map((label, i) => (i === 1 || i === 4 ? -100 : label)));
    gradientCheck(
      (t) => crossEntropy(t, some, given),
      (m) => lossOf(m, oneHot(labels, 5), { ...options, reduction, ignored: [1, 4] }),
      [x],
    );
    const zero = int(labels.map((label, i) => (i === 1 || i === 4 ? 7 : label)));
    gradientCheck(
      (t) => crossEntropy(t, zero, { ...given, ignoreIndex: 7 }),
      (m) => lossOf(m, oneHot(labels, 5), { ...options, reduction, ignored: [1, 4] }),
      [x],
    );
  });

  test.each([{}, { labelSmoothing: 0.2 }, { weight }, { weight, labelSmoothing: 0.2 }] as Options[])('probabilities, %j', (options) => {
    const given = { ...options, reduction, weight: options.weight ? toTensor(options.weight) : null };
    gradientCheck(
      (t, p) => crossEntropy(t, p, given),
      (m, p) => lossOf(m, p, { ...options, reduction }),
      [x, probabilities],
    );
    gradientCheck(
      (p) => crossEntropy(toTensor(x), p, given).mul(-2),
      (p) => map(lossOf(x, p, { ...options, reduction }), (v) => -2 * v),
      [probabilities],
    );
  });

  test('one row without its dimension', () => {
    const row = numbers([5]);
    const only = reduction === 'none' ? 'sum' : reduction;
    gradientCheck(
      (t) => crossEntropy(t, tensor(3, { dtype: 'int32' }), { reduction }),
      (m) => lossOf(shaped(m, [1, 5]), oneHot([3], 5), { reduction: only }),
      [row],
    );
  });

  test('further dimensions', () => {
    // [n, classes, d1, d2] is [n * d1 * d2, classes] with the classes moved last
    const deep = numbers([2, 5, 3, 1], -3, 3);
    const rows = (m: Model): Model => build([6, 5], ([r, c]) => get(m, [Math.floor(r! / 3), c!, r! % 3, 0]));
    const finish = (m: Model): Model => (reduction === 'none' ? shaped(m, [2, 3, 1]) : m);
    gradientCheck(
      (t) => crossEntropy(t, int(labels, [2, 3, 1]), { reduction }),
      (m) => finish(lossOf(rows(m), oneHot(labels, 5), { reduction })),
      [deep],
    );
    const soft = build(deep.shape, ([n, c, d]) => get(probabilities, [n! * 3 + d!, c!]));
    gradientCheck(
      (t, p) => crossEntropy(t, p, { reduction }),
      (m, p) => finish(lossOf(rows(m), rows(p), { reduction })),
      [deep, soft],
    );
  });
});

describe('nothing to average', () => {
  test('no rows', () => {
    expect(crossEntropy(zeros([0, 5]), int([])).item()).toBe(Number.NaN);
    expect(crossEntropy(zeros([0, 5]), int([]), { reduction: 'sum' }).item()).toBe(0);
    expect(crossEntropy(zeros([0, 5]), int([]), { reduction: 'none' }).shape).toEqual([0]);
  });

  test('all rows ignored: NaN, and zero gradients', () => {
    const logits = toTensor(x, true);
    const loss = crossEntropy(logits, int(labels.map(() => -100)));
    expect(loss.item()).toBe(Number.NaN);
    loss.backward();
    expectSame(logits.grad!, new Array(30).fill(0));
  });

  // What torch.nn.functional.cross_entropy 2.13 gives: NaN but for rows that are ignored, and what divisions by 0 give where weights cancel.
  const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
  test.each([
    [[0, 0, 2], 0.1, [0, 1], nan, [nan, nan, nan, nan, nan, nan]],
    [[0, 0, 2], 0.1, [0, -100], nan, [nan, nan, nan, 0, 0, 0]],
    [[0, 0, 2], 0.1, [-100, -100], nan, [0, 0, 0, 0, 0, 0]],
    [[0, 0, 2], 1, [0, 1], nan, [nan, nan, nan, nan, nan, nan]],
    [[0, 0, 0], 0.1, [0, -100], nan, [nan, nan, nan, 0, 0, 0]],
    [[0, 0, 0], 0, [0, -100], nan, [nan, nan, nan, 0, 0, 0]],
    [[1, -1, 2], 0, [0, 1], inf, [nan, inf, inf, -inf, nan, -inf]],
    [[1, -1, 2], 0.1, [0, 1], inf, [nan, nan, nan, nan, nan, nan]],
    [[1, -1, 2], 1, [0, 1], nan, [nan, nan, nan, nan, nan, nan]],
  ])('weights %j that add up to 0, labelSmoothing %d, labels %j', (weight, labelSmoothing, target, loss, gradient) => {
    const logits = tensor(
      [
        [1, 2, 3],
        [0.5, -1, 0],
      ],
      { requiresGrad: true },
    );
    const result = crossEntropy(logits, int(target), { weight: tensor(weight), labelSmoothing });
    result.backward();
    expect(result.item()).toBe(loss);
    expect([...logits.grad!.values]).toEqual(gradient);
  });
});

describe('the gradient that the forward pass made', () => {
  test('is scaled by what arrives', () => {
    gradientCheck(
      (t) => crossEntropy(t, int(labels)).mul(3),
      (m) => map(lossOf(m, oneHot(labels, 5)), (v) => 3 * v),
      [x],
    );
  });

  test('survives a retained graph, for leaves and beyond', () => {
    for (const inner of [(t: Tensor) => t, (t: Tensor) => t.mul(1), (t: Tensor) => t.mul(1).add(t.mul(2))]) {
      const logits = toTensor(x, true);
      const loss = crossEntropy(inner(logits), int(labels));
      loss.backward(undefined, { retainGraph: true });
      const once = [...logits.grad!.data];
      loss.backward(undefined, { retainGraph: true });
      loss.backward();
      expectClose(
        logits.grad!,
        once.map((v) => 3 * v),
        4 * epsilon,
      );
    }
  });

  test('is not made without need', () => {
    expect(noGrad(() => crossEntropy(toTensor(x, true), int(labels))).requiresGrad).toBe(false);
    expect(crossEntropy(toTensor(x), int(labels)).requiresGrad).toBe(false);
  });
});

describe('softmax before it', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('works as in PyTorch, and warns once in a process', () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    for (let i = 0; i < 2; i++) {
      gradientCheck(
        (t) => crossEntropy(t.softmax(1), int(labels)),
        (m) => lossOf(softmax(m, 1), oneHot(labels, 5)),
        [x],
      );
    }
    expect(emitted).toHaveBeenCalledTimes(1);
    const [message, options] = emitted.mock.calls[0]! as unknown as [string, { code: string }];
    expect(options.code).toBe('SIMDNN_SOFTMAX_BEFORE_CROSS_ENTROPY');
    expect(message).toBe(
      '[crossEntropy] its input was made by softmax, and it applies softmax itself: gradients get small, training is slow and ends at a higher loss.' +
        ' Remove the Softmax layer while training, and call softmax on the output where probabilities are wanted.',
    );
  });
});

describe('errors', () => {
  const logits = zeros([3, 5]);

  test('labels', () => {
    expectError(() => crossEntropy(logits, int([0, 1, 5])), RangeError, '[crossEntropy] target[2] = 5 is out of range [0, 5)');
    expectError(() => crossEntropy(logits, int([-1, 1, 5])), RangeError, '[crossEntropy] target[0] = -1 is out of range [0, 5)');
    expectError(
      () => crossEntropy(zeros([1, 2, 3]), int([0, 2, 1], [1, 3])),
      RangeError,
      '[crossEntropy] target[0][1] = 2 is out of range [0, 2)',
    );
    expectError(
      () => crossEntropy(zeros([2]), tensor(2, { dtype: 'int32' })),
      RangeError,
      '[crossEntropy] target = 2 is out of range [0, 2)',
    );
    expectError(
      () => crossEntropy(logits, tensor([0, 1, 2])),
      TypeError,
      '[crossEntropy] expected class labels to be int32, got float32\n  hint: target.to("int32") converts them',
    );
    expectError(() => crossEntropy(logits, int([0, 1])), RangeError, '[crossEntropy] expected target [3] for x [3, 5], got [2]');
    expectError(
      () => crossEntropy(logits, int([0, 1, 2], [3, 1])),
      RangeError,
      '[crossEntropy] expected target [3] for x [3, 5], got [3, 1]',
    );
    expectError(
      () => crossEntropy(logits, zeros([3, 4])),
      RangeError,
      '[crossEntropy] expected target [3] (int32 labels) or [3, 5] (probabilities), got [3, 4]',
    );
    expectError(
      () => crossEntropy(logits, [0, 1, 2] as never),
      TypeError,
      '[crossEntropy] expected target to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
  });

  test('a label to ignore among probabilities', () => {
    const target = toTensor(softmax(numbers([3, 5]), 1));
    expectError(
      () => crossEntropy(logits, target, { ignoreIndex: 2 }),
      RangeError,
      '[crossEntropy] ignoreIndex 2 is a class label, and the target is probabilities\n  hint: leave ignoreIndex out',
    );
    expect(crossEntropy(logits, target, { ignoreIndex: -1 }).item()).toBe(crossEntropy(logits, target).item());
  });

  test('scores, weights and options', () => {
    expectError(() => crossEntropy(tensor(1), int([0])), RangeError, '[crossEntropy] expected x [n, classes, ...] or [classes], got []');
    expectError(
      () => crossEntropy(zeros([3, 5], { dtype: 'int32' }), int([0, 1, 2])),
      TypeError,
      '[crossEntropy] expected x to be float32, got int32\n  hint: x.to("float32") converts it',
    );
    const target = int([0, 1, 2]);
    expectError(() => crossEntropy(logits, target, { weight: zeros([4]) }), RangeError, '[crossEntropy] expected weight [5], got [4]');
    expectError(
      () => crossEntropy(logits, target, { weight: [1] as never }),
      TypeError,
      '[crossEntropy] expected weight to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
    expectError(
      () => crossEntropy(logits, target, { labelSmoothing: 2 }),
      RangeError,
      '[crossEntropy] expected labelSmoothing to be from 0 to 1, got 2',
    );
    expectError(
      () => crossEntropy(logits, target, { labelSmoothing: Number.NaN }),
      RangeError,
      '[crossEntropy] expected labelSmoothing to be from 0 to 1, got NaN',
    );
    expectError(
      () => crossEntropy(logits, target, { ignoreIndex: 0.5 }),
      RangeError,
      '[crossEntropy] expected ignoreIndex to be an integer, got 0.5',
    );
    expectError(
      () => crossEntropy(logits, target, { reduction: 'avg' as never }),
      RangeError,
      '[crossEntropy] expected reduction to be one of "none", "mean", "sum", got "avg"',
    );
    expectError(
      () => crossEntropy(logits, target, { weights: null } as never),
      TypeError,
      '[crossEntropy] unknown option "weights", did you mean "weight"?',
    );
  });
});
