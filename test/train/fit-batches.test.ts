// What a batch may hold beside inputs and one target, several batches to a step, several validation sets, and metrics of several numbers.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, metrics, nn, noGrad, optim, rand, randint, randn, type Tensor, train } from '../../src';
import { bitsOf, quiet } from './runs';

const [rows, width, classes] = [50, 6, 3];
const classesOf = (count: number, shape: number[]): Tensor => randint(count, shape);
const accuracy = (average: 'micro' | 'none' = 'micro') => new metrics.Accuracy({ task: 'multiclass', numClasses: classes, average });

class TwoHeads extends nn.Module {
  body = new nn.Linear(width, 8);
  kind = new nn.Linear(8, classes);
  size = new nn.Linear(8, 1);
  forward(x: Tensor): { kind: Tensor; size: Tensor } {
    const h = this.body.call(x).relu();
    return { kind: this.kind.call(h), size: this.size.call(h) };
  }
}

const crossEntropy = new nn.CrossEntropyLoss();
const both = (out: { kind: Tensor; size: Tensor }, kind: Tensor, size: Tensor): Tensor =>
  crossEntropy.forward(out.kind, kind).add(out.size.sub(size).pow(2).mean());

function twoTargets() {
  manualSeed(5);
  const model = new TwoHeads();
  const tensors = [randn([rows, width]), classesOf(classes, [rows]), randn([rows, 1])] as const;
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const loader = new data.DataLoader(new data.TensorDataset(...tensors), { batchSize: 16, shuffle: true });
  return { model, optimizer, loader, criterion: both, targets: 2, ...quiet };
}

describe('several outputs and targets', () => {
  it('are given to the criterion as forward returns them, and to metrics by their names', async () => {
    const { model, optimizer, loader } = twoTargets();
    const loop: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      let sum = 0;
      for (const [x, kind, size] of loader) {
        optimizer.zeroGrad();
        const loss = both(model.call(x!), kind!, size!);
        loss.backward();
        optimizer.step();
        sum += loss.item();
      }
      loop.push(sum / loader.length);
    }
    const other = twoTargets();
    const figures = { kind: accuracy(), error: new metrics.MeanSquaredError() };
    const { model: fitted, ...options } = other;
    const result = await train.fit(fitted, {
      ...options,
      epochs: 3,
      metrics: {
        kind: { metric: figures.kind, output: 'kind', target: 0 },
        error: { metric: figures.error, output: 'size', target: 1 },
      },
    });
    expect(result.loss).toEqual(loop);
    expect(bitsOf(fitted)).toEqual(bitsOf(model));
    const all = await train.evaluate(fitted, other.loader, {
      targets: 2,
      metrics: {
        kind: { metric: accuracy(), output: 'kind', target: 0 },
        error: { metric: new metrics.MeanSquaredError(), output: 'size', target: 1 },
      },
    });
    const [x, kind, size] = (other.loader.dataset as data.TensorDataset<Tensor[]>).tensors as [Tensor, Tensor, Tensor];
    const out = noGrad(() => fitted.call(x));
    const expected = out.kind.argmax(1).eq(kind).float().mean().item();
    expect(all['kind']).toBeCloseTo(expected, 6);
    expect(all['error']).toBeCloseTo(out.size.sub(size).pow(2).mean().item(), 6);
  });

  it.each([
    [{ kind: accuracy() }, /metrics\.kind needs to know which of the 2 targets/],
    [
      { kind: { metric: accuracy(), target: 0 } },
      /metrics\.kind is given one tensor, and the model returns .*\n {2}hint: metrics: \{ kind: \{ metric, output: "name" \} \}/,
    ],
    [{ kind: { metric: accuracy(), output: 'no', target: 0 } }, /metrics\.kind is given output "no", and the model returns none/],
    [{ kind: { metric: accuracy(), output: 'kind', target: 2 } }, /metrics\.kind\.target/],
    [{ kind: { metric: 3, output: 'kind', target: 0 } }, /expected metrics\.kind to be a metric or a function, got 3/],
    [{ kind: { metric: accuracy(), out: 'kind' } }, /unknown option "out"/],
  ])('refuses %#', async (given, message) => {
    const { model, ...options } = twoTargets();
    await expect(train.fit(model, { ...options, epochs: 1, metrics: given as train.FitOptions['metrics'] })).rejects.toThrow(message);
  });

  it('are told of where the model takes fewer tensors', async () => {
    const { model, targets, ...options } = twoTargets();
    await expect(train.fit(model, { ...options, epochs: 1 })).rejects.toThrow(
      /TwoHeads\.forward takes 1\n.*say targets: 2, of weights of the samples sampleWeights: true/,
    );
    await expect(train.fit(model, { ...options, targets: 4, epochs: 1 })).rejects.toThrow(
      /a batch is \[\.\.\.inputs, 4 targets\], and the loader gives 3|none of its 1/,
    );
  });

  it('are refused where a model returns nothing that a criterion can use', async () => {
    const model = new (class extends nn.Module {
      a = new nn.Linear(width, 1);
      async forward(x: Tensor) {
        return this.a.call(x);
      }
    })();
    const { loader, model: _, ...options } = twoTargets();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    // @ts-expect-error the types refuse it too: the criterion is not written for a promise
    await expect(train.fit(model, { ...options, loader, optimizer, epochs: 1 })).rejects.toThrow(/expected the model to give/);
  });
});

