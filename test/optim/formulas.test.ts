// The optimizers against PyTorch's formulas in float64.
import { describe, it } from 'vitest';
import { manualSeed, nn, optim, randn, type Tensor } from '../../src';
import { expectClose, flat } from '../helpers';

interface AdamModel {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
  amsgrad: boolean;
  maximize: boolean;
}

// torch.optim.Adam and AdamW, one value.
function adam(w: number, gradients: number[], o: AdamModel, decoupled: boolean): number {
  let [value, m, v, most] = [w, 0, 0, 0];
  gradients.forEach((gradient, i) => {
    let g = o.maximize ? -gradient : gradient;
    if (decoupled) value *= 1 - o.lr * o.weightDecay;
    else g += o.weightDecay * value;
    m = o.betas[0] * m + (1 - o.betas[0]) * g;
    v = o.betas[1] * v + (1 - o.betas[1]) * g * g;
    most = Math.max(most, v);
    const root = Math.sqrt((o.amsgrad ? most : v) / (1 - o.betas[1] ** (i + 1)));
    value -= ((o.lr / (1 - o.betas[0] ** (i + 1))) * m) / (root + o.eps);
  });
  return value;
}

interface SgdModel {
  lr: number;
  momentum: number;
  dampening: number;
  weightDecay: number;
  nesterov: boolean;
  maximize: boolean;
}

// torch.optim.SGD, one value.
function sgd(w: number, gradients: number[], o: SgdModel): number {
  let [value, buffer] = [w, 0];
  gradients.forEach((gradient, i) => {
    const g = (o.maximize ? -gradient : gradient) + o.weightDecay * value;
    buffer = i === 0 ? g : o.momentum * buffer + (1 - o.dampening) * g;
    const direction = o.momentum === 0 ? g : o.nesterov ? g + o.momentum * buffer : buffer;
    value -= o.lr * direction;
  });
  return value;
}

const steps = 12;

/** Steps parameters of a block and one that is in none, all with the same sequences of gradients as the model's. */
function check(make: (params: Tensor[]) => { step(): void; zeroGrad(): void }, model: (w: number, gradients: number[]) => number): void {
  manualSeed(11);
  const layers = [new nn.Linear(5, 7), new nn.Linear(3, 33)];
  const params = [...layers.flatMap((l) => l.parameters()), new nn.Parameter(randn([9]))];
  const start = params.map(flat);
  const gradients = Array.from({ length: steps }, () => params.map((p) => randn(p.shape)));
  const optimizer = make(params);
  for (const set of gradients) {
    optimizer.zeroGrad();
    params.forEach((p, i) => {
      p.grad = set[i]!;
    });
    optimizer.step();
  }
  params.forEach((p, i) => {
    const expected = start[i]!.map((w, k) =>
      model(
        w,
        gradients.map((set) => flat(set[i]!)[k]!),
      ),
    );
    // Each step rounds the value, the moments and the quotient once or twice: 4 units of the largest value in play (lr 0.05, values below 4).
    expectClose(p, expected, steps * 4 * 2 ** -23);
  });
}

describe('Adam', () => {
  const defaults: AdamModel = { lr: 0.05, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false };
  it.each<Partial<AdamModel>>([
    {},
    { lr: 1e-3 },
    { betas: [0.5, 0.9], eps: 1e-3 },
    { betas: [0, 0.5] },
    { weightDecay: 0.1 },
    { amsgrad: true, betas: [0.8, 0.6] },
    { maximize: true, weightDecay: 0.1 },
    { maximize: true, weightDecay: 0.1, amsgrad: true, betas: [0.8, 0.6] },
  ])('%o', (given) => {
    const options = { ...defaults, ...given };
    check(
      (params) => new optim.Adam(params, options),
      (w, g) => adam(w, g, options, false),
    );
    check(
      (params) => new optim.AdamW(params, options),
      (w, g) => adam(w, g, options, true),
    );
  });

  it('has the defaults of PyTorch', () => {
    check(
      (params) => new optim.Adam(params),
      (w, g) => adam(w, g, { ...defaults, lr: 1e-3 }, false),
    );
    check(
      (params) => new optim.AdamW(params),
      (w, g) => adam(w, g, { ...defaults, lr: 1e-3, weightDecay: 0.01 }, true),
    );
  });
});

describe('SGD', () => {
  const defaults: SgdModel = { lr: 0.05, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
  it.each<Partial<SgdModel>>([
    {},
    { weightDecay: 0.1 },
    { momentum: 0.9 },
    { momentum: 0.9, dampening: 0.3 },
    { momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    { momentum: 0.5, maximize: true, weightDecay: 0.1 },
    { maximize: true },
  ])('%o', (given) => {
    const options = { ...defaults, ...given };
    check(
      (params) => new optim.SGD(params, options),
      (w, g) => sgd(w, g, options),
    );
  });

  it('has the defaults of PyTorch', () => {
    check(
      (params) => new optim.SGD(params),
      (w, g) => sgd(w, g, { ...defaults, lr: 1e-3 }),
    );
  });
});
