// The public names of `optim`, nothing else.
export { Adadelta, type AdadeltaOptions } from './adadelta';
export { Adafactor, type AdafactorOptions } from './adafactor';
export { Adagrad, type AdagradOptions } from './adagrad';
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from './adam';
export { Adamax, type AdamaxOptions } from './adamax';
export { ASGD, type ASGDOptions } from './asgd';
export { LBFGS, type LBFGSOptions } from './lbfgs';
export { Lion, type LionOptions } from './lion';
/** Schedulers: they change the learning rate of an optimizer from epoch to epoch, or from batch to batch. */
export * as lrScheduler from './lr-scheduler';
export { Muon, type MuonOptions } from './muon';
export { NAdam, type NAdamOptions } from './nadam';
export { Optimizer, type ParamGroup, type ParamGroupInit, type Params } from './optimizer';
export { RAdam, type RAdamOptions } from './radam';
export { RMSprop, type RMSpropOptions } from './rmsprop';
export { Rprop, type RpropOptions } from './rprop';
export { SGD, type SGDOptions } from './sgd';
export { SparseAdam, type SparseAdamOptions } from './sparse-adam';
export type { OptimizerStateDict } from './state';
/** Averages of weights, and the learning rate schedule for them. */
export * as swaUtils from './swa-utils';
