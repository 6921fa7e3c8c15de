import { describe, expect, it } from 'vitest';
import { manualSeed, nn, ones, randn, type Tensor, tensor, zeros } from '../../src';
import { activationLayers, activations } from '../found';
import { expectClose, expectError, expectSame, flat } from '../helpers';

describe('Linear', () => {
  it('is x W^T + b', () => {
    const layer = new nn.Linear(2, 3);
    layer.loadStateDict({
      weight: tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      bias: tensor([0.5, 0, -1]),
    });
    expectSame(
      layer.forward(
        tensor([
          [1, 1],
          [2, 0],
        ]),
      ),
      [3.5, 7, 10, 2.5, 6, 9],
    );
    expect(layer.forward(zeros([4, 5, 2])).shape).toEqual([4, 5, 3]);
    const bare = new nn.Linear(2, 3, { bias: false });
    expect(bare.bias).toBeNull();
    expect(bare.parameters()).toEqual([bare.weight]);
  });

  it('starts uniform within 1/sqrt(inFeatures), from the seed', () => {
    manualSeed(3);
    const layer = new nn.Linear(100, 200);
    const bound = Math.fround(0.1);
    for (const parameter of layer.parameters()) {
      const values = flat(parameter);
      expect(values.every((v) => Math.abs(v) <= bound)).toBe(true);
      expect(Math.max(...values)).toBeGreaterThan(0.09);
      expect(Math.min(...values)).toBeLessThan(-0.09);
    }
    manualSeed(3);
    expectSame(new nn.Linear(100, 200).weight, layer.weight);
    const before = flat(layer.bias!);
    layer.resetParameters();
    expect(flat(layer.bias!)).not.toEqual(before);
  });

  it('may have no features', () => {
    expectSame(new nn.Linear(0, 2).forward(zeros([1, 0])), [0, 0]);
    expect(new nn.Linear(2, 0).forward(zeros([3, 2])).shape).toEqual([3, 0]);
  });

  it('refuses bad sizes, options and inputs', () => {
    expectError(() => new nn.Linear(-1, 2), RangeError, '[Linear] expected inFeatures to be at least 0, got -1');
    expectError(() => new nn.Linear(2, 1.5), RangeError, '[Linear] expected outFeatures to be an integer, got 1.5');
    expectError(() => new nn.Linear('2' as never, 2), TypeError, '[Linear] expected inFeatures to be a number, got "2"');
    expectError(() => new nn.Linear(2, 2, { Bias: true } as never), TypeError, '[Linear] unknown option "Bias", did you mean "bias"?');
    expectError(() => new nn.Linear(2, 2, { bias: 0 } as never), TypeError, '[Linear] expected bias to be true or false, got 0');
    expect(() => new nn.Linear(2, 2, false as never)).toThrow(/^\[Linear] expected an options object, got false/);
    expectError(() => new nn.Linear(13, 5).forward(zeros([32, 12])), RangeError, '[Linear.forward] expected x [*, 13], got [32, 12]');
  });
});

describe('Dropout', () => {
  it('scales what it keeps, while training only', () => {
    manualSeed(1);
    const layer = new nn.Dropout(0.25);
    const y = flat(layer.forward(ones([1000])));
    const kept = y.filter((v) => v !== 0);
    expect(kept.every((v) => v === Math.fround(4 / 3))).toBe(true);
    expect(Math.abs(kept.length - 750)).toBeLessThan(70); // 5 deviations of 13.7
    const x = ones([3]);
    expect(layer.eval().forward(x)).toBe(x);
  });

  it('refuses what is not a probability', () => {
    expectError(() => new nn.Dropout(1.5), RangeError, '[Dropout] expected p to be from 0 to 1, got 1.5');
    expectError(() => new nn.Dropout(Number.NaN), RangeError, '[Dropout] expected p to be from 0 to 1, got NaN');
    expectError(() => new nn.Dropout('a' as never), TypeError, '[Dropout] expected p to be a number, got "a"');
  });
});

describe('Flatten and Identity', () => {
  it('flatten all but the batch, or the dimensions given', () => {
    expect(new nn.Flatten().forward(zeros([2, 3, 4])).shape).toEqual([2, 12]);
    expect(new nn.Flatten(0, 1).forward(zeros([2, 3, 4])).shape).toEqual([6, 4]);
    expect(new nn.Flatten(0).forward(zeros([2, 3, 4])).shape).toEqual([24]);
    const x = zeros([2, 2], { requiresGrad: true });
    new nn.Flatten()
      .forward(x.reshape([2, 2, 1]))
      .sum()
      .backward();
    expectSame(x.grad!, [1, 1, 1, 1]);
  });

  it('refuse dimensions that are not there', () => {
    expectError(() => new nn.Flatten().forward(zeros([2])), RangeError, '[Tensor.flatten] dim 1 is outside [-1, 0]');
    expectError(() => new nn.Flatten(0.5), RangeError, '[Flatten] expected startDim to be an integer, got 0.5');
    expectError(() => new nn.Flatten(1, null as never), TypeError, '[Flatten] expected endDim to be a number, got null');
    expectError(
      () => new nn.Flatten().forward(3 as never),
      TypeError,
      '[Flatten.forward] expected x to be a tensor, got 3\n  hint: tensor(...) makes one',
    );
  });

  it('identity returns its argument', () => {
    const x = zeros([2]);
    expect(new nn.Identity().forward(x)).toBe(x);
  });
});