describe('weights of the samples', () => {
  const dataset = () => {
    manualSeed(6);
    return [randn([rows, width]), classesOf(classes, [rows]), rand([rows])] as const;
  };
  const setUp = (reduction: 'mean' | 'sum') => {
    const tensors = dataset();
    const model = new nn.Linear(width, classes);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const loader = new data.DataLoader(new data.TensorDataset(...tensors), { batchSize: 16 });
    return { model, optimizer, loader, criterion: new nn.CrossEntropyLoss({ reduction }), sampleWeights: true, ...quiet };
  };

  it.each(['mean', 'sum'] as const)('weigh the losses of the rows: %s', async (reduction) => {
    const { model, optimizer, loader } = setUp(reduction);
    const rowLosses = new nn.CrossEntropyLoss({ reduction: 'none' });
    for (const [x, y, w] of loader) {
      optimizer.zeroGrad();
      const weighed = rowLosses.call(model.call(x!), y!).mul(w!);
      (reduction === 'sum' ? weighed.sum() : weighed.mean()).backward();
      optimizer.step();
    }
    const { model: fitted, ...options } = setUp(reduction);
    await train.fit(fitted, { ...options, epochs: 1 });
    expect(bitsOf(fitted)).toEqual(bitsOf(model));
    expect(options.criterion.reduction).toBe(reduction);
    const [x, y, w] = dataset();
    const all = noGrad(() => rowLosses.call(fitted.call(x), y).mul(w));
    const { loss } = await train.evaluate(fitted, options.loader, { criterion: options.criterion, sampleWeights: true });
    expect(loss).toBeCloseTo((reduction === 'sum' ? all.sum() : all.mean()).item(), 4);
  });

  it('of 1 change nothing, of 0 leave rows out', async () => {
    const [x, y] = dataset();
    const weightsOf = (w: Tensor): Promise<number> => {
      const loader = new data.DataLoader(new data.TensorDataset(x, y, w), { batchSize: rows });
      return train
        .evaluate(new nn.Sequential(), loader, { criterion: (_: Tensor, t: Tensor) => t.float(), sampleWeights: true })
        .then(({ loss }) => loss!);
    };
    expect(await weightsOf(rand([rows]).mul(0).add(1))).toBeCloseTo(y.float().mean().item(), 6);
    expect(await weightsOf(rand([rows]).mul(0))).toBe(0);
  });

  it.each([
    [
      (out: Tensor, y: Tensor) => crossEntropy.forward(out, y),
      /sampleWeights need a loss for each of 16 rows, and the criterion gives shape \[\]/,
    ],
    [
      new (class extends nn.Module {
        readonly #scale = 2;
        reduction = 'mean';
        forward(out: Tensor, y: Tensor): Tensor {
          return crossEntropy.forward(out, y).mul(this.#scale);
        }
      })(),
      /a criterion with private fields/,
    ],
  ])('need a loss for each row %#', async (criterion, message) => {
    const { model, ...options } = setUp('mean');
    await expect(train.fit(model, { ...options, criterion, epochs: 1 })).rejects.toThrow(message);
  });

  it('have a number for each row', async () => {
    const { model, ...options } = setUp('mean');
    const [x, y] = dataset();
    const loader = new data.DataLoader(new data.TensorDataset(x, y, rand([rows, 2])), { batchSize: 16 });
    await expect(train.fit(model, { ...options, loader, epochs: 1 })).rejects.toThrow(
      /sampleWeights as the batch's last tensor, \[16\], got \[16, 2\]/,
    );
  });
});

describe('several batches to a step', () => {
  const setUp = () => {
    manualSeed(7);
    const model = new nn.Sequential(new nn.Linear(width, 8), new nn.Dropout(0.2), new nn.ReLU(), new nn.Linear(8, classes));
    const dataset = new data.TensorDataset(randn([rows, width]), classesOf(classes, [rows]));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    return { model, optimizer, criterion: crossEntropy, dataset, ...quiet };
  };

  it.each([1, 2, 3, 5, 100])('accumulate: %i', async (accumulate) => {
    const { model, optimizer, dataset } = setUp();
    const loader = new data.DataLoader(dataset, { batchSize: 8, shuffle: true });
    const losses: number[] = [];
    let steps = 0;
    for (let epoch = 0; epoch < 2; epoch++) {
      const batches = [...loader];
      const all: number[] = [];
      for (let i = 0; i < batches.length; i += accumulate) {
        const group = batches.slice(i, i + accumulate);
        optimizer.zeroGrad();
        for (const [x, y] of group) {
          const loss = crossEntropy.call(model.call(x!), y!);
          (group.length === 1 ? loss : loss.div(group.length)).backward();
          all.push(loss.item());
        }
        optimizer.step();
        steps++;
      }
      losses.push(all.reduce((a, b) => a + b, 0) / all.length);
    }
    const { model: fitted, dataset: same, ...options } = setUp();
    const scheduler = new optim.lrScheduler.LambdaLR(options.optimizer, { lrLambda: () => 1 });
    const seen: number[] = [];
    const result = await train.fit(fitted, {
      ...options,
      loader: new data.DataLoader(same, { batchSize: 8, shuffle: true }),
      accumulate,
      epochs: 2,
      scheduler: { scheduler, interval: 'step' },
      progressEvery: 1,
      onBatch: ({ batch, batches }) => {
        expect(batches).toBe(7);
        seen.push(batch);
      },
    });
    expect(result.loss).toEqual(losses);
    expect(bitsOf(fitted)).toEqual(bitsOf(model));
    expect(scheduler.lastEpoch).toBe(steps);
    for (const batch of seen) expect(batch === 7 || batch % accumulate === 0).toBe(true);
    expect(result.rowsPerSecond * result.seconds).toBeCloseTo(2 * rows, 6);
  });

  it("of a loader of one's own need as many tensors each", async () => {
    const { model, dataset: _, ...options } = setUp();
    const loader = [
      [randn([4, width]), classesOf(classes, [4])],
      [randn([4, width]), randn([4, width]), classesOf(classes, [4])],
    ];
    await expect(train.fit(model, { ...options, loader, accumulate: 2, epochs: 1 })).rejects.toThrow(
      /accumulate needs batches of as many tensors each, got 2 and 3/,
    );
  });

  it('name the batch and the row of what is not finite', async () => {
    const { model, dataset, ...options } = setUp();
    const [x, y] = dataset.tensors as [Tensor, Tensor];
    x.data[20 * width] = NaN; // row 4 of the third batch of 8
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8 });
    const fitting = train.fit(model, { ...options, loader, accumulate: 3, epochs: 1, detectAnomaly: true });
    await expect(fitting).rejects.toThrow(/the data of batch 3 of epoch 1 are not finite: tensor 0 of the batch has NaN in row 4/);
  });

  it.each([0, 1.5, -1, '2', null])('refuses accumulate: %j', async (accumulate) => {
    const { model, dataset, ...options } = setUp();
    const loader = new data.DataLoader(dataset, { batchSize: 8 });
    await expect(train.fit(model, { ...options, loader, accumulate: accumulate as number, epochs: 1 })).rejects.toThrow(/accumulate/);
  });
});

