// Layers and losses as plain functions.
export {
  alphaDropout,
  bilinear,
  crossEntropy,
  dropout,
  dropout1d,
  featureAlphaDropout,
  glu,
  linear,
  logSoftmax,
  nllLoss,
  oneHot,
  type PadMode,
  pad,
  softmax,
  softmin,
} from '../ops';
export * from '../ops/activations';
export * from '../ops/activations-in-place';
export { type BatchNormOptions, batchNorm } from '../ops/batch-norm';
export * from '../ops/binary-losses';
export * from '../ops/distances';
export { type EmbeddingOptions, embedding } from '../ops/embedding';
export * from '../ops/embedding-bag';
export * from '../ops/group-norm';
export { type GumbelSoftmaxOptions, gumbelSoftmax } from '../ops/gumbel-softmax';
export * from '../ops/more-losses';
export * from '../ops/norms';
export * from '../ops/pairwise-losses';
export * from '../ops/prelu';
