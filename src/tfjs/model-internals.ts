// The members of a LayersModel of tfjs-layers 4.22 that its types do not declare.
import type { Optimizer, Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { History, LayersModel } from '@tensorflow/tfjs-layers';

/** A function of tfjs-layers that does one step, of training or evaluation, with one batch. It returns the loss and the metrics. */
export type BatchFunction = (data: Tensor[]) => Tensor[];

export interface ModelInternals {
  optimizer_: Optimizer;
  lossFunctions: unknown[];
  /** Each metric, and the index of the output that it measures. */
  metricsTensors: [unknown, number][];
  metricsNames: string[];
  collectedTrainableWeights: { read(): Variable }[];
  inputs: unknown[];
  outputs: unknown[];
  inputNames: string[];
  outputNames: string[];
  layers: unknown[];
  history: History;
  isTraining: boolean;
  stopTraining_: boolean;
  testFunction: BatchFunction;
  makeTrainFunction(): BatchFunction;
  getDedupedMetricsNames(): string[];
  testLoop(testFunction: unknown, inputs: Tensor[], batchSize: number): Scalar[];
  evaluate(x: unknown, y: unknown, options: object): Scalar | Scalar[];
  evaluateDataset(dataset: unknown, options: object): Promise<Scalar | Scalar[]>;
}

export const internalsOf = (model: LayersModel): ModelInternals => model as unknown as ModelInternals;
