// Corners of fit, evaluate and predict in which figures were wrong, or nothing was said.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { data, manualSeed, metrics, nn, noGrad, ones, optim, randint, randn, type Tensor, tensor, train } from '../../src';
import { temporaryFolder } from '../temporary';
import { bitsOf, quiet } from './runs';

const folder = temporaryFolder();
let files = 0;
const newPath = (): string => join(folder, `run${files++}.safetensors`);

const n = 40;
manualSeed(21);
const [x, y] = [randn([n, 4]), randint(3, [n])];
const loaderOf = (...tensors: Tensor[]) => new data.DataLoader(new data.TensorDataset(...tensors), { batchSize: 16 });
const crossEntropy = new nn.CrossEntropyLoss();

function setUp() {
  manualSeed(22);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  return { model, optimizer, loader: loaderOf(x, y), criterion: crossEntropy, epochs: 3, ...quiet };
}

describe('counted metrics', () => {
  it.each([0, 2, -100, undefined])('leave out the rows of ignoreIndex: %j', async (ignoreIndex) => {
    const o = { task: 'multiclass', numClasses: 3, average: 'macro', ...(ignoreIndex !== undefined && { ignoreIndex }) } as const;
    const all = () => ({
      accuracy: new metrics.Accuracy(o),
      confusion: new metrics.ConfusionMatrix({ task: 'multiclass', numClasses: 3, ...(ignoreIndex !== undefined && { ignoreIndex }) }),
      f1: new metrics.F1Score(o),
    });
    const scores = randn([n, 3]);
    const [taken, own] = [all(), all()];
    // Each by itself: those that cannot be counted keep others from it.
    for (const metric of Object.values(taken)) await train.evaluate(new nn.Identity(), loaderOf(scores, y), { metrics: { metric } });
    for (const metric of Object.values(own)) metric.update(scores, y);
    for (const name of ['accuracy', 'confusion', 'f1'] as const)
      expect(taken[name].compute().toArray()).toEqual(own[name].compute().toArray());
  });

  it.each([2, 5])('refuse %i scores where there are 3 classes', async (width) => {
    const evaluating = train.evaluate(new nn.Identity(), loaderOf(randn([n, width]), y), {
      metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 3 }) },
    });
    await expect(evaluating).rejects.toThrow(new RegExp(`expected preds \\[16, 3\\], got \\[16, ${width}\\]`));
  });

  it('refuse predictions for other rows than there are targets', async () => {
    const twice = new (class extends nn.Module {
      forward(scores: Tensor): Tensor {
        return scores.repeat([2, 1]);
      }
    })();
    const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 3 });
    await expect(train.evaluate(twice, loaderOf(randn([n, 3]), y), { metrics: { accuracy } })).rejects.toThrow(/expected preds/);
  });

  it('of a class that changes `update` get the scores', async () => {
    class Worst extends metrics.Accuracy {
      override update(preds: Tensor, target: Tensor): void {
        super.update(preds.mul(-1), target);
      }
    }
    const worst = new Worst({ task: 'multiclass', numClasses: 3 });
    const scores = randn([n, 3]);
    await train.evaluate(new nn.Identity(), loaderOf(scores, y), { metrics: { worst } });
    expect(worst.compute().item()).toBeCloseTo(scores.argmin(1).eq(y).float().mean().item(), 6);
  });
});

it('what a step changes besides the model stays in use after a callback, and is seen by predictions', async () => {
  const { model, ...options } = setUp();
  const ema = train.emaWeights(model, { decay: 0.5 });
  const seen: number[][] = [];
  const refused: unknown[] = [];
  await train.fit(model, {
    ...options,
    epochs: 5,
    callbacks: [ema],
    onEpoch: async () => {
      const direct = noGrad(() => ema.model.call(x.narrow(0, 0, 2)) as Tensor).toArray();
      seen.push((await train.predict(ema.model, x.narrow(0, 0, 2))).toArray() as never);
      expect(seen.at(-1)).toEqual(direct);
      setImmediate(() => {
        try {
          ema.model.call(x);
        } catch (error) {
          refused.push((error as { code?: string }).code);
        }
      });
    },
  });
  // A turn may come when the next callback has the model.
  expect(refused).toContain('SIMDNN_IN_USE');
});

