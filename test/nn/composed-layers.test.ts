// Layers made of other operations: corners, messages and what they print. Their values are compared with PyTorch's in test/parity.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, noGrad, ones, optim, randn, type Tensor, tensor, train, zeros } from '../../src';
import { expectClose, expectError, expectSame, flat, thrownBy } from '../helpers';

const F = nn.functional;

it('print as PyTorch prints them', () => {
  const printed = [
    new nn.PReLU(),
    new nn.PReLU({ numParameters: 3, init: 0.1 }),
    new nn.GLU(),
    new nn.Softmin({ dim: 1 }),
    new nn.AlphaDropout(0.2),
    new nn.Bilinear(2, 3, 4),
    new nn.Bilinear(2, 3, 4, { bias: false }),
    new nn.CosineSimilarity(),
    new nn.PairwiseDistance(),
    new nn.GroupNorm(2, 4),
    new nn.GroupNorm(2, 4, { affine: false }),
    new nn.GroupNorm(2, 4, { bias: false }),
    new nn.RReLU(),
    new nn.RReLU({ lower: 0.1, upper: 0.3 }),
  ].map(String);
  expect(printed).toEqual([
    'PReLU(num_parameters=1)',
    'PReLU(num_parameters=3)',
    'GLU(dim=-1)',
    'Softmin(dim=1)',
    'AlphaDropout(p=0.2, inplace=False)',
    'Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)',
    'Bilinear(in1_features=2, in2_features=3, out_features=4, bias=False)',
    'CosineSimilarity()',
    'PairwiseDistance()',
    'GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)',
    'GroupNorm(2, 4, eps=1e-05, affine=False, bias=False)',
    'GroupNorm(2, 4, eps=1e-05, affine=True, bias=False)',
    'RReLU(lower=0.125, upper=0.3333333333333333)',
    'RReLU(lower=0.1, upper=0.3)',
  ]);
});

describe('PReLU', () => {
  it('has the slopes that it is given, and their gradients', () => {
    const x = tensor([NaN, 0, Infinity, -Infinity, -2]).requiresGrad_();
    const layer = new nn.PReLU({ init: 0.5 });
    const y = layer.forward(x);
    expectSame(y, [NaN, 0, Infinity, -Infinity, -1]);
    y.sum().backward();
    expectSame(x.grad!, [0.5, 0.5, 1, 0.5, 0.5]); // as in PyTorch
    const channels = new nn.PReLU({ numParameters: 2 });
    channels
      .forward(
        tensor([
          [-1, -2],
          [-3, 4],
        ]),
      )
      .sum()
      .backward();
    expectSame(channels.weight.grad!, [-4, -2]);
    expect(channels.forward(zeros([0, 2])).shape).toEqual([0, 2]);
  });
  it('refuses other shapes and options', () => {
    const layer = new nn.PReLU({ numParameters: 3 });
    expectError(() => layer.forward(ones([2, 2])), RangeError, '[PReLU.forward] expected weight [1] or [2] for x [2, 2], got [3]');
    expectError(() => F.prelu(ones([3]), ones([3])), RangeError, '[prelu] expected weight [1] or [1] for x [3], got [3]');
    expectError(() => F.prelu(ones([3]), ones([1, 1])), RangeError, '[prelu] expected weight [1] or [1] for x [3], got [1, 1]');
    expectError(() => new nn.PReLU({ numParameters: 0 }), RangeError, '[PReLU] expected numParameters to be at least 1, got 0');
    expectError(() => new nn.PReLU({ init: 'x' as never }), TypeError, '[PReLU] expected init to be a number, got "x"');
  });
});

