// What happens between the steps of a fit: validation, metrics, schedulers, callbacks and early stopping, as a loop of one's own has them.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { data, manualSeed, metrics, nn, noGrad, optim, type Tensor, tensor, train, zeros } from '../../src';
import { bitsOf, eagerEvaluate, eagerFit, makeModel, quiet, students } from './runs';

const criterion = new nn.CrossEntropyLoss();

describe('after each epoch', () => {
  const setUp = () => {
    manualSeed(3);
    const model = makeModel([13, 16, 5], { dropout: 0.1 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const loader = new data.DataLoader(students(96), { batchSize: 32, shuffle: true });
    const validation = new data.DataLoader(students(50), { batchSize: 20 });
    return { model, optimizer, loader, validation };
  };
  const accuracy = () => new metrics.Accuracy({ task: 'multiclass', numClasses: 5 });

  it('loss and metrics of the validation loader, in evaluation mode, are those of a loop', async () => {
    const { model, optimizer, loader, validation } = setUp();
    const seen: train.EpochReport[] = [];
    const result = await train.fit(model, {
      criterion,
      optimizer,
      loader,
      validation,
      epochs: 3,
      metrics: { accuracy: accuracy(), precise: new metrics.Accuracy({ task: 'multiclass', numClasses: 5, topK: 2 }) },
      onEpoch: (report) => {
        seen.push(report);
        expect(model.training).toBe(true);
        model.eval();
        const [figure, top2] = [accuracy(), new metrics.Accuracy({ task: 'multiclass', numClasses: 5, topK: 2 })];
        noGrad(() => {
          for (const [x, y] of validation) {
            const output = model.forward(x!);
            figure.update(output, y!);
            top2.update(output, y!);
          }
        });
        model.train();
        expect(report.validationLoss).toBe(eagerEvaluate(model, validation, criterion));
        expect(report.metrics).toEqual({ accuracy: figure.compute().item(), precise: top2.compute().item() });
      },
      ...quiet,
    });
    expect(seen.map(({ epoch, epochs }) => [epoch, epochs])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(result.loss).toEqual(seen.map(({ loss }) => loss));
    expect(result.validationLoss).toEqual(seen.map(({ validationLoss }) => validationLoss));
    expect(result.metrics['accuracy']).toEqual(seen.map((report) => report.metrics['accuracy']));
  });

  it('metrics are of the epoch’s own predictions where there is no validation', async () => {
    const { model, optimizer, loader } = setUp();
    const { metrics: figures } = await train.fit(model, {
      criterion,
      optimizer,
      loader,
      epochs: 2,
      metrics: { accuracy: accuracy() },
      ...quiet,
    });
    manualSeed(3);
    const again = setUp();
    const expected = [0, 1].map(() => {
      const figure = accuracy();
      for (const [x, y] of again.loader) {
        again.optimizer.zeroGrad();
        const output = again.model.forward(x!);
        criterion.forward(output, y!).backward();
        again.optimizer.step();
        figure.update(output, y!);
      }
      return figure.compute().item();
    });
    expect(figures['accuracy']).toEqual(expected);
  });

  it('a metric may be used in a callback: it is set to its start when the next epoch begins', async () => {
    const figuresOf = async (uses: boolean): Promise<number[]> => {
      manualSeed(3);
      const { model, optimizer, loader } = setUp();
      const metric = accuracy();
      const onBatch = async (): Promise<void> => {
        if (uses) await train.evaluate(model, loader, { metrics: { accuracy: metric } });
      };
      const { metrics: figures } = await train.fit(model, {
        criterion,
        optimizer,
        loader: [...loader].slice(0, 1),
        epochs: 3,
        metrics: { accuracy: metric },
        onEpoch: () => pause(2), // so that onBatch is called after each epoch
        onBatch,
        ...quiet,
        progressEvery: 1,
      });
      return figures['accuracy']!;
    };
    expect(await figuresOf(true)).toEqual(await figuresOf(false));
  });

  it('a scheduler steps, and the rate that it sets holds from the next epoch on', async () => {
    const { model, optimizer, loader } = setUp();
    const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
    const rates: number[] = [];
    const result = await train.fit(model, {
      criterion,
      optimizer,
      loader,
      epochs: 3,
      scheduler,
      onEpoch: () => rates.push(optimizer.paramGroups[0]!.lr),
      ...quiet,
    });
    expect(rates).toEqual([0.005, 0.0025, 0.00125]);
    manualSeed(3);
    const again = setUp();
    const other = new optim.lrScheduler.StepLR(again.optimizer, { stepSize: 1, gamma: 0.5 });
    const losses = eagerFit({ ...again, criterion, epochs: 3 }, () => other.step());
    expect(result.loss).toEqual(losses);
    expect(bitsOf(model)).toEqual(bitsOf(again.model));
  });

  it('a plateau scheduler is given the validation loss', async () => {
    const { model, optimizer, loader, validation } = setUp();
    const given: (number | undefined)[] = [];
    const scheduler = { step: (metric?: number) => void given.push(metric) };
    const { validationLoss } = await train.fit(model, { criterion, optimizer, loader, validation, epochs: 2, scheduler, ...quiet });
    expect(given).toEqual(validationLoss);
  });

  it('what a callback changes holds: options, modes, parameters, frozen layers', async () => {
    const { model, optimizer, loader } = setUp();
    const change = (m: nn.Sequential, o: optim.Adam, epoch: number) => {
      if (epoch === 1) o.paramGroups[0]!.lr = 0.001;
      if (epoch === 2) m.eval();
      if (epoch === 3) noGrad(() => nn.init.constant_(m.parameters()[0]!, 0.01));
      if (epoch === 4) m.parameters()[1]!.requiresGrad_(false);
    };
    const result = await train.fit(model, {
      criterion,
      optimizer,
      loader,
      epochs: 6,
      onEpoch: ({ epoch }) => change(model, optimizer, epoch),
      ...quiet,
    });
    manualSeed(3);
    const again = setUp();
    const losses = eagerFit({ ...again, criterion, epochs: 6 }, (epoch) => change(again.model, again.optimizer, epoch));
    expect(result.loss).toEqual(losses);
    expect(bitsOf(model)).toEqual(bitsOf(again.model));
  });

  it('early stopping waits for its patience and puts the best epoch back', async () => {
    const { model, optimizer, loader } = setUp();
    const states: unknown[] = [];
    const values = [3, 2, 2.5, 2.2, 1, 0];
    class Given extends metrics.Metric {
      private at = -1;
      update(): void {}
      compute(): Tensor {
        return tensor(values[this.at]!);
      }
      reset(): void {
        this.at++;
      }
    }
    const result = await train.fit(model, {
      criterion,
      optimizer,
      loader,
      epochs: 6,
      metrics: { error: new Given() },
      onEpoch: () => void states.push(bitsOf(model)),
      earlyStopping: { monitor: 'error', mode: 'min', patience: 2, restoreBest: true },
      ...quiet,
    });
    expect(result.epochs).toBe(4);
    expect(result.metrics['error']).toEqual([3, 2, 2.5, 2.2].map(Math.fround));
    expect(bitsOf(model)).toEqual(states[1]);
  });
});

describe('onBatch', () => {
  it('is told how far the epoch is, and may use the model', async () => {
    const model = makeModel([13, 64, 5]);
    const loader = new data.DataLoader(students(4000), { batchSize: 8 });
    const reports: train.BatchReport[] = [];
    await train.fit(model, {
      criterion,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
      loader,
      epochs: 2,
      progressEvery: 1,
      onBatch: (report) => {
        reports.push(report);
        model.forward(zeros([1, 13]));
      },
      ...quiet,
    });
    expect(reports.length).toBeGreaterThan(0);
    for (const { epoch, batch, batches, loss } of reports) {
      expect([1, 2]).toContain(epoch);
      expect(batch).toBeGreaterThan(0);
      expect(batch).toBeLessThanOrEqual(500);
      expect(batches).toBe(500);
      expect(loss).toBeGreaterThan(0);
    }
  });
});

describe('onBatch in epochs that are shorter than progressEvery', () => {
  it('is told of the epochs that have ended', async () => {
    const model = makeModel([13, 16, 5]);
    const loader = new data.DataLoader(students(64), { batchSize: 32 });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const reports: train.BatchReport[] = [];
    let epochs = 0;
    const { loss } = await train.fit(model, {
      criterion,
      optimizer,
      loader,
      epochs: 100,
      progressEvery: 100, // two steps take less on the busiest machine
      onEpoch: async () => {
        epochs++;
        await pause(2);
      },
      onBatch: (report) => void reports.push(report),
      ...quiet,
    });
    expect(epochs).toBe(100);
    expect(reports.length).toBeGreaterThan(0);
    for (const { stop, ...report } of reports)
      expect(report).toEqual({ epoch: report.epoch, batch: 2, batches: 2, loss: loss[report.epoch - 1] });
  });
});
