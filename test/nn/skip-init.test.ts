// Modules that are made without initial values.
import { describe, expect, it } from 'vitest';
import { getRngState, manualSeed, nn, ones, type Tensor, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

class Own extends nn.Module {
  readonly matrices = [0, 1, 2, 3].map(() => new nn.Parameter(zeros([2, 2])));
  constructor(
    readonly body: nn.Linear,
    private readonly fails = false,
  ) {
    super();
    const [a, b, c, d] = this.matrices as [Tensor, Tensor, Tensor, Tensor];
    nn.init.orthogonal_(a);
    nn.init.sparse_(b, 0.5);
    nn.init.truncNormal_(c);
    nn.init.eye_(d);
    nn.init.kaimingNormal_(this.body.weight);
    if (this.fails) throw new Error('own');
  }
  forward(): void {}
}

describe('skipInit', () => {
  it('makes a module of which nothing is drawn', () => {
    manualSeed(4);
    const state = getRngState();
    const layer = nn.utils.skipInit(nn.Linear, 3, 2, { bias: false });
    expect(layer).toBeInstanceOf(nn.Linear);
    expect(layer.toString()).toBe('Linear(in_features=3, out_features=2, bias=False)');
    const own = nn.utils.skipInit(Own, nn.utils.skipInit(nn.Linear, 3, 2));
    for (const matrix of own.matrices) expectSame(matrix, [0, 0, 0, 0]);
    nn.utils.skipInit(nn.Embedding, 2, 3, { paddingIdx: 0 });
    nn.utils.skipInit(nn.Bilinear, 2, 3, 4);
    nn.utils.skipInit(nn.SparseLinear, 2, 3);
    expect(getRngState()).toEqual(state);
    new nn.Linear(3, 2);
    expect(getRngState()).not.toEqual(state);
  });

  it('draws again after it, also after an error', () => {
    const body = new nn.Linear(2, 2);
    expect(() => nn.utils.skipInit(Own, body, true)).toThrow('own');
    expectSame(nn.init.ones_(zeros([2])), ones([2]));
  });

  it('refuses what is no class of modules', () => {
    const skip = nn.utils.skipInit as unknown as (...args: unknown[]) => unknown;
    const hint = '\n  hint: skipInit(nn.Linear, 3, 2)';
    expectError(() => skip(new nn.ReLU()), TypeError, `[utils.skipInit] expected a class of modules, got a ReLU${hint}`);
    expectError(() => skip(Map), TypeError, `[utils.skipInit] expected a class of modules, got a function (Map)${hint}`);
  });
});
