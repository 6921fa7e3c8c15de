// How the tensors of a batch are divided between model and criterion, and how batches make up a step.
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
  of(batches: Iterable<unknown>, check: (batch: unknown) => readonly Tensor[]): Iterable<readonly Tensor[]> {
    return { [Symbol.iterator]: () => this.gathered(batches[Symbol.iterator](), check) };
  }

  private *gathered(iterator: Iterator<unknown>, check: (batch: unknown) => readonly Tensor[]): Generator<readonly Tensor[]> {
    let tensors: Tensor[] = [];
    for (const given of { [Symbol.iterator]: () => iterator }) {
      const batch = check(given);
      if (this.width === 0) this.width = batch.length;
      if (batch.length !== this.width) {
        throw rangeError(this.where, `accumulate needs batches of as many tensors each, got ${this.width} and ${batch.length}`);
      }
      tensors.push(...batch);
      if (tensors.length === this.size * this.width) {
        yield tensors;
        tensors = [];
      }
    }
    if (tensors.length > 0) yield tensors;
  }
}
