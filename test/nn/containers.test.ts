import { describe, expect, it } from 'vitest';
import { nn, tensor, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

describe('Sequential', () => {
  it('chains its modules', () => {
    const model = new nn.Sequential(new nn.ReLU(), new nn.Softplus({ beta: 1e6 }), new nn.LeakyReLU());
    expectSame(
      model.forward(tensor([-1, 4])),
      [0, 4].map((v) => model[2]!.forward(model[1]!.forward(tensor([v]))).item()),
    );
    const x = tensor([1]);
    expect(new nn.Sequential().forward(x)).toBe(x);
  });

  it('is a list whose parts can be replaced', () => {
    const [a, b, c] = [new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()];
    const model = new nn.Sequential(a, c);
    model.insert(1, b);
    expect([...model]).toEqual([a, b, c]);
    expect(model.length).toBe(3);
    expect(model.at(-1)).toBe(c);
    expect(model.at(0)).toBe(a);
    model[1] = new nn.Identity();
    expect(String(model)).toBe('Sequential(\n  (0): ReLU()\n  (1): Identity()\n  (2): Sigmoid()\n)');
    expect(model.append(b)).toBe(model);
    expect(model.extend(model).length).toBe(8);
    expect(model.children()).toEqual([a, model[1], c, b]);
  });

  it('refuses what is not a module and indices outside', () => {
    const model = new nn.Sequential(new nn.ReLU());
    expectError(() => new nn.Sequential(5 as never), TypeError, '[Sequential.append] expected a module, got 5');
    expectError(() => model.insert(0, {} as never), TypeError, '[Sequential.insert] expected a module, got an Object');
    expectError(() => model.insert(2, new nn.ReLU()), RangeError, '[Sequential.insert] index 2 is outside [0, 1]');
    expectError(() => model.insert(0.5, new nn.ReLU()), RangeError, '[Sequential.insert] index 0.5 is outside [0, 1]');
    expectError(() => model.at(1), RangeError, '[Sequential.at] there is no module 1 among 1');
    expectError(() => model.at(-2), RangeError, '[Sequential.at] there is no module -2 among 1');
    expect(model.length).toBe(1);
  });
});

describe('ModuleList', () => {
  it('gives its parts to the module that holds it', () => {
    const list = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 2)]);
    let x = zeros([3, 4]);
    for (const layer of list) x = layer.forward(x);
    expect(x.shape).toEqual([3, 2]);
    expect(list[1]!.outFeatures).toBe(2);
    expect(list.namedParameters().map(([name]) => name)).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
    expect(Object.keys(new nn.ModuleList([list]).stateDict())[0]).toBe('0.0.weight');
  });

  it('has no forward', () => {
    const message = '[ModuleList.forward] a list of modules has no forward\n  hint: call its parts, or use Sequential';
    expectError(() => new nn.ModuleList().forward(), TypeError, message);
  });

  it('numbers more than ten modules in their order', () => {
    const list = new nn.ModuleList(Array.from({ length: 12 }, () => new nn.Linear(1, 1, { bias: false })));
    expect(list.namedParameters().map(([name]) => name)).toEqual(Array.from({ length: 12 }, (_, i) => `${i}.weight`));
  });
});
