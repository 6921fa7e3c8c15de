// A linear layer and cross entropy in one: against the float64 model and the two operations, and the same bits however it is run.
import { describe, expect, test } from 'vitest';
import { compile, getNumThreads, manualSeed, nn, noGrad, optim, randn, setNumThreads, type Tensor, tensor, train, zeros } from '../../src';
import { epsilon, expectClose, expectError, expectSame, flat, gradientCheck } from '../helpers';
import { build, get, type Model, map, numbers, permuted, product, softmax, toTensor, total } from '../model';

const { linearCrossEntropy, crossEntropy, linear } = nn.functional;
const int = (values: number[], shape = [values.length]): Tensor => tensor(Int32Array.from(values)).reshape(shape);

const [rows, features, classes] = [7, 3, 5];
const x = numbers([rows, features]);
const weight = numbers([classes, features], -2, 2, 2);
const bias = numbers([classes], -1, 1, 3);
const labels = [4, 0, 2, -100, 1, 3, 2];

type Reduction = 'mean' | 'sum' | 'none';

const classWeight = numbers([classes], 0.5, 2, 5);

function lossOf(a: Model, w: Model, b: Model, reduction: Reduction, smoothing: number, of: Model | null = null): Model {
  const products = product(a, permuted(w, [1, 0]));
  const logits = build(products.shape, ([, c], k) => products.data[k]! + get(b, [c!]));
  const log = map(softmax(logits, 1), Math.log);
  const factor = (c: number): number => (of === null ? 1 : get(of, [c]));
  const row = (i: number): number => {
    const label = labels[i]!;
    if (label < 0) return 0;
    const all = total(Array.from({ length: classes }, (_, c) => factor(c) * get(log, [i, c])));
    return -(1 - smoothing) * factor(label) * get(log, [i, label]) - (smoothing / classes) * all;
  };
  const counted = total(labels.filter((label) => label >= 0).map(factor));
  const losses = build([rows], ([i]) => row(i!));
  if (reduction === 'none') return losses;
  return { shape: [], data: [total(losses.data) / (reduction === 'mean' ? counted : 1)] };
}

describe.each(['mean', 'sum', 'none'] as const)('reduction %s', (reduction) => {
  test.each([1, 2, 3, 7, 100, null])('with %s rows at once it is the float64 formula, and its gradients', (chunk) => {
    for (const labelSmoothing of [0, 0.2]) {
      gradientCheck(
        (a, w, b) => linearCrossEntropy(a, w, int(labels), { bias: b, reduction, labelSmoothing, chunk }),
        (a, w, b) => lossOf(a, w, b, reduction, labelSmoothing),
        [x, weight, bias],
      );
      gradientCheck(
        (a, w) => linearCrossEntropy(a, w, int(labels), { reduction, labelSmoothing, chunk }),
        (a, w) =>
          lossOf(
            a,
            w,
            build([classes], () => 0),
            reduction,
            labelSmoothing,
          ),
        [x, weight],
      );
    }
  });

  test.each([1, 3, null])('with weights of classes, %s rows at once, it is the float64 formula, and its gradients', (chunk) => {
    const weights = toTensor(classWeight);
    for (const labelSmoothing of [0, 0.2]) {
      gradientCheck(
        (a, w, b) => linearCrossEntropy(a, w, int(labels), { bias: b, weight: weights, reduction, labelSmoothing, chunk }).mul(2),
        (a, w, b) => map(lossOf(a, w, b, reduction, labelSmoothing, classWeight), (v) => 2 * v),
        [x, weight, bias],
      );
    }
  });

  test('what arrives for it counts', () => {
    gradientCheck(
      (a, w, b) => linearCrossEntropy(a, w, int(labels), { bias: b, reduction, chunk: 3 }).mul(-3),
      (a, w, b) => map(lossOf(a, w, b, reduction, 0), (v) => -3 * v),
      [x, weight, bias],
    );
  });

  test('it is crossEntropy of linear, for many rows and classes', () => {
    manualSeed(1);
    const given = [randn([300, 40]), randn([1000, 40]).mul(0.2), randn([1000])] as const;
    const target = int(Array.from({ length: 300 }, (_, i) => (i % 50 === 7 ? -100 : (i * 37) % 1000)));
    const gradients = (f: (x: Tensor, w: Tensor, b: Tensor) => Tensor): Tensor[] => {
      const leaves = given.map((t) => t.clone().requiresGrad_());
      const loss = f(leaves[0]!, leaves[1]!, leaves[2]!);
      loss.backward(reduction === 'none' ? tensor(Array.from({ length: 300 }, (_, i) => (i % 5) - 2)) : undefined);
      return [loss, ...leaves.map((t) => t.grad!)];
    };
    const apart = gradients((a, w, b) => crossEntropy(linear(a, w, b), target, { reduction }));
    for (const chunk of [64, 256, 1]) {
      const together = gradients((a, w, b) => linearCrossEntropy(a, w, target, { bias: b, reduction, chunk }));
      together.forEach((t, i) => {
        const most = Math.max(...flat(apart[i]!).map(Math.abs));
        expectClose(t, apart[i]!, 32 * epsilon * most);
      });
    }
  });
});

