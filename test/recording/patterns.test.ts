// Recordings of the same calls share the result of the passes; whatever makes another plan gives another recording.
import { beforeEach, expect, it, vi } from 'vitest';
import { data, manualSeed, nn, optim, rand, randint, randn, type Tensor, tensor, train } from '../../src';
import type * as forms from '../../src/recording/form';
import type * as patterns from '../../src/recording/pattern';
import { bitsOf } from '../train/runs';

const passes = vi.hoisted(() => ({ done: 0 }));
const counts = vi.hoisted(() => ({ forms: 0, taken: 0 }));
vi.mock('../../src/recording/form', async (original) => {
  const module = await original<typeof forms>();
  const formOfPlaced: typeof module.formOfPlaced = (...args) => {
    passes.done++;
    return module.formOfPlaced(...args);
  };
  return { ...module, formOfPlaced };
});
vi.mock('../../src/recording/pattern', async (original) => {
  const module = await original<typeof patterns>();
  const { checked } = await import('./checked-forms.js');
  return { ...module, formLike: checked(module, () => passes.done, counts) };
});

beforeEach(() => {
  counts.forms = counts.taken = 0;
});

const x = randn([40, 6]);
const y = randint(0, 4, [40]);

interface Options {
  model?: () => nn.Module;
  optimizer?: (model: nn.Module) => optim.Optimizer<{ lr: number }>;
  batch?: number;
  criterion?: () => nn.CrossEntropyLoss;
}

const network = (): nn.Module => new nn.Sequential(new nn.Linear(6, 20), new nn.Tanh(), new nn.Dropout(0.2), new nn.Linear(20, 4));

/** The bits of the parameters after a fit of a new model, and of the same training in a loop. */
async function fitted(
  {
    model = network,
    optimizer = (m) => new optim.Adam(m.parameters(), { lr: 0.01 }),
    batch = 16,
    criterion = () => new nn.CrossEntropyLoss(),
  }: Options,
  seed: number,
): Promise<void> {
  manualSeed(seed);
  const [own, twin] = [model(), model()];
  twin.loadStateDict(own.stateDict());
  const loaderOf = () => new data.DataLoader(new data.TensorDataset(x, y), { batchSize: batch });
  manualSeed(seed);
  await train.fit(own, { loader: loaderOf(), criterion: criterion(), optimizer: optimizer(own), epochs: 3, progress: false });
  manualSeed(seed);
  const [stepper, loss] = [optimizer(twin), criterion()];
  for (let epoch = 0; epoch < 3; epoch++) {
    for (const [inputs, labels] of loaderOf()) {
      stepper.zeroGrad();
      loss.forward((twin as nn.Sequential).call(inputs), labels).backward();
      stepper.step();
    }
  }
  expect(bitsOf(own)).toEqual(bitsOf(twin));
}

it('fits of models of one architecture share the passes of each kind of batch', async () => {
  for (let seed = 1; seed <= 4; seed++) await fitted({}, seed);
  expect(counts).toEqual({ forms: 8, taken: 6 }); // 16, 16 and 8 rows: two kinds
});

const tied = (): nn.Module => {
  const [first, second] = [new nn.Linear(6, 6), new nn.Linear(6, 6)];
  second.weight = first.weight;
  return new nn.Sequential(first, new nn.Tanh(), second, new nn.Linear(6, 4));
};
const untied = (): nn.Module => new nn.Sequential(new nn.Linear(6, 6), new nn.Tanh(), new nn.Linear(6, 6), new nn.Linear(6, 4));
const frozen = (): nn.Module => {
  const model = untied();
  for (const p of model.parameters().slice(0, 2)) p.requiresGrad_(false);
  return model;
};
const apart = (): nn.Module => {
  const last = new nn.Linear(6, 4);
  new nn.Linear(50, 50); // takes the memory beside it
  return new nn.Sequential(new nn.Linear(6, 6), new nn.Tanh(), new nn.Linear(6, 6), last);
};

const reversed = (): nn.Module => {
  const [second, first] = [new nn.Linear(6, 6), new nn.Linear(6, 6)]; // the memory of the second comes first
  return new nn.Sequential(first, new nn.Tanh(), second, new nn.Linear(6, 4));
};

class Scaled extends nn.Module {
  body = new nn.Linear(6, 4);
  constructor(readonly scale: Tensor) {
    super();
  }
  forward(inputs: Tensor): Tensor {
    return this.body.call(inputs).mul(this.scale);
  }
}

class ScaledTwice extends Scaled {
  constructor(
    scale: Tensor,
    readonly second: Tensor,
  ) {
    super(scale);
  }
  override forward(inputs: Tensor): Tensor {
    return super.forward(inputs).mul(this.second);
  }
}

