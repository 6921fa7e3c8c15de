// How the tensors of a batch are divided between model and criterion, and how batches make up a step.
import { isPromise, type Steps } from '../data/ahead';
import { rangeError } from '../errors';
import type { Tensor } from '../tensor';

/** What stands behind the inputs in each batch: so many targets, then the weights of the samples where there are any. */
export interface Layout {
  targets: number;
  sampleWeights: boolean;
}

/** A batch, divided. */
export interface Batch {
  inputs: readonly Tensor[];
  targets: readonly Tensor[];
  /** One number a row, `[rows]`; null: all rows count alike. */
  weights: Tensor | null;
}

/** A batch in words, for messages. */
export const layoutText = ({ targets, sampleWeights }: Layout): string =>
  `[...inputs, ${targets === 1 ? 'target' : `${targets} targets`}${sampleWeights ? ', sampleWeights' : ''}]`;

/** Divides a batch. */
export function divided(where: string, layout: Layout, batch: readonly Tensor[]): Batch {
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

/** How many samples a batch has. */
export const rowsOf = ({ targets }: Batch): number => targets[0]!.shape[0] ?? 1;

type Step = IteratorResult<readonly Tensor[], undefined> | Promise<IteratorResult<readonly Tensor[], undefined>>;

/** What `next()` gave, waited for where it is a promise or its value is one: who gives such a value at once is left where that fails. */
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

// As `for` has it.
function checkStep(step: unknown): IteratorResult<unknown, undefined> {
  if ((typeof step === 'object' && step !== null) || typeof step === 'function') return step as IteratorResult<unknown, undefined>;
  throw new TypeError(`Iterator result ${String(step)} is not an object`);
}

/** Batches that make up one step: `size` of them, and what is left in the last step of an epoch. All tensors of one come after those of the other. */
export class Group {
  /** Tensors in a batch, as the loader gives them; unknown until it is asked. */
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

  /** The steps of a loader's batches, which are checked, each as its tensors. */
  of(batches: Steps<unknown>, check: (batch: unknown) => readonly Tensor[]): Steps<readonly Tensor[]> {
    let isOver = false;
    const leave = (): unknown => batches.return?.();
    // The result where the step is whole, else null.
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
