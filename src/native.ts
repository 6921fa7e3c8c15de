// The only file that uses the addon's exports directly. Every calculation calls its kernel through `kernels`.
import { availableParallelism } from 'node:os';
import { cgroupQuota } from './cgroups';
import { describe, rangeError, typeError } from './errors';
import type { KernelTable } from './kernels.generated';
import { loadAddon, packageFolder } from './load';
import { inThisRealm } from './realm';

interface Addon {
  kernels: KernelTable;
  setTarget(name: string | null): string;
  setFeatures(names: string | null): void;
  features(): string[];
  setNumThreads(n: number): void;
  setPrecision(n: number): void;
  setFlushDenormal(on: boolean): void;
  flushDenormal(): boolean;
  supportedTargets(): string[];
  misalignment(buffer: ArrayBuffer): number;
  keepHeap(): void;
  preferHugePages(buffer: ArrayBuffer): void;
  setCollective(collective: object | null): void;
  createPlan(
    calls: unknown[][],
    temporaries: TensorData[],
    inputs: TensorData[],
    live: [call: number, argument: number, counter: boolean][],
  ): PlanHandle;
  planBytes(plan: PlanHandle): number;
  planFinished(plan: PlanHandle): number;
  replay(plan: PlanHandle, live: Float64Array, ...inputs: TensorData[]): void;
  replayTimed(seconds: Float64Array, plan: PlanHandle, live: Float64Array, ...inputs: TensorData[]): void;
  peak(): number;
  createSession(persistent: TensorData[], forFits: boolean): SessionHandle;
  addPersistent(session: SessionHandle, persistent: TensorData[]): void;
  createRows(columns: TensorData[], count: number): RowsHandle;
  /** Whether arrays have the values that `createRows` has copied from them. */
  rowsEqual(rows: RowsHandle, columns: TensorData[]): boolean;
  addKind(session: SessionHandle, loop: number, step: LoopStep): void;
  addLoop(
    session: SessionHandle,
    steps: LoopStep[],
    epochRows: EpochRows | null,
    goOnWith?: SessionHandle | null,
    goOnWithLoop?: number,
  ): number;
  /**
   * Runs these loops in turn, `rounds` times, on another thread; resolves to the reports of all runs. It ends early after a run that has not done all its epochs
   * or has samples of no class, and after a round in which the first run reached its limit of milliseconds or output bytes. Several loops, or rounds, need loops
   * over rows. The numbers in `ahead` are those of the steps of all rounds. `round` is the number of the first round, if the session keeps rounds: copies are then
   * made after the first loop's epoch. With `spares` one thread of fits fewer works until the next call, but at least one.
   */
  runLoops(
    session: SessionHandle,
    loops: readonly number[],
    runs: readonly LoopRun[],
    rounds: number,
    round: number | null,
    spares?: boolean,
  ): Promise<LoopReport[]>;
  stopSession(session: SessionHandle): void;
  /** From now on keeps copies of the pieces with these numbers as they were after each of the last `count` rounds; with 0 it keeps none. */
  keepRounds(session: SessionHandle, pieces: readonly number[], count: number): void;
  /** Restores the memory as it was after that round. The next run of each loop begins an epoch. */
  takeBack(session: SessionHandle, round: number): void;
  /** Whether the arrays have the same bits as the persistent memory had after that round. */
  isRound(session: SessionHandle, arrays: readonly TensorData[], round: number): boolean;
  /**
   * Copies the memory as it was after that round to the arrays. With null, copies it as it was after the last complete step and returns the number of steps done
   * until then.
   */
  readPersistent(session: SessionHandle, arrays: (TensorData | null)[], round: number | null): number;
  writePersistent(session: SessionHandle, arrays: (TensorData | null)[]): void;
}

/** A tensor's elements in row-major order. */
export type TensorData = Float32Array | Int32Array;

/** A plan that the addon keeps. */
type PlanHandle = { readonly brand: unique symbol };

