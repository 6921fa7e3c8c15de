// Records functions of tensors as traces. `compile` replays them on the tensors' own memory, `train` on copies of it.
import { recorder } from '../recorder';

export { MemoryMap, stretchesOf } from './bases';
export { type Argument, type Base, isValue, type TracedCall, type Value, writtenBy } from './calls';
export { type ForwardTrace, type TracedTensor, traceForward } from './forward';
export { KeptRecordings } from './kept';
export { Listener } from './listener';
export type { CompiledOutput } from './outputs';
export type { Profile, ProfiledCall } from './profile';
export { Recording } from './recording';
export { isCounted, Stamps } from './stamps';
export { RecordedStep, type Results } from './step';
export { Trace } from './trace';

/** Whether a recording is under way. */
export const isCompiling = (): boolean => recorder !== null;
