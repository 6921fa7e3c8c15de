// The two ways of clearing gradients, for every optimizer: without a gradient a parameter is not stepped, with a gradient of zeros it is.
import { describe, expect, it } from 'vitest';
import { compile, nn, optim, randn, type Tensor, tensor } from '../../src';
import { expectError, expectSame } from '../helpers';

type Made = optim.Optimizer<object>;
const makers = Object.entries(optim).filter(
  ([, value]) => typeof value === 'function' && value.prototype instanceof optim.Optimizer,
) as unknown as [string, new (parameters: Tensor[], options: object) => Made][];
// LBFGS needs the loss at each step, and SparseAdam the gradient of a table.
const optimizers = makers.filter(([name]) => !['LBFGS', 'SparseAdam'].includes(name));

const parameter = () =>
  new nn.Parameter(
    tensor([
      [1, -2],
      [0.5, 3],
    ]),
  );
const state = (optimizer: Made): object => optimizer.stateDict().state;

describe.each(optimizers)('%s', (_, Maker) => {
  const begun = (): { w: Tensor; optimizer: Made } => {
    const w = parameter();
    const optimizer = new Maker([w], { lr: 0.1 });
    w.mul(w).sum().backward();
    optimizer.step();
    return { w, optimizer };
  };

  it('steps with zeros after zeroGrad({ setToNone: false }), and not after zeroGrad()', () => {
    const [zeros, given, none] = [begun(), begun(), begun()];
    zeros.optimizer.zeroGrad({ setToNone: false });
    expectSame(zeros.w.grad!, [
      [0, 0],
      [0, 0],
    ]);
    given.w.grad = tensor([
      [0, 0],
      [0, 0],
    ]);
    none.optimizer.zeroGrad();
    expect(none.w.grad).toBeNull();
    const before = none.w.toArray();
    for (const { optimizer } of [zeros, given, none]) optimizer.step();
    expectSame(zeros.w, given.w.toArray());
    expect(JSON.stringify(state(zeros.optimizer))).toBe(JSON.stringify(state(given.optimizer)));
    expectSame(none.w, before);
  });

  it('clears in a compiled step as in the loop', () => {
    const run = (wrap: (fn: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): Tensor => {
      const [w, unused] = [parameter(), parameter()];
      const optimizer = new Maker([w, unused], { lr: 0.1 });
      unused.sum().backward();
      const step = wrap((x) => {
        optimizer.zeroGrad({ setToNone: false });
        const loss = w.mul(x).sum();
        loss.backward();
        optimizer.step();
        return loss;
      });
      for (const k of [1, 2, 3])
        step(
          tensor([
            [k, 1],
            [2, -k],
          ]),
        );
      return w.detach().add(unused.detach());
    };
    expectSame(run(compile), run((fn) => fn).toArray());
  });
});

it('a module clears in the same ways', () => {
  const model = new nn.Linear(2, 1);
  model
    .forward(randn([3, 2]))
    .sum()
    .backward();
  model.zeroGrad({ setToNone: false });
  expectSame(model.weight.grad!, [[0, 0]]);
  model.zeroGrad();
  expect(model.weight.grad).toBeNull();
});

it('the option is checked', () => {
  const optimizer = new optim.SGD([parameter()], { lr: 1 });
  expectError(
    () => optimizer.zeroGrad({ setToNull: true } as never),
    TypeError,
    '[SGD.zeroGrad] unknown option "setToNull", did you mean "setToNone"?',
  );
  expectError(
    () => optimizer.zeroGrad(false as never),
    TypeError,
    '[SGD.zeroGrad] expected an options object, got false\n  hint: SGD.zeroGrad(..., { setToNone })',
  );
});
