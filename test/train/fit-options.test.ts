// What Keras and Lightning have beside the loop: callbacks, clipping, several schedulers, figures of the training rows, plain functions.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, metrics, nn, noGrad, optim, type Tensor, tensor, train } from '../../src';
import { bitsOf, makeModel, quiet, students } from './runs';

const accuracy = () => new metrics.Accuracy({ task: 'multiclass', numClasses: 5 });

function setUp() {
  manualSeed(3);
  const model = makeModel([13, 16, 5]);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const loader = new data.DataLoader(students(96), { batchSize: 32, shuffle: true });
  const validation = new data.DataLoader(students(50), { batchSize: 20 });
  return { model, optimizer, loader, validation, criterion: new nn.CrossEntropyLoss(), ...quiet };
}

describe('callbacks', () => {
  it('are told in their order, after the options, with the model free', async () => {
    const { model, ...options } = setUp();
    const told: string[] = [];
    const weights = () => bitsOf(model);
    const before = weights();
    const result = await train.fit(model, {
      ...options,
      epochs: 2,
      onEpoch: ({ epoch }) => told.push(`option ${epoch}`),
      callbacks: [
        {
          onBegin: (report) => {
            expect(report).toEqual({ model, optimizer: options.optimizer, epochs: 2, initialEpoch: 0, resumed: false, batches: 3 });
            expect(weights()).toEqual(before);
            told.push('begin');
          },
          onEpoch: ({ epoch, lr, lrs, seconds, trainMetrics }) => {
            expect([lr, lrs, trainMetrics]).toEqual([0.01, [0.01], {}]);
            expect(seconds).toBeGreaterThan(0);
            noGrad(() => model.parameters()[0]!.add_(1)); // would be a SimdnnError where the fit had it
            told.push(`first ${epoch}`);
          },
        },
        {
          onEpoch: async ({ epoch }) => void told.push(`second ${epoch}`),
          onEnd: (ended) => {
            expect(ended.epochs).toBe(2);
            told.push('end');
          },
        },
      ],
    });
    expect(told).toEqual(['begin', 'option 1', 'first 1', 'second 1', 'option 2', 'first 2', 'second 2', 'end']);
    expect(result.epochSeconds.length).toBe(2);
  });

  it('what onBegin changes is what the first step finds', async () => {
    const { model, ...options } = setUp();
    await train.fit(model, { ...options, epochs: 1, callbacks: [{ onBegin: () => noGrad(() => model.parameters()[0]!.zero_()) }] });
    const own = setUp();
    noGrad(() => own.model.parameters()[0]!.zero_());
    const { model: same, ...rest } = own;
    await train.fit(same, { ...rest, epochs: 1 });
    expect(bitsOf(model)).toEqual(bitsOf(same));
  });

  it('stop() within an epoch ends it there', async () => {
    const { model, ...options } = setUp();
    const batches: number[] = [];
    const result = await train.fit(model, {
      ...options,
      loader: new data.DataLoader(students(3200), { batchSize: 1 }),
      epochs: 1000,
      progressEvery: 1,
      onBatch: ({ batch, stop }) => {
        batches.push(batch);
        stop();
      },
    });
    expect(batches.length).toBe(1);
    expect(result.stopped).toBe('callback');
    expect(result.epochs).toBeLessThan(1000);
    expect(result.loss.length).toBe(result.epochs);
    model.forward(students(2).tensors[0]!); // free again
  });

  it('an abort puts the best weights back where early stopping does', async () => {
    const { model, ...options } = setUp();
    const controller = new AbortController();
    const seen: string[] = [];
    let figure = 0;
    const fitting = train.fit(model, {
      ...options,
      epochs: 10,
      metrics: { rising: () => -(figure === 0 ? 1 : 0) },
      earlyStopping: { monitor: 'rising', mode: 'min', patience: 5, restoreBest: true },
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        figure++;
        seen.push(JSON.stringify(bitsOf(model)));
        if (epoch === 3) controller.abort(new Error('enough'));
      },
    });
    await expect(fitting).rejects.toThrow('enough');
    expect(new Set(seen).size).toBe(3);
    expect(JSON.stringify(bitsOf(model))).toBe(seen[0]);
  });
});