/** A session of the addon: persistent memory, and the loops that use it. */
export type SessionHandle = { readonly session: unique symbol };
/** Tensors of the addon whose rows are the samples of a dataset. */
export type RowsHandle = { readonly rows: unique symbol };

/** The position of a result of a step: an input of its plan, the byte offset in it, and its length. */
export interface ResultPlace {
  input: number;
  offset: number;
  bytes: number;
}

/** One kind of step of a loop: `Step` in native/plan/loop.h. */
export interface LoopStep {
  /** The loop takes ownership of the plan, which can no longer be replayed elsewhere. */
  plan: PlanHandle;
  arguments: number;
  draws: number;
  /** The number of the step counter that it advances. Kinds that step the same optimizers share a counter. */
  clock: number;
  /** The losses, one number each. */
  losses: ResultPlace[];
  /** The results that are collected after every step. */
  outputs: ResultPlace[];
  /** The persistent memory that it changes before its first sum over the ranks, and that is restored if the ranks do not agree to that sum. */
  undone?: ResultPlace[];
  /** The weight of each loss in the sums. */
  lossWeight: number;
  /** If not 0, the outputs are pairs of predicted and target classes, which are only counted, and this is the number of classes. */
  classes: number;
}

/** The rows that make the batches of an epoch: `BatchSampler` in native/plan/loop.h. */
export interface EpochRows {
  rows: RowsHandle;
  subset: Int32Array | null;
  batch: number;
  batches: number;
  /** The number of batches that go into one step. */
  group: number;
  full: number;
  last: number;
  ranks: number;
  rank: number;
  items: number;
  shuffle: boolean;
  ownSeed: boolean;
  seed: number;
  orderOffset: number;
  /** Whether the rows and their order are given with each run. */
  ordered?: boolean;
}

/** What ends a run of a loop: `Limits` in native/plan/loop.h. */
export interface Limits {
  epochs: number;
  milliseconds: number;
  /** The run ends with the step in which the collected outputs reach this size. */
  outputBytes: number;
  /** Whether the run ends with the first value that is not finite. */
  finite: boolean;
  /** Whether the losses and counts of an epoch over rows become those of all ranks when it ends (false). */
  joins?: boolean;
}

/** The options of one run of a loop, and the positions at which live numbers and random numbers begin. */
export interface LoopRun extends Omit<Limits, 'joins'> {
  seed: number;
  randomOffset: number;
  orderOffset: number;
  /**
   * For each kind of step its live numbers: [first value, increase per random number drawn, increase per step of each clock]. Null for a kind without steps in
   * this run.
   */
  live: (number[][] | null)[];
  /** Replaces `live` in each round from the second on, counted from the beginning of the run; null: as in the round before. */
  later?: (LoopRun['live'] | null)[];
  /**
   * Used in place of `live` for numbers that are not linear functions of the counts: the numbers of each of the next steps. The run ends with the last step that
   * has numbers here.
   */
  ahead?: { kinds: Int32Array; numbers: Float64Array };
  /** How an epoch's figures become those of all ranks; absent: they do not. The divisor makes the mean of the sum of its losses. */
  joining?: { divisor: number; rows: number };
  /** The rows of this run, for an ordered loop: whole batches, except that the last one may be as short as the loop's own last batch. */
  order?: Int32Array;
  /** For a loop without rows: the weighted sum of the losses of the epoch's batches before those of this run, which the run continues (0). */
  lossSum?: number;
  /** The batches, for a loop without rows. */
  batches?: { kind: number; randomOffset: number; tensors: TensorData[] }[];
}

