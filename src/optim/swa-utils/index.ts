// The public names of `optim.swaUtils`, nothing else.
export { AveragedModel, type AveragedModelOptions } from './averaged-model';
export { type AvgFn, getEmaAvgFn, getEmaMultiAvgFn, getSwaAvgFn, getSwaMultiAvgFn, type MultiAvgFn } from './averages';
export { SWALR, type SWALROptions } from './swa-lr';
export { updateBn } from './update-bn';
