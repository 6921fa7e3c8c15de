// Data-parallel training: the same model on every rank, each with rows of its own.
import { awaitBackward, isGradEnabled, openLeaf } from '../autograd';
import { follows } from '../blocks';
import * as calls from '../calls.generated';
import { broadcast } from '../distributed';
import { currentGroup, requireGroup } from '../distributed/group';
import { checkBoolean, checkNumber, describe, SimdnnError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { changed, Tensor } from '../tensor';
import { Module } from './module';

/** The options of `DistributedDataParallel`. */
export interface DistributedDataParallelOptions {
  /** Whether float buffers, such as the running statistics of batch norms, are set to those of rank 0 after each sum (true). */
  broadcastBuffers?: boolean;
  /**
   * Megabytes of gradients that are summed at a time (Infinity: one sum, after the backward pass). Where they are less than the model has, each sum begins in compiled
   * steps and fits as soon as its gradients are final, and goes on during the rest of the backward pass: gains over a network, costs on one machine.
   */
  bucketCapMb?: number;
}

const nothing = new Float32Array(0);

// Combines the numbers of parameters and gradients to one below 2^31, by FNV-1a.
const hashOf = (numbers: readonly number[]): number =>
  numbers.reduce((hash, n) => Math.imul(hash ^ n, 16_777_619), 0x811c9dc5 | 0) & 0x7fffffff;

// Gradients that are neighbours in memory as one array, including the padding between them.
function stretches(gradients: readonly Float32Array[]): Float32Array[] {
  const found: { first: Float32Array; last: Float32Array }[] = [];
  for (const gradient of gradients) {
    const before = found.at(-1);
    if (before !== undefined && follows(before.last, gradient)) before.last = gradient;
    else found.push({ first: gradient, last: gradient });
  }
  return found.map(({ first, last }) =>
    first === last ? first : new Float32Array(first.buffer, first.byteOffset, (last.byteOffset - first.byteOffset) / 4 + last.length),
  );
}

// The gradients in buckets of about `bytes` bytes, from the last parameter on, because backward passes finish those first. A gradient is never divided.
function bucketsOf(gradients: readonly Float32Array[], bytes: number): Float32Array[] {
  const buckets: Float32Array[] = [];
  for (let end = gradients.length; end > 0; ) {
    let begin = end;
    let size = 0;
    do size += gradients[--begin]!.byteLength;
    while (begin > 0 && size + gradients[begin - 1]!.byteLength <= bytes);
    buckets.push(...stretches(gradients.slice(begin, end)).reverse());
    end = begin;
  }
  return buckets;
}

/**
 * A model that is trained by all ranks of the group together, each on rows of its own: `torch.nn.parallel.DistributedDataParallel`.
 *
 * Parameters and buffers begin as rank 0's. At the end of `backward()`, before clipping and the optimizer, gradients become their mean over the ranks, weighted by
 * the rows of the batches (the first dimension of the first input): as one process with all these rows in a batch would have them. It works in plain loops, compiled
 * steps and `train.fit`. Ranks whose models or steps differ get a RangeError. In a group of one nothing is summed.
 *
 * Its parts are those of `module`, by names with the prefix `module.`: save `model.module` to have them without. Dropout draws differ by rank where the seeds do. A SimdnnError where there is no group.
 *
 * @example
 * distributed.initProcessGroup();
 * const model = new nn.parallel.DistributedDataParallel(new nn.Linear(4, 3));
 * model.forward(zeros([2, 4])).sum().backward();
 * model.module.bias.grad.toArray(); // [2, 2, 2]
 * distributed.destroyProcessGroup();
 */
export class DistributedDataParallel<M extends Module = Module> extends Module {
  /** The model. */
  readonly module: M;
  private readonly broadcastBuffers: boolean;
  private readonly bucketBytes: number;
  private isSumming = true;
  /** The rows of the last forward pass, and of the backward passes since the last sum. */
  private forwardRows = 0;
  private rows = 0;

  constructor(module: M, options?: DistributedDataParallelOptions) {
    super();
    const where = 'DistributedDataParallel';
    if (!(module instanceof Module)) throw typeError(where, `expected a module, got ${describe(module)}`);
    const o = withDefaults(where, options, { broadcastBuffers: true, bucketCapMb: Infinity });
    this.broadcastBuffers = checkBoolean(where, 'broadcastBuffers', o.broadcastBuffers);
    this.bucketBytes = checkNumber(where, 'bucketCapMb', o.bucketCapMb, Number.MIN_VALUE) * 2 ** 20;
    requireGroup(where);
    this.module = module;
    for (const t of [...module.parameters(), ...module.buffers()]) broadcast(t);
  }

  /** Calls the model. */
  override forward(...args: Parameters<M['forward']>): ReturnType<M['forward']> {
    const group = currentGroup();
    if (group === null) throw new SimdnnError('SIMDNN_NO_GROUP', '[DistributedDataParallel.forward] the group was left');
    const { isSumming } = this;
    const isAlone = group.size === 1; // nothing is summed, and a step makes only the module's own calls
    recorder?.guard(() => currentGroup() === group && (isAlone || this.isSumming === isSumming));
    if (!isAlone && isGradEnabled()) {
      const first = args.find((arg) => (arg as unknown) instanceof Tensor) as Tensor | undefined;
      this.forwardRows = first?.shape[0] ?? 1;
      awaitBackward({ leaves: new Set(this.module.parameters()), reached: () => this.reached() });
    }
    return (this.module.call as (...args: unknown[]) => ReturnType<M['forward']>).apply(this.module, args);
  }

  /**
   * Calls `fn`, in which backward passes gather gradients without a sum: for all but the last of several that make one step. As `no_sync`.
   *
   * @example
   * distributed.initProcessGroup();
   * const model = new nn.parallel.DistributedDataParallel(new nn.Linear(1, 1));
   * model.noSync(() => model.forward(zeros([2, 1])).sum().backward());
   * model.forward(zeros([2, 1])).sum().backward();
   * model.module.bias.grad.toArray(); // [4]
   * distributed.destroyProcessGroup();
   */
  noSync<R>(fn: () => R): R {
    if (typeof fn !== 'function') throw typeError('DistributedDataParallel.noSync', `expected a function, got ${describe(fn)}`);
    const before = this.isSumming;
    this.isSumming = false;
    try {
      return fn();
    } finally {
      this.isSumming = before;
    }
  }

  private reached(): void {
    this.rows += this.forwardRows;
    this.forwardRows = 0;
    if (!this.isSumming) return;
    const weight = this.rows;
    this.rows = 0;
    const parameters = this.module.parameters().filter(({ requiresGrad }) => requiresGrad);
    const gradients = parameters.filter(({ gradient }) => gradient !== null).map(openLeaf);
    const buckets = bucketsOf(gradients, this.bucketBytes);
    const call = hashOf([
      ...parameters.flatMap(({ numel, gradient }) => [numel, gradient === null ? 0 : 1]),
      ...buckets.map(({ length }) => length),
    ]);
    // The ranks exchange their weights before the first sum. Of several sums, each begins here, or where the recording of the step has moved it.
    const isDivided = this.bucketBytes < Infinity;
    for (const [i, values] of buckets.entries()) {
      calls.allReduce({ values, n: values.length, weight, mean: true, call, joined: i > 0, phase: isDivided ? 'begin' : 'whole' });
    }
    if (isDivided) calls.allReduce({ values: nothing, n: 0, phase: 'end' });
    if (this.broadcastBuffers && this.training) this.takeBuffers();
    recorder?.operation('the sum over ranks');
  }

  private takeBuffers(): void {
    const weight = currentGroup()!.rank === 0 ? 1 : 0;
    for (const buffer of this.module.buffers()) {
      if (buffer.dtype !== 'float32') continue; // counts, which are the same on all ranks
      changed(buffer);
      calls.allReduce({ values: buffer.floats, n: buffer.numel, weight, call: 1 });
    }
  }
}
