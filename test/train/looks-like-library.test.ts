// Steps that look like code of the library alone, and run code of the user that does something else each time: a fit refuses them, as it does where it sees that code.
import { expect, it } from 'vitest';
import { data, manualSeed, nn, noGrad, optim, randn, type Tensor, train } from '../../src';
import { rejection } from '../rejection';

const network = () => new nn.Sequential(new nn.Linear(6, 8), new nn.ReLU(), new nn.Linear(8, 4));
const optionsFor = (model: nn.Module) => ({
  criterion: new nn.MSELoss() as { forward(output: Tensor, target: Tensor): Tensor },
  optimizer: new optim.SGD(model.parameters(), { lr: 1e-9 }),
  loader: new data.DataLoader(new data.TensorDataset(randn([16, 6]), randn([16, 4])), { batchSize: 8 }),
  ...{ epochs: 2, progress: false },
});

let count = 0;

class Unlisted extends nn.Module {
  body = new nn.Linear(6, 4);
  forward(x: Tensor): Tensor {
    return this.body.forward(x).mul(++count);
  }
  override modules(): nn.Module[] {
    return [this.body];
  }
}

const fits: Record<string, () => Promise<unknown>> = {
  'a hook of a leaf that is no parameter': () => {
    const model = network();
    const weight = randn([8, 6]).requiresGrad_();
    const { bias } = model[2] as nn.Linear;
    weight.registerHook((gradient) => {
      noGrad(() => bias!.mul_(1 + ++count));
      return gradient;
    });
    (model[0] as unknown as { weight: Tensor }).weight = weight;
    return train.fit(model, optionsFor(model));
  },
  'a model that does not list itself': () => {
    const model = new Unlisted();
    return train.fit(model, optionsFor(model));
  },
  'a criterion behind a proxy': () => {
    const model = network();
    const criterion = new Proxy(new nn.MSELoss(), {
      get: (loss, name) => (name === 'forward' ? (a: Tensor, b: Tensor) => loss.forward(a, b).mul(++count) : Reflect.get(loss, name, loss)),
    });
    return train.fit(model, { ...optionsFor(model), criterion });
  },
  'a method of a class that was replaced': async () => {
    const model = network();
    const { forward } = nn.ReLU.prototype;
    nn.ReLU.prototype.forward = (x) => x.relu().mul(++count);
    try {
      return await train.fit(model, optionsFor(model));
    } finally {
      nn.ReLU.prototype.forward = forward;
    }
  },
};

it.each(Object.keys(fits))('%s', async (name) => {
  manualSeed(1);
  const error = await rejection(fits[name]!() as Promise<never>);
  expect(error).toMatchObject({ code: 'SIMDNN_RECORDING_DIFFERS' });
});

it('a forward that is set in the turn of the call counts for training and validation', async () => {
  manualSeed(1);
  const model = network();
  const options = optionsFor(model);
  const fit = train.fit(model, { ...options, validation: options.loader });
  (model[1] as nn.ReLU).forward = (x) => x.tanh();
  const { loss, validationLoss } = await fit;
  expect(loss[0]).toBeCloseTo(validationLoss![0]!, 4);
});

it.each(['maximize', 'nesterov'])(
  'a getter of %s that has another value each time ends with figures or an error of the library',
  async (name) => {
    manualSeed(1);
    const model = network();
    const options = optionsFor(model);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
    let reads = 0;
    Object.defineProperty(optimizer.paramGroups[0], name, { get: () => ++reads % 3 === 0, enumerable: true, configurable: true });
    const fit = train.fit(model, { ...options, optimizer });
    const ended = await fit.catch((error: unknown) => error);
    if (ended instanceof Error) expect(ended).toMatchObject({ code: 'SIMDNN_RECORDING_DIFFERS' });
    else expect(ended).toMatchObject({ epochs: 2 });
  },
);
