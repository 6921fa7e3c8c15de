// A function of a batch, recorded in order to run on another thread. Nothing is calculated while it is recorded, and its plan uses no memory that
// JavaScript owns: whoever runs it copies the persistent memory in and out.
import { rangeError, SimdnnError } from '../errors';
import { liesIn, type TensorData } from '../memory';
import type { Plan, ResultPlace } from '../native';
import { getFloat32MatmulPrecision } from '../precision';
import type { RandomPosition } from '../random';
import { allHold } from '../recorder';
import { empty, type Tensor, type Version } from '../tensor';
import { MemoryMap } from './bases';
import { valuesOf, writtenBy } from './calls';
import { Listener } from './listener';
import type { Packing } from './packing';
import type { Row } from './table';
import { Trace } from './trace';

/** What the recorded function returns for one step's batch. */
export interface Results {
  /** One number for each batch, or none. */
  losses: readonly Tensor[];
  /** Tensors whose values are collected from every step. */
  outputs: readonly Tensor[];
  /** The number of samples in the step. */
  rows: number;
}

// Empty tensors of the types and shapes of a batch. A tensor that the batch has twice becomes one tensor that is there twice.
function fresh(batch: readonly Tensor[]): Tensor[] {
  const own = batch.map(({ shape, dtype }) => empty(shape.slice(), dtype));
  return own.map((_, i) => own[batch.indexOf(batch[i]!)]!);
}

const resultsOf = ({ losses, outputs }: Results): Tensor[] => [...losses, ...outputs];

export class RecordedStep {
  readonly trace: Trace;
  private readonly packing: Packing | null;
  private readonly args: readonly Tensor[];
  /** What the function returned when it was recorded: tensors of the types and shapes that every step has. */
  readonly results: Results;

  /**
   * Records what `fn` does with tensors of the types and shapes of `batch`. The state of tensors, optimizers and random numbers is unchanged afterwards. With
   * `packs` the plan uses packed weights, which `pack` brings up to date.
   */
  constructor(where: string, fn: (...args: Tensor[]) => Results, batch: readonly Tensor[], packs = false) {
    this.args = fresh(batch);
    const { trace, result } = Trace.take(where, () => fn(...this.args), this.args, resultsOf, new Listener(true));
    this.trace = trace;
    this.packing = packs ? trace.packing() : null;
    this.results = result;
    for (const { dtype, numel, shape } of result.losses) {
      if (dtype === 'float32' && numel === 1) continue;
      throw rangeError(where, `expected the loss to be one float32, got ${dtype} [${shape.join(', ')}]`);
    }
  }

  /** The indices of the batch's tensors that are passed to the plan. A tensor that the batch has twice is passed once. */
  get given(): number[] {
    return [...new Set(this.args)].map((t) => this.args.indexOf(t));
  }

  /** The leaves that the function used, or for which it calculated a gradient. */
  get leaves(): Tensor[] {
    const { leaves, gradients } = this.trace;
    return [...new Set([...leaves, ...gradients].map(({ leaf }) => leaf))];
  }

  /** The number of Philox counters that a step uses. */
  get draws(): number {
    return this.trace.draws;
  }

  /** Whether the function changes the batch in place. */
  get changesBatch(): boolean {
    return this.trace.changesArguments;
  }

  /** Whether these tensors have the types and shapes that were recorded. */
  takes(batch: readonly Tensor[]): boolean {
    return (
      batch.length === this.args.length &&
      batch.every((t, i) => {
        const own = this.args[i]!;
        return t.dtype === own.dtype && String(t.shape) === String(own.shape) && batch.indexOf(t) === this.args.indexOf(own);
      })
    );
  }

  /** Whether the recording is still valid: the function would do the same. */
  isValid(random: RandomPosition): boolean {
    const { leaves, guards, precision } = this.trace;
    if (precision !== getFloat32MatmulPrecision()) return false;
    return leaves.every(({ leaf, needsGrad }) => leaf.needsGrad === needsGrad) && allHold(guards) && this.trace.numbers(random) !== null;
  }

