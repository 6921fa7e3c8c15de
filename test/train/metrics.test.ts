// Fits and evaluations with metrics: the figures are those of a loop of one's own.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, metrics, nn, noGrad, optim, randn, Tensor, train } from '../../src';

const rows = 70;
const classesOf = (count: number, shape: number[]): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return Tensor.fromTypedArray(
    Int32Array.from({ length: n }, (_, i) => (i * 7 + (i >> 2)) % count),
    shape,
  );
};
const multiclass = { task: 'multiclass', numClasses: 3 } as const;

// Perplexity takes sequences; here each row is one of length 1.
class Perplexities extends metrics.Perplexity {
  override update(preds: Tensor, target: Tensor): void {
    super.update(preds.unsqueeze(1), target.unsqueeze(1));
  }
}

// Metrics, the outputs of the model, the targets, and a loss.
const problems: [string, () => Record<string, metrics.Metric>, number, Tensor, { forward(x: Tensor, y: Tensor): Tensor }][] = [
  [
    'classes that serve',
    () => ({
      accuracy: new metrics.Accuracy(multiclass),
      recall: new metrics.Recall({ ...multiclass, average: 'macro' }),
      kappa: new metrics.CohenKappa(multiclass),
      matthews: new metrics.MatthewsCorrCoef(multiclass),
    }),
    3,
    classesOf(3, [rows]),
    new nn.CrossEntropyLoss(),
  ],
  [
    'classes and their scores',
    () => ({
      f1: new metrics.F1Score({ ...multiclass, average: 'macro' }),
      auroc: new metrics.AUROC(multiclass),
      precision: new metrics.AveragePrecision({ ...multiclass, thresholds: 20 }),
      calibration: new metrics.CalibrationError(multiclass),
      negative: new metrics.NegativePredictiveValue(multiclass),
      exact: new metrics.ExactMatch(multiclass),
      hinge: new metrics.HingeLoss(multiclass),
      log: new metrics.LogAUC({ ...multiclass, fprRange: [0.1, 0.9], average: 'macro' }),
      jaccard: new metrics.JaccardIndex(multiclass),
      hamming: new metrics.HammingDistance(multiclass),
      precisionAlone: new metrics.Precision({ ...multiclass, average: 'macro' }),
      fBeta: new metrics.FBetaScore({ ...multiclass, beta: 2, average: 'weighted' }),
      topTwo: new metrics.Accuracy({ ...multiclass, topK: 2 }),
      specificity: new metrics.Specificity({ ...multiclass, average: 'macro' }),
      perplexity: new Perplexities(),
    }),
    3,
    classesOf(3, [rows]),
    new nn.CrossEntropyLoss(),
  ],
  [
    'labels as float32',
    () => ({
      accuracy: new metrics.Accuracy({ task: 'multilabel', numLabels: 2 }),
      specificity: new metrics.Specificity({ task: 'multilabel', numLabels: 2, average: 'weighted' }),
      auroc: new metrics.AUROC({ task: 'multilabel', numLabels: 2, average: 'micro' }),
      precision: new metrics.AveragePrecision({ task: 'multilabel', numLabels: 2 }),
      coverage: new metrics.MultilabelCoverageError({ numLabels: 2 }),
      ranking: new metrics.MultilabelRankingAveragePrecision({ numLabels: 2 }),
      rankingLoss: new metrics.MultilabelRankingLoss({ numLabels: 2 }),
      exact: new metrics.ExactMatch({ task: 'multilabel', numLabels: 2 }),
      f1: new metrics.F1Score({ task: 'multilabel', numLabels: 2 }),
    }),
    2,
    classesOf(2, [rows, 2]).to('float32'),
    new nn.MSELoss(),
  ],
  [
    'numbers',
    () => ({
      mse: new metrics.MeanSquaredError(),
      mae: new metrics.MeanAbsoluteError(),
      mape: new metrics.MeanAbsolutePercentageError(),
      r2: new metrics.R2Score(),
      explained: new metrics.ExplainedVariance(),
      pearson: new metrics.PearsonCorrCoef(),
      spearman: new metrics.SpearmanCorrCoef(),
      logCosh: new metrics.LogCoshError(),
      distance: new metrics.MinkowskiDistance({ p: 2 }),
      relative: new metrics.RelativeSquaredError(),
      normalized: new metrics.NormalizedRootMeanSquaredError({ normalization: 'range' }),
      weighted: new metrics.WeightedMeanAbsolutePercentageError(),
      deviance: new metrics.TweedieDevianceScore(),
      concordance: new metrics.ConcordanceCorrCoef(),
      kendall: new metrics.KendallRankCorrCoef(),
      symmetric: new metrics.SymmetricMeanAbsolutePercentageError(),
      cosine: new metrics.CosineSimilarity({ reduction: 'mean' }),
      success: new metrics.CriticalSuccessIndex({ threshold: 0.1 }),
      running: new metrics.Running(new metrics.MeanSquaredError(), { window: 2 }),
    }),
    1,
    randn([rows, 1]),
    new nn.MSELoss(),
  ],
  [
    'rankings',
    () => ({
      ndcg: new metrics.RetrievalNormalizedDCG(),
      mrr: new metrics.RetrievalMRR(),
      map: new metrics.RetrievalMAP(),
      precision: new metrics.RetrievalPrecision({ topK: 2 }),
      recall: new metrics.RetrievalRecall({ topK: 2 }),
      hit: new metrics.RetrievalHitRate({ topK: 1 }),
      fallOut: new metrics.RetrievalFallOut({ topK: 2 }),
      atR: new metrics.RetrievalRPrecision(),
      auroc: new metrics.RetrievalAUROC(),
    }),
    4,
    classesOf(2, [rows, 4]).to('float32'),
    new nn.MSELoss(),
  ],
];