test('x and target of any rank', () => {
  const deep = toTensor(numbers([2, 3, 4]));
  const w = toTensor(numbers([5, 4]));
  const target = int([0, 1, 2, 3, 4, 0], [2, 3]);
  const each = linearCrossEntropy(deep, w, target, { reduction: 'none' });
  expect(each.shape).toEqual([2, 3]);
  expectSame(each, linearCrossEntropy(deep.reshape([6, 4]), w, target.reshape([6]), { reduction: 'none' }));
  const one = linearCrossEntropy(deep.reshape([6, 4]).select(0, 2), w, int([2], []));
  expect(one.shape).toEqual([]);
  expectClose(one, [flat(each)[2]!], 4 * epsilon);
});

test('gradients only of what wants one', () => {
  for (const reduction of ['mean', 'none'] as const) {
    for (const wanted of [0, 1, 2]) {
      const leaves = [x, weight, bias].map((m, i) => toTensor(m, i === wanted));
      const all = [x, weight, bias].map((m) => toTensor(m, true));
      const gradient = ([a, w, b]: Tensor[]): void =>
        linearCrossEntropy(a!, w!, int(labels), { bias: b, reduction, chunk: 2 }).sum().backward();
      gradient(leaves);
      gradient(all);
      expectSame(leaves[wanted]!.grad!, all[wanted]!.grad!);
      expect(leaves.filter((t) => t.grad !== null)).toHaveLength(1);
    }
  }
  const [a, w] = [toTensor(x, true), toTensor(weight, true)];
  expect(noGrad(() => linearCrossEntropy(a, w, int(labels))).requiresGrad).toBe(false);
  expect(linearCrossEntropy(a.detach(), w.detach(), int(labels)).requiresGrad).toBe(false);
});

test('a retained graph sends the same gradients again', () => {
  for (const reduction of ['mean', 'none'] as const) {
    const leaves = [x, weight, bias].map((m) => toTensor(m, true));
    const [a, w, b] = leaves as [Tensor, Tensor, Tensor];
    const loss = linearCrossEntropy(a.mul(1), w, int(labels), { bias: b, reduction, chunk: 3 }).sum();
    loss.backward(undefined, { retainGraph: true });
    const once = leaves.map((t) => flat(t.grad!));
    loss.backward();
    leaves.forEach((t, i) => {
      expectClose(
        t.grad!,
        once[i]!.map((v) => 2 * v),
        8 * epsilon,
      );
    });
  }
});

test('no row counts: NaN, and gradients of 0', () => {
  for (const [n, target] of [
    [0, int([])],
    [3, int([-100, -100, -100])],
  ] as const) {
    const [a, w, b] = [zeros([n, 2], { requiresGrad: true }), toTensor(numbers([4, 2]), true), toTensor(numbers([4]), true)];
    const loss = linearCrossEntropy(a, w, target, { bias: b, chunk: 2 });
    expect(loss.item()).toBe(Number.NaN);
    loss.backward();
    for (const t of [a, w, b]) expect(flat(t.grad!).every((v) => v === 0)).toBe(true);
    expect(linearCrossEntropy(a, w, target, { reduction: 'sum' }).item()).toBe(0);
  }
});

