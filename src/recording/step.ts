// A function of a batch recorded to be run on another thread: nothing is calculated while it is recorded, and its plan touches no memory of
// JavaScript's. What lasts from step to step is copied in and out by whoever runs it.
import { rangeError, SimdnnError } from '../errors';
import { liesIn, type TensorData } from '../memory';
import type { Plan, ResultPlace } from '../native';
import { getFloat32MatmulPrecision } from '../precision';
import type { RandomPosition } from '../random';
import { allHold } from '../recorder';
import { empty, type Tensor, type Version } from '../tensor';
import { MemoryMap } from './bases';
import { valuesOf } from './calls';
import { Listener } from './listener';
import type { Packing } from './packing';
import type { Row } from './table';
import { Trace } from './trace';

/** What the recorded function gives out for what a step is given. */
export interface Results {
  /** One number for each batch, or none. */
  losses: readonly Tensor[];
  /** What is gathered step by step. */
  outputs: readonly Tensor[];
  /** How many samples it does. */
  rows: number;
}

// Tensors like those of a batch, in memory of their own: the same tensor where the batch has the same.
function fresh(batch: readonly Tensor[]): Tensor[] {
  const own = batch.map(({ shape, dtype }) => empty(shape.slice(), dtype));
  return own.map((_, i) => own[batch.indexOf(batch[i]!)]!);
}

const resultsOf = ({ losses, outputs }: Results): Tensor[] => [...losses, ...outputs];

export class RecordedStep {
  readonly trace: Trace;
  private readonly packing: Packing | null;
  private readonly args: readonly Tensor[];
  /** What it gave out, as tensors that are like those of every step. */
  readonly results: Results;

  /**
   * Records what `fn` does with tensors like those of `batch`. The state of tensors, optimizers and random numbers stays as it was. With `packs` its plan
   * works on packed weights, of which `pack` takes over the values.
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

  /** The arrays of a batch that a plan is given: a tensor that the batch has twice is given once. */
  get given(): number[] {
    return [...new Set(this.args)].map((t) => this.args.indexOf(t));
  }

  /** The leaves that the function used or sent a gradient to. */
  get leaves(): Tensor[] {
    const { leaves, gradients } = this.trace;
    return [...new Set([...leaves, ...gradients].map(({ leaf }) => leaf))];
  }

  /** Philox counters that a step uses. */
  get draws(): number {
    return this.trace.draws;
  }

  /** Whether the batch is changed in place. */
  get changesBatch(): boolean {
    return this.trace.changesArguments;
  }

  /** Whether these tensors are like those it was recorded with. */
  takes(batch: readonly Tensor[]): boolean {
    return (
      batch.length === this.args.length &&
      batch.every((t, i) => {
        const own = this.args[i]!;
        return t.dtype === own.dtype && String(t.shape) === String(own.shape) && batch.indexOf(t) === this.args.indexOf(own);
      })
    );
  }

  /** Whether the function would still do what was recorded. */
  holds(random: RandomPosition): boolean {
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

  /** Whose values it works on; null where some memory is that of no tensor that it used. */
  get versions(): Version[] | null {
    const values = this.trace.persistent.filter(({ role }) => role !== 'constant');
    const leaves = values.map(({ memory }) => this.trace.leaves.find(({ leaf }) => liesIn(leaf.values, memory))?.leaf);
    return leaves.includes(undefined) ? null : leaves.map((leaf) => leaf!.version);
  }

  /** Packs the weights that may have changed since. */
  pack(): void {
    this.packing?.pack();
  }

  /** A plan whose inputs are the batch, the results' memory, and `pieces`, which together hold all persistent memory. */
  plan(pieces: readonly TensorData[]): Plan {
    return this.trace.plan(pieces, this.packing?.calls);
  }

  /** Where results lie among the inputs of such a plan. */
  places(results: readonly Tensor[], pieces: readonly TensorData[]): ResultPlace[] {
    const inputs = [...this.trace.inputs.map(({ memory }) => memory), ...pieces].map((memory, input) => ({ memory, input }));
    const map = new MemoryMap(inputs);
    return results.map(({ values }) => {
      const found = map.of(values);
      if (found === undefined) return { input: 0, offset: 0, bytes: 0 }; // it has no elements
      return { input: found.input, offset: values.byteOffset - found.memory.byteOffset, bytes: values.byteLength };
    });
  }

  /** Leaves the gradients as a compiled step does: there, and hidden. */
  leaveGradients(): void {
    for (const { leaf, after } of this.trace.gradients) {
      leaf.gradient = after; // null where it was only cleared
      if (after !== null) leaf.gradientHome = after;
      leaf.gradientSeen = false;
      leaf.gradientShared = false;
      leaf.gradientHidden = after !== null;
    }
  }

  /** Throws unless the function, recorded again, does the same: a tensor that one call leaves for the next, or a count kept in JavaScript, is found so. */
  verify(where: string, fn: (...args: Tensor[]) => Results): void {
    const own = fresh(this.args);
    const difference = this.trace.differenceNow(where, () => fn(...own), own, resultsOf);
    if (difference === null) return;
    throw new SimdnnError(
      'SIMDNN_RECORDING_DIFFERS',
      `[${where}] the step does something else each time: ${difference}\n  hint: a branch or a number in it depends on something that a recording freezes; a buffer is changed in place (copy_, mul_, add_)`,
    );
  }

  /** The calls of the plan, for people. */
  rows(): Row[] {
    return this.trace.rows(this.packing?.calls);
  }
}
