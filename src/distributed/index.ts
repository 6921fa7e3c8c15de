// Sums and copies over the processes that mpirun has started.
import * as calls from '../calls.generated';
import { checkInteger, checkOneOf, SimdnnError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { changed, checkTensor, type Tensor } from '../tensor';
import { broadcastMemory, currentGroup, requireGroup } from './group';

export { destroyProcessGroup, initProcessGroup, type ProcessGroupOptions } from './group';

// Identifies a collective call, so that ranks that make different calls get an error instead of waiting forever. src/train/ranks.ts has the numbers from 9 on.
enum Call {
  allReduce = 1,
  broadcast = 2,
  barrier = 3,
}

/**
 * Whether this process is in a group: `torch.distributed.is_initialized`.
 *
 * @example
 * distributed.isInitialized(); // false
 */
export const isInitialized = (): boolean => currentGroup() !== null;

/**
 * The number of this process in the group, from 0: `torch.distributed.get_rank`. A SimdnnError if there is no group.
 *
 * @example
 * distributed.initProcessGroup();
 * distributed.getRank(); // 0
 * distributed.destroyProcessGroup();
 */
export const getRank = (): number => requireGroup('distributed.getRank').rank;

/**
 * The number of processes in the group: `torch.distributed.get_world_size`. A SimdnnError if there is no group.
 *
 * @example
 * distributed.initProcessGroup();
 * distributed.getWorldSize(); // 1
 * distributed.destroyProcessGroup();
 */
export const getWorldSize = (): number => requireGroup('distributed.getWorldSize').size;

/**
 * Replaces the values of a float32 tensor by their sum over all ranks, or with `op: "mean"` by their mean: `torch.distributed.all_reduce`.
 *
 * All ranks get the same bits. A compiled function can contain it. A RangeError on every rank if one of them makes another call.
 *
 * @example
 * distributed.initProcessGroup();
 * const x = tensor([1, 2]);
 * distributed.allReduce(x);
 * x.toArray(); // [1, 2]
 * distributed.destroyProcessGroup();
 */
export function allReduce(t: Tensor, options?: { op?: 'sum' | 'mean' }): void {
  const where = 'distributed.allReduce';
  const op = checkOneOf(where, 'op', withDefaults(where, options, { op: 'sum' }).op, ['sum', 'mean']);
  checkTensor(where, 'the tensor', t, 'float32');
  const group = requireGroup(where);
  changed(t);
  recorder?.guard(() => currentGroup() === group);
  if (group.size > 1) calls.allReduce({ values: t.floats, n: t.numel, mean: op === 'mean', call: Call.allReduce });
}

/**
 * Replaces the values of a tensor by those that it has on rank `src`, by default 0: `torch.distributed.broadcast`.
 *
 * A RangeError on every rank if one of them makes another call; a SimdnnError inside a compiled function.
 *
 * @example
 * distributed.initProcessGroup();
 * const x = tensor([1, 2]);
 * distributed.broadcast(x, { src: 0 });
 * x.toArray(); // [1, 2]
 * distributed.destroyProcessGroup();
 */
export function broadcast(t: Tensor, options?: { src?: number }): void {
  const where = 'distributed.broadcast';
  const { src } = withDefaults(where, options, { src: 0 });
  checkTensor(where, 'the tensor', t);
  checkInteger(where, 'src', src, 0, requireGroup(where).size - 1);
  if (recorder !== null) throw new SimdnnError('SIMDNN_NOT_RECORDABLE', `[${where}] cannot be recorded`);
  announceCall(Call.broadcast + 8 * src + 65_536 * (t.numel % 4096));
  changed(t);
  broadcastMemory(t.values.subarray(0, t.numel), src);
}

/**
 * Waits until all ranks have called it: `torch.distributed.barrier`.
 *
 * @example
 * distributed.initProcessGroup();
 * distributed.barrier();
 * distributed.destroyProcessGroup();
 */
export function barrier(): void {
  requireGroup('distributed.barrier');
  if (recorder !== null) throw new SimdnnError('SIMDNN_NOT_RECORDABLE', '[distributed.barrier] cannot be recorded');
  announceCall(Call.barrier);
}

const noNumbers = new Float32Array(0);
const announceCall = (call: number): void => calls.allReduce({ values: noNumbers, n: 0, call });