describe.each(problems)('%s', (_, make, outputs, target, criterion) => {
  manualSeed(9);
  const x = randn([rows, 5]);
  const loader = new data.DataLoader(new data.TensorDataset(x, target), { batchSize: 16 });
  const model = new nn.Sequential(new nn.Linear(5, 6), new nn.Tanh(), new nn.Linear(6, outputs));
  const inALoop = (): Record<string, number> => {
    const all = make();
    for (const [input, wanted] of loader) {
      const output = noGrad(() => model.forward(input!));
      for (const metric of Object.values(all)) metric.update(output, wanted!);
    }
    return Object.fromEntries(Object.entries(all).map(([name, metric]) => [name, metric.compute().item()]));
  };

  it('are evaluated', async () => {
    const expected = inALoop();
    expect(Object.values(expected).every(Number.isFinite)).toBe(true);
    expect(await train.evaluate(model, loader, { metrics: make() })).toEqual(expected);
    expect(await train.evaluate(model, [...loader], { metrics: new metrics.MetricCollection(make()).metrics })).toEqual(expected);
  });

  it('are followed in a fit', async () => {
    const { metrics: figures } = await train.fit(model, {
      ...{ criterion, loader, validation: loader, metrics: make(), epochs: 2, progress: false },
      optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
    });
    expect(Object.fromEntries(Object.entries(figures).map(([name, all]) => [name, all.at(-1)]))).toEqual(inALoop());
  });
});