describe('RReLU', () => {
  it('draws a slope for each element in training, and has one else', () => {
    manualSeed(1);
    const layer = new nn.RReLU({ lower: 0.25, upper: 0.75 });
    const x = tensor(Array.from({ length: 4000 }, (_, i) => (i % 4 === 0 ? 2 : -1))).requiresGrad_();
    const y = layer.forward(x);
    const slopes = flat(y)
      .filter((v) => v < 0)
      .map((v) => -v);
    expect(slopes).toHaveLength(3000);
    expect(slopes.every((v) => v >= 0.25 && v < 0.75)).toBe(true);
    expect(new Set(slopes).size).toBeGreaterThan(2900);
    expectClose(slopes.reduce((a, b) => a + b, 0) / 3000, 0.5, 5 * (0.5 / Math.sqrt(12 * 3000)));
    y.sum().backward();
    expectSame(
      x.grad!,
      flat(y).map((v) => (v > 0 ? 1 : -v)),
    );
    expectSame(layer.eval().forward(tensor([-2, 3])), [-1, 3]);
  });
  it('refuses a range that is none', () => {
    expectError(() => new nn.RReLU({ lower: 0.5, upper: 0.25 }), RangeError, '[RReLU] expected upper to be at least 0.5, got 0.25');
    expectError(() => F.rrelu(ones([1]), { lower: 1, upper: 0 }), RangeError, '[rrelu] expected upper to be at least 1, got 0');
    expectError(() => F.rrelu(ones([1]), { training: 1 as never }), TypeError, '[rrelu] expected training to be true or false, got 1');
  });
});

describe('AlphaDropout', () => {
  it('keeps mean and variance, and has two values for one', () => {
    manualSeed(2);
    const layer = new nn.AlphaDropout(0.3);
    const x = randn([20000]);
    const y = flat(layer.forward(x));
    const mean = y.reduce((a, b) => a + b, 0) / y.length;
    const variance = y.reduce((a, b) => a + (b - mean) ** 2, 0) / y.length;
    expectClose([mean, variance], [0, 1], 0.05); // seven standard deviations of the mean
    const [p, alpha] = [0.3, -1.7580993408473766];
    const a = ((1 - p) * (1 + p * alpha * alpha)) ** -0.5; // the formula of the paper
    const b = -a * p * alpha;
    const [kept, lost] = [a + b, a * alpha + b];
    const values = [...new Set(flat(layer.forward(ones([100]))))].sort((c, d) => c - d);
    expectClose(values, [lost, kept], 1e-6);
    const share = flat(layer.forward(ones([10000]))).filter((v) => v < 0).length / 10000;
    expectClose(share, 0.3, 5 * Math.sqrt((0.3 * 0.7) / 10000));
    expect(layer.eval().forward(x)).toBe(x);
  });
  it('has the corners of PyTorch', () => {
    const x = tensor([1, -2]);
    expect(new nn.AlphaDropout(0).forward(x)).toBe(x);
    expectSame(new nn.AlphaDropout(1).forward(x), [0, -0]);
    expect(F.alphaDropout(x)).toBe(x);
    expectError(() => new nn.AlphaDropout(1.5), RangeError, '[AlphaDropout] expected p to be from 0 to 1, got 1.5');
    expectError(() => F.alphaDropout(x, 0.5, 1 as never), TypeError, '[alphaDropout] expected training to be true or false, got 1');
  });
});

describe('dropout of channels', () => {
  it('leaves, scales or replaces all of a channel', () => {
    manualSeed(3);
    const x = ones([4, 500, 3]);
    const rows = (y: Tensor): number[][] => y.reshape([2000, 3]).toArray() as number[][];
    const [p, saturation] = [0.3, 1.7580993408473766];
    const a = ((saturation ** 2 * p + 1) * (1 - p)) ** -0.5;
    const [kept, lost] = [a + saturation * a * p, saturation * a * (p - 1)];
    for (const [layer, low, high] of [
      [new nn.Dropout1d(p), 0, 1 / (1 - p)],
      [new nn.FeatureAlphaDropout(p), lost, kept],
    ] as const) {
      const all = rows(layer.forward(x));
      expect(all.every((row) => row.every((value) => value === row[0]))).toBe(true);
      expectClose(
        [...new Set(all.map(([value]) => value!))].sort((c, d) => c - d),
        [low, high],
        1e-6,
      );
      expectClose(all.filter(([value]) => value! < 0.5).length / 2000, p, 5 * Math.sqrt((p * (1 - p)) / 2000));
      expect(layer.eval().forward(x)).toBe(x);
    }
  });
  it('checks its arguments', () => {
    expectError(() => F.dropout1d(ones([2])), RangeError, '[dropout1d] expected x [n, channels, length] or [channels, length], got [2]');
    expectError(
      () => F.featureAlphaDropout(ones([2]), 0.5, true),
      RangeError,
      '[featureAlphaDropout] expected x [n, channels, ...], got [2]',
    );
    expectError(() => F.dropout1d(ones([2, 2]), 2), RangeError, '[dropout1d] expected p to be from 0 to 1, got 2');
    expect(
      F.dropout1d(ones([2, 2]), 1)
        .sum()
        .item(),
    ).toBe(0);
    expect(flat(F.featureAlphaDropout(ones([2, 2]), 1, true))).toEqual([0, 0, 0, 0]);
  });
});

