// Evaluation and prediction on another thread give what the loop gives.
import { describe, expect, it } from 'vitest';
import { data, getNumThreads, manualSeed, metrics, nn, noGrad, optim, randn, setNumThreads, type Tensor, train, zeros } from '../../src';
import { digest, eagerStep, makeModel, students } from './runs';

const criterion = new nn.CrossEntropyLoss();

const inEvaluation = (model: nn.Sequential, x: Tensor): Tensor => {
  const { training } = model;
  model.eval();
  const y = noGrad(() => model.forward(x));
  if (training) model.train();
  return y;
};

describe('train.predict', () => {
  it.each([1, 2, 255, 256, 257, 600, 768])('%i rows', async (rows) => {
    const model = makeModel([7, 20, 3], { dropout: 0.5 });
    const x = randn([rows, 7]);
    for (let again = 0; again < 2; again++) {
      const y = await train.predict(model, x);
      expect(y.shape).toEqual([rows, 3]);
      expect(digest(y)).toBe(digest(inEvaluation(model, x)));
    }
    expect(model.training).toBe(true);
  });

  it('takes the values at the time of the call, several calls at once', async () => {
    const model = makeModel([7, 20, 3]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
    const [x, rows] = [randn([40, 7]), students(16, 7, 3)];
    const expected: string[] = [];
    const predicted: Promise<Tensor>[] = [];
    for (let i = 0; i < 5; i++) {
      expected.push(digest(inEvaluation(model, x)));
      predicted.push(train.predict(model, x));
      eagerStep({ model, criterion, optimizer, loader: new data.DataLoader(rows), epochs: 1 }, rows.tensors);
    }
    expect((await Promise.all(predicted)).map(digest)).toEqual(expected);
    model.parameters()[0]!.data.fill(0);
    expect(digest(await train.predict(model, x))).toBe(digest(inEvaluation(model, x)));
  });

  it('takes a layer that was replaced, and other shapes', async () => {
    const model = makeModel([7, 20, 3]);
    const linear = model.children()[0] as nn.Linear;
    for (const x of [randn([3, 7]), randn([5, 7]), randn([3, 7])]) {
      expect(digest(await train.predict(model, x))).toBe(digest(inEvaluation(model, x)));
      linear.weight = new nn.Parameter(randn([20, 7]));
    }
    const flat = new nn.Sequential(new nn.Flatten(), model);
    expect((await train.predict(flat, randn([4, 1, 7]))).shape).toEqual([4, 3]);
  });

  it('refuses an output without a row for each row', async () => {
    class Total extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x.sum();
      }
    }
    await expect(train.predict(new Total(), zeros([3, 2]))).rejects.toThrow(/expected an output for each of 3 rows, got shape/);
  });
});

describe('train.evaluate', () => {
  it.each(['micro', 'macro'] as const)('loss and %s accuracy over batches of several sizes', async (average) => {
    manualSeed(2);
    const model = makeModel([13, 20, 5], { dropout: 0.5 });
    const loader = new data.DataLoader(students(70), { batchSize: 16 });
    const make = () => new metrics.Accuracy({ task: 'multiclass', numClasses: 5, average });
    const figure = make();
    let total = 0;
    for (const [x, y] of loader) {
      const output = inEvaluation(model, x!);
      total += noGrad(() => criterion.forward(output, y!)).item();
      figure.update(output, y!);
    }
    const expected = { loss: total / loader.length, accuracy: figure.compute().item() };
    expect(await train.evaluate(model, loader, { criterion, metrics: { accuracy: make() } })).toEqual(expected);
    expect(await train.evaluate(model, [...loader], { criterion, metrics: { accuracy: make() } })).toEqual(expected);
    expect(await train.evaluate(model, loader, {})).toEqual({});
    expect(model.training).toBe(true);
  });

  it('rows of 8 MB, which three threads copy, and batches that one copies', async () => {
    const model = makeModel([100, 3]);
    const loader = new data.DataLoader(students(20_001, 100, 3), { batchSize: 1000 });
    const threads = getNumThreads();
    try {
      setNumThreads(3);
      expect(await train.evaluate(model, loader, { criterion })).toEqual(await train.evaluate(model, [...loader], { criterion }));
    } finally {
      setNumThreads(threads);
    }
  });

  it('refuses a metric of several numbers', async () => {
    const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 5, average: 'none' });
    const loader = new data.DataLoader(students(20), { batchSize: 16 });
    await expect(train.evaluate(makeModel([13, 5]), loader, { metrics: { accuracy } })).rejects.toThrow(
      /metrics\.accuracy gives 5 numbers, expected one/,
    );
  });
});
