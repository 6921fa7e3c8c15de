// Every golden case of the metrics, over several updates each.
import { expect } from 'vitest';
import { metrics, Tensor } from '../../src/index';
import { type Case, describeFixture, type GoldenArray, load, meets, tensorOf } from './parity';

interface Dataset {
  preds: GoldenArray;
  target: GoldenArray;
  indexes?: GoldenArray;
  updateSizes: number[];
}

interface AnyMetric {
  update(preds: Tensor, target: Tensor, options?: { indexes: Tensor }): void;
  compute(): unknown;
}

type Kind = new (options: never) => AnyMetric;

/** The value of a metric that was updated with a dataset, some rows at a time. */
function measured(kind: string, options: object, { preds, target, indexes, updateSizes }: Dataset): unknown {
  const metric = new (metrics as unknown as Record<string, Kind>)[kind]!(options as never);
  const [p, t, q] = [preds, target, indexes ?? target].map((golden) => tensorOf(golden)) as [Tensor, Tensor, Tensor];
  let begin = 0;
  for (const size of updateSizes) {
    const rows = (all: Tensor): Tensor => all.narrow(0, begin, size);
    metric.update(rows(p), rows(t), ...(indexes === undefined ? [] : [{ indexes: rows(q) }]));
    begin += size;
  }
  expect(begin).toBe(p.shape[0]);
  return metric.compute();
}

const simple = (golden: Case): void => {
  meets(golden, 'value', measured(golden.kind, golden.options, load('metrics').inputs as Dataset) as Tensor);
};

describeFixture('metrics', {
  Accuracy: simple,
  Precision: simple,
  Recall: simple,
  F1Score: simple,
  ConfusionMatrix: simple,
  AUROC: simple,
});

const { inputs: datasets } = load('torchmetrics') as unknown as { inputs: Record<string, Dataset> };

// A value is a tensor, a curve of tensors, or a list of such curves, whose tensors the file has by name and place.
function fromDataset(golden: Case): void {
  const value = measured(golden.kind, golden.options, datasets[(golden as unknown as { dataset: string }).dataset]!);
  if (value instanceof Tensor) {
    expect(Object.keys(golden.expected)).toEqual(['value']);
    expect(value.shape).toEqual(golden.expected.value!.shape);
    meets(golden, 'value', value);
    return;
  }
  const tensors = (Array.isArray(value) ? value : [value]).flatMap((curve: Record<string, Tensor>, i) =>
    Object.entries(curve).map(([name, one]) => [Array.isArray(value) ? `${name}${i}` : name, one] as const),
  );
  expect(tensors.map(([name]) => name).sort()).toEqual(Object.keys(golden.expected).sort());
  for (const [name, one] of tensors) meets(golden, name, one);
}

// Golden numbers of the others are in test/metrics: samplewise.json.gz, dense.json.gz, more.json.gz and numbers.test.ts.
const others = [
  'Metric',
  'MeanMetric',
  'MetricCollection',
  'classificationReport',
  'HammingDistance',
  'JaccardIndex',
  'StatScores',
  'SymmetricMeanAbsolutePercentageError',
  'MeanSquaredLogError',
  ...['LogCoshError', 'MinkowskiDistance', 'RelativeSquaredError', 'NormalizedRootMeanSquaredError', 'WeightedMeanAbsolutePercentageError'],
  ...['TweedieDevianceScore', 'KLDivergence', 'ConcordanceCorrCoef', 'KendallRankCorrCoef'],
  ...['NegativePredictiveValue', 'ExactMatch', 'HingeLoss'],
  ...['MinMetric', 'MaxMetric', 'SumMetric', 'CatMetric', 'Running', 'RunningMean', 'RunningSum'],
  ...['LogAUC', 'PrecisionAtFixedRecall', 'RecallAtFixedPrecision', 'SpecificityAtSensitivity', 'SensitivityAtSpecificity'],
  ...['MAP', 'Precision', 'Recall', 'HitRate', 'FallOut', 'RPrecision', 'AUROC'].map((name) => `Retrieval${name}`),
  ...['CosineSimilarity', 'JensenShannonDivergence', 'Perplexity', 'CriticalSuccessIndex', 'ContinuousRankedProbabilityScore'],
  ...['MultilabelCoverageError', 'MultilabelRankingAveragePrecision', 'MultilabelRankingLoss', 'FleissKappa'],
  ...['CramersV', 'TschuprowsT', 'TheilsU', 'PearsonsContingencyCoefficient'],
  ...['MinMaxMetric', 'ClasswiseWrapper', 'MultioutputWrapper', 'MetricTracker', 'BootStrapper'],
];
const kinds = Object.keys(metrics).filter((name) => !others.includes(name));

describeFixture('torchmetrics', {
  ...Object.fromEntries(kinds.map((kind) => [kind, fromDataset])),
  classificationReport: (golden) => {
    const { preds, target } = golden.inputs;
    const text = metrics.classificationReport(tensorOf(preds!), tensorOf(target!), golden.options);
    expect(text).toBe((golden as unknown as { text: string }).text);
  },
});