describe('several validation sets', () => {
  const setUp = () => {
    manualSeed(8);
    const model = new nn.Linear(width, classes);
    const loaderOf = (n: number) =>
      new data.DataLoader(new data.TensorDataset(randn([n, width]), classesOf(classes, [n])), { batchSize: 16 });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    return { model, optimizer, criterion: crossEntropy, loader: loaderOf(rows), sets: { near: loaderOf(30), far: loaderOf(20) }, ...quiet };
  };

  it('are reported by their names, the first of them as the validation', async () => {
    const { model, sets, ...options } = setUp();
    const told: unknown[] = [];
    const confusion = new metrics.ConfusionMatrix({ task: 'multiclass', numClasses: classes });
    const result = await train.fit(model, {
      ...options,
      validation: sets,
      epochs: 3,
      metrics: { accuracy: accuracy(), confusion },
      trainMetrics: { each: accuracy('none') },
      onEpoch: ({ validation, validationLoss, arrays, trainArrays }) => told.push([validation, validationLoss, arrays, trainArrays]),
    });
    expect(Object.keys(result.validation!)).toEqual(['near', 'far']);
    const { near, far } = result.validation!;
    expect([near!.loss, near!.metrics, near!.arrays]).toEqual([result.validationLoss, result.metrics, result.arrays]);
    expect(far!.loss).toHaveLength(3);
    expect(far!.loss).not.toEqual(near!.loss);
    expect(Object.keys(result.metrics)).toEqual(['accuracy']);
    const matrices = result.arrays['confusion'] as number[][][];
    expect(matrices).toHaveLength(3);
    expect(matrices[2]!.flat().reduce((a, b) => a + b, 0)).toBe(30);
    expect((far!.arrays['confusion']![2] as number[][]).flat().reduce((a, b) => a + b, 0)).toBe(20);
    expect(result.trainArrays['each']).toHaveLength(3);
    expect(result.trainMetrics).toEqual({});
    expect(told[2]).toEqual([
      {
        near: { loss: near!.loss[2], metrics: { accuracy: near!.metrics['accuracy']![2] }, arrays: { confusion: matrices[2] } },
        far: {
          loss: far!.loss[2],
          metrics: { accuracy: far!.metrics['accuracy']![2] },
          arrays: { confusion: far!.arrays['confusion']![2] },
        },
      },
      near!.loss[2],
      { confusion: matrices[2] },
      { each: result.trainArrays['each']![2] },
    ]);
    const { loss } = await train.evaluate(model, sets.far, { criterion: crossEntropy });
    expect(far!.loss[2]).toBe(loss);
  });

  it('can each be watched', async () => {
    const { model, sets, ...options } = setUp();
    const scheduler = new optim.lrScheduler.ReduceLROnPlateau(options.optimizer, {
      mode: 'max',
      patience: 0,
      threshold: 10,
      thresholdMode: 'abs',
    });
    const { lr, bestEpoch, validation } = await train.fit(model, {
      ...options,
      validation: sets,
      epochs: 3,
      metrics: { accuracy: accuracy() },
      scheduler: { scheduler, monitor: 'far.accuracy' },
      earlyStopping: { monitor: 'far.loss' },
    });
    expect(lr[2]).toBeLessThan(lr[0]!);
    expect(bestEpoch).toBe(1 + validation!['far']!.loss.indexOf(Math.min(...validation!['far']!.loss)));
    await expect(train.fit(model, { ...options, validation: sets, epochs: 1, earlyStopping: { monitor: 'no.loss' } })).rejects.toThrow(
      /known: loss, validationLoss, near\.loss, far\.loss/,
    );
  });

  it.each([
    [{}, /validation names no loader/],
    [{ near: 3 }, /expected validation\.near to be a loader of batches, got 3/],
    [3, /expected the validation loader to be a loader of batches, got 3/],
  ])('refuses %j', async (validation, message) => {
    const { model, sets: _, ...options } = setUp();
    await expect(
      train.fit(model, { ...options, epochs: 1, validation: validation as train.FitOptions['validation'] & object }),
    ).rejects.toThrow(message);
  });

  it('refuses to watch a metric of several numbers', async () => {
    const { model, sets, ...options } = setUp();
    const fitting = train.fit(model, {
      ...options,
      validation: sets,
      epochs: 2,
      metrics: { each: accuracy('none') },
      earlyStopping: { monitor: 'each' },
    });
    await expect(fitting).rejects.toThrow(/"each" gives several numbers, and one is watched/);
  });
});

it('a search and a cross-validation take batches with weights and two targets', async () => {
  const { trials } = await train.search(
    ({ lr }) => {
      const { optimizer, model, ...rest } = twoTargets();
      return {
        model,
        ...rest,
        optimizer: new optim.SGD(model.parameters(), { lr: lr as number }),
        epochs: 2,
        accumulate: 2,
        validation: { a: rest.loader, b: rest.loader },
      };
    },
    { lr: [0.1, 0.01] },
    { monitor: 'b.loss' },
  );
  expect(trials.map(({ error }) => error)).toEqual([null, null]);
  expect(trials[0]!.figures!['b.loss']).toBeGreaterThan(0);
});