/** The result of a run: `Report` in native/plan/loop.h. */
export interface LoopReport {
  end: 'done' | 'time' | 'stopped' | 'full' | 'refused' | 'not finite' | 'out of memory';
  epochLossSums: number[];
  /** With `joining`, for each of these epochs: the sum over the ranks of mean loss times rows, and that of rows. */
  joined?: number[];
  batch: number;
  lossSum: number;
  steps: number[];
  orders: number;
  randomOffset: number;
  kind: number;
  /** With `'not finite'` and `'refused'`: the index of the kernel call. */
  call: number;
  seconds: number;
  /** For each output of a step, the values of all steps. */
  outputs: ArrayBuffer[];
  /**
   * `counts` is the confusion matrix, float64 `[classes, classes]` with targets as rows: with `joining` that of the epoch that has ended, else that of this run;
   * it is empty if there is none. The other arrays have the samples that are in none of these classes, int32, and their positions among the run's samples, float64.
   */
  counted?: { counts: ArrayBuffer; predictions: ArrayBuffer; targets: ArrayBuffer; positions: ArrayBuffer };
  /** With `'not finite'`: the batch of that step. */
  batchTensors?: ArrayBuffer[];
  message?: string;
}

const addon = inThisRealm(loadAddon(packageFolder) as Addon, ({ setNumThreads: refuse }) => refuse(0));
const targetWanted = process.env.SIMDNN_TARGET;

/** The instruction set whose kernels run: the best of this machine, or the one that `SIMDNN_TARGET` names. */
export const target: string = addon.setTarget(targetWanted || null);
addon.setFeatures(process.env.SIMDNN_FEATURES || null);

/** The kernels of the running target, as plain functions on typed arrays. */
export const eagerKernels: KernelTable = addon.kernels;

/** The kernels that every calculation calls: `eagerKernels`, or while a step is recorded a table that also records the calls. */
export let kernels: KernelTable = eagerKernels;

/** Replaces `kernels` by another table. */
export function setKernels(table: KernelTable): void {
  kernels = table;
}

/** Recorded kernel calls as one native object. */
export interface Plan {
  readonly handle: PlanHandle;
  /** The size of the one block of memory that holds all temporaries. */
  readonly arenaBytes: number;
}

/**
 * Makes a plan of recorded calls `[name, ...arguments]`. Memory in `temporaries` is moved to the plan's arena, memory in `inputs` is given
 * anew at each replay; `live` names the arguments that are read from the table of live numbers.
 */
export function createPlan(
  calls: unknown[][],
  temporaries: TensorData[],
  inputs: TensorData[],
  live: [call: number, argument: number, counter: boolean][],
): Plan {
  const handle = addon.createPlan(calls, temporaries, inputs, live);
  return { handle, arenaBytes: addon.planBytes(handle) };
}

/** The number of calls that the last replay of a plan completed: all, or those before the one that failed. */
export const finishedCalls = (plan: Plan): number => addon.planFinished(plan.handle);

/** Runs all calls of a plan. */
export function replayPlan(plan: Plan, inputs: TensorData[], live: Float64Array): void {
  addon.replay(plan.handle, live, ...inputs);
}

/** Runs all calls of a plan and writes how long each took, in seconds. */
export function replayTimed(seconds: Float64Array, plan: Plan, inputs: TensorData[], live: Float64Array): void {
  addon.replayTimed(seconds, plan.handle, live, ...inputs);
}

/** Measures, in 5 ms, the most floating-point operations a second that one thread can do; a multiply-add counts as two. */
export const { peak } = addon;

/** The functions for training and inference off the JavaScript thread. */
export const { createSession, addPersistent, createRows, rowsEqual, addKind, addLoop, runLoops, stopSession } = addon;
export const { keepRounds, takeBack, isRound, readPersistent, writePersistent } = addon;

/** Sets the functions that compute sums over ranks, which the addon of MPI exports; null: the process has no group. */
export const setCollective = (collective: object | null): void => addon.setCollective(collective);

/** Every instruction set of this build that this machine runs, least first. */
export const supportedTargets = (): string[] => addon.supportedTargets();

/** The units for products of bfloat16 numbers that run with the target, fastest first, without those that `SIMDNN_FEATURES` excludes. */
export const features = (): string[] => addon.features();