describe('epochs, rates and figures', () => {
  it('initialEpoch goes on with the numbers', async () => {
    const { model, ...options } = setUp();
    const numbers: number[] = [];
    const first = await train.fit(model, { ...options, epochs: 2 });
    const then = await train.fit(model, { ...options, initialEpoch: 2, epochs: 5, onEpoch: ({ epoch }) => numbers.push(epoch) });
    expect([numbers, then.epochs]).toEqual([[3, 4, 5], 3]);
    const { model: whole, ...same } = setUp();
    const all = await train.fit(whole, { ...same, epochs: 5 });
    expect([...first.loss, ...then.loss]).toEqual(all.loss);
    expect(then.bestEpoch).toBe(3 + then.validationLoss!.indexOf(Math.min(...then.validationLoss!)));
    await expect(train.fit(model, { ...options, initialEpoch: 5, epochs: 5 })).rejects.toThrow(/epochs/);
  });

  it('several schedulers, one a step and one an epoch, as a loop has them', async () => {
    const run = async (fits: boolean) => {
      const { model, optimizer, loader, criterion } = setUp();
      const perStep = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.9 });
      const perEpoch = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
      const lr: number[] = [];
      if (fits) {
        const scheduler = [{ scheduler: perStep, interval: 'step' as const }, perEpoch];
        const result = await train.fit(model, { criterion, optimizer, loader, scheduler, epochs: 3, ...quiet });
        return { lr: result.lr, bits: bitsOf(model) };
      }
      for (let epoch = 0; epoch < 3; epoch++) {
        for (const [x, y] of loader) {
          optimizer.zeroGrad();
          criterion.forward(model.forward(x!), y!).backward();
          lr[epoch] = optimizer.paramGroups[0]!.lr;
          optimizer.step();
          perStep.step();
        }
        perEpoch.step();
      }
      return { lr, bits: bitsOf(model) };
    };
    const loop = await run(false);
    expect(await run(true)).toEqual(loop);
    expect(new Set(loop.lr).size).toBe(3);
  });

  it('metrics of the training rows beside those of the validation', async () => {
    const { model, ...options } = setUp();
    const both = await train.fit(model, {
      ...options,
      epochs: 3,
      metrics: { accuracy: accuracy() },
      trainMetrics: { accuracy: accuracy() },
    });
    const { model: same, validation, ...rest } = setUp();
    const alone = await train.fit(same, { ...rest, epochs: 3, metrics: { accuracy: accuracy() } });
    expect(both.trainMetrics).toEqual(alone.metrics);
    expect(both.metrics['accuracy']!.length).toBe(3);
    expect(both.metrics).not.toEqual(both.trainMetrics);
  });

  it('plain functions as criterion and metric, in fit and evaluate', async () => {
    const { model, validation, ...options } = setUp();
    const criterion = (output: Tensor, target: Tensor) => options.criterion.forward(output, target);
    const hits = (preds: Tensor, target: Tensor) => preds.argmax(1).eq(target).sum().item() / target.numel;
    const fitted = await train.fit(model, { ...options, criterion, validation, epochs: 2, metrics: { hits, accuracy: accuracy() } });
    const { model: same, ...rest } = setUp();
    expect((await train.fit(same, { ...rest, epochs: 2 })).validationLoss).toEqual(fitted.validationLoss);
    for (const [i, figure] of fitted.metrics['hits']!.entries()) expect(figure).toBeCloseTo(fitted.metrics['accuracy']![i]!, 6);
    const figures = await train.evaluate(model, validation, { criterion, metrics: { hits } });
    expect(figures).toEqual({ loss: fitted.validationLoss![1], hits: fitted.metrics['hits']![1] });
  });
});

