// Layers and losses as plain functions.
export { alphaDropout, bilinear, crossEntropy, dropout, glu, linear, logSoftmax, nllLoss, softmax, softmin } from '../ops';
export * from '../ops/activations';
export * from '../ops/distance';
export * from '../ops/embedding';
export * from '../ops/embedding-bag';
export * from '../ops/group-norm';
export * from '../ops/norms';
export * from '../ops/pairwise-losses';
export * from '../ops/prelu';
