// Sequences, random numbers of every kind, tables and grids: distributions, one seed one result, recordings, corners and messages.
import { describe, expect, it } from 'vitest';
import * as s from '../../src/index';
import { type Tensor, tensor, zeros } from '../../src/index';
import { expectClose, expectError, expectSame, thrownBy } from '../helpers';

const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

describe('linspace and logspace', () => {
  it('have both ends exactly', () => {
    for (const n of [2, 3, 7, 100]) {
      const x = s.linspace(-0.1, 0.7, n);
      expectClose(
        x,
        Array.from({ length: n }, (_, i) => -0.1 + (0.8 * i) / (n - 1)),
        2 ** -24,
      );
      expectSame([x.at(0).item(), x.at(-1).item()], [Math.fround(-0.1), Math.fround(0.7)]);
    }
    expect([s.linspace(3, 9, 1).toArray(), s.linspace(3, 9, 0).shape, s.linspace(1, 0, 3).toArray()]).toEqual([[3], [0], [1, 0.5, 0]]);
    expect([s.linspace(0, 10, 5, { dtype: 'int32' }).toArray(), s.linspace(0, 1, 2, { requiresGrad: true }).requiresGrad]).toEqual([
      [0, 2, 5, 7, 10],
      true,
    ]);
    expectClose(s.logspace(-1, 1, 3), [0.1, 1, 10], 1e-6);
    expect(s.logspace(0, 4, 5, { base: 2, dtype: 'int32' }).toArray()).toEqual([1, 2, 4, 8, 16]);
  });
  it('say what does not fit', () => {
    expectError(() => s.linspace(0, 1, -1), RangeError, '[linspace] expected steps to be at least 0, got -1');
    expectError(() => s.linspace(0, '1' as never, 2), TypeError, '[linspace] expected end to be a number, got "1"');
    expectError(() => s.linspace(0, 2 ** 40, 2, { dtype: 'int32' }), RangeError, '[linspace] 1099511627776 is not an int32');
    expectError(() => s.logspace(0, 1, 2, { bass: 2 } as never), TypeError, '[logspace] unknown option "bass", did you mean "base"?');
    expect(() => s.linspace(0, 1, 2 ** 40)).toThrow(/^\[memory\]/);
  });
});

describe('random integers', () => {
  it('are all alike probable', () => {
    s.manualSeed(3);
    const x = s.randint(-2, 3, [50_000]);
    expect(x.dtype).toBe('int32');
    for (let value = -2; value < 3; value++) expect(Math.abs(x.eq(value).sum().item() - 10_000)).toBeLessThan(400); // four deviations and a half
    expect(x.lt(-2).add(x.ge(3)).any().item()).toBe(0);
    const wide = s.randint(2 ** 24, [100_000]);
    expect([wide.min().item() >= 0, wide.max().item() < 2 ** 24, wide.to('float32').mean().item() / 2 ** 23]).toEqual([
      true,
      true,
      expect.closeTo(1, 1),
    ]);
    expect([s.randint(5, [2, 3], { dtype: 'float32' }).dtype, s.randint(1, [2]).toArray(), s.randint(4, [0]).shape]).toEqual([
      'float32',
      [0, 0],
      [0],
    ]);
  });
  it('say what does not fit', () => {
    expectError(() => s.randint(0, [2]), RangeError, '[randint] expected high to be more than low, got 0 and 0');
    expectError(() => s.randint(0, 2 ** 25, [2]), RangeError, '[randint] expected at most 2^24 different numbers, got 33554432');
    expectError(() => s.randint(0.5, 3, [2]), RangeError, '[randint] expected low to be an integer, got 0.5');
    expectError(() => s.randint(1, 3 as never), TypeError, '[randint] expected a shape, an array of sizes, got undefined');
    expectError(
      () => s.randint(3, [2], { requiresGrad: true }),
      TypeError,
      '[randint] only float32 tensors have gradients, dtype is int32',
    );
  });
  it('randperm has each number once', () => {
    s.manualSeed(5);
    const order = s.randperm(1000);
    expect([order.dtype, [...order.data].sort((a, b) => a - b)]).toEqual(['int32', Array.from({ length: 1000 }, (_, i) => i)]);
    expect(order.equal(s.arange(1000))).toBe(false);
    expect(order.equal(s.randperm(1000))).toBe(false);
    expect([s.randperm(0).shape, s.randperm(1).toArray()]).toEqual([[0], [0]]);
    expectError(() => s.randperm(-1), RangeError, '[randperm] expected n to be from 0 to 2147483647, got -1');
  });
});

