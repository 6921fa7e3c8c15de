// Layers and losses as plain functions.
export { crossEntropy, dropout, linear, logSoftmax, nllLoss, oneHot, softmax } from '../ops';
export * from '../ops/activations';
export { type BatchNormOptions, batchNorm } from '../ops/batch-norm';
export * from '../ops/binary-losses';
export * from '../ops/distances';
export * from '../ops/more-losses';
export * from '../ops/norms';
export * from '../ops/pairwise-losses';