class Shifted extends nn.Module {
  body = new nn.Linear(6, 4);
  constructor(readonly row: number) {
    super();
  }
  forward(inputs: Tensor): Tensor {
    const y = this.body.call(inputs);
    return y.sub(y.narrow(0, this.row, 1));
  }
}

const variants: Record<string, Options> = {
  'another activation': { model: () => new nn.Sequential(new nn.Linear(6, 20), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(20, 4)) },
  'another width': { model: () => new nn.Sequential(new nn.Linear(6, 21), new nn.Tanh(), new nn.Dropout(0.2), new nn.Linear(21, 4)) },
  'another rate of dropout': {
    model: () => new nn.Sequential(new nn.Linear(6, 20), new nn.Tanh(), new nn.Dropout(0.3), new nn.Linear(20, 4)),
  },
  'a negative slope': {
    model: () => new nn.Sequential(new nn.Linear(6, 20), new nn.LeakyReLU({ negativeSlope: 0.1 }), new nn.Linear(20, 4)),
  },
  'another negative slope': {
    model: () => new nn.Sequential(new nn.Linear(6, 20), new nn.LeakyReLU({ negativeSlope: 0.2 }), new nn.Linear(20, 4)),
  },
  'another batch': { batch: 20 },
  'another loss': { criterion: () => new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }) },
  'a sum': { criterion: () => new nn.CrossEntropyLoss({ reduction: 'sum' }) },
  'class weights': { criterion: () => new nn.CrossEntropyLoss({ weight: rand([4]) }) },
  'another rate': { optimizer: (m) => new optim.Adam(m.parameters(), { lr: 0.02 }) },
  'another beta': { optimizer: (m) => new optim.Adam(m.parameters(), { lr: 0.01, betas: [0.8, 0.99] }) },
  'weight decay': { optimizer: (m) => new optim.Adam(m.parameters(), { lr: 0.01, weightDecay: 0.1 }) },
  'two groups': {
    optimizer: (m) => new optim.Adam([{ params: m.parameters().slice(0, 2) }, { params: m.parameters().slice(2), lr: 0.1 }], { lr: 0.01 }),
  },
  'the groups in another order': {
    optimizer: (m) => new optim.Adam([{ params: m.parameters().slice(2), lr: 0.1 }, { params: m.parameters().slice(0, 2) }], { lr: 0.01 }),
  },
  'without the bias of a layer': {
    model: () => new nn.Sequential(new nn.Linear(6, 20, { bias: false }), new nn.Tanh(), new nn.Linear(20, 4)),
  },
  'two layers': { model: untied },
  'two layers with one weight': { model: tied },
  'two layers made in another order': { model: reversed },
  'a frozen layer': { model: frozen },
  'a row of its own': { model: () => new Shifted(0) },
  'another row': { model: () => new Shifted(5) },
  'a tensor of its own': { model: () => new Scaled(tensor([1, 2, 3, 4])) },
  'two tensors of its own': { model: () => new ScaledTwice(tensor([1, 2, 3, 4]), tensor([5, 6, 7, 8])) },
  'one tensor in both places': {
    model: () => {
      const scale = tensor([1, 2, 3, 4]);
      return new ScaledTwice(scale, scale);
    },
  },
  'a frozen parameter in its place': { model: () => new Scaled(new nn.Parameter(tensor([1, 2, 3, 4]), { requiresGrad: false })) },
  'a frozen parameter': {
    model: () => new Scaled(new nn.Parameter(tensor([1, 2, 3, 4]), { requiresGrad: false })),
    optimizer: (m) => new optim.SGD(m.parameters(), { lr: 0.1 }),
  },
  'a parameter apart from the others': { model: apart },
  momentum: { optimizer: (m) => new optim.SGD(m.parameters(), { lr: 0.1, momentum: 0.9 }) },
  'another momentum': { optimizer: (m) => new optim.SGD(m.parameters(), { lr: 0.1, momentum: 0.8 }) },
  'no momentum': { optimizer: (m) => new optim.SGD(m.parameters(), { lr: 0.1 }) },
  normalization: { model: () => new nn.Sequential(new nn.Linear(6, 20), new nn.BatchNorm1d(20), new nn.Tanh(), new nn.Linear(20, 4)) },
  'with a last layer that nothing reads': { model: () => new nn.Sequential(new nn.Linear(6, 20), new nn.Identity(), new nn.Linear(20, 4)) },
};

it('each variant of a fit, in turn and twice, has the bits of its loop', async () => {
  for (const round of [1, 2]) {
    for (const options of Object.values(variants)) {
      await fitted(options, round);
      await fitted({}, round);
    }
  }
  expect(counts.taken).toBeGreaterThan(Object.keys(variants).length);
}, 60_000);
