// Every operation. Importing a file installs its methods on Tensor; what is exported here are the plain functions.
import './arithmetic';
import './compare';
import './convert';
import './extremum';
import './in-place';
import './matmul';
import './narrow';
import './reduce';
import './select';
import './transpose';
import './unary';
import './views';

export * from './activations';
export { arange, type CreateOptions, eye, full, ones, rand, randn, tensor, zeros } from './create';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy';
export { dropout } from './dropout';
export type { Extremes } from './extremum';
export { cat, stack } from './join';
export { linear } from './linear';
export type { Reduction } from './loss';
export { type NllLossOptions, nllLoss } from './nll-loss';
export * from './norms';
export * from './pairwise-losses';
export { logSoftmax, softmax } from './softmax';
