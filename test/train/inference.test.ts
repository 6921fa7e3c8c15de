// Evaluation and prediction on another thread give what the loop gives.
import { describe, expect, it } from 'vitest';
import {
  data,
  getNumThreads,
  manualSeed,
  metrics,
  nn,
  noGrad,
  optim,
  randn,
  setNumThreads,
  type Tensor,
  tensor,
  train,
  zeros,
} from '../../src';
import { expectSame } from '../helpers';
import { digest, eagerEvaluate, eagerStep, makeModel, students } from './runs';

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

  it('records once for each of the calls at once, however many come', async () => {
    const model = makeModel([4, 3]);
    let forwards = 0;
    model.registerForwardHook(() => void forwards++);
    const inputs = Array.from({ length: 8 }, () => randn([1, 4]));
    for (let round = 0; round < 20; round++) {
      const outputs = await Promise.all(inputs.map((x) => train.predict(model, x)));
      outputs.forEach((output, i) => void expectSame(output, inEvaluation(model, inputs[i]!)));
    }
    // Hooks run in recordings alone: those for threads are made twice, the one for the JavaScript thread once.
    expect(forwards).toBeGreaterThan(0);
    expect(forwards).toBeLessThanOrEqual(2 * 8 + 1);
  });

  it('gives each call an output of its own, done at once or on a thread, beside a fit and after it', async () => {
    const model = makeModel([4, 8, 3]);
    const inputs = Array.from({ length: 6 }, () => randn([2, 4]));
    const check = async (): Promise<void> => {
      const expected = inputs.map((x) => digest(inEvaluation(model, x)));
      const outputs: Tensor[] = [];
      for (const x of inputs) outputs.push(await train.predict(model, x));
      expect(outputs.map(digest)).toEqual(expected);
      expect(outputs.some((output) => output.requiresGrad)).toBe(false);
    };
    await check();
    noGrad(() => model.parameters().forEach((p) => void p.mul_(1.5)));
    await check();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const loader = [[randn([8, 4]), randn([8, 3])]];
    const controller = new AbortController();
    const fitting = train.fit(model, {
      criterion: new nn.MSELoss(),
      optimizer,
      loader,
      epochs: 1e6,
      progress: false,
      signal: controller.signal,
    });
    const meanwhile = await Promise.all(inputs.map((x) => train.predict(model, x)));
    expect(meanwhile.map(({ shape }) => shape)).toEqual(inputs.map(() => [2, 3]));
    controller.abort(new Error('enough'));
    await expect(fitting).rejects.toThrow('enough');
    await check();
    model.append(new nn.Linear(3, 2)).append(new nn.Dropout(0.5));
    await check();
    expect(model.training).toBe(true);
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

  it('takes what was put in fields of the model since', async () => {
    class Standard extends nn.Module {
      mean = tensor([1]);
      factor = 2;
      forward(x: Tensor): Tensor {
        return x.sub(this.mean).mul(this.factor);
      }
    }
    const model = new Standard();
    const x = tensor([[5]]);
    expectSame(await train.predict(model, x), [[8]]);
    model.mean = tensor([2]);
    expectSame(await train.predict(model, x), [[6]]);
    model.factor = 3;
    expectSame(await train.predict(model, x), [[9]]);
  });

  it('draws the random numbers of the loop, where a model draws in evaluation mode too', async () => {
    class Uncertain extends nn.Module {
      one = new nn.Linear(7, 13);
      two = new nn.Linear(13, 3);
      override forward(x: Tensor): Tensor {
        const hidden = nn.functional.dropout(this.one.forward(nn.functional.dropout(x, 0.3, true)), 0.5, true);
        return this.two.forward(hidden);
      }
    }
    const model = new Uncertain();
    for (const rows of [3, 600]) {
      const x = randn([rows, 7]);
      manualSeed(3);
      const expected = [0, 1].map(() => digest(noGrad(() => model.forward(x))));
      const after = randn([2]).toArray();
      manualSeed(3);
      const predicted = [await train.predict(model, x), await train.predict(model, x)].map(digest);
      expect(predicted).toEqual(expected);
      expect(randn([2]).toArray()).toEqual(after);
    }
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
    for (const [x, y] of loader) figure.update(inEvaluation(model, x!), y!);
    const expected = { loss: eagerEvaluate(model, loader, criterion), accuracy: figure.compute().item() };
    expect(await train.evaluate(model, loader, { criterion, metrics: { accuracy: make() } })).toEqual(expected);
    expect(await train.evaluate(model, [...loader], { criterion, metrics: { accuracy: make() } })).toEqual(expected);
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

  it('gives the figures of all rows in one batch, however they are divided', async () => {
    const x = tensor([[0], [0], [0], [10]]);
    const y = tensor([[1], [1], [1], [0]]);
    const model = new nn.Linear(1, 1);
    nn.init.zeros_(model.weight);
    nn.init.zeros_(model.bias!);
    const dataset = new data.TensorDataset(x, y);
    for (const batchSize of [4, 3, 2, 1]) {
      const rows = new data.DataLoader(dataset, { batchSize });
      for (const loader of [rows, [...rows]]) {
        expect(await train.evaluate(model, loader, { criterion: new nn.MSELoss() })).toEqual({ loss: 0.75 });
        expect(await train.evaluate(model, loader, { criterion: new nn.MSELoss({ reduction: 'sum' }) })).toEqual({ loss: 3 });
        const own = { forward: (output: Tensor, target: Tensor) => output.sub(target).abs().mean() };
        expect(await train.evaluate(model, loader, { criterion: own })).toEqual({ loss: 0.75 });
      }
    }
  });

  it('gives an own metric batch by batch, in the shapes of the batches', async () => {
    class Shapes extends metrics.Metric {
      seen: unknown[] = [];
      update(preds: Tensor, target: Tensor): void {
        this.seen.push([preds.shape, target.shape, digest(preds), digest(target)]);
      }
      compute(): Tensor {
        return tensor(this.seen.length);
      }
      reset(): void {
        this.seen = [];
      }
    }
    const model = makeModel([7, 3]);
    const loader = new data.DataLoader(new data.TensorDataset(randn([70, 7]), randn([70, 3])), { batchSize: 16 });
    const expected = [...loader].map(([x, y]) => [[x!.shape[0], 3], y!.shape, digest(inEvaluation(model, x!)), digest(y!)]);
    for (const batches of [loader, [...loader]]) {
      const shapes = new Shapes();
      await train.evaluate(model, batches, { metrics: { shapes } });
      expect(shapes.seen).toEqual(expected);
    }
    class Sums extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x.sum(1);
      }
    }
    const sums = new Shapes();
    const labelled = new data.DataLoader(students(70), { batchSize: 16 });
    await train.evaluate(new Sums(), labelled, { metrics: { sums } });
    expect(sums.seen).toEqual([...labelled].map(([x, y]) => [[x!.shape[0]], y!.shape, digest(x!.sum(1)), digest(y!)]));
    // Batches whose outputs are of several widths.
    const wide = [2, 5, 3].map((width) => [randn([4, width, 7]), zeros([4, width, 3])]);
    const shapes = new Shapes();
    await train.evaluate(model, wide, { metrics: { shapes } });
    expect(shapes.seen).toEqual(wide.map(([x, y]) => [[4, x!.shape[1], 3], y!.shape, digest(inEvaluation(model, x!)), digest(y!)]));
  });

  it('lets a prediction by between its steps', async () => {
    const big = makeModel([64, 512, 512, 64]);
    const small = makeModel([4, 3]);
    const x = randn([1, 4]);
    await train.predict(small, x);
    const loader = new data.DataLoader(new data.TensorDataset(zeros([30_000, 64]), zeros([30_000, 64])), { batchSize: 256 });
    let over = false;
    const evaluation = train.evaluate(big, loader, { criterion: new nn.MSELoss() }).then(() => {
      over = true;
    });
    for (let i = 0; i < 5; i++) await train.predict(small, x);
    expect(over).toBe(false);
    await evaluation;
  });

  it.each(['loss', 'validationLoss'])('refuses a metric called "%s"', async (name) => {
    const named = { [name]: new metrics.Accuracy({ task: 'multiclass', numClasses: 5 }) };
    await expect(train.evaluate(makeModel([13, 5]), [], { metrics: named })).rejects.toThrow(/a metric cannot be called/);
  });

  it('refuses rows and labels in place of a loader', async () => {
    const [x, labels] = students(20).tensors;
    const evaluate = train.evaluate as (...args: unknown[]) => Promise<unknown>;
    await expect(evaluate(makeModel([13, 5]), x, labels)).rejects.toThrow(/expected a loader of batches, got a Tensor/);
  });

  it('refuses a mean of values, which is not of predictions and targets', async () => {
    const named = { mean: new metrics.MeanMetric() };
    await expect(train.evaluate(makeModel([13, 5]), [], { metrics: named })).rejects.toThrow(
      /metrics.mean takes values.*\n {2}hint: the mean loss/,
    );
  });

  it('leaves the figures of a metric that has several to the metric', async () => {
    const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 5, average: 'none' });
    const mean = new metrics.Accuracy({ task: 'multiclass', numClasses: 5, average: 'macro' });
    const loader = new data.DataLoader(students(20), { batchSize: 16 });
    const figures = await train.evaluate(makeModel([13, 5]), loader, { metrics: { accuracy, mean } });
    expect(Object.keys(figures)).toEqual(['mean']);
    expect(accuracy.compute().shape).toEqual([5]);
  });

  it('refuses to calculate nothing', async () => {
    const loader = new data.DataLoader(students(20), { batchSize: 16 });
    for (const options of [undefined, {}, { metrics: {} }, { targets: 1 }]) {
      await expect(train.evaluate(makeModel([13, 5]), loader, options)).rejects.toThrow(
        /^\[train\.evaluate\] expected a criterion, metrics or both/,
      );
    }
  });

  it('says of unknown options what predictions say', async () => {
    const model = makeModel([13, 5]);
    const loader = new data.DataLoader(students(20), { batchSize: 16 });
    const wrong = { target: 1 } as object;
    const says = 'unknown option "target", did you mean "targets"?';
    await expect(train.evaluate(model, loader, wrong)).rejects.toThrow(`[train.evaluate] ${says}`);
    await expect(train.predict(model, loader, wrong)).rejects.toThrow(`[train.predict] ${says}`);
  });
});