describe('activations', () => {
  const F = nn.functional;
  manualSeed(1);
  const x = randn([3, 5]);
  it.each(activationLayers)('$name is its function', ({ name, make, of }) => {
    const layer = new make();
    if (layer.extraRepr() === '') expect(String(layer)).toBe(`${name}()`);
    expectSame(layer.forward(x), flat(activations[of]!(x)));
  });

  it.each<[nn.Layer, (x: Tensor) => Tensor, string]>([
    [new nn.ReLU(), F.relu, 'ReLU()'],
    [new nn.LeakyReLU(), F.leakyRelu, 'LeakyReLU(negative_slope=0.01)'],
    [new nn.LeakyReLU({ negativeSlope: 1e-5 }), (t) => F.leakyRelu(t, { negativeSlope: 1e-5 }), 'LeakyReLU(negative_slope=1e-05)'],
    [new nn.Sigmoid(), F.sigmoid, 'Sigmoid()'],
    [new nn.Tanh(), F.tanh, 'Tanh()'],
    [new nn.GELU(), F.gelu, "GELU(approximate='none')"],
    [new nn.GELU({ approximate: 'tanh' }), (t) => F.gelu(t, { approximate: 'tanh' }), "GELU(approximate='tanh')"],
    [new nn.SiLU(), F.silu, 'SiLU()'],
    [new nn.ELU(), F.elu, 'ELU(alpha=1.0)'],
    [new nn.ELU({ alpha: 0.5 }), (t) => F.elu(t, { alpha: 0.5 }), 'ELU(alpha=0.5)'],
    [new nn.Softplus(), F.softplus, 'Softplus(beta=1.0, threshold=20.0)'],
    [new nn.Softplus({ beta: 2, threshold: 0.5 }), (t) => F.softplus(t, { beta: 2, threshold: 0.5 }), 'Softplus(beta=2.0, threshold=0.5)'],
    [new nn.Hardswish(), F.hardswish, 'Hardswish()'],
    [new nn.Hardtanh(), (t) => F.hardtanh(t), 'Hardtanh(min_val=-1.0, max_val=1.0)'],
    [new nn.CELU(), (t) => F.celu(t), 'CELU(alpha=1.0)'],
    [new nn.Softshrink(), (t) => F.softshrink(t), 'Softshrink(0.5)'],
    [new nn.Hardshrink({ lambd: 0.25 }), (t) => F.hardshrink(t, { lambd: 0.25 }), 'Hardshrink(0.25)'],
    [new nn.Threshold(0.1, 20), (t) => F.threshold(t, 0.1, 20), 'Threshold(threshold=0.1, value=20)'],
    [new nn.Mish(), F.mish, 'Mish()'],
    [new nn.Softmax({ dim: 1 }), (t) => F.softmax(t, 1), 'Softmax(dim=1)'],
    [new nn.Softmax({ dim: -2 }), (t) => F.softmax(t, 0), 'Softmax(dim=-2)'],
    [new nn.LogSoftmax({ dim: 1 }), (t) => F.logSoftmax(t, 1), 'LogSoftmax(dim=1)'],
  ])('%s', (layer, fn, text) => {
    expect(String(layer)).toBe(text);
    const expected = flat(fn(x));
    expect(new Set(expected).size).toBeGreaterThan(5); // not all zeros
    expectSame(layer.forward(x), expected);
  });

  it('follow a change of their properties', () => {
    const layer = new nn.LeakyReLU();
    layer.negativeSlope = 0.5;
    expectSame(layer.forward(tensor([-2])), [-1]);
  });

  it('refuse bad options', () => {
    expectError(() => new nn.LeakyReLU({ slope: 1 } as never), TypeError, '[LeakyReLU] unknown option "slope" (known: negativeSlope)');
    expectError(
      () => new nn.LeakyReLU({ negativeSlope: Number.NaN }),
      RangeError,
      '[LeakyReLU] expected negativeSlope to be a number, got NaN',
    );
    expectError(() => new nn.ELU({ alpha: '1' as never }), TypeError, '[ELU] expected alpha to be a number, got "1"');
    expectError(() => new nn.Softplus({ beta: null as never }), TypeError, '[Softplus] expected beta to be a number, got null');
    expectError(() => new nn.Softplus({ threshold: Number.NaN }), RangeError, '[Softplus] expected threshold to be a number, got NaN');
    expectError(
      () => new nn.GELU({ approximate: 'erf' as never }),
      RangeError,
      '[GELU] expected approximate to be one of "none", "tanh", got "erf"',
    );
    for (const [name, make] of [
      ['Softmax', (o: never) => new nn.Softmax(o)],
      ['LogSoftmax', (o: never) => new nn.LogSoftmax(o)],
    ] as const) {
      const message = `[${name}] expected the dimension along which to sum to 1\n  hint: new nn.${name}({ dim: 1 })`;
      expectError(() => make(undefined as never), TypeError, message);
      expectError(() => make({ axis: 1 } as never), TypeError, `[${name}] unknown option "axis", did you mean "dim"?`);
      expectError(() => make({ dim: 0.5 } as never), RangeError, `[${name}] expected dim to be an integer, got 0.5`);
    }
    expectError(
      () => new nn.ReLU().forward([1] as never),
      TypeError,
      '[ReLU.forward] expected x to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
  });
});

describe('losses', () => {
  const output = tensor([
    [1, 2, 3],
    [0, 0, 1],
  ]);
  const labels = tensor(Int32Array.of(2, 0));
  const weight = tensor([1, 2, 3]);

  it('are their functional forms', () => {
    const options = { weight, ignoreIndex: 0, reduction: 'sum', labelSmoothing: 0.1 } as const;
    const { crossEntropy, nllLoss, mseLoss } = nn.functional;
    expectSame(new nn.CrossEntropyLoss().forward(output, labels), crossEntropy(output, labels));
    expectSame(new nn.CrossEntropyLoss(options).call(output, labels), crossEntropy(output, labels, options));
    expectSame(new nn.CrossEntropyLoss({ reduction: 'none' }).forward(output, labels), crossEntropy(output, labels, { reduction: 'none' }));
    const { labelSmoothing: _, ...nll } = options;
    expectSame(new nn.NLLLoss(nll).forward(output, labels), nllLoss(output, labels, nll));
    expectSame(new nn.MSELoss({ reduction: 'sum' }).forward(output, zeros([2, 3])), mseLoss(output, zeros([2, 3]), { reduction: 'sum' }));
    expectClose(new nn.MSELoss().forward(output, zeros([2, 3])), [15 / 6], 1e-6);
    expectSame(new nn.NLLLoss().forward(output, labels), [-1.5]);
  });

  it('hold the class weights as a buffer and print as in PyTorch', () => {
    const criterion = new nn.CrossEntropyLoss({ weight });
    expect(Object.keys(criterion.stateDict())).toEqual(['weight']);
    expect(criterion.parameters()).toEqual([]);
    expect(new nn.NLLLoss().stateDict()).toEqual({});
    expect([criterion, new nn.NLLLoss(), new nn.MSELoss()].map(String)).toEqual(['CrossEntropyLoss()', 'NLLLoss()', 'MSELoss()']);
  });

  it('check their options when they are made', () => {
    expectError(
      () => new nn.CrossEntropyLoss({ weights: weight } as never),
      TypeError,
      '[CrossEntropyLoss] unknown option "weights", did you mean "weight"?',
    );
    expectError(
      () => new nn.CrossEntropyLoss({ weight: [1, 2] as never }),
      TypeError,
      '[CrossEntropyLoss] expected weight to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
    expectError(
      () => new nn.CrossEntropyLoss({ reduction: 'avg' as never }),
      RangeError,
      '[CrossEntropyLoss] expected reduction to be one of "mean", "sum", "none", got "avg"',
    );
    expectError(
      () => new nn.CrossEntropyLoss({ labelSmoothing: 1.5 }),
      RangeError,
      '[CrossEntropyLoss] expected labelSmoothing to be from 0 to 1, got 1.5',
    );
    expectError(() => new nn.NLLLoss({ ignoreIndex: 0.5 }), RangeError, '[NLLLoss] expected ignoreIndex to be an integer, got 0.5');
    expectError(
      () => new nn.NLLLoss({ labelSmoothing: 0 } as never),
      TypeError,
      '[NLLLoss] unknown option "labelSmoothing" (known: weight, ignoreIndex, reduction)',
    );
    expectError(
      () => new nn.MSELoss({ reduction: 1 as never }),
      RangeError,
      '[MSELoss] expected reduction to be one of "mean", "sum", "none", got 1',
    );
    expectError(
      () => new nn.CrossEntropyLoss().forward(output, tensor(Int32Array.of(1))),
      RangeError,
      '[CrossEntropyLoss.forward] expected target [2] for x [2, 3], got [1]',
    );
  });
});