/** The number of bytes between the last 64-byte boundary and the start of the buffer's memory. */
export const misalignment = (buffer: ArrayBuffer): number => addon.misalignment(buffer);

// Whether the user has configured glibc's heap by environment variables, which take precedence.
const heapIsSetUp = (): boolean =>
  ['MALLOC_TRIM_THRESHOLD_', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TOP_PAD_'].some((name) => name in process.env) ||
  (process.env['GLIBC_TUNABLES'] ?? '').includes('glibc.malloc.');

/** Lets the C library keep the memory of large freed arrays for later ones, in the whole process, unless the environment configures its heap. */
export function keepHeap(): void {
  if (!heapIsSetUp()) addon.keepHeap();
}

/** Asks the system for huge pages under a buffer that is still to be written. */
export const preferHugePages = (buffer: ArrayBuffer): void => addon.preferHugePages(buffer);

function defaultThreads(): number {
  const wanted = process.env.SIMDNN_NUM_THREADS;
  if (wanted !== undefined && wanted !== '') {
    const n = Number(wanted);
    if (!Number.isInteger(n) || n < 1 || n > 1024) {
      throw rangeError('SIMDNN_NUM_THREADS', `expected an integer from 1 to 1024, got "${wanted}"`);
    }
    return n;
  }
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(cgroupQuota())));
}

let threads = 0;

/**
 * Sets how many threads a kernel of this environment (the main thread, or one worker) may use, the calling one included.
 *
 * The results do not depend on it, to the last bit. The default is the number of processors that the process may use by its CPU affinity and the quotas of its
 * cgroups, or `SIMDNN_NUM_THREADS`. A RangeError unless `n` is an integer from 1 to 1024.
 *
 * @example
 * setNumThreads(1);
 * getNumThreads(); // 1
 */
export function setNumThreads(n: number): void {
  addon.setNumThreads(n);
  threads = n;
}

/**
 * How many threads a kernel of this environment may use; see `setNumThreads`.
 *
 * @example
 * getNumThreads() >= 1; // true
 */
export function getNumThreads(): number {
  return threads;
}

setNumThreads(defaultThreads());

/**
 * Sets whether the library's arithmetic treats denormal numbers, those between 0 and 2^-126 (1.2e-38) in magnitude, as zero. As PyTorch's
 * `torch.set_flush_denormal`, but on by default.
 *
 * Processors are many times slower with such numbers, and a training produces many: probabilities far from the label, moments of parameters whose gradient stays
 * 0. If it is on, a denormal operand counts as a zero of its sign, and a result that would be denormal is such a zero: `log` of a denormal number is -Infinity,
 * `exp` of less than -87.34 is 0. Operations that only move or select numbers (`clone`, `cat`, `neg`, `relu`) leave denormal numbers unchanged. The setting applies
 * to every thread, in eager, compiled and `train.fit` training, so that the bits are the same everywhere. JavaScript's own numbers are not affected.
 *
 * It is a setting of the whole process with its worker threads. It applies from the next call on, and in a running fit from the next step on.
 * `info().flushDenormal` returns it. A TypeError unless `on` is a boolean.
 *
 * @example
 * setFlushDenormal(false);
 * tensor(1e-30).mul(1e-10).item() > 0; // true
 * setFlushDenormal(true);
 * tensor(1e-30).mul(1e-10).item(); // 0
 */
export function setFlushDenormal(on: boolean): void {
  if (typeof on !== 'boolean') throw typeError('setFlushDenormal', `expected true or false, got ${describe(on)}`);
  addon.setFlushDenormal(on);
}

/** Sets the precision of products in the calls and plans that this environment makes from now on: 0 highest, 1 high, 2 medium. */
export const setPrecision = (n: number): void => addon.setPrecision(n);

/** Whether the library's arithmetic treats denormal numbers as zero. */
export const flushesDenormal = (): boolean => addon.flushDenormal();
