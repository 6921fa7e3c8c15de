// Every golden case that the library covers, through its public names.
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { nn, ones, optim, Tensor, tensor } from '../../src/index';
import { activations } from '../found';
import { layerKinds } from './layers';
import { type Case, describeFixture, fixtures, meets, productsOf, tensorOf, trajectory } from './parity';

const F = nn.functional;

it('covers every file', () => {
  const covered = [
    'activations',
    'cross_entropy',
    'layers',
    'linear',
    'losses',
    'lr_schedulers',
    'metrics',
    'more',
    'more_losses',
    'names',
    'namespaces', // asked for by test/missing.test.ts
    'norm_embedding',
    'optim',
    'optimizers',
    'torchmetrics',
    'train',
  ];
  expect(readdirSync(fixtures).sort()).toEqual(covered.map((name) => `${name}.json.gz`));
});

// y = f(x), and the gradient of x for a given one of y.
const activation =
  (f: (x: Tensor) => Tensor) =>
  (golden: Case): void => {
    const x = tensorOf(golden.inputs.x!, true);
    const y = f(x);
    meets(golden, 'y', y);
    y.backward(tensorOf(golden.inputs.grad!));
    meets(golden, 'gradX', x.grad);
  };

describeFixture('activations', {
  relu: activation(F.relu),
  leakyRelu: activation((x) => F.leakyRelu(x)),
  sigmoid: activation(F.sigmoid),
  tanh: activation(F.tanh),
  gelu: activation((x) => F.gelu(x)),
  geluTanh: activation((x) => F.gelu(x, { approximate: 'tanh' })),
  silu: activation(F.silu),
  elu: activation((x) => F.elu(x)),
  softplus: activation((x) => F.softplus(x)),
  softmax: activation((x) => F.softmax(x, 1)),
  logSoftmax: activation((x) => F.logSoftmax(x, 1)),
  hardswish: activation(F.hardswish),
  mish: activation(F.mish),
});

function crossEntropy(golden: Case): void {
  const { logits, target, weight, grad } = golden.inputs;
  const x = tensorOf(logits!, true);
  const loss = F.crossEntropy(x, tensorOf(target!), { ...golden.options, weight: weight === undefined ? undefined : tensorOf(weight) });
  meets(golden, 'loss', loss);
  loss.backward(grad === undefined ? undefined : tensorOf(grad));
  meets(golden, 'gradLogits', x.grad);
}

describeFixture('cross_entropy', { crossEntropy, crossEntropySoft: crossEntropy });

describeFixture('linear', {
  linear: (golden) => {
    const { x: goldenX, weight: goldenWeight, bias: goldenBias, grad } = golden.inputs;
    const x = tensorOf(goldenX!, true);
    const weight = tensorOf(goldenWeight!, true);
    const bias = goldenBias === undefined ? null : tensorOf(goldenBias, true);
    const dy = tensorOf(grad!);
    const [rows, inner] = x.shape as [number, number];
    const outer = weight.shape[0]!;
    const at = (t: Tensor) => (i: number, j: number) => t.data[i * t.shape[1]! + j]!;
    const down = (t: Tensor) => (i: number, j: number) => at(t)(j, i);

    const y = F.linear(x, weight, bias);
    meets(golden, 'y', y, { products: productsOf([rows, outer, inner], at(x), at(weight)) });
    y.backward(dy);
    meets(golden, 'gradX', x.grad, { products: productsOf([rows, inner, outer], at(dy), down(weight)) });
    meets(golden, 'gradWeight', weight.grad, { products: productsOf([outer, inner, rows], down(dy), down(x)) });
    if (bias !== null) meets(golden, 'gradBias', bias.grad, { products: productsOf([outer, 1, rows], down(dy), () => 1) });
  },
});

// A loss of x and a target, and the gradient of x.
const loss =
  (f: (x: Tensor, target: Tensor, options: object) => Tensor) =>
  (golden: Case): void => {
    const x = tensorOf(golden.inputs.x!, true);
    const value = f(x, tensorOf(golden.inputs.target!), golden.options);
    meets(golden, 'loss', value);
    value.backward();
    meets(golden, 'gradX', x.grad);
  };