describe('fuseLinearBnEval', () => {
  it('gives what both give in evaluation mode', () => {
    manualSeed(4);
    for (const [bias, affine, features] of [
      [true, true, 3],
      [false, true, 3],
      [true, false, 1],
    ] as const) {
      // biome-ignore format: cases
      const [linear, norm] = [new nn.Linear(5, 3, { bias }), new nn.BatchNorm1d(features, { affine, eps: 0.1 })];
      norm.runningMean!.copy_(randn([features]));
      norm.runningVar!.copy_(randn([features]).square());
      norm.weight?.detach().copy_(randn([features]));
      norm.bias?.detach().copy_(randn([features]));
      const x = randn([7, 5]);
      linear.eval();
      norm.eval();
      const y = linear.forward(x);
      const wanted = features === 3 ? norm.forward(y) : norm.forward(y.reshape([21, 1])).reshape([7, 3]);
      const fused = nn.utils.fuseLinearBnEval(linear, norm);
      expectClose(fused.forward(x), wanted, 1e-5);
      expect([fused.training, fused.weight.requiresGrad, Object.keys(fused.stateDict())]).toEqual([false, true, ['weight', 'bias']]);
    }
  });
  it('checks its arguments', () => {
    const where = '[utils.fuseLinearBnEval]';
    const [linear, norm] = [new nn.Linear(2, 3), new nn.BatchNorm1d(3)];
    expectError(
      () => nn.utils.fuseLinearBnEval(linear, norm),
      RangeError,
      `${where} expected both in evaluation mode\n  hint: model.eval() does it`,
    );
    linear.eval();
    expect(() => nn.utils.fuseLinearBnEval(linear, new nn.BatchNorm1d(2).eval())).toThrow(
      `${where} expected 3 features or one, the norm has 2`,
    );
    expect(() => nn.utils.fuseLinearBnEval(linear, new nn.BatchNorm1d(3, { trackRunningStats: false }).eval())).toThrow(where);
    expect(() => nn.utils.fuseLinearBnEval(norm as never, norm)).toThrow(`${where} expected a Linear, got a BatchNorm1d`);
    expect(() => nn.utils.fuseLinearBnEval(linear, linear as never)).toThrow(`${where} expected a BatchNorm1d, got a Linear`);
  });
});

describe('Bilinear', () => {
  it('starts in its bounds', () => {
    manualSeed(1);
    const layer = new nn.Bilinear(16, 5, 30);
    const values = flat(layer.weight);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Math.max(...values)).toBeGreaterThan(0.24);
    expect(layer.bias!.shape).toEqual([30]);
    expect(layer.forward(zeros([0, 16]), zeros([0, 5])).shape).toEqual([0, 30]);
    expectSame(new nn.Bilinear(2, 0, 1, { bias: false }).forward(ones([1, 2]), zeros([1, 0])), [0]);
  });
  it('adds to gradients that are there', () => {
    const layer = new nn.Bilinear(1, 1, 1);
    const [x, y] = [tensor([[2]]).requiresGrad_(), tensor([[3]]).requiresGrad_()];
    for (let i = 0; i < 2; i++) layer.forward(x, y).sum().backward();
    expectSame(layer.weight.grad!, [12]);
    expectSame(layer.bias!.grad!, [2]);
    expectSame(x.grad!, [Math.fround(layer.weight.data[0]! * 3) * 2]);
  });
  it('refuses shapes that do not fit', () => {
    const layer = new nn.Bilinear(2, 3, 4);
    const where = '[Bilinear.forward]';
    expectError(() => layer.forward(ones([5, 3]), ones([5, 3])), RangeError, `${where} expected x1 [*, 2], got [5, 3]`);
    expectError(() => layer.forward(ones([5, 2]), ones([4, 3])), RangeError, `${where} expected x2 [5, 3], got [4, 3]`);
    expectError(() => layer.forward(ones([]), ones([])), RangeError, `${where} expected x1 [*, 2], got []`);
    expectError(() => F.bilinear(ones([2]), ones([2]), ones([2])), RangeError, '[bilinear] expected weight [out, in1, in2], got [2]');
    expectError(() => F.bilinear(ones([2]), ones([3]), layer.weight, ones([3])), RangeError, '[bilinear] expected bias [4], got [3]');
    expectError(() => new nn.Bilinear(0, 1, 1), RangeError, '[Bilinear] expected in1Features to be at least 1, got 0');
  });
});

