// A step that is given a function: it is called first, and its loss is returned, as in PyTorch.
import { describe, expect, it } from 'vitest';
import { compile, nn, noGrad, optim, type Tensor, tensor } from '../../src';

const makers: Record<string, (params: Tensor[]) => optim.Optimizer<object>> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 }),
  Adam: (params) => new optim.Adam(params),
  Adagrad: (params) => new optim.Adagrad(params, { initialAccumulatorValue: 0.5 }),
  Adafactor: (params) => new optim.Adafactor(params),
  Lion: (params) => new optim.Lion(params),
};

describe.each(Object.entries(makers))('%s.step(closure)', (_, make) => {
  const trained = (form: 'closure' | 'loop' | 'compiled' | 'noGrad') => {
    const w = new nn.Parameter(tensor([1, -2, 3]));
    const optimizer = make([w]);
    const lossOf = () => {
      optimizer.zeroGrad();
      const loss = w.square().sum();
      loss.backward();
      return loss;
    };
    const withClosure = () => optimizer.step(lossOf)!;
    const forms = {
      closure: withClosure,
      compiled: compile(withClosure),
      noGrad: () => noGrad(withClosure),
      loop: () => {
        const loss = lossOf();
        expect(optimizer.step()).toBeNull();
        return loss;
      },
    };
    return Array.from({ length: 4 }, () => [forms[form]().item(), ...w.data]);
  };
  it.each(['closure', 'compiled', 'noGrad'] as const)('has the bits of the loop, as %s', (form) => {
    expect(trained(form)).toEqual(trained('loop'));
  });
  it('refuses what is no function', () => {
    const optimizer = make([new nn.Parameter(tensor([1]))]);
    expect(() => optimizer.step(3 as never)).toThrow('.step] expected a function that gives the loss, got 3');
  });
});
