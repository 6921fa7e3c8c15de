// The public names of `optim`, nothing else.
export { Adam, type AdamOptions, AdamW } from './adam';
export { Optimizer, type ParamGroup, type ParamGroupInit, type Params } from './optimizer';
export { SGD, type SGDOptions } from './sgd';
export type { OptimizerStateDict } from './state';
