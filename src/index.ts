/**
 * Neural networks trained on the CPU, with PyTorch's names: the public names, nothing else.
 *
 * @module simdnn
 */
import './globals';

export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from './autograd';
export { type Compiled, type CompileOptions, compile } from './compile';
/** Datasets, loaders, splits, scalers and files of tables. */
export * as data from './data';
/** Training by several processes that mpirun has started. */
export * as distributed from './distributed';
export { SimdnnError } from './errors';
/** Gradients as results of a function. */
export * as autograd from './grad';
export { type Info, info, version } from './info';
/** Files of tensors, checkpoints and whole models. */
export * as io from './io';
/** Linear algebra: systems of equations, determinants, factors, exponentials and norms of matrices. */
export * as linalg from './linalg';
export type { DType, TensorData } from './memory';
/** Metrics of a model's outputs, accumulated batch by batch. */
export * as metrics from './metrics';
export { getNumThreads, setFlushDenormal, setNumThreads } from './native';
/** Modules: layers, activations, losses, and what they are made of. */
export * as nn from './nn';
export {
  arange,
  asTensor,
  atleast1d,
  atleast2d,
  atleast3d,
  bernoulli,
  blockDiag,
  broadcastTensors,
  bucketize,
  type CreateOptions,
  cartesianProd,
  cat,
  cdist,
  chainMatmul,
  columnStack,
  combinations,
  cumulativeTrapezoid,
  dstack,
  type Extremes,
  einsum,
  empty,
  emptyLike,
  eye,
  full,
  fullLike,
  type HistogramOptions,
  hstack,
  isin,
  linspace,
  logspace,
  meshgrid,
  multinomial,
  type NumberArray,
  normal,
  ones,
  onesLike,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
  type ScatterReduction,
  type SearchsortedOptions,
  searchsorted,
  stack,
  type TensorLike,
  type TrapezoidOptions,
  tensor,
  tensordot,
  trapezoid,
  trilIndices,
  triuIndices,
  unravelIndex,
  vander,
  vstack,
  where,
  zeros,
  zerosLike,
} from './ops';
/** Optimizers, which update the parameters. */
export * as optim from './optim';
export { type Float32MatmulPrecision, getFloat32MatmulPrecision, setFloat32MatmulPrecision } from './precision';
export { getRngState, manualSeed, setRngState } from './random';
export type { CompiledOutput, Profile, ProfiledCall } from './recording';
/** Figures of a run as SVG, and a page of all of them. */
export * as report from './report';
export { type NestedArray, Tensor } from './tensor';
/** Whole training runs, evaluation and prediction on a native thread. */
export * as train from './train';
