// The triplet loss with a distance of one's own: beside the one whose distance is a norm, however it is run, and what it refuses.
import { describe, expect, test } from 'vitest';
import { compile, manualSeed, nn, optim, randn, type Tensor, tensor, train, zeros } from '../../src';
import { expectError, expectSame, flat } from '../helpers';

const F = nn.functional;
const leaves = (): [Tensor, Tensor, Tensor] => {
  manualSeed(4);
  return [randn([6, 5]).requiresGrad_(), randn([6, 5]).requiresGrad_(), randn([6, 5]).requiresGrad_()];
};

test.each([false, true])('with the norm of differences it is tripletMarginLoss, swap %s', (swap) => {
  for (const reduction of ['mean', 'sum', 'none'] as const) {
    const [own, plain] = [leaves(), leaves()];
    const distanceFunction = (a: Tensor, b: Tensor): Tensor => F.pairwiseDistance(a, b, { p: 3, eps: 0.25 });
    const loss = F.tripletMarginWithDistanceLoss(...own, { distanceFunction, swap, margin: 2, reduction });
    const expected = F.tripletMarginLoss(...plain, { p: 3, eps: 0.25, swap, margin: 2, reduction });
    expectSame(loss, expected);
    loss.sum().backward();
    expected.sum().backward();
    own.forEach((t, i) => void expectSame(t.grad!, plain[i]!.grad!));
    expectSame(F.tripletMarginWithDistanceLoss(...own, { reduction }), F.tripletMarginLoss(...own, { reduction }));
  }
});

test('the distance is given the pairs, the third one for swap alone', () => {
  const [anchor, positive, negative] = [tensor([[1]]), tensor([[2]]), tensor([[4]])];
  for (const swap of [false, true]) {
    const pairs: number[][] = [];
    const distanceFunction = (a: Tensor, b: Tensor): Tensor => {
      pairs.push([a.item(), b.item()]);
      return a.sub(b).abs().sum(1);
    };
    const loss = F.tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, swap, margin: 4 });
    expect(loss.item()).toBe(swap ? 1 - 2 + 4 : 1 - 3 + 4);
    expect(pairs).toEqual([[1, 2], [1, 4], ...(swap ? [[2, 4]] : [])]);
  }
});

test('labels, as a distance of an embedding takes them', () => {
  const table = randn([7, 3]);
  const distanceFunction = (a: Tensor, b: Tensor): Tensor => F.pairwiseDistance(F.embedding(a, table), F.embedding(b, table));
  const [a, b, c] = [
    [0, 1],
    [2, 3],
    [4, 5],
  ].map((rows) => tensor(Int32Array.from(rows))) as [Tensor, Tensor, Tensor];
  const rows = [a, b, c].map((index) => F.embedding(index, table)) as [Tensor, Tensor, Tensor];
  expectSame(F.tripletMarginWithDistanceLoss(a, b, c, { distanceFunction }), F.tripletMarginLoss(...rows));
});

// A distance that is trained along with the model.
class Weighted extends nn.Module {
  weight = new nn.Parameter(tensor([1, 0.5, 2]));
  forward(a: Tensor, b: Tensor): Tensor {
    return a.sub(b).square().mul(this.weight).sum(1);
  }
}

describe('a module as distance', () => {
  const begin = () => {
    manualSeed(8);
    const model = new nn.Linear(4, 3);
    const criterion = new nn.TripletMarginWithDistanceLoss({ distanceFunction: new Weighted(), margin: 5, swap: true });
    const optimizer = new optim.SGD([...model.parameters(), ...criterion.parameters()], { lr: 0.05 });
    const loss = (x: Tensor, y: Tensor): Tensor => criterion.forward(x, x.flip([0]), y);
    const step = (x: Tensor, y: Tensor): void => {
      optimizer.zeroGrad();
      loss(model.forward(x), y).backward();
      optimizer.step();
    };
    const batches = [0, 1, 2].map((): [Tensor, Tensor] => [randn([5, 4]), randn([5, 3])]);
    return { model, criterion, optimizer, loss, step, batches };
  };
  const values = ({ model, criterion }: ReturnType<typeof begin>): number[][] =>
    [...model.parameters(), ...criterion.parameters()].map((t) => flat(t));

  test('is a part of the loss', () => {
    const { criterion } = begin();
    expect(criterion.namedParameters().map(([name]) => name)).toEqual(['distanceFunction.weight']);
    const copy = criterion.clone();
    expect(copy.distanceFunction).not.toBe(criterion.distanceFunction);
    expect(copy.parameters()).toHaveLength(1);
  });

  test('eager, compiled and in a fit it has the same bits', async () => {
    const eager = begin();
    for (let epoch = 0; epoch < 3; epoch++) for (const batch of eager.batches) eager.step(...batch);
    expect(values(eager)).not.toEqual(values(begin()));
    const compiled = begin();
    const run = compile(compiled.step);
    for (let epoch = 0; epoch < 3; epoch++) for (const batch of compiled.batches) run(...batch);
    expect(values(compiled)).toEqual(values(eager));
    const fitted = begin();
    const { model, optimizer, batches, loss } = fitted;
    await train.fit(model, { criterion: { forward: loss }, optimizer, loader: batches, epochs: 3, progress: false });
    expect(values(fitted)).toEqual(values(eager));
  });
});

test('errors', () => {
  const x = zeros([2, 3]);
  const where = '[tripletMarginWithDistanceLoss]';
  const call = (options: object, negative = x) => F.tripletMarginWithDistanceLoss(x, x, negative, options as never);
  const own = (distanceFunction: unknown) => () => call({ distanceFunction });
  expectError(own(3), TypeError, `${where} expected distanceFunction to be a function or null, got 3`);
  expectError(
    own(() => 3),
    TypeError,
    `${where} expected distanceFunction to return a float32 tensor, got 3`,
  );
  expectError(() => call({ margin: 0 }), RangeError, `${where} expected margin to be positive, got 0`);
  expectError(() => call({ swap: 1 }), TypeError, `${where} expected swap to be true or false, got 1`);
  expectError(() => call({}, zeros([3])), RangeError, `${where} expected negative with as many dimensions as anchor [2, 3], got [3]`);
  let calls = 0;
  expectError(
    own(() => zeros([++calls])),
    RangeError,
    `${where} expected distanceFunction to return [1] for all pairs, got [2]`,
  );
  expectError(
    () => new nn.TripletMarginWithDistanceLoss({ distanceFunction: 'x' as never }),
    TypeError,
    '[TripletMarginWithDistanceLoss] expected distanceFunction to be a function, a module or null, got "x"',
  );
});
