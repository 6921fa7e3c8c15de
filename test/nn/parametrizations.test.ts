// The parametrizations that the library brings, new style and old: their values, and that they train alike eagerly, compiled and in a fit.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, data, io, manualSeed, nn, noGrad, ones, optim, randn, type Tensor, tensor, train, zeros } from '../../src';
import { expectClose, expectError, expectSame, flat } from '../helpers';
import { temporaryFolder } from '../temporary';
import { bitsOf, digest, eagerFit, quiet } from '../train/runs';

const { parametrize, parametrizations } = nn.utils;

class Doubled extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.mul(2);
  }
  rightInverse(x: Tensor): Tensor {
    return x.div(2);
  }
}

const kinds: Record<string, (layer: nn.Linear) => nn.Linear> = {
  'parametrizations.weightNorm': (layer) => parametrizations.weightNorm(layer),
  'parametrizations.spectralNorm': (layer) => parametrizations.spectralNorm(layer),
  'parametrizations.orthogonal': (layer) => parametrizations.orthogonal(layer),
  'parametrizations.orthogonal by Cayley': (layer) =>
    parametrizations.orthogonal(layer, { orthogonalMap: 'cayley', useTrivialization: false }),
  weightNorm: (layer) => nn.utils.weightNorm(layer, { dim: 1 }),
  spectralNorm: (layer) => nn.utils.spectralNorm(layer, { nPowerIterations: 2 }),
  'an own one': (layer) => parametrize.registerParametrization(layer, 'weight', new Doubled()),
};

const statesOf = (model: nn.Module): string[] => Object.values(model.stateDict()).map(digest);

describe.each(Object.entries(kinds))('%s', (_, norm) => {
  const make = () => {
    manualSeed(5);
    const model = new nn.Sequential(norm(new nn.Linear(4, 6)), new nn.Tanh(), norm(new nn.Linear(6, 3)));
    const loader = new data.DataLoader(new data.TensorDataset(randn([20, 4]), randn([20, 3])), { batchSize: 8, seed: 1, shuffle: true });
    return { model, loader, criterion: new nn.MSELoss(), optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }), epochs: 3 };
  };

  it('trains with the same bits eagerly, compiled and in a fit', async () => {
    const eager = make();
    const start = statesOf(eager.model);
    eagerFit(eager);
    const wanted = statesOf(eager.model);
    const names = Object.keys(eager.model.stateDict());
    expect(wanted.every((one, i) => one !== start[i] || names[i]!.endsWith('.base'))).toBe(true); // buffers of a power iteration too

    const compiled = make();
    const step = compile((x: Tensor, y: Tensor) => {
      compiled.optimizer.zeroGrad();
      const loss = compiled.criterion.forward(compiled.model.forward(x), y);
      loss.backward();
      compiled.optimizer.step();
      return loss;
    });
    for (let e = 0; e < 3; e++) for (const [x, y] of compiled.loader) step(x!, y!);
    expect(statesOf(compiled.model)).toEqual(wanted);

    const fitted = make();
    const { model: trained, ...settings } = fitted;
    await train.fit(trained, { ...settings, ...quiet, validation: new data.DataLoader(fitted.loader.dataset, { batchSize: 8 }) });
    expect(statesOf(fitted.model)).toEqual(wanted);
    const x = randn([5, 4]);
    expect(bitsOf(fitted.model)).toEqual(bitsOf(eager.model));
    expectSame(
      await train.predict(fitted.model, x),
      noGrad(() => eager.model.eval().forward(x)),
    );
  });

  it('is noticed by what was recorded before, when it comes and when it goes', () => {
    manualSeed(6);
    const layer = new nn.Linear(4, 3);
    const forward = compile((x: Tensor) => layer.forward(x));
    const x = randn([5, 4]);
    const agree = () => {
      layer.eval();
      const wanted = noGrad(() => layer.forward(x));
      for (let i = 0; i < 2; i++)
        expectSame(
          noGrad(() => forward(x)),
          wanted,
        );
    };
    agree();
    norm(layer);
    noGrad(() => layer.parameters().forEach((p) => void p.mul_(1.5)));
    agree();
    const twin = layer.clone().train();
    layer.train();
    const trained = statesOf(twin);
    expectSame(forward(x), twin.forward(x)); // one step of the power iteration, not more for what recordings ask
    expectSame(forward(x), twin.forward(x));
    expect(statesOf(layer)).toEqual(statesOf(twin));
    if (layer.namedBuffers().some(([name]) => name.endsWith('_u'))) expect(statesOf(layer)).not.toEqual(trained);
    if (parametrize.isParametrized(layer)) parametrize.removeParametrizations(layer, 'weight');
    else if ('weight_g' in layer) nn.utils.removeWeightNorm(layer);
    else nn.utils.removeSpectralNorm(layer);
    expect(Object.keys(layer.stateDict())).toEqual(['bias', 'weight']);
    agree();
    noGrad(() => layer.weight.mul_(2));
    agree();
  });

  it('is copied', () => {
    const { model } = make();
    const copy = model.clone();
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
    expect(copy.toString()).toBe(model.toString());
    const before = statesOf(model);
    noGrad(() => copy.parameters().forEach((p) => void p.fill_(3)));
    copy.forward(randn([2, 4]));
    expect(statesOf(model)).toEqual(before);
    expect(flat(copy.eval().forward(ones([1, 4])))).not.toEqual(flat(model.eval().forward(ones([1, 4]))));
  });

  it('is not written into a file of a model, and its state is', async () => {
    const { model } = make();
    const folder = temporaryFolder();
    await expect(io.saveModel(join(folder, 'a'), model)).rejects.toThrow('0.weight is computed of other parameters');
    await io.saveCheckpoint(join(folder, 'b'), { model });
    const other = make().model;
    noGrad(() => other.parameters().forEach((p) => void p.zero_()));
    await io.loadCheckpoint(join(folder, 'b'), { model: other });
    expect(statesOf(other)).toEqual(statesOf(model));
  });
});