describe('distances', () => {
  it('have the corners of PyTorch', () => {
    expectSame(F.cosineSimilarity(zeros([1, 2]), ones([1, 2])), [0]);
    const [short, other] = [tensor([[1e-9, 0]], { requiresGrad: true }), tensor([[1e-9, 1e-9]], { requiresGrad: true })];
    F.cosineSimilarity(short, other).sum().backward(); // below eps the gradients of the norms stay, as in PyTorch
    for (const [{ grad }, expected] of [
      [short, [9e6, 1e7]],
      [other, [9292893, -707106.75]],
    ] as const) {
      // biome-ignore format: table
      grad!.data.forEach((value, i) => { expect(value / expected[i]!).toBeCloseTo(1, 6); }); // biome-ignore format: short
    }
    expect(F.cosineSimilarity(zeros([0, 2]), zeros([0, 2])).shape).toEqual([0]);
    expect(F.cosineSimilarity(tensor([1, 2]), tensor([1, 2]), { dim: 0 }).shape).toEqual([]);
    expectSame(F.pairwiseDistance(tensor([3, 4]), zeros([2]), { eps: 0 }), [5]);
    expectSame(F.pairwiseDistance(tensor([[3, NaN]]), zeros([1, 2])), [NaN]);
    expectSame(F.pairwiseDistance(zeros([2, 0]), zeros([2, 0])), [0, 0]);
    expectSame(F.pairwiseDistance(tensor([[1, -4]]), zeros([1, 2]), { p: -Infinity, eps: 0 }), [1]);
  });
  it('of equals have a gradient of 0', () => {
    for (const p of [1, 2, 3, 0.5, Infinity]) {
      const x = tensor([[1, 2]]).requiresGrad_();
      F.pairwiseDistance(x, tensor([[1, 2]]), { p, eps: 0 })
        .sum()
        .backward();
      expectSame(x.grad!, [0, 0]);
    }
  });
  it('refuse what does not fit', () => {
    expect(thrownBy(() => F.cosineSimilarity(ones([2, 3]), ones([2, 4]))).message).toContain(
      '[cosineSimilarity] shapes [2, 3] and [2, 4] do not broadcast',
    );
    expectError(() => F.cosineSimilarity(ones([2]), ones([2])), RangeError, '[cosineSimilarity] dim 1 is outside [-1, 0]');
    expectError(
      () => F.cosineSimilarity(ones([2, 1]), 3 as never),
      TypeError,
      '[cosineSimilarity] expected x2 to be a tensor, got 3\n  hint: tensor(...) makes one',
    );
    expectError(
      () => F.pairwiseDistance(ones([2]), ones([2]), { p: 'x' as never }),
      TypeError,
      '[pairwiseDistance] expected p to be a number or "fro", got "x"\n  hint: p is the exponent: 1, 2, Infinity, ...',
    );
    expectError(
      () => F.pairwiseDistance(ones([2]), ones([2]), { keepdim: 1 as never }),
      TypeError,
      '[pairwiseDistance] expected keepdim to be true or false, got 1',
    );
  });
});