describe('checkpoint', () => {
  it('holds the parameters of the criterion and the state of callbacks', async () => {
    const program = () => {
      const { model, ...options } = setUp();
      const criterion = new (class extends nn.Module {
        scale = new nn.Parameter(tensor([1]));
        forward(out: Tensor, target: Tensor): Tensor {
          return crossEntropy.forward(out.mul(this.scale), target);
        }
      })();
      const optimizer = new optim.Adam([...model.parameters(), criterion.scale], { lr: 0.02 });
      const ema = train.emaWeights(model, { decay: 0.5 });
      return { model, criterion, ema, options: { ...options, criterion, optimizer, callbacks: [ema] } };
    };
    const whole = program();
    await train.fit(whole.model, { ...whole.options, epochs: 6 });
    const path = newPath();
    const first = program();
    await train.fit(first.model, { ...first.options, epochs: 3, checkpoint: { path, every: 2 } });
    const second = program();
    const { epochs } = await train.fit(second.model, { ...second.options, epochs: 6, checkpoint: { path, resume: true } });
    expect(epochs).toBe(3); // the last epoch of a fit is written
    expect(bitsOf(second.model)).toEqual(bitsOf(whole.model));
    expect(second.criterion.scale.item()).toBe(whole.criterion.scale.item());
    expect(bitsOf(second.ema.model)).toEqual(bitsOf(whole.ema.model));
  });

  it('refuses parameters that nobody has, and a folder that is not there, before the first step', async () => {
    const { model, optimizer: _, ...options } = setUp();
    const optimizer = new optim.Adam([...model.parameters(), new nn.Parameter(tensor([1]))]);
    await expect(train.fit(model, { ...options, optimizer, checkpoint: { path: newPath() } })).rejects.toThrow(/would lack parameters/);
    const other = setUp();
    const path = join(folder, 'none', 'x.safetensors');
    await expect(train.fit(other.model, { ...setUp(), model: undefined, checkpoint: { path } } as never)).rejects.toThrow();
    const { model: third, ...more } = setUp();
    await expect(train.fit(third, { ...more, checkpoint: { path } })).rejects.toThrow(/a folder that does not exist/);
    expect(bitsOf(third)).toEqual(bitsOf(setUp().model));
  });

  it('counts anew where another figure is watched than before', async () => {
    const path = newPath();
    const validation = loaderOf(x, y);
    const first = setUp();
    const { model, ...options } = first;
    await train.fit(model, {
      ...options,
      validation,
      epochs: 2,
      checkpoint: { path },
      earlyStopping: { monitor: 'loss', mode: 'max', patience: 5 },
    });
    const { model: again, ...more } = setUp();
    const { epochs } = await train.fit(again, {
      ...more,
      validation,
      epochs: 8,
      checkpoint: { path, resume: true },
      earlyStopping: { patience: 3 },
    });
    expect(epochs).toBe(6);
  });
});

describe('a small prediction', () => {
  const whole = new (class extends nn.Module {
    w = new nn.Parameter(ones([2, 4]));
    forward(_: Tensor): Tensor {
      return this.w;
    }
  })();
  it.each([
    ['Identity', new nn.Identity()],
    ['Flatten', new nn.Flatten()],
    ['Dropout', new nn.Dropout(0.5)],
    ['a parameter', whole],
  ])('has memory of its own: %s', async (_, model) => {
    const input = randn([2, 4]);
    const before = input.toArray();
    for (let i = 0; i < 3; i++) {
      const output = await train.predict(model, input);
      expect(output.requiresGrad).toBe(false);
      output.data[0] = 77;
    }
    expect(input.toArray()).toEqual(before);
    expect(whole.w.data[0]).toBe(1);
  });

  it('refuses an output of other rows each time', async () => {
    const model = new (class extends nn.Module {
      l = new nn.Linear(4, 2);
      forward(input: Tensor): Tensor {
        return this.l.call(input).mean(0);
      }
    })();
    for (let i = 0; i < 3; i++)
      await expect(train.predict(model, randn([4, 4]))).rejects.toThrow(/expected an output for each of 4 rows, got shape \[2\]/);
  });
});