describe('counting metrics', () => {
  const counts = (numClasses: number, more = {}) => ({
    accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses, average: 'macro', ...more }),
    confusion: new metrics.ConfusionMatrix({ task: 'multiclass', numClasses, ...more }),
    kappa: new metrics.CohenKappa({ task: 'multiclass', numClasses, ...more }),
  });
  const evaluated = async (numClasses: number, labels: Tensor, all: Record<string, metrics.Metric>): Promise<void> => {
    manualSeed(4);
    const model = new nn.Linear(5, numClasses);
    const loader = new data.DataLoader(new data.TensorDataset(randn([labels.shape[0]!, 5]), labels), { batchSize: 64 });
    await train.evaluate(model, loader, { metrics: all });
  };

  // Up to 181 classes they are counted where the steps are run; a class of one's own that changes `update` has it called.
  it.each([[5], [181], [182]])('come to the same in every way: %i classes', async (numClasses) => {
    const labels = classesOf(numClasses, [500]);
    labels.data.fill(-7, 30, 40);
    const counted = counts(numClasses, { ignoreIndex: -7 });
    let updates = 0;
    class Own extends metrics.Accuracy {
      override update(preds: Tensor, target: Tensor): void {
        updates++;
        super.update(preds, target);
      }
    }
    const own = {
      ...counts(numClasses, { ignoreIndex: -7 }),
      accuracy: new Own({ task: 'multiclass', numClasses, average: 'macro', ignoreIndex: -7 }),
    };
    await evaluated(numClasses, labels, counted);
    await evaluated(numClasses, labels, own);
    expect(updates).toBeGreaterThan(0);
    for (const name of ['accuracy', 'confusion', 'kappa'] as const)
      expect(counted[name].compute().toArray()).toEqual(own[name].compute().toArray());
    const total = (counted.confusion.compute().toArray() as number[][]).flat().reduce((a, b) => a + b, 0);
    expect(total).toBe(490);
  });

  it('refuse classes that they do not have', async () => {
    const labels = classesOf(3, [50]);
    labels.data[11] = 3;
    await expect(evaluated(3, labels, counts(3))).rejects.toThrow(/expected target from 0 to 2, got 3/);
  });
});

describe('an evaluation', () => {
  const model = new nn.Linear(5, 2);
  const loader = new data.DataLoader(new data.TensorDataset(randn([8, 5]), classesOf(2, [8])), { batchSize: 4 });
  const evaluate = (given: unknown): Promise<unknown> =>
    train.evaluate(model, loader, { metrics: given as Record<string, metrics.Metric> });

  it('refuses metrics that give no number', async () => {
    await expect(evaluate({ roc: new metrics.ROC({ task: 'multiclass', numClasses: 2 }) })).rejects.toThrow(
      '[train.evaluate] metrics.roc gives an array, expected a tensor',
    );
  });

  it('takes the metrics of a collection, not the collection', async () => {
    const collection = new metrics.MetricCollection([new metrics.Accuracy({ task: 'multiclass', numClasses: 2 })]);
    await expect(evaluate(collection)).rejects.toThrow(
      '[train.evaluate] expected metrics by their names, got a MetricCollection\n  hint: metrics: collection.metrics',
    );
    await expect(evaluate({ collection })).rejects.toThrow('[train.evaluate] metrics.collection is a collection of metrics');
    await expect(evaluate(new metrics.MeanSquaredError())).rejects.toThrow('expected metrics by their names, got a MeanSquaredError');
    expect(await evaluate(collection.metrics)).toHaveProperty('Accuracy');
  });
});

// Batches of 16 rows and of those that are left; row 37 has a label that is no class: counted where the steps run, in classes of several batches, or batch by batch.
describe.each([
  ['that is counted', () => ({ accuracy: new metrics.Accuracy(multiclass) })],
  [
    'that is gathered',
    () => ({ accuracy: new metrics.Accuracy(multiclass), other: new metrics.Accuracy({ ...multiclass, ignoreIndex: 1 }) }),
  ],
  ['of whole batches', () => ({ error: new metrics.CalibrationError(multiclass), accuracy: new metrics.Accuracy(multiclass) })],
])('a label %s', (_, make) => {
  const x = randn([rows, 4]);
  const target = classesOf(3, [rows]);
  target.data[37] = 7;
  const model = new nn.Linear(4, 3);
  const loader = new data.DataLoader(new data.TensorDataset(x, target), { batchSize: 16 });
  const message = /expected target from 0 to 2, got 7 at position 5 of batch 3$/;

  it('is named by its batch and its place there', async () => {
    for (const batches of [loader, [...loader]]) await expect(train.evaluate(model, batches, { metrics: make() })).rejects.toThrow(message);
  });

  it.each([1, 2, 3])('in a fit with accumulate: %i', async (accumulate) => {
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const criterion = (output: Tensor) => output.square().mean();
    for (const batches of [loader, [...loader]]) {
      const fitting = train.fit(model, { criterion, optimizer, loader: batches, epochs: 1, progress: false, accumulate, metrics: make() });
      await expect(fitting).rejects.toThrow(message);
    }
  });
});