describeFixture('norm_embedding', {
  layerNorm: (golden) => {
    const x = tensorOf(golden.inputs.x!, true);
    const [weight, bias] = [tensorOf(golden.inputs.weight!, true), tensorOf(golden.inputs.bias!, true)];
    const y = F.layerNorm(x, weight.shape, { weight, bias });
    meets(golden, 'y', y);
    y.backward(tensorOf(golden.inputs.grad!));
    meets(golden, 'gradX', x.grad);
    meets(golden, 'gradWeight', weight.grad);
    meets(golden, 'gradBias', bias.grad);
  },
  embedding: layerKinds.embedding!,
  batchNorm1d: (golden) => {
    const x = tensorOf(golden.inputs.x!, true);
    const layer = new nn.BatchNorm1d(x.shape[1]!, { momentum: golden.options.momentum as number });
    layer.weight = new nn.Parameter(tensorOf(golden.inputs.weight!));
    layer.bias = new nn.Parameter(tensorOf(golden.inputs.bias!));
    const y = layer.forward(x);
    meets(golden, 'y', y);
    y.backward(tensorOf(golden.inputs.grad!));
    meets(golden, 'gradX', x.grad);
    meets(golden, 'gradWeight', layer.weight.grad);
    meets(golden, 'gradBias', layer.bias.grad);
    meets(golden, 'runningMean', layer.runningMean!);
    meets(golden, 'runningVar', layer.runningVar!);
  },
});

describeFixture('layers', layerKinds);

describeFixture('more', {
  activation: (golden) => activation(activations[golden.options.name as string]!)(golden),
  threshold: activation((x) => F.threshold(x, 0.1, 20)),
  huber: loss(F.huberLoss),
  rmsNorm: (golden) => {
    const { normalizedShape, eps } = golden.options as { normalizedShape: number[]; eps: number };
    const x = tensorOf(golden.inputs.x!, true);
    const weight = golden.inputs.weight === undefined ? null : tensorOf(golden.inputs.weight, true);
    const y = F.rmsNorm(x, normalizedShape, { weight, eps });
    meets(golden, 'y', y);
    y.backward(tensorOf(golden.inputs.grad!));
    meets(golden, 'gradX', x.grad);
    if (weight !== null) meets(golden, 'gradWeight', weight.grad);
  },
  Adagrad: trajectory(optim.Adagrad),
  Adadelta: trajectory(optim.Adadelta),
  Adamax: trajectory(optim.Adamax),
  RAdam: trajectory(optim.RAdam),
  Lion: trajectory(optim.Lion),
});

describeFixture('losses', {
  mse: loss(F.mseLoss),
  huber: loss(F.huberLoss),
  l1: loss(F.l1Loss),
  smoothL1: loss(F.smoothL1Loss),
  nll: loss(F.nllLoss),
  bceWithLogits: loss(F.binaryCrossEntropyWithLogits),
  klDiv: loss(F.klDiv),
});

describeFixture('optimizers', {
  Adam: trajectory(optim.Adam),
  AdamW: trajectory(optim.AdamW),
  SGD: trajectory(optim.SGD),
  RMSprop: trajectory(optim.RMSprop),
  Adagrad: trajectory(optim.Adagrad),
});

const functions: Record<string, (x: Tensor) => Tensor> = {
  bowl: (x) =>
    x
      .sub(1)
      .pow(2)
      .mul(tensor(Array.from({ length: x.numel }, (_, i) => i + 1)))
      .sum()
      .div(2),
  rosenbrock(x) {
    const pairs = x.reshape([-1, 2]).t();
    const [a, b] = [0, 1].map((i) => pairs.narrow(0, i, 1)) as [Tensor, Tensor];
    return b.sub(a.mul(a)).pow(2).mul(100).add(a.neg().add(1).pow(2)).sum();
  },
};