it('weights of 1 change no loss of the library', async () => {
  const target = randn([n, 3]).softmax(1);
  for (const criterion of [
    new nn.KLDivLoss({ reduction: 'batchmean' }),
    new nn.KLDivLoss(),
    new nn.MSELoss(),
    new nn.L1Loss({ reduction: 'sum' }),
  ]) {
    const logits = randn([n, 3]).logSoftmax(1);
    const plain = await train.evaluate(new nn.Identity(), loaderOf(logits, target), { criterion });
    const weighed = await train.evaluate(new nn.Identity(), loaderOf(logits, target, ones([n])), { criterion, sampleWeights: true });
    expect(weighed['loss']).toBeCloseTo(plain['loss']!, 4);
  }
});

it.each([
  [
    'afterStep',
    { callbacks: [{ afterStep: async () => Promise.reject(new Error('nobody')) }] },
    /expected afterStep to return nothing, got a promise/,
  ],
  [
    'a scheduler',
    { scheduler: { step: async () => Promise.reject(new Error('nobody')) } },
    /expected the scheduler's step to return nothing/,
  ],
])('an async %s is refused, its error nobody else’s', async (_, more, message) => {
  const { model, ...options } = setUp();
  await expect(train.fit(model, { ...options, ...(more as object) })).rejects.toThrow(message);
  await new Promise((resolve) => void setTimeout(resolve, 5));
});

it('leaves the gradients of its last step, clipped, for a backward pass behind it that adds to them', async () => {
  const trained = async (more: object): Promise<string[]> => {
    const { model, loader, criterion } = setUp();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const clip = { clipGradNorm: { maxNorm: 0.3, normType: 1 }, clipGradValue: 0.02 };
    await train.fit(model, { loader, criterion, optimizer, epochs: 1, ...clip, ...quiet, ...more });
    crossEntropy.forward(model.forward(x), y).backward();
    optimizer.step();
    return bitsOf(model);
  };
  expect(await trained({ earlyStopping: { patience: 2 } })).toEqual(await trained({}));
});

it('adds to the gradients of parameters that the optimizer does not have, as a loop does, and a check of the step agrees', async () => {
  const gradients = async (fits: boolean): Promise<Buffer> => {
    const { model, loader, criterion, epochs } = setUp();
    const head = new nn.Sequential(model[2] as nn.Linear);
    const optimizer = new optim.SGD(head.parameters(), { lr: 0.1 });
    if (fits) await train.fit(model, { loader, criterion, optimizer, epochs, check: 2, ...quiet });
    else {
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (const [input, target] of loader) {
          optimizer.zeroGrad();
          criterion.forward(model.forward(input!), target!).backward();
          optimizer.step();
        }
      }
    }
    criterion.forward(model.forward(x), y).backward();
    const values = model.parameters().map(({ gradient }) => Buffer.from(gradient!.data.slice().buffer));
    return Buffer.concat(values.slice(0, 2));
  };
  expect((await gradients(true)).equals(await gradients(false))).toBe(true);
});

it('ends well where it is aborted behind its last epoch, whether or not a batch is still told of', async () => {
  for (const told of [{}, { onBatch: () => {}, progressEvery: 1 }]) {
    const controller = new AbortController();
    const { model, optimizer, ...options } = setUp();
    const onEpoch = async ({ epoch, epochs }: train.EpochReport): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5)); // longer than progressEvery: a batch is due
      if (epoch === epochs) controller.abort(new Error('enough'));
    };
    const { epochs } = await train.fit(model, { ...options, optimizer, onEpoch, signal: controller.signal, ...told });
    expect(epochs).toBe(options.epochs);
  }
});