describe('normal, bernoulli and multinomial', () => {
  it('normal has means and deviations of its own for each element', () => {
    s.manualSeed(1);
    const x = s.normal(tensor([10, -5]), tensor([[1], [3]]).expand([2, 2])).shape;
    expect(x).toEqual([2, 2]);
    const many = s.normal(s.full([20_000, 2], 4), tensor([0.5, 2]));
    expectClose(many.mean(0), [4, 4], 0.06);
    expectClose(many.std(0), [0.5, 2], 0.05);
    const mean = tensor([1], { requiresGrad: true });
    expect(s.normal(mean, 1).requiresGrad).toBe(false);
    expectError(() => s.normal(0, 1), TypeError, '[normal] expected a shape beside two numbers');
    expectError(() => s.normal(tensor([0]), 1, [1]), TypeError, '[normal] expected no shape beside a tensor, whose own is taken');
    expectError(() => s.normal(0, -1, [1]), RangeError, '[normal] expected std to be at least 0, got -1');
    expectError(() => s.normal('0' as never, 1, [1]), TypeError, '[normal] expected mean to be a number or a tensor, got "0"');
  });
  it('bernoulli draws by the probability of each place', () => {
    s.manualSeed(2);
    expectClose(s.bernoulli(tensor([0.1, 0.8]).expand([20_000, 2])).mean(0), [0.1, 0.8], 0.015);
    expect(s.bernoulli(tensor([0, 1])).toArray()).toEqual([0, 1]);
    expectError(() => s.bernoulli(tensor([1.5])), RangeError, '[bernoulli] expected probabilities from 0 to 1, got 1.5');
    expectError(() => s.bernoulli(tensor([Number.NaN])), RangeError, '[bernoulli] expected probabilities from 0 to 1, got NaN');
  });
  it('multinomial draws in proportion to the weights', () => {
    s.manualSeed(4);
    const weights = tensor([1, 0, 3, 6]);
    const drawn = s.multinomial(weights, 20_000, { replacement: true });
    expect([drawn.dtype, drawn.shape]).toEqual(['int32', [20_000]]);
    expectClose(
      [0, 1, 2, 3].map((place) => drawn.eq(place).sum().item() / 20_000),
      [0.1, 0, 0.3, 0.6],
      0.015,
    );
    // Without replacement: the first place by its weight, and the second among what is left: 6/10 * 1/4 + 3/10 * 1/7 + 1/10 for place 0.
    const pairs = s.multinomial(weights.expand([20_000, 4]), 2);
    expect(pairs.shape).toEqual([20_000, 2]);
    expect(pairs.select(1, 0).eq(pairs.select(1, 1)).any().item()).toBe(0);
    expectClose(pairs.eq(0).any(1).to('float32').mean(), [0.1 + 0.6 / 4 + 0.3 / 7], 0.015);
    expect([...s.multinomial(weights, 3).data].sort()).toEqual([0, 2, 3]);
    expect(
      s
        .multinomial(
          tensor([
            [0, 2],
            [5, 0],
          ]),
          1,
        )
        .toArray(),
    ).toEqual([[1], [0]]);
  });
  it('multinomial says what does not fit', () => {
    expectError(
      () => s.multinomial(tensor([1, 1]), 3),
      RangeError,
      '[multinomial] cannot draw 3 of 2 places once each\n  hint: multinomial(input, n, { replacement: true })',
    );
    expectError(
      () =>
        s.multinomial(
          tensor([
            [1, 1],
            [1, 0],
          ]),
          2,
        ),
      RangeError,
      '[multinomial] row 1 has 1 positive weights, and 2 must be drawn',
    );
    expectError(
      () => s.multinomial(tensor([0, 0]), 2, { replacement: true }),
      RangeError,
      '[multinomial] row 0 has 0 positive weights, and 1 must be drawn',
    );
    expectError(
      () => s.multinomial(tensor([1, -1]), 1),
      RangeError,
      '[multinomial] expected weights that are at least 0 and finite, got -1',
    );
    expectError(() => s.multinomial(tensor(1), 1), RangeError, '[multinomial] expected input [classes] or [rows, classes], got []');
    expectError(() => s.multinomial(zeros([2, 0]), 1), RangeError, '[multinomial] expected at least one class, got [2, 0]');
    expectError(() => s.multinomial(tensor([1]), 0), RangeError, '[multinomial] expected numSamples to be at least 1, got 0');
  });
});