describe('GroupNorm and GLU', () => {
  it('have corners', () => {
    const layer = new nn.GroupNorm(2, 4);
    expect(layer.forward(zeros([0, 4, 3])).shape).toEqual([0, 4, 3]);
    expect(layer.forward(zeros([2, 4, 0])).shape).toEqual([2, 4, 0]);
    expectSame(new nn.GroupNorm(4, 4).forward(ones([1, 4])), [0, 0, 0, 0]);
    // One group is the norm of a layer, without its factors.
    const x = randn([3, 4, 5]);
    expectSame(new nn.GroupNorm(1, 4, { affine: false }).forward(x), F.layerNorm(x, [4, 5]));
    expect(new nn.GLU().forward(zeros([3, 0])).shape).toEqual([3, 0]);
  });
  it('refuse what does not fit', () => {
    const where = '[GroupNorm.forward]';
    expectError(() => new nn.GroupNorm(2, 3), RangeError, '[GroupNorm] 2 groups do not divide 3 channels');
    expectError(() => new nn.GroupNorm(0, 3), RangeError, '[GroupNorm] expected numGroups to be at least 1, got 0');
    const layer = new nn.GroupNorm(2, 4);
    expectError(() => layer.forward(ones([4])), RangeError, `${where} expected x [n, channels, ...], got [4]`);
    expectError(() => layer.forward(ones([1, 6])), RangeError, `${where} expected weight [6], got [4]`);
    expectError(() => F.groupNorm(ones([1, 3]), 2), RangeError, '[groupNorm] 2 groups do not divide 3 channels');
    expectError(() => F.glu(ones([3])), RangeError, '[glu] expected an even size of dim -1, got x [3]');
    expectError(() => F.glu(ones([])), RangeError, '[glu] expected an even size of dim -1, got x []');
    expectError(
      () => F.softmin(ones([3], { dtype: 'int32' }), 0),
      TypeError,
      '[softmin] expected x to be float32, got int32\n  hint: x.to("float32") converts it',
    );
  });
});

describe('a fit and a compiled loop give the bits of the loop:', () => {
  const models: Record<string, () => nn.Sequential> = {
    'learned and random slopes': () =>
      new nn.Sequential(new nn.Linear(4, 6), new nn.PReLU({ numParameters: 6 }), new nn.RReLU(), new nn.Linear(6, 3)),
    'gates, groups and AlphaDropout': () =>
      new nn.Sequential(
        new nn.Linear(4, 12),
        new nn.GLU(),
        new nn.GroupNorm(2, 6),
        new nn.SELU(),
        new nn.AlphaDropout(0.2),
        new nn.Linear(6, 3),
      ),
    'forms and distances': () => {
      class Forms extends nn.Module {
        a = new nn.Linear(4, 3);
        b = new nn.Linear(4, 3);
        form = new nn.Bilinear(3, 3, 2);
        near = new nn.CosineSimilarity({ dim: -1 });
        far = new nn.PairwiseDistance({ keepdim: true });
        forward(x: Tensor): Tensor {
          const [a, b] = [this.a.call(x), this.b.call(x)];
          const { form, near, far } = this;
          return new nn.Softmin({ dim: 1 }).forward(
            form
              .call(a, b)
              .mul(near.call(a, b).unsqueeze(1))
              .matmul(ones([2, 3]))
              .add(far.call(a, b))
              .mul(a),
          );
        }
      }
      return new nn.Sequential(new Forms());
    },
  };
  it.each(Object.entries(models))('%s', async (_, make) => {
    const run = async (how: 'loop' | 'compiled' | 'fit') => {
      manualSeed(4);
      const model = make();
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
      const batches = [0, 1].map(() => [randn([5, 4]), tensor(Int32Array.of(0, 1, 2, 1, 0))] as [Tensor, Tensor]);
      const criterion = new nn.CrossEntropyLoss();
      manualSeed(11);
      const losses: number[] = [];
      if (how === 'fit') {
        losses.push(...(await train.fit(model, { criterion, optimizer, loader: batches, epochs: 3, progress: false })).loss);
      } else {
        const eager = (x: Tensor, y: Tensor): Tensor => {
          optimizer.zeroGrad();
          const loss = criterion.forward(model.call(x), y);
          loss.backward();
          optimizer.step();
          return loss;
        };
        const step = how === 'compiled' ? compile(eager) : eager;
        for (let epoch = 0; epoch < 3; epoch++) losses.push(batches.reduce((sum, [x, y]) => sum + step(x, y).item(), 0) / 2);
      }
      const x = batches[0]![0];
      model.eval();
      expectSame(
        await train.predict(model, x),
        noGrad(() => model.forward(x)),
      );
      return [...losses, ...model.parameters().flatMap(flat)];
    };
    const expected = await run('loop');
    expect(expected.every(Number.isFinite)).toBe(true);
    expect(await run('compiled')).toEqual(expected);
    expect(await run('fit')).toEqual(expected);
  });
});