  /** The persistent memory that its plan uses. */
  get persistent(): TensorData[] {
    if (this.packing === null) return this.trace.persistent.map(({ memory }) => memory);
    const used = new Set(this.packing.calls.flatMap(valuesOf).map(({ base }) => base));
    return [...used].filter(({ isPersistent, memory }) => isPersistent && memory.byteLength > 0).map(({ memory }) => memory);
  }

  /** The versions of the tensors that it reads or writes. Null if some of its memory belongs to no known tensor. */
  get versions(): Version[] | null {
    const values = this.trace.persistent.filter(({ role }) => role !== 'constant');
    const leaves = values.map(({ memory }) => this.trace.leaves.find(({ leaf }) => liesIn(leaf.values, memory))?.leaf);
    return leaves.includes(undefined) ? null : leaves.map((leaf) => leaf!.version);
  }

  /** Packs the weights that may have changed since they were packed. */
  pack(): void {
    this.packing?.pack();
  }

  /** A plan whose inputs are the batch, the results' memory, and `pieces`, which together hold all persistent memory. */
  plan(pieces: readonly TensorData[]): Plan {
    return this.trace.plan(pieces, this.packing?.calls);
  }

  /** What the step writes of persistent memory, other than gradients, before ranks first meet in it. */
  get beforeMeeting(): readonly { values: TensorData }[] {
    const { calls } = this.trace;
    const meeting = calls.findIndex(({ kernel }) => kernel === 'allReduce');
    const written = calls.slice(0, Math.max(0, meeting)).flatMap(writtenBy);
    return written.filter(({ base }) => base.isPersistent && base.role !== 'gradient').map(({ array }) => ({ values: array }));
  }

  /** The positions of results among the inputs of such a plan. */
  places(results: readonly { readonly values: TensorData }[], pieces: readonly TensorData[]): ResultPlace[] {
    const inputs = [...this.trace.inputs.map(({ memory }) => memory), ...pieces].map((memory, input) => ({ memory, input }));
    const map = new MemoryMap(inputs);
    return results.map(({ values }) => {
      const found = map.of(values);
      if (found === undefined) return { input: 0, offset: 0, bytes: 0 }; // it has no elements
      return { input: found.input, offset: values.byteOffset - found.memory.byteOffset, bytes: values.byteLength };
    });
  }

  /**
   * Gives zeros to the leaves that have no gradient and whose gradient no step clears, such as parameters that the optimizer does not have. From the second step
   * on a loop adds to their gradients, so that a recording of the first step would not hold. Whether there are any: then the step must be recorded again.
   */
  beginGradients(): boolean {
    const first = this.trace.gradients.filter(({ state, cleared, after }) => state.gradient === null && !cleared && after !== null);
    for (const { leaf, after } of first) {
      after!.values.fill(0);
      leaf.gradient = leaf.gradientHome = after;
      leaf.gradientHidden = true;
    }
    return first.length > 0;
  }

  /** Sets the leaves' gradients as a compiled step does: their memory is there, but hidden from the user. */
  leaveGradients(): void {
    for (const { leaf, after } of this.trace.gradients) {
      leaf.gradient = after; // null where it was only cleared
      if (after !== null) leaf.gradientHome = after;
      if (leaf.gradientSeen) leaf.rowSet?.fill(); // the user may have written to it, and it is the library's again
      leaf.gradientSeen = false;
      leaf.gradientShared = false;
      leaf.gradientHidden = after !== null;
    }
  }

  /**
   * Records the function again and throws if it differs. This finds a tensor that one call stores for the next, and numbers that user code counts in a
   * variable.
   */
  verify(where: string, fn: (...args: Tensor[]) => Results): void {
    const own = fresh(this.args);
    const difference = this.trace.differenceNow(where, () => fn(...own), own, resultsOf);
    if (difference === null) return;
    throw new SimdnnError(
      'SIMDNN_RECORDING_DIFFERS',
      `[${where}] the step does something else each time: ${difference}\n  hint: a branch or a number in it depends on something that a recording freezes; a buffer is changed in place (copy_, mul_, add_)`,
    );
  }

  /** The calls of the plan, as rows of a table. */
  rows(): Row[] {
    return this.trace.rows(this.packing?.calls);
  }
}
