// Layers and losses as plain functions.
export { crossEntropy, dropout, linear, logSoftmax, nllLoss, softmax } from '../ops';
export * from '../ops/activations';
export * from '../ops/more-losses';
export * from '../ops/norms';
export * from '../ops/pairwise-losses';
