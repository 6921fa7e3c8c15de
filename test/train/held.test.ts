// Memory that a fit works on is refused to compiled functions, as to eager operations, by whichever tensor they have it.
import { describe, expect, it } from 'vitest';
import { compile, data, nn, optim, randn, Tensor, train } from '../../src';

const setUp = () => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Linear(4, 2));
  const { weight } = model.children()[0] as nn.Linear;
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const loader = new data.DataLoader(new data.TensorDataset(randn([64, 3]), randn([64, 2])), { batchSize: 8 });
  return { model, weight, optimizer, options: { criterion: new nn.MSELoss(), optimizer, loader, epochs: 200, progress: false } };
};

const x = randn([1, 3]);
const functions: Record<
  string,
  (weight: nn.Parameter, optimizer: optim.SGD) => [fn: (...args: Tensor[]) => Tensor | undefined, args: Tensor[]]
> = {
  'a parameter that it captured': (weight) => [(a) => nn.functional.linear(a!, weight), [x]],
  'a detached one': (weight) => {
    const detached = weight.detach();
    return [(a) => a!.matmul(detached.t()), [x]];
  },
  'a part of one': (weight) => {
    const part = weight.detach().narrow(0, 1, 2);
    return [(a) => part.mul(a!), [x]];
  },
  'a tensor of its own on the memory': (weight) => {
    const alias = Tensor.fromTypedArray(weight.data, [4, 3]);
    return [(a) => alias.mul(a!), [x]];
  },
  'one that is compared': (weight) => {
    const detached = weight.detach();
    return [(a) => detached.gt(a!), [x]];
  },
  'one that is searched': (weight) => {
    const detached = weight.detach();
    return [(a) => detached.argmax(1).add(a!.argmax(1)), [x]];
  },
  'an argument': (weight) => [(a) => a!.mul(2), [weight.detach()]],
  'gradients alone': (_, optimizer) => [() => optimizer.zeroGrad() as undefined, []],
};

describe.each(Object.keys(functions))('%s', (name) => {
  it('is refused while the fit runs, and as it is afterwards', async () => {
    const { model, weight, optimizer, options } = setUp();
    const [plain, args] = functions[name]!(weight, optimizer);
    const fn = compile(plain);
    for (let i = 0; i < 3; i++) fn(...args);
    const running = train.fit(model, options);
    expect(() => fn(...args)).toThrow('in use by train.fit');
    await running;
    expect(fn(...args)?.toArray()).toEqual(plain(...args)?.toArray());
  });
});
