// The public names of `nn`, nothing else.
export type { CrossEntropyOptions, NllLossOptions, Reduction } from '../ops';
export * from './activations';
export * from './batch-norm';
export * from './binary-losses';
export { type Layer, ModuleList, Sequential } from './containers';
export { Dropout } from './dropout';
export * from './embedding-losses';
export { Flatten } from './flatten';
export * from './focal-loss';
/** Layers and losses as plain functions. */
export * as functional from './functional';
export { Identity } from './identity';
/** Initial values of parameters. */
export * as init from './init';
export * from './likelihood-losses';
export { Linear } from './linear';
export * from './losses';
export * from './margin-losses';
export { type ForwardHook, type HookHandle, Module, type Named } from './module';
export * from './norms';
export * from './pairwise-losses';
export { Parameter } from './parameter';
export * from './shrinks';
export * from './softmax';
export type { LoadResult, StateDict } from './state';
/** Gradients and parameters taken together. */
export * as utils from './utils';
