// nn.utils: clipping of gradients, eager and compiled, and parameters as one vector.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, optim, randn, type Tensor, tensor, zeros } from '../../src/index';

const { clipGradNorm_, clipGradsWithNorm_, clipGradValue_, getTotalNorm, parametersToVector, vectorToParameters } = nn.utils;

// Parameters with the given gradients; null: none.
const withGradients = (...gradients: (number[] | null)[]): nn.Parameter[] =>
  gradients.map((gradient) => {
    const parameter = new nn.Parameter(zeros([gradient?.length ?? 1]));
    if (gradient !== null) parameter.grad = tensor(gradient);
    return parameter;
  });
const gradientsOf = (parameters: readonly Tensor[]): (number[] | null)[] =>
  parameters.map(({ grad }) => (grad === null ? null : (grad.toArray() as number[])));
const close = (actual: (number[] | null)[], expected: (number[] | null)[]): void => {
  expect(actual.map((g) => g?.length)).toEqual(expected.map((g) => g?.length));
  actual.forEach((g, i) => {
    g?.forEach((value, j) => {
      expect(value).toBeCloseTo(expected[i]![j]!, 6);
    });
  });
};

describe('clipGradNorm_', () => {
  it.each([
    [2, 10, [[0.6], [0, 0.8]]],
    [Infinity, 8, [[0.75], [0, 1]]],
    [1, 14, [[6 / 14], [0, 8 / 14]]],
    [3, 728 ** (1 / 3), [[6 / 728 ** (1 / 3)], [0, 8 / 728 ** (1 / 3)]]],
  ])('with normType %d scales all gradients by one number and returns the norm that was', (normType, norm, expected) => {
    const parameters = withGradients([6], [0, -8], null);
    expect(clipGradNorm_(parameters, 1, { normType }).item()).toBeCloseTo(norm, 5);
    close(gradientsOf(parameters), [expected[0]!, [0, -expected[1]![1]!], null]);
  });

  it.each([
    [0, 2],
    [-Infinity, 0],
    [-1, 0],
    [0.5, 28.9695],
  ])('has the orders of vectors: %d', (normType, expected) => {
    const tensors = [tensor([3, 0]), tensor([0, 0]), tensor([-2, 5])];
    expect(getTotalNorm(tensors, { normType }).item()).toBeCloseTo(expected, 3); // PyTorch's
    expect(clipGradNorm_(withGradients([6], [0, -8]), 1, { normType: 0 }).item()).toBe(2);
    expect(clipGradNorm_(withGradients([6], [4, -8]), 1, { normType: -Infinity }).item()).toBe(4);
  });

  it('leaves gradients as they are, to the bit, where their norm is not above the limit', () => {
    const parameters = withGradients([0.1, 0.7], [-0.3]);
    const before = gradientsOf(parameters);
    clipGradNorm_(parameters, 1);
    expect(gradientsOf(parameters)).toEqual(before);
  });

  it('scales the gradient of a parameter that is frozen by now', () => {
    const [frozen] = withGradients([3, 4]);
    frozen!.requiresGrad_(false);
    clipGradNorm_(frozen!, 1);
    clipGradValue_(frozen!, 0.7);
    close(gradientsOf([frozen!]), [[0.6, 0.7]]);
  });

  it('is 0 where there is no gradient, and takes a tensor alone', () => {
    expect(clipGradNorm_(withGradients(null), 1).item()).toBe(0);
    expect(clipGradNorm_([], 1).item()).toBe(0);
    const [one] = withGradients([3, 4]);
    expect(clipGradNorm_(one!, 1).item()).toBe(5);
  });

  it('makes every gradient NaN where one is, as PyTorch does', () => {
    const parameters = withGradients([1], [Number.NaN]);
    expect(clipGradNorm_(parameters, 1).item()).toBeNaN();
    expect(gradientsOf(parameters)).toEqual([[Number.NaN], [Number.NaN]]);
  });

  it.each([Number.NaN, Infinity])('with errorIfNonfinite refuses a norm of %d and changes nothing', (value) => {
    const parameters = withGradients([6], [value]);
    expect(() => clipGradNorm_(parameters, 1, { errorIfNonfinite: true })).toThrow(RangeError);
    expect(gradientsOf(parameters)).toEqual([[6], [value]]);
    expect(clipGradNorm_(parameters.slice(0, 1), 1, { errorIfNonfinite: true }).item()).toBe(6);
  });

  it('refuses what it cannot use, and changes nothing', () => {
    const parameters = withGradients([6], [8]);
    expect(() => clipGradNorm_(parameters, -1)).toThrow(/maxNorm/);
    expect(() => clipGradNorm_(parameters, Number.NaN)).toThrow(/maxNorm/);
    expect(() => clipGradNorm_(parameters, 1, { normType: Number.NaN })).toThrow(/normType/);
    expect(() => clipGradNorm_(parameters, 1, { normTypo: 1 } as never)).toThrow(/normTypo/);
    expect(() => clipGradNorm_(parameters, 1, 1 as never)).toThrow(TypeError);
    expect(() => clipGradNorm_([...parameters, 1 as unknown as Tensor], 1)).toThrow(TypeError);
    expect(() => clipGradNorm_(null as unknown as Tensor, 1)).toThrow(TypeError);
    expect(gradientsOf(parameters)).toEqual([[6], [8]]);
  });
});