describe('spectral norm', () => {
  it('has the largest singular value be 1', () => {
    manualSeed(1);
    for (const norm of [parametrizations.spectralNorm, nn.utils.spectralNorm]) {
      const layer = norm(new nn.Linear(3, 3), { nPowerIterations: 60 });
      noGrad(() =>
        layer.parameters()[1]!.copy_(
          tensor([
            [0, 5, 0],
            [-3, 0, 0],
            [0, 0, 1],
          ]),
        ),
      );
      expectClose(
        layer.weight,
        tensor([
          [0, 1, 0],
          [-0.6, 0, 0],
          [0, 0, 0.2],
        ]),
        1e-6,
      );
    }
  });

  it('of a vector is its length', () => {
    class Scale extends nn.Module {
      weight = new nn.Parameter(tensor([3, 4]));
      forward(x: Tensor): Tensor {
        return x.mul(this.weight);
      }
    }
    expectClose(parametrizations.spectralNorm(new Scale()).forward(ones([2])), [0.6, 0.8], 1e-7);
    expectError(
      () => nn.utils.spectralNorm(new Scale()),
      RangeError,
      '[utils.spectralNorm] expected weight to have 2 dimensions or more, got [2]\n  hint: a vector: normalize(v, { dim: 0 })',
    );
  });

  it('checks its options', () => {
    const layer = new nn.Linear(2, 2);
    const norm = (options: object) => () => parametrizations.spectralNorm(layer, options);
    expect(norm({ nPowerIterations: 0 })).toThrow('expected nPowerIterations to be at least 1, got 0');
    expect(norm({ dim: 2 })).toThrow('dim');
    expect(norm({ eps: -1 })).toThrow('eps');
    expect(norm({ name: 'none' })).toThrow('[parametrizations.spectralNorm] the module has no parameter "none" in a field of its own');
    expect(norm({ name: 3 })).toThrow('expected name to be a string, got 3');
    expect(parametrize.isParametrized(layer)).toBe(false);
  });
});

describe('the older norms', () => {
  it('are there once, and say what the weight is made of', () => {
    const layer = nn.utils.weightNorm(new nn.Linear(2, 3));
    expectError(() => nn.utils.weightNorm(layer), RangeError, '[utils.weightNorm] weight is already computed of other parameters');
    expectError(
      () => {
        layer.weight = new nn.Parameter(zeros([3, 2]));
      },
      TypeError,
      '[Linear.weight] it is computed of weight_g and weight_v\n  hint: assign to these, or remove the norm first',
    );
    expectError(
      () => nn.utils.removeSpectralNorm(layer),
      RangeError,
      '[utils.removeSpectralNorm] the module has no spectral norm of "weight"',
    );
    expectError(
      () => nn.utils.removeWeightNorm(layer, 'bias'),
      RangeError,
      '[utils.removeWeightNorm] the module has no weight norm of "bias"',
    );
    expect(() => nn.utils.weightNorm(layer, { dim: 2 })).toThrow('dim');
    expectError(() => nn.utils.weightNorm(3 as never), TypeError, '[utils.weightNorm] expected a module, got 3');
  });

  it('keep a frozen parameter frozen', () => {
    const layer = new nn.Linear(2, 3).requiresGrad_(false);
    nn.utils.weightNorm(layer);
    expect(layer.parameters().some((p) => p.requiresGrad)).toBe(false);
    expect(nn.utils.removeWeightNorm(layer).weight.requiresGrad).toBe(false);
  });
});
