// How the tensors of a batch are divided between model and criterion, and how batches make up a step.
import { isPromise, type Steps } from '../data/ahead';
import { rangeError } from '../errors';
import type { Tensor } from '../tensor';

/** How the tensors behind a batch's inputs are used: first `targets` targets, then the weights of the samples, if there are any. */
export interface Layout {
  targets: number;
  sampleWeights: boolean;
}

/** A batch, divided into inputs, targets and weights. */
export interface Batch {
  inputs: readonly Tensor[];
  targets: readonly Tensor[];
  /** The weight of each row, `[rows]`; null: all rows have the same weight. */
  weights: Tensor | null;
}

/** Describes a batch in messages. */
export const layoutText = ({ targets, sampleWeights }: Layout): string =>
  `[...inputs, ${targets === 1 ? 'target' : `${targets} targets`}${sampleWeights ? ', sampleWeights' : ''}]`;

/** Divides a batch. */
export function divideBatch(where: string, layout: Layout, batch: readonly Tensor[]): Batch {
  const end = batch.length - (layout.sampleWeights ? 1 : 0);
  const begin = end - layout.targets;
  if (begin < 0) throw rangeError(where, `a batch is ${layoutText(layout)}, and the loader gives ${batch.length} tensors`);
  const targets = batch.slice(begin, end);
  const weights = layout.sampleWeights ? batch[end]! : null;
  const rows = targets[0]!.shape[0];
  if (weights !== null && (weights.numel !== rows || weights.shape[0] !== rows)) {
    throw rangeError(where, `expected sampleWeights as the batch's last tensor, [${rows}], got [${weights.shape.join(', ')}]`);
  }
  return { inputs: batch.slice(0, begin), targets, weights };
}

/** The number of samples of a batch. */
export const rowsOf = ({ targets }: Batch): number => targets[0]!.shape[0] ?? 1;

type Step = IteratorResult<readonly Tensor[], undefined> | Promise<IteratorResult<readonly Tensor[], undefined>>;

/**
 * Returns the result of `next()`, or a promise of it if the result or its value is a promise. If only the value is a promise and it rejects, `leave` is called.
 */
export function awaited(
  step: ReturnType<Steps<unknown>['next']>,
  leave: () => unknown,
): IteratorResult<unknown, undefined> | Promise<IteratorResult<unknown, undefined>> {
  if (isPromise(step)) return Promise.resolve(step as PromiseLike<IteratorResult<unknown, undefined>>).then(checkStep);
  const { done, value } = checkStep(step);
  if (done === true || !isPromise(value)) return step;
  return Promise.resolve(value).then(
    (batch) => ({ done: false, value: batch }),
    (error) => {
      leave();
      throw error;
    },
  );
}

// Iterates as `for` does.
function checkStep(step: unknown): IteratorResult<unknown, undefined> {
  if ((typeof step === 'object' && step !== null) || typeof step === 'function') return step as IteratorResult<unknown, undefined>;
  throw new TypeError(`Iterator result ${String(step)} is not an object`);
}

/**
 * Groups batches into steps of `size` batches; the last step of an epoch has the remaining ones. The tensors of the batches follow one another in a list.
 */
export class Group {
  /** The number of tensors in a batch of the loader; unknown until its first batch. */
  width = 0;

  constructor(
    private readonly where: string,
    readonly size: number,
  ) {}

  /** The batches of a step. */
  split(tensors: readonly Tensor[]): (readonly Tensor[])[] {
    if (this.size === 1) return [tensors];
    return Array.from({ length: tensors.length / this.width }, (_, i) => tensors.slice(i * this.width, (i + 1) * this.width));
  }

  /** Groups the checked batches of a loader into steps, each as a list of tensors. */
  of(batches: Steps<unknown>, check: (batch: unknown) => readonly Tensor[]): Steps<readonly Tensor[]> {
    let isOver = false;
    const leave = (): unknown => batches.return?.();
    // Returns the result when the step is complete, else null.
    const take = (
      { done, value }: IteratorResult<unknown, undefined>,
      tensors: Tensor[],
    ): IteratorResult<readonly Tensor[], undefined> | null => {
      if (done === true) {
        isOver = true;
        return tensors.length > 0 ? { done: false, value: tensors } : { done: true, value: undefined };
      }
      try {
        this.add(check(value), tensors);
      } catch (error) {
        leave();
        throw error;
      }
      return tensors.length === this.size * this.width ? { done: false, value: tensors } : null;
    };
    const gather = (tensors: Tensor[]): Step => {
      if (isOver) return { done: true, value: undefined };
      for (;;) {
        const step = awaited(batches.next(), leave);
        if (isPromise(step)) return step.then((arrived) => take(arrived, tensors) ?? gather(tensors));
        const whole = take(step, tensors);
        if (whole !== null) return whole;
      }
    };
    return { next: () => gather([]), return: leave };
  }

  private add(batch: readonly Tensor[], to: Tensor[]): void {
    if (this.width === 0) this.width = batch.length;
    if (batch.length !== this.width) {
      throw rangeError(this.where, `accumulate needs batches of as many tensors each, got ${this.width} and ${batch.length}`);
    }
    to.push(...batch);
  }
}