describe('weights of classes', () => {
  const weights = tensor([0, 0.5, 2, 0]);
  const gradients = (f: (a: Tensor, w: Tensor) => Tensor): number[][] => {
    const [a, w] = [toTensor(numbers([3, 2]), true), toTensor(numbers([4, 2], -1, 1, 2), true)];
    const loss = f(a, w);
    loss.backward();
    return [loss, a.grad!, w.grad!].map(flat);
  };

  test('the mean divides by a sum below 1 as it is', () => {
    const target = int([1, 0, 3]);
    const [loss, ...rest] = gradients((a, w) => linearCrossEntropy(a, w, target, { weight: weights, chunk: 2 }));
    const [wanted, ...others] = gradients((a, w) => crossEntropy(linear(a, w), target, { weight: weights }));
    expectClose(tensor(loss!), wanted!, 8 * epsilon);
    rest.forEach((t, i) => void expectClose(tensor(t), others[i]!, 8 * epsilon));
  });

  test.each([0, 0.25])('those of all labels are 0, smoothing %s: NaN, as in PyTorch', (labelSmoothing) => {
    const options = { weight: weights, labelSmoothing };
    const all = gradients((a, w) => linearCrossEntropy(a, w, int([0, 3, 0]), { ...options, chunk: 2 }));
    expect(all.flat().every(Number.isNaN)).toBe(true);
    expect(crossEntropy(toTensor(numbers([2, 4])), int([0, 3]), options).item()).toBe(Number.NaN);
    expect(crossEntropy(toTensor(numbers([2, 4])), int([0, 3]), { ...options, reduction: 'sum' }).item()).not.toBe(Number.NaN);
  });

  // torch.nn.functional.cross_entropy 2.13 of torch.nn.functional.linear gives these.
  test('those of all labels are 0: the gradient of a row that is ignored is 0 all the same', () => {
    const [loss, dx, ...rest] = gradients((a, w) => linearCrossEntropy(a, w, int([0, -100, 3]), { weight: weights, chunk: 2 }));
    expect(loss).toEqual([Number.NaN]);
    expect(dx).toEqual([Number.NaN, Number.NaN, 0, 0, Number.NaN, Number.NaN]);
    expect(rest.flat().every(Number.isNaN)).toBe(true);
  });

  // torch.nn.functional.cross_entropy 2.13 of torch.nn.functional.linear gives these.
  test.each([
    [[0, 1], [1, -1, 2], 0, Infinity],
    [[0, 1], [-1, 1, 2], 0, -Infinity],
    [[0, 1], [1, -1, 2], 0.25, Infinity],
    [[0, 1], [-1, 1, 2], 0.25, -Infinity],
    [[1, 0], [1, -1, 2], 0.25, Number.NaN],
    [[0, 1], [1, -1, 2], 1, Number.NaN],
  ])('those of the labels %j cancel, %j, smoothing %d: the loss is %d, the gradients NaN', (own, weight, labelSmoothing, wanted) => {
    const target = int([...own, -100]);
    const matrix = (rows: number[][]): Tensor => tensor(rows, { requiresGrad: true });
    const [a, w] = [
      matrix([
        [1, 2],
        [0, 0.5],
        [3, 4],
      ]),
      matrix([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ];
    const options = { weight: tensor(weight), labelSmoothing };
    const run = (): Tensor => linearCrossEntropy(a, w, target, { ...options, chunk: 2 });
    const loss = run();
    loss.backward();
    const composed = (): Tensor => crossEntropy(linear(a.detach(), w.detach()), target, options);
    for (const f of [run, composed, compile(run), compile(composed)]) expect(f().item()).toBe(wanted);
    expect(loss.item()).toBe(wanted);
    expect(flat(a.grad!)).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0, 0]);
    expect(flat(w.grad!).every(Number.isNaN)).toBe(true);
  });

  test('no label counts: NaN, and gradients of 0', () => {
    const infinite = tensor([Infinity, 1, 1, Number.NaN]);
    const ignored = int([-100, -100, -100]);
    const [loss, ...rest] = gradients((a, w) => linearCrossEntropy(a, w, ignored, { weight: weights, labelSmoothing: 0.1, chunk: 2 }));
    expect(loss).toEqual([Number.NaN]);
    expect(rest.flat().every((v) => v === 0)).toBe(true);
    const one = (weight: Tensor): number => crossEntropy(zeros([2, 4]), int([1, -100]), { weight, labelSmoothing: 0 }).item();
    expect(one(infinite)).toBe(one(tensor([1, 1, 1, 1])));
    const fused = (weight: Tensor): number => linearCrossEntropy(zeros([2, 3]), zeros([4, 3]), int([1, -100]), { weight }).item();
    expect(fused(infinite)).toBe(fused(tensor([1, 1, 1, 1])));
  });

  test('an infinite loss stays infinite', () => {
    const logits = tensor([[Number.NEGATIVE_INFINITY, 0, 0, 0]]);
    expect(crossEntropy(logits, int([1]), { weight: tensor([1, 1, 1, 1]), labelSmoothing: 0.5 }).item()).toBe(Infinity);
  });
});

test('the same bits with one thread and with several', () => {
  const threads = getNumThreads();
  manualSeed(3);
  const given = [randn([500, 64]), randn([700, 64]), randn([700])] as const;
  const target = int(Array.from({ length: 500 }, (_, i) => (i * 13) % 700));
  const results = (): number[][] => {
    const leaves = given.map((t) => t.clone().requiresGrad_());
    const loss = linearCrossEntropy(leaves[0]!, leaves[1]!, target, { bias: leaves[2]!, chunk: 128 });
    loss.backward();
    return [loss, ...leaves.map((t) => t.grad!)].map(flat);
  };
  try {
    setNumThreads(1);
    const alone = results();
    setNumThreads(3);
    expect(results()).toEqual(alone);
  } finally {
    setNumThreads(threads);
  }
});

