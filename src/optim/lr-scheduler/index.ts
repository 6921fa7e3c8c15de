// The public names of `optim.lrScheduler`, nothing else.
export { ChainedScheduler, type ChainedSchedulerOptions } from './chained';
export { ConstantLR, type ConstantLROptions } from './constant';
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './cosine';
export { CyclicLR, type CyclicLROptions } from './cyclic';
export { ExponentialLR, type ExponentialLROptions } from './exponential';
export { LambdaLR, type LambdaLROptions, MultiplicativeLR, type MultiplicativeLROptions } from './lambda';
export { LinearLR, type LinearLROptions } from './linear';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau';
export { PolynomialLR, type PolynomialLROptions } from './polynomial';
export { LRScheduler, type LRSchedulerStateDict, type Scheduled } from './scheduler';
export { SequentialLR, type SequentialLROptions } from './sequential';
export { MultiStepLR, type MultiStepLROptions, StepLR, type StepLROptions } from './step';
