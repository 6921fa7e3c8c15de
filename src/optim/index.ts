// The public names of `optim`, nothing else.
export { Adam, type AdamOptions, AdamW } from './adam';
/** Schedulers: what changes the rate of an optimizer from epoch to epoch, or from batch to batch. */
export * as lrScheduler from './lr-scheduler';
export { Optimizer, type ParamGroup, type ParamGroupInit, type Params } from './optimizer';
export { RMSprop, type RMSpropOptions } from './rmsprop';
export { SGD, type SGDOptions } from './sgd';
export type { OptimizerStateDict } from './state';