describe('what cannot be', () => {
  const cases: [string, object, RegExp][] = [
    ['callbacks that are no list', { callbacks: {} }, /expected callbacks to be a list of objects, got an Object/],
    ['a callback that is none', { callbacks: [null] }, /expected callbacks\[0\] to be an object, got null/],
    ['a callback without a method', { callbacks: [{ onEpochs() {} }] }, /callbacks\[0\] has none of onBegin, onEpoch, onBatch, onEnd/],
    [
      'methods of another library beside one of this',
      {
        callbacks: [
          new (class {
            onEpoch() {}
            onEpochEnd() {}
            onTrainBegin() {}
          })(),
        ],
      },
      /callbacks\[0\] has onEpochEnd, onTrainBegin, which nothing calls \(known: onBegin, onEpoch, onBatch, onEnd, afterStep\)/,
    ],
    ['a method that is none', { callbacks: [{ onEnd: 3 }] }, /callbacks\[0\]\.onEnd to be a function, got 3/],
    ['a class for a criterion', { criterion: nn.CrossEntropyLoss }, /got the class CrossEntropyLoss[\s\S]*new nn\.CrossEntropyLoss\(\)/],
    [
      'a class for a metric',
      { metrics: { a: metrics.Accuracy } },
      /expected metrics\.a to be a metric or a function, got a function \(Accuracy\)\n {2}hint: new metrics\.R2Score\(\)/,
    ],
    ['trainMetrics without a validation', { validation: undefined, trainMetrics: {} }, /trainMetrics stand beside/],
    ['a validation without batches', { validation: [] }, /^\[train\.fit\] the validation loader has no batches/],
    ['a named set without batches', { validation: { a: [[]], few: [] } }, /^\[train\.fit\] the loader of validation\.few has no batches/],
    [
      'a metric with the name of a figure of a set',
      { validation: { few: [[]] }, metrics: { 'few.loss': accuracy() } },
      /a metric cannot be called "few\.loss": that is a figure of a validation set/,
    ],
    ['a scheduler that is a class', { scheduler: optim.lrScheduler.StepLR }, /hint: new optim\.lrScheduler\.LambdaLR\(optimizer/],
    ['a path for checkpoints', { checkpoint: 'a.safetensors' }, /fit: checkpoint\] .*\n {2}hint: \{ path, every, best, resume \}$/],
    ['names of Lightning', { accumulateGradBatches: 2 }, /unknown option "accumulateGradBatches", did you mean "accumulate"\?/],
    [
      'names of Keras',
      { earlyStopping: { restoreBestWeights: true } },
      /unknown option "restoreBestWeights", did you mean "restoreBest"\?/,
    ],
    ['a negative bound', { clipGradNorm: -1 }, /clipGradNorm/],
    ['a bound that is no number', { clipGradNorm: '1' }, /clipGradNorm/],
    ['a norm without a bound', { clipGradNorm: { normType: 1 } }, /clipGradNorm/],
    ['a value that is NaN', { clipGradValue: NaN }, /clipGradValue/],
    [
      'a metric function that gives no number',
      { metrics: { a: () => 'good' } },
      /metrics\.a\] expected the metric's function to give a number, got "good"/,
    ],
  ];
  it.each(cases)('%s', async (_, wrong, message) => {
    const { model, ...options } = setUp();
    const before = bitsOf(model);
    await expect(train.fit(model, { ...options, epochs: 1, ...wrong } as train.FitOptions)).rejects.toThrow(message);
    if (!('metrics' in wrong)) expect(bitsOf(model)).toEqual(before);
    model.forward(students(2).tensors[0]!);
  });

  it.each<[string, train.GivenValidation, RegExp]>([
    ['a batch of no list', students(4).tensors as never, /expected the validation loader to give lists of tensors, got a Tensor/],
    [
      'a label that is no class',
      { few: [[students(2).tensors[0], tensor([0, 9], { dtype: 'int32' })]] },
      /, in batch 1 of the loader of validation\.few$/,
    ],
  ])('in a validation, which is named: %s', async (_, validation, message) => {
    const { model, ...options } = setUp();
    await expect(train.fit(model, { ...options, epochs: 1, validation })).rejects.toThrow(message);
  });

  it('one scheduler twice', async () => {
    const { model, ...options } = setUp();
    const scheduler = new optim.lrScheduler.StepLR(options.optimizer, { stepSize: 1 });
    await expect(train.fit(model, { ...options, epochs: 1, scheduler: [scheduler, scheduler] })).rejects.toThrow(/given twice/);
  });
});