describe('all of them', () => {
  const x = tensor([0.5, 0.25, 0.125]);
  const all: Record<string, (x: Tensor) => Tensor> = {
    randint: () => s.randint(100, [8]),
    randperm: () => s.randperm(20),
    normal: (p) => s.normal(p, 1),
    bernoulli: (p) => s.bernoulli(p.expand([20, 3])),
    multinomial: (p) => s.multinomial(p, 2),
    'multinomial with replacement': (p) => s.multinomial(p, 20, { replacement: true }),
    randLike: (p) => s.randLike(p),
    randintLike: (p) => s.randintLike(p, 50, { dtype: 'int32' }),
  };
  it.each(Object.entries(all))('%s: one seed, one result, other numbers at each replay, those of eager mode', (_, draw) => {
    const step = s.compile((p: Tensor) => draw(p.mul(1)));
    const run = (fn: (p: Tensor) => Tensor): number[][] => {
      s.manualSeed(9);
      return Array.from({ length: 6 }, () => [...fn(x).data]);
    };
    const eager = run(draw);
    expect(run(draw)).toEqual(eager);
    expect(run(step)).toEqual(eager);
    expect(run(step)).toEqual(eager);
    expect(new Set(eager.map(String)).size).toBeGreaterThan(1);
  });
});

describe('getRngState and setRngState', () => {
  it('go on where the state was taken', () => {
    for (const seed of [0, 7, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1]) {
      s.manualSeed(seed);
      s.rand([10]);
      const state = s.getRngState();
      const next = s.rand([10]);
      s.manualSeed(1);
      s.setRngState(state);
      expect(s.rand([10]).equal(next)).toBe(true);
      expect([...state]).not.toEqual([...s.getRngState()]);
    }
  });
  it('refuse what is no state, and change nothing', () => {
    const state = s.getRngState();
    const message = '[setRngState] expected a state that getRngState gave';
    expectError(() => s.setRngState([0, 0, 0, 0] as never), TypeError, '[setRngState] expected an Int32Array, got an array');
    for (const bad of [Int32Array.of(1), Int32Array.of(0, -1, 0, 0), Int32Array.of(0, 0, 0, 2 ** 30)])
      expectError(() => s.setRngState(bad), RangeError, message);
    expect([...s.getRngState()]).toEqual([...state]);
    expect(thrownBy(() => s.compile((t: Tensor) => t.mul(s.getRngState()[0]!))(x())).message).toMatch(/getRngState/);
  });
  const x = (): Tensor => tensor([1]);
});

