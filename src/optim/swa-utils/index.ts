// The public names of `optim.swaUtils`, nothing else.
export { SWALR, type SWALROptions } from './swa-lr';