// The parameter after each step, and how often the loss was evaluated and the direction changed by then.
function lbfgs(golden: Case): void {
  const { function: name, counts, options } = golden as unknown as { function: string; counts: number[][]; options: object };
  const param = new nn.Parameter(tensorOf(golden.inputs.param!));
  const optimizer = new optim.LBFGS([param], options);
  const seen: number[] = [];
  const counted = counts.map(() => {
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = functions[name]!(param);
      loss.backward();
      return loss;
    });
    seen.push(...param.data);
    const { func_evals, n_iter } = optimizer.stateDict().state[0]!;
    return [func_evals!.item(), n_iter!.item()];
  });
  expect(counted).toEqual(counts);
  meets(golden, 'params', Tensor.fromTypedArray(Float32Array.from(seen), golden.expected.params!.shape), { times: 2 });
}

// PyTorch's Muon rounds to bfloat16 in between: ours may be twice as far from it as it is from the truth.
describeFixture('optim', {
  NAdam: trajectory(optim.NAdam),
  Muon: trajectory(optim.Muon),
  'Muon in bfloat16': trajectory(optim.Muon),
  LBFGS: lbfgs,
});

// The rates of 26 steps, rounded to ten digits in the file.
const rates = (golden: Case): void => {
  const { kind, options, baseLr, expected } = golden as unknown as Record<string, unknown> & {
    baseLr: number;
    expected: { lrs: number[] };
  };
  const optimizer = new optim.SGD([new nn.Parameter(ones([1]))], { lr: baseLr, momentum: 0.9 });
  const scheduler = new optim.lrScheduler[kind as 'StepLR'](optimizer, options as optim.lrScheduler.StepLROptions);
  const seen = expected.lrs.map(() => {
    const { lr } = optimizer.paramGroups[0]!;
    scheduler.step();
    return Number(lr.toPrecision(10));
  });
  expect(seen).toEqual(expected.lrs);
};

describeFixture('lr_schedulers', {
  StepLR: rates,
  MultiStepLR: rates,
  ExponentialLR: rates,
  CosineAnnealingLR: rates,
  CosineAnnealingWarmRestarts: rates,
  LinearLR: rates,
  OneCycleLR: rates,
  PolynomialLR: rates,
});

interface TrainOptions {
  dims: number[];
  activation: 'none' | 'relu';
  softmaxOutput: boolean;
  optimizer: 'Adam' | 'SGD';
  optimizerOptions: object;
}

describeFixture('train', {
  train: (golden) => {
    const { dims, activation, softmaxOutput, optimizer: name, optimizerOptions } = golden.options as unknown as TrainOptions;
    const layers: nn.Linear[] = [];
    const modules: nn.Layer[] = [];
    for (let i = 0; i + 1 < dims.length; i++) {
      const layer = new nn.Linear(dims[i]!, dims[i + 1]!);
      layer.loadStateDict({ weight: tensorOf(golden.inputs[`weight${i}`]!), bias: tensorOf(golden.inputs[`bias${i}`]!) });
      layers.push(layer);
      modules.push(layer);
      if (activation === 'relu' && i + 2 < dims.length) modules.push(new nn.ReLU());
    }
    if (softmaxOutput) modules.push(new nn.Softmax({ dim: 1 }));
    const model = new nn.Sequential(...modules);
    const optimizer = new optim[name](model.parameters(), optimizerOptions);
    const criterion = new nn.CrossEntropyLoss();
    const [X, T] = [tensorOf(golden.inputs.X!), tensorOf(golden.inputs.T!)];
    const [steps, batch, features] = X.shape as [number, number, number];

    const losses = new Float32Array(steps);
    for (let i = 0; i < steps; i++) {
      optimizer.zeroGrad();
      const value = criterion.forward(model.forward(X.narrow(0, i, 1).reshape([batch, features])), T.narrow(0, i, 1).reshape([batch]));
      value.backward();
      optimizer.step();
      losses[i] = value.item();
    }
    meets(golden, 'losses', Tensor.fromTypedArray(losses), { times: 4 });
    layers.forEach((layer, i) => {
      meets(golden, `weight${i}`, layer.weight, { times: 4 });
      meets(golden, `bias${i}`, layer.bias, { times: 4 });
    });
  },
});
