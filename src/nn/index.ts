// The public names of `nn`, nothing else.
export type { AccumulatedHook, GradientHook, HookHandle } from '../gradient-hooks';
export type { BagMode, CrossEntropyOptions, NllLossOptions, Reduction } from '../ops';
export * from './activations';
export * from './adaptive-log-softmax';
export { BatchNorm1d, type BatchNorm1dOptions } from './batch-norm';
export { Bilinear } from './bilinear';
export * from './binary-losses';
export { type Layer, ModuleDict, ModuleList, Sequential } from './containers';
export * from './distance';
export { AlphaDropout, Dropout, Dropout1d, FeatureAlphaDropout } from './dropout';
export {
  type BagInputs,
  Embedding,
  EmbeddingBag,
  type EmbeddingBagLayerOptions,
  type EmbeddingLayerOptions,
  type Pretrained,
} from './embedding';
export * from './embedding-losses';
export { Flatten } from './flatten';
export * from './focal-loss';
/** Layers and losses as plain functions. */
export * as functional from './functional';
export { GLU } from './glu';
export { GroupNorm } from './group-norm';
export type { BackwardHook, BackwardPreHook, ForwardHook, ForwardPreHook, Gradients } from './hooks';
export { Identity } from './identity';
/** Initial values of parameters. */
export * as init from './init';
export type { NamedParts } from './keyed';
export { LazyBatchNorm1d } from './lazy-batch-norm';
export { LazyLinear } from './lazy-linear';
export * from './likelihood-losses';
export { Linear } from './linear';
export * from './linear-cross-entropy-loss';
export * from './losses';
export * from './margin-losses';
export { Module } from './module';
export * from './norms';
export * from './pairwise-losses';
/** Training by several processes. */
export * as parallel from './parallel';
export { Buffer, Parameter } from './parameter';
export { ParameterDict, ParameterList } from './parameter-containers';
export type { ListOptions, Named } from './parts';
export * from './prelu';
export * from './shrinks';
export * from './softmax';
export { SparseLinear, type SparseLinearOptions, type SparseRows } from './sparse-linear';
export type { LoadResult, StateDict } from './state';
export { type Distance, TripletMarginWithDistanceLoss, type TripletMarginWithDistanceLossOptions } from './triplet-distance-loss';
export { Unflatten } from './unflatten';
/** Gradients and parameters taken together. */
export * as utils from './utils';