describe('getTotalNorm', () => {
  it.each([
    [undefined, 13],
    [1, 19],
    [Infinity, 12],
    [3, (27 + 64 + 1728) ** (1 / 3)],
  ])('with normType %s is that of all elements together', (normType, expected) => {
    const norm = getTotalNorm([tensor([[3], [-4]]), tensor(-12), zeros([0, 2])], normType === undefined ? {} : { normType });
    expect(norm.shape).toEqual([]);
    expect(norm.item()).toBeCloseTo(expected, 5);
  });

  it('is 0 of nothing, takes a tensor alone, and has no history', () => {
    expect(getTotalNorm([]).item()).toBe(0);
    expect(getTotalNorm([zeros([0])], { normType: Infinity }).item()).toBe(0);
    const w = new nn.Parameter(tensor([3, 4]));
    const norm = getTotalNorm(w);
    expect([norm.item(), norm.requiresGrad]).toEqual([5, false]);
    expect(getTotalNorm(tensor([Number.NaN]), { normType: Infinity }).item()).toBeNaN();
  });

  it('refuses what it cannot use', () => {
    const where = '[utils.getTotalNorm]';
    expect(() => getTotalNorm([tensor([Infinity])], { errorIfNonfinite: true })).toThrow(`${where} the norm of the tensors is Infinity`);
    expect(() => getTotalNorm([tensor([1])], { normType: Number.NaN })).toThrow(`${where} expected normType to be a number, got NaN`);
    expect(() => getTotalNorm([tensor([1])], { normType: 'x' as never })).toThrow(`${where} expected normType to be a number, got "x"`);
    expect(() => getTotalNorm(3 as never)).toThrow(`${where} expected a tensor or a list of them, got 3`);
    expect(() => getTotalNorm([3 as never])).toThrow(`${where} expected every tensor to be a tensor, got 3`);
    expect(() => getTotalNorm([tensor(Int32Array.of(1))])).toThrow(`${where} expected every tensor to be float32, got int32`);
  });
});

describe('clipGradsWithNorm_', () => {
  it('is clipGradNorm_ with the norm of others', () => {
    const parameters = withGradients([6], [0, -8], null);
    clipGradsWithNorm_(parameters, 1, tensor([20]));
    close(gradientsOf(parameters), [[0.3], [0, -0.4], null]);
    const before = gradientsOf(parameters);
    clipGradsWithNorm_(parameters, 1, tensor(0.5));
    expect(gradientsOf(parameters)).toEqual(before);
    const [one, two] = [withGradients([6], [8]), withGradients([6], [8])];
    clipGradNorm_(one, 1);
    clipGradsWithNorm_(two, 1, getTotalNorm(two.map(({ grad }) => grad!)));
    expect(gradientsOf(two)).toEqual(gradientsOf(one));
    clipGradsWithNorm_([], 1, tensor(1));
  });

  it('in a compiled step as in a loop', () => {
    const run = (recorded: boolean): number[][] => {
      manualSeed(3);
      const model = new nn.Linear(3, 2);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const plain = (x: Tensor, norm: Tensor): Tensor => {
        optimizer.zeroGrad();
        const loss = model.forward(x).pow(2).sum();
        loss.backward();
        clipGradsWithNorm_(model.parameters(), 0.5, norm);
        optimizer.step();
        return loss;
      };
      const step = recorded ? compile(plain) : plain;
      for (let i = 1; i < 5; i++) step(randn([4, 3]), tensor(i));
      return model.parameters().map((p) => [...p.data]);
    };
    expect(run(true)).toEqual(run(false));
  });

  it('refuses what it cannot use, and changes nothing', () => {
    const parameters = withGradients([6], [8]);
    const where = '[utils.clipGradsWithNorm_]';
    expect(() => clipGradsWithNorm_(parameters, -1, tensor(1))).toThrow(`${where} expected maxNorm to be at least 0, got -1`);
    expect(() => clipGradsWithNorm_(parameters, 1, 3 as never)).toThrow(`${where} expected totalNorm to be a tensor, got 3`);
    expect(() => clipGradsWithNorm_(parameters, 1, zeros([2]))).toThrow(`${where} expected totalNorm to have one element, got shape [2]`);
    expect(() => clipGradsWithNorm_(parameters, 1, tensor(Int32Array.of(1)))).toThrow(
      `${where} expected totalNorm to be float32, got int32`,
    );
    expect(gradientsOf(parameters)).toEqual([[6], [8]]);
  });
});