describe('tensors like others', () => {
  it('have their shape and element type', () => {
    const x = int([1, 2]);
    expect([s.zerosLike(x), s.onesLike(x), s.emptyLike(x), s.fullLike(x, 7)].map((t) => [t.dtype, t.toArray()])).toEqual([
      ['int32', [0, 0]],
      ['int32', [1, 1]],
      ['int32', [0, 0]],
      ['int32', [7, 7]],
    ]);
    expect([
      s.zerosLike(x, { dtype: 'float32', requiresGrad: true }).requiresGrad,
      s.randintLike(tensor([1]), 5).dtype,
      s.empty([2, 0]).shape,
    ]).toEqual([true, 'float32', [2, 0]]);
    expectError(
      () => s.zerosLike([1] as never),
      TypeError,
      '[zerosLike] expected input to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
    expectError(() => s.fullLike(x, 0.5), RangeError, '[full] 0.5 is not an int32');
    expectError(
      () => s.randLike(x),
      TypeError,
      '[rand] random tensors are float32\n  hint: rand(shape).mul(n).to("int32") makes integers from 0 to n - 1',
    );
  });
});

describe('tables, grids and classes', () => {
  it('take int32, scalars and nothing', () => {
    expect([
      s.hstack([tensor(1), tensor(2)]).toArray(),
      s.vstack([tensor(1), tensor(2)]).toArray(),
      s.columnStack([tensor(1), tensor(2)]).toArray(),
    ]).toEqual([[1, 2], [[1], [2]], [[1, 2]]]);
    expect([
      s.meshgrid(int([1, 2]), tensor(3))[0]!.toArray(),
      s.meshgrid(tensor([1, 2]), {})[0]!.shape,
      s.cartesianProd(int([1]), int([2])).dtype,
    ]).toEqual([[[1], [2]], [2], 'int32']);
    expect([s.cartesianProd(zeros([0]), zeros([3])).shape, s.meshgrid(zeros([0]), zeros([3]))[1]!.shape]).toEqual([
      [0, 2],
      [0, 3],
    ]);
    const { oneHot } = s.nn.functional;
    expect([
      oneHot(int([0, 2])).toArray(),
      oneHot(int([1]).squeeze(), 2).toArray(),
      oneHot(int([]), 3).shape,
      oneHot(int([0]), 2).dtype,
    ]).toEqual([
      [
        [1, 0, 0],
        [0, 0, 1],
      ],
      [0, 1],
      [0, 3],
      'int32',
    ]);
  });
  it('say what does not fit', () => {
    expectError(() => s.hstack([]), RangeError, '[hstack] expected at least one tensor, got none');
    expectError(() => s.vstack(zeros([2]) as never), TypeError, '[vstack] expected an array of tensors, got a Tensor');
    expectError(
      () => s.columnStack([zeros([2]), 1 as never]),
      TypeError,
      '[columnStack] expected tensors[1] to be a tensor, got 1\n  hint: tensor(...) makes one',
    );
    expectError(() => s.vstack([zeros([2]), zeros([3])]), RangeError, '[vstack] expected tensors[1] [*, 2], got [1, 3]');
    expectError(() => s.meshgrid(), RangeError, '[meshgrid] expected at least one tensor, got none');
    expectError(() => s.meshgrid(zeros([2, 2])), RangeError, '[meshgrid] expected tensors[0] to be a vector, got [2, 2]');
    expectError(
      () => s.meshgrid(zeros([2]), { indexing: 'yx' as never }),
      RangeError,
      '[meshgrid] expected indexing to be one of "ij", "xy", got "yx"',
    );
    expectError(
      () => s.cartesianProd([zeros([2])] as never),
      TypeError,
      '[cartesianProd] expected tensors[0] to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
    const { oneHot, normalize, cosineSimilarity, pairwiseDistance } = s.nn.functional;
    expectError(() => oneHot(int([3]), 3), RangeError, '[oneHot] index[0] = 3 is out of range [0, 3)');
    expectError(() => oneHot(int([-1])), RangeError, '[oneHot] expected numClasses to be from 1 to 2147483647, got 0');
    expectError(() => oneHot(int([])), RangeError, '[oneHot] no class says how many there are\n  hint: oneHot(index, numClasses)');
    expectError(
      () => oneHot(zeros([1]), 2),
      TypeError,
      '[oneHot] expected index to be int32, got float32\n  hint: index.to("int32") converts it',
    );
    expect(thrownBy(() => s.compile((t: Tensor) => oneHot(t))(int([1]))).message).toMatch(/oneHot without numClasses/);
    expectError(() => normalize(zeros([2])), RangeError, '[normalize] dim 1 is outside [-1, 0]');
    expectError(() => normalize(1 as never), TypeError, '[normalize] expected x to be a tensor, got 1\n  hint: tensor(...) makes one');
    expectError(
      () => cosineSimilarity(zeros([2, 3]), zeros([2, 4])),
      RangeError,
      '[cosineSimilarity] shapes [2, 3] and [2, 4] do not broadcast\n  hint: dimension -1 is 3 and 4',
    );
    expectError(
      () => pairwiseDistance(zeros([2]), zeros([3])),
      RangeError,
      '[pairwiseDistance] shapes [2] and [3] do not broadcast\n  hint: dimension -1 is 2 and 3',
    );
  });
});
