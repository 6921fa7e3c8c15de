// The public losses that are composed of other operations.
export { type CosineEmbeddingLossOptions, cosineEmbeddingLoss } from './cosine-embedding-loss';
export { type SigmoidFocalLossOptions, sigmoidFocalLoss } from './focal-loss';
export { type GaussianNllLossOptions, gaussianNllLoss } from './gaussian-nll-loss';
export { type HingeEmbeddingLossOptions, hingeEmbeddingLoss } from './hinge-embedding-loss';
export { type LinearCrossEntropyOptions, linearCrossEntropy } from './linear-cross-entropy';
export { type MarginRankingLossOptions, marginRankingLoss } from './margin-ranking-loss';
export { type MultiMarginLossOptions, multiMarginLoss } from './multi-margin-loss';
export { multilabelMarginLoss } from './multilabel-margin-loss';
export { type PoissonNllLossOptions, poissonNllLoss } from './poisson-nll-loss';
export { type MultiLabelSoftMarginLossOptions, multilabelSoftMarginLoss, softMarginLoss } from './soft-margin-losses';
export { type TripletMarginLossOptions, tripletMarginLoss } from './triplet-margin-loss';
export {
  type DistanceFunction,
  type TripletMarginWithDistanceLossOptions,
  tripletMarginWithDistanceLoss,
} from './triplet-margin-with-distance-loss';
