import { describe, expect, it } from 'vitest';
import { compile, nn, noGrad, ones, randn, type Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame, flat } from '../helpers';

const { parametrize, parametrizations } = nn.utils;

class Symmetric extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.triu().add(x.triu(1).t());
  }
  rightInverse(x: Tensor): Tensor {
    return x.triu();
  }
}

class Doubled extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.mul(2);
  }
  rightInverse(x: Tensor): Tensor {
    return x.div(2);
  }
}

class OneWay extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.exp();
  }
}

class Wrong extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.narrow(0, 0, 1);
  }
}

const listOf = (module: nn.Module, name = 'weight') =>
  (module as unknown as { parametrizations: nn.ModuleDict<nn.utils.parametrize.ParametrizationList> }).parametrizations.get(name)!;

describe('registerParametrization', () => {
  it('has the tensor computed of the parameter that it was', () => {
    const layer = new nn.Linear(2, 2);
    const { weight } = layer;
    expect(parametrize.registerParametrization(layer, 'weight', new Symmetric())).toBe(layer);
    expect(parametrize.isParametrized(layer)).toBe(true);
    expect(parametrize.isParametrized(layer, 'weight')).toBe(true);
    expect(parametrize.isParametrized(layer, 'bias')).toBe(false);
    expect(parametrize.isParametrized(new nn.Linear(1, 1))).toBe(false);
    expect(listOf(layer).getParameter('original')).toBe(weight);
    expect(flat(weight)[2]).toBe(0); // rightInverse
    expectSame(layer.weight.t(), layer.weight);
    expect(layer).toBeInstanceOf(nn.Linear);
    expect(Object.keys(layer)).not.toContain('weight');
    expect(layer.toString()).toBe(
      'ParametrizedLinear(\n  in_features=2, out_features=2, bias=True\n  (parametrizations): ModuleDict(\n    (weight): ParametrizationList(\n      (0): Symmetric()\n    )\n  )\n)',
    );
  });

  it('sends the gradient to the original', () => {
    const layer = new nn.Linear(2, 2, { bias: false });
    parametrize.registerParametrization(layer, 'weight', new Symmetric());
    layer
      .forward(tensor([[1, 10]]))
      .sum()
      .backward();
    expectSame(
      listOf(layer).getParameter('original').grad!,
      tensor([
        [1, 11],
        [0, 10],
      ]),
    ); // w01 stands twice
  });

  it('applies a second one to the result of the first, and inverts both in an assignment', () => {
    const layer = new nn.Linear(2, 2);
    parametrize.registerParametrization(layer, 'weight', new Symmetric());
    parametrize.registerParametrization(layer, 'weight', new Doubled());
    layer.weight = tensor([
      [2, 4],
      [4, 6],
    ]) as nn.Parameter;
    expectSame(
      listOf(layer).getParameter('original'),
      tensor([
        [1, 2],
        [0, 3],
      ]),
    );
    expectSame(
      layer.weight,
      tensor([
        [2, 4],
        [4, 6],
      ]),
    );
    expect(listOf(layer).length).toBe(2);
  });

  it('takes its mode from the module', () => {
    const layer = new nn.Linear(2, 2).eval();
    const one = new Doubled();
    parametrize.registerParametrization(layer, 'weight', one);
    expect(one.training).toBe(false);
  });

  it('takes buffers too', () => {
    const norm = new nn.BatchNorm1d(2);
    parametrize.registerParametrization(norm, 'running_mean', new Doubled());
    expect(norm.namedBuffers().map(([name]) => name)).toEqual([
      'running_var',
      'num_batches_tracked',
      'parametrizations.running_mean.original',
    ]);
    Object.assign(norm, { running_mean: tensor([2, 4]) });
    expectSame(listOf(norm, 'running_mean').getBuffer('original'), [1, 2]);
    parametrize.removeParametrizations(norm, 'running_mean');
    expectSame(norm.getBuffer('running_mean'), [2, 4]);
  });

  it('allows another shape only where that is said', () => {
    const layer = new nn.Linear(2, 3, { bias: false });
    const before = flat(layer.weight);
    const message =
      '[parametrize.registerParametrization] expected what the parametrization returns to have the shape [3, 2] of the tensor, got [1, 2]\n  hint: unsafe: true allows another shape';
    expectError(() => parametrize.registerParametrization(layer, 'weight', new Wrong()), RangeError, message);
    expectSame(layer.weight, before);
    expect(Object.keys(layer.stateDict())).toEqual(['weight']);
    parametrize.registerParametrization(layer, 'weight', new Wrong(), { unsafe: true });
    expect(layer.forward(zeros([4, 2])).shape).toEqual([4, 1]);
    const symmetric = parametrize.registerParametrization(new nn.Linear(2, 3), 'weight', new Doubled());
    expectError(() => parametrize.registerParametrization(symmetric, 'weight', new Wrong()), RangeError, message);
    expect(listOf(symmetric).length).toBe(1);
  });

  it('refuses what it cannot parametrize', () => {
    const where = '[parametrize.registerParametrization]';
    const register = parametrize.registerParametrization as (...args: unknown[]) => unknown;
    const layer = new nn.Linear(2, 2);
    expectError(() => register({}, 'weight', new Doubled()), TypeError, `${where} expected a module, got an Object`);
    expectError(() => register(layer, 'weight', () => 1), TypeError, `${where} expected a module, got a function`);
    expectError(() => register(layer, 3, new Doubled()), TypeError, `${where} expected tensorName to be a string, got 3`);
    expectError(
      () => register(layer, 'weights', new Doubled()),
      RangeError,
      `${where} the module has no parameter or buffer "weights" in a field of its own\n  hint: it has: weight, bias`,
    );
    class Taken extends nn.Module {
      parametrizations = 3;
      weight = new nn.Parameter(ones([2]));
      forward(): void {}
    }
    expectError(
      () => register(new Taken(), 'weight', new Doubled()),
      RangeError,
      `${where} the module has a property "parametrizations", where they would be kept`,
    );
    const inside = compile((x: Tensor) => {
      register(layer, 'weight', new Doubled());
      return layer.forward(x);
    });
    expect(() => inside(zeros([1, 2]))).toThrow(
      '[parametrize.registerParametrization] a module cannot be parametrized inside a compiled function',
    );
    expect(parametrize.isParametrized(layer)).toBe(false);
  });

  it('says that a parametrization has no inverse', () => {
    const layer = parametrize.registerParametrization(new nn.Linear(2, 2), 'weight', new OneWay());
    expectError(
      () => {
        layer.weight = zeros([2, 2]) as nn.Parameter;
      },
      RangeError,
      '[ParametrizationList.rightInverse] OneWay has no rightInverse, by which a value could be assigned\n  hint: define one',
    );
    const two = parametrizations.weightNorm(new nn.Linear(2, 3));
    expectError(
      () => {
        two.weight = zeros([2, 2]) as nn.Parameter;
      },
      RangeError,
      '[ParametrizationList.rightInverse] expected what rightInverse returns to have the shape [3, 1] of the tensor, got [2, 1]\n  hint: unsafe: true allows another shape',
    );
  });
});

