// Every operation. Importing a file installs its methods on Tensor; this file exports the functions.
import './arithmetic';
import './vector-norm';
import './variance';
import './nan';
import './more-products';
import './logsumexp';
import './differences';
import './between';
import './clamp';
import './amax';
import './axes';
import './casts';
import './compare';
import './composed-forms';
import './convert';
import './covariance';
import './determinants';
import './diagonal';
import './expand';
import './extremum';
import './factors';
import './fill-diagonal';
import './flip';
import './frequent';
import './histograms';
import './in-place';
import './in-place-forms';
import './index-changes';
import './index-writes';
import './masks';
import './matmul';
import './matrix-functions';
import './nan-order';
import './narrow';
import './numeric-forms';
import './pairs';
import './part-writes';
import './pieces';
import './random-fills';
import './reduce';
import './running-extremes';
import './scans';
import './scatter';
import './select';
import './sort';
import './size';
import './slice';
import './solve';
import './take';
import './transpose';
import './truth';
import './truth-in-place';
import './unique';
import './unary';
import './views';

export * from './activations';
export * from './activations-in-place';
export { type BatchNormOptions, batchNorm } from './batch-norm';
export { bilinear } from './bilinear';
export * from './binary-losses';
export { cdist } from './cdist';
export { chainMatmul } from './chain-matmul';
export { combinations, trilIndices, triuIndices, unravelIndex } from './choices';
export {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastTensors,
  cartesianProd,
  columnStack,
  dstack,
  hstack,
  meshgrid,
  vstack,
} from './combine';
export { arange, type CreateOptions, empty, eye, full, ones, rand, randn, zeros } from './create';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy';
export * from './distances';
export { bernoulli, multinomial, normal, randint, randperm } from './draws';
export { alphaDropout, dropout, dropout1d, featureAlphaDropout } from './dropout';
export { einsum } from './einsum';
export { type EmbeddingOptions, embedding } from './embedding';
export * from './embedding-bag';
export type { Extremes } from './extremum';
export { asTensor, type NumberArray, type TensorLike, tensor } from './given';
export { glu } from './glu';
export * from './group-norm';
export { type GumbelSoftmaxOptions, gumbelSoftmax } from './gumbel-softmax';
export type { HistogramOptions } from './histograms';
export { cat, stack } from './join';
export * from './likes';
export { linear } from './linear';
export type { Reduction } from './loss';
export * from './more-losses';
export { type NllLossOptions, nllLoss } from './nll-loss';
export * from './norms';
export { oneHot } from './one-hot';
export { type PadMode, pad } from './pad';
export * from './pairwise-losses';
export * from './prelu';
export type { ScatterReduction } from './scatter-reduce';
export { bucketize, isin, type SearchsortedOptions, searchsorted } from './search';
export { linspace, logspace } from './sequences';
export { logSoftmax, softmax, softmin } from './softmax';
export type { Interpolation, SortOptions, TopkOptions } from './sort';
export { tensordot } from './tensordot';
export { cumulativeTrapezoid, type TrapezoidOptions, trapezoid, vander } from './trapezoid';
export type { UniqueOptions } from './unique';
export { where } from './where';

import './missing'; // the last import, because it needs all names that exist