describe('clipGradValue_', () => {
  it('limits each element; NaN stays', () => {
    const parameters = withGradients([3, -0.25, -7], [Number.NaN], null);
    clipGradValue_(parameters, 0.5);
    expect(gradientsOf(parameters)).toEqual([[0.5, -0.25, -0.5], [Number.NaN], null]);
    expect(() => clipGradValue_(parameters, -1)).toThrow(RangeError);
  });
});

describe.each(['norm', 'value'] as const)('a compiled step that clips by %s', (by) => {
  const run = (compiled: boolean, keepGrad: boolean): unknown[] => {
    manualSeed(3);
    const model = new nn.Sequential(new nn.Linear(5, 17), new nn.Tanh(), new nn.Linear(17, 3));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const criterion = new nn.CrossEntropyLoss();
    const step = (x: Tensor, y: Tensor): Tensor[] => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      const norm = by === 'norm' ? clipGradNorm_(model.parameters(), 0.3) : loss;
      if (by === 'value') clipGradValue_(model.parameters(), 0.01);
      optimizer.step();
      return [loss, norm];
    };
    const call = compiled ? compile(step, { keepGrad }) : step;
    const trace: unknown[] = [];
    for (let i = 0; i < 200; i++) {
      const labels = tensor(
        Array.from({ length: 20 }, (_, r) => (r + i) % 3),
        { dtype: 'int32' },
      );
      trace.push(call(randn([20, 5]), labels).map((t) => t.item()));
      if (keepGrad) trace.push(gradientsOf(model.parameters().map((p) => p)));
    }
    return [trace, model.parameters().map((p) => p.toArray())];
  };
  it.each([true, false])('has the bits of the eager one, with keepGrad %s', (keepGrad) => {
    expect(run(true, keepGrad)).toEqual(run(false, keepGrad));
  });
});

it('the gradients that a compiled step kept to itself cannot be clipped outside', () => {
  const layer = new nn.Linear(2, 1);
  const step = compile((x: Tensor) => {
    layer.zeroGrad();
    const loss = layer.forward(x).sum();
    loss.backward();
    return loss;
  });
  for (let i = 0; i < 2; i++) step(randn([3, 2]));
  expect(() => clipGradNorm_(layer.parameters(), 1)).toThrow(/compiled step/);
});

describe('parameters as a vector', () => {
  it('goes there and back, and gradients flow', () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Linear(2, 2));
    const vector = parametersToVector(model.parameters());
    expect(vector.shape).toEqual([14]);
    const values = Array.from({ length: 14 }, (_, i) => i);
    vectorToParameters(tensor(values), model.parameters());
    expect(parametersToVector(model.parameters()).toArray()).toEqual(values);
    parametersToVector(model.parameters()).mul(tensor(values)).sum().backward();
    expect(parametersToVector(model.parameters().map((p) => p.grad!)).toArray()).toEqual(values);
  });

  it('refuses a vector of another length and changes nothing', () => {
    const layer = new nn.Linear(2, 1);
    const before = parametersToVector(layer.parameters()).toArray();
    for (const wrong of [tensor([1, 2]), tensor([1, 2, 3, 4]), tensor([[1, 2, 3]])]) {
      expect(() => vectorToParameters(wrong, layer.parameters())).toThrow(RangeError);
    }
    expect(() => vectorToParameters([1, 2, 3] as unknown as Tensor, layer.parameters())).toThrow(TypeError);
    expect(() => parametersToVector([])).toThrow(RangeError);
    expect(parametersToVector(layer.parameters()).toArray()).toEqual(before);
  });

  it('a parameter that the backward pass still needs may not be changed', () => {
    const layer = new nn.Linear(2, 1);
    const loss = layer.forward(randn([1, 2], { requiresGrad: true })).sum();
    vectorToParameters(tensor([1, 2, 3]), layer.parameters());
    expect(() => loss.backward()).toThrow(/in place/);
  });
});