describe('removeParametrizations', () => {
  it('leaves the value, or the original, in the same parameter', () => {
    for (const leaveParametrized of [true, false]) {
      const layer = new nn.Linear(2, 2);
      const { weight } = layer;
      const before = flat(weight);
      parametrize.registerParametrization(layer, 'weight', new OneWay());
      parametrize.removeParametrizations(layer, 'weight', { leaveParametrized });
      expect(layer.weight).toBe(weight);
      expectSame(weight, leaveParametrized ? tensor(before).exp() : before);
      expect(Object.keys(layer.stateDict())).toEqual(['bias', 'weight']);
      expect('parametrizations' in layer).toBe(false);
      expect(layer.toString()).toBe('Linear(in_features=2, out_features=2, bias=True)');
    }
  });

  it('makes a parameter of several', () => {
    const layer = parametrizations.weightNorm(new nn.Linear(2, 3));
    const value = flat(layer.weight);
    expectError(
      () => parametrize.removeParametrizations(layer, 'weight', { leaveParametrized: false }),
      RangeError,
      '[parametrize.removeParametrizations] a tensor that is made of several has no original to go back to\n  hint: leave leaveParametrized out',
    );
    parametrize.removeParametrizations(layer, 'weight');
    expect(layer.weight).toBeInstanceOf(nn.Parameter);
    expect(layer.weight.requiresGrad).toBe(true);
    expectSame(layer.weight, value);
    expectError(
      () => parametrize.removeParametrizations(layer, 'weight'),
      RangeError,
      '[parametrize.removeParametrizations] the module has no parametrized tensor "weight"',
    );
  });

  it('leaves other parametrizations alone', () => {
    const layer = new nn.Linear(2, 2);
    parametrize.registerParametrization(layer, 'weight', new Doubled());
    parametrize.registerParametrization(layer, 'bias', new Doubled());
    parametrize.removeParametrizations(layer, 'weight');
    expect(Object.keys(layer.stateDict())).toEqual(['weight', 'parametrizations.bias.original']);
  });
});

describe('cached', () => {
  it('computes once, and not beyond itself', () => {
    const layer = parametrizations.weightNorm(new nn.Linear(2, 3));
    let inner: Tensor | null = null;
    const outer = parametrize.cached(() => {
      inner = parametrize.cached(() => layer.weight);
      return layer.weight;
    });
    expect(inner).toBe(outer);
    expect(layer.weight).not.toBe(outer);
    expectError(() => parametrize.cached(3 as never), TypeError, '[cached] expected a function, got 3');
    expectError(
      () => parametrize.cached(async () => 1),
      TypeError,
      '[cached] the function returned a promise\n  hint: await outside, and call cached around the synchronous parts',
    );
    expect(() => parametrize.cached(() => { throw new Error('own'); })).toThrow('own'); // biome-ignore format: one line
    expect(layer.weight).not.toBe(layer.weight);
  });

  it('is recorded where a compiled function lies in it', () => {
    const layer = parametrizations.weightNorm(new nn.Linear(2, 3));
    const forward = compile((x: Tensor) => layer.forward(x));
    const x = randn([4, 2]);
    parametrize.cached(() => {
      expectSame(layer.weight.shape, [3, 2]);
      noGrad(() => forward(x));
    });
    noGrad(() => {
      listOf(layer).getParameter('original0').mul_(2);
      expectSame(forward(x), layer.forward(x));
    });
  });
});