// A body, and a head of whose product with its output only the loss knows.
class Classifier extends nn.Module {
  body = new nn.Linear(4, 6);
  head = new nn.Linear(6, 5);
  forward(input: Tensor): Tensor {
    return this.body.forward(input).tanh();
  }
}

test.each([
  ['mean', false],
  ['none', false],
  ['mean', true],
  ['none', true],
] as const)('%s, weights %s: compiled and in a fit it has the bits of the loop', async (reduction, weighted) => {
  const more = weighted ? { weight: tensor([0.5, 2, 1, 3, 0]), labelSmoothing: 0.1 } : {};
  const batches = [0, 1, 2].map((k): [Tensor, Tensor] => [
    toTensor(numbers([7, 4], -2, 2, k + 1)),
    int(Array.from({ length: 7 }, (_, i) => (i + k) % 5)),
  ]);
  const start = () => {
    manualSeed(7);
    const model = new Classifier();
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    const criterion = {
      forward: (output: Tensor, target: Tensor): Tensor => {
        const loss = linearCrossEntropy(output, model.head.weight, target, { bias: model.head.bias, reduction, chunk: 3, ...more });
        return reduction === 'none' ? loss.mean() : loss;
      },
    };
    const step = (input: Tensor, target: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(input), target);
      loss.backward();
      optimizer.step();
      return loss;
    };
    return { model, optimizer, criterion, step };
  };
  const loop = (compiled: boolean): number[][] => {
    const { model, step } = start();
    const run = compiled ? compile(step) : step;
    for (let epoch = 0; epoch < 3; epoch++) for (const batch of batches) run(...batch);
    return model.parameters().map(flat);
  };
  const eager = loop(false);
  expect(eager.flat().every(Number.isFinite)).toBe(true);
  expect(loop(true)).toEqual(eager);
  const { model, optimizer, criterion } = start();
  await train.fit(model, { criterion, optimizer, loader: batches, epochs: 3, progress: false });
  expect(model.parameters().map(flat)).toEqual(eager);
});

test('errors', () => {
  const [a, w, target] = [zeros([3, 2]), zeros([4, 2]), int([0, 1, 2])];
  const where = '[linearCrossEntropy]';
  expectError(() => linearCrossEntropy(a, zeros([2]), target), RangeError, `${where} expected weight [classes, in], got [2]`);
  expectError(() => linearCrossEntropy(zeros([3, 3]), w, target), RangeError, `${where} expected x [*, 2], got [3, 3]`);
  expectError(() => linearCrossEntropy(zeros([]), w, target), RangeError, `${where} expected x [*, 2], got []`);
  expectError(() => linearCrossEntropy(a, w, int([0, 1])), RangeError, `${where} expected target [3] for x [3, 2], got [2]`);
  expectError(() => linearCrossEntropy(a, w, target, { bias: zeros([3]) }), RangeError, `${where} expected bias [4], got [3]`);
  expectError(
    () => linearCrossEntropy(a, w, zeros([3])),
    TypeError,
    `${where} expected target to be int32, got float32\n  hint: target.to("int32") converts it`,
  );
  for (const chunk of [1, 2, null]) {
    expectError(() => linearCrossEntropy(a, w, int([0, 1, 4]), { chunk }), RangeError, `${where} target[2] = 4 is out of range [0, 4)`);
  }
  expectError(
    () => linearCrossEntropy(zeros([2, 2, 2]), w, int([0, 1, -7, 2], [2, 2]), { chunk: 1 }),
    RangeError,
    `${where} target[1][0] = -7 is out of range [0, 4)`,
  );
  expectError(() => linearCrossEntropy(a, w, target, { chunk: 0 }), RangeError, `${where} expected chunk to be at least 1, got 0`);
  expectError(() => linearCrossEntropy(a, w, target, { chunk: 1.5 }), RangeError, `${where} expected chunk to be an integer, got 1.5`);
  expectError(
    () => linearCrossEntropy(a, w, target, { labelSmoothing: 2 }),
    RangeError,
    `${where} expected labelSmoothing to be from 0 to 1, got 2`,
  );
  expectError(() => linearCrossEntropy(a, w, target, { weight: zeros([3]) }), RangeError, `${where} expected weight [4], got [3]`);
  expectError(
    () => linearCrossEntropy(a, w, target, { costs: zeros([4]) } as never),
    TypeError,
    '[linearCrossEntropy] unknown option "costs" (known: bias, weight, ignoreIndex, reduction, labelSmoothing, chunk)',
  );
});
