// The public names of `optim.lrScheduler`, nothing else.
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './cosine';
export { ExponentialLR, type ExponentialLROptions } from './exponential';
export { LambdaLR, type LambdaLROptions } from './lambda';
export { LinearLR, type LinearLROptions } from './linear';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau';
export { PolynomialLR, type PolynomialLROptions } from './polynomial';
export { LRScheduler, type LRSchedulerStateDict, type Scheduled } from './scheduler';
export { SequentialLR, type SequentialLROptions } from './sequential';
export { MultiStepLR, type MultiStepLROptions, StepLR, type StepLROptions } from './step';
