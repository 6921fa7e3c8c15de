// The group of processes that a launcher has started: joining it, leaving it, and its collective operations between steps.
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { isError } from '../brands';
import { checkNumber, describe, SimdnnError, typeError, withDefaults } from '../errors';
import { loadMpi } from '../load';
import { setCollective } from '../native';

/** The addon of native/mpi. */
interface Mpi {
  readonly collective: object;
  init(libraries: string[], timeout: number): { rank: number; size: number; library: string };
  broadcast(array: ArrayBufferView, root: number): void;
  sum(call: number, numbers: Float64Array): void;
  announceStop(): void;
  finalize(): void;
  leaving(code: number): void;
}

/** The processes that train together. */
export interface Group {
  /** The number of this process, from 0. */
  readonly rank: number;
  /** The number of processes. */
  readonly size: number;
  /** The version text of the MPI library; null: the process is alone, and no library was loaded. */
  readonly library: string | null;
}

/** The options of `initProcessGroup`. */
export interface ProcessGroupOptions {
  /** After waiting so many seconds for the other ranks a process ends the job (600). After 60 seconds it prints a warning to stderr. */
  timeout?: number;
  /** The MPI library, a path or a name; by default the launcher's own. */
  library?: string;
}

// The environment variables by which launchers are recognised, and the MPI libraries that belong to them, by their names on Linux and macOS.
const launchers = [
  { size: 'OMPI_COMM_WORLD_SIZE', libraries: ['libmpi.so.40', 'libmpi.40.dylib', 'libmpi_abi.so.1', 'libmpi.so'] },
  { size: 'PMI_SIZE', libraries: ['libmpi_abi.so.1', 'libmpich.so.12', 'libmpi.so.12', 'libmpi.12.dylib'] },
  { size: 'SLURM_STEP_NUM_TASKS', libraries: ['libmpi_abi.so.1', 'libmpi.so.40', 'libmpich.so.12', 'libmpi.so.12'] },
];

let group: Group | null = null;
let mpi: Mpi | null = null;

/** The current group; null: there is none. */
export const currentGroup = (): Group | null => group;

/** The current group. Throws if there is none. */
export function requireGroup(where: string): Group {
  if (group === null)
    throw new SimdnnError('SIMDNN_NO_GROUP', `[${where}] there is no group\n  hint: distributed.initProcessGroup() makes it`);
  return group;
}

// A process that exits without leaving the group ends the whole job, with an exit code that is not 0: the other ranks would wait for it forever.
function leaving(code: number): void {
  if (mpi === null || group === null) return;
  if (code === 0) {
    writeSync(2, `simdnn: rank ${group.rank} ends with the group standing: distributed.destroyProcessGroup() leaves it\n`);
    process.exitCode = 1;
  }
  mpi.leaving(code === 0 ? 1 : code);
}

function open(libraries: string[], timeout: number, expected: number): Group {
  // UCX, on which MPICH is built, hooks memory allocation and installs signal handlers, which breaks V8. These variables prevent both.
  process.env['UCX_MEM_EVENTS'] ??= 'no';
  process.env['UCX_ERROR_SIGNALS'] ??= '';
  // For a non-blocking sum in place Open MPI chooses a tree, which sends everything twice in sequence: 51 ms instead of the ring's 30 for 2.7 MB over 1 Gbit/s.
  process.env['OMPI_MCA_coll_libnbc_iallreduce_algorithm'] ??= '1'; // ring
  // Open MPI announces a message of more than 4 KB before it sends it. With this limit a sum of 2,325 numbers on one machine takes 1.6 us instead of 5.1.
  process.env['OMPI_MCA_btl_vader_eager_limit'] ??= '32768';
  const opened = loadMpi() as Mpi;
  let found: Group;
  try {
    found = opened.init(libraries, timeout);
  } catch (error) {
    throw new SimdnnError('SIMDNN_MPI', `[distributed.initProcessGroup] ${isError(error) ? error.message : String(error)}`);
  }
  if (expected > 1 && found.size !== expected) {
    opened.finalize();
    throw new SimdnnError(
      'SIMDNN_MPI',
      `[distributed.initProcessGroup] the launcher has started ${expected} processes, and ${found.library} says that there are ${found.size}: it belongs to another launcher` +
        `\n  hint: { library } names the one of this mpirun`,
    );
  }
  mpi = opened;
  setCollective(opened.collective);
  process.on('exit', leaving);
  return found;
}

/**
 * Joins the group of the processes that `mpirun` has started: `torch.distributed.init_process_group` with the backend MPI. Without a launcher the process is a
 * group of its own, and no MPI library is opened.
 *
 * Call it once in each process, in the main thread. A SimdnnError if the library does not belong to the launcher, or if none is found. A process that ends
 * without `destroyProcessGroup` ends the whole job with an exit code that is not 0.
 *
 * @example
 * distributed.initProcessGroup({ timeout: 600 });
 * distributed.getWorldSize(); // 1
 * distributed.destroyProcessGroup();
 */
export function initProcessGroup(options?: ProcessGroupOptions): void {
  const where = 'distributed.initProcessGroup';
  const o = withDefaults(where, options, { timeout: 600, library: undefined as string | undefined });
  const timeout = checkNumber(where, 'timeout', o.timeout, 0.1, 1e9);
  if (o.library !== undefined && typeof o.library !== 'string') {
    throw typeError(where, `expected library to be a path, got ${describe(o.library)}`);
  }
  if (group !== null) throw new SimdnnError('SIMDNN_MPI', `[${where}] there is a group already`);
  if (!isMainThread) throw new SimdnnError('SIMDNN_MPI', `[${where}] a group belongs to the main thread`);
  const launcher = launchers.find(({ size }) => Number(process.env[size]) >= 1);
  const libraries = o.library === undefined ? launcher?.libraries : [o.library];
  group =
    libraries === undefined
      ? { rank: 0, size: 1, library: null }
      : open(libraries, timeout, Number(process.env[launcher?.size ?? ''] ?? 1));
}

/**
 * Leaves the group; all ranks must do so together: `torch.distributed.destroy_process_group`. A SimdnnError if there is no group.
 *
 * @example
 * distributed.initProcessGroup();
 * distributed.destroyProcessGroup();
 * distributed.isInitialized(); // false
 */
export function destroyProcessGroup(): void {
  requireGroup('distributed.destroyProcessGroup');
  setCollective(null);
  process.off('exit', leaving);
  group = null;
  mpi?.finalize();
  mpi = null;
}

/** Replaces the values of `array` by those that it has on rank `root`. */
export function broadcastMemory(array: ArrayBufferView, root: number): void {
  mpi?.broadcast(array, root);
}

/** Sums numbers over the ranks in place. Only between two steps. */
export function sumNumbers(call: number, numbers: Float64Array): void {
  mpi?.sum(call, numbers);
}

/** Announces to the other ranks that this one makes no further sums; their next sum throws. */
export function announceStop(): void {
  mpi?.announceStop();
}
