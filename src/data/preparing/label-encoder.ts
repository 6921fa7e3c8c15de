// Encodes class names as class numbers.
import { describe, rangeError, SimdnnError, typeError } from '../../errors';
import { recorder } from '../../recorder';
import { shapeText } from '../../shape';
import { empty, Tensor } from '../../tensor';
import { byValue } from './sorting';

/** A class in the data. */
export type Label = string | number;

/** The state of a `LabelEncoder`. */
export interface LabelEncoderState {
  /** The classes in the order of their numbers. */
  classes: Label[];
}

/**
 * Encodes classes as 0, 1, 2, ... in the order of their names. As `sklearn.preprocessing.LabelEncoder`.
 *
 * Labels are arrays of strings or numbers, or tensors `[n]`. Encoded labels are an int32 tensor `[n]`, as losses expect. Strings are
 * ordered by code points, numbers by value. A RangeError for a label that `fit` has not seen, a SimdnnError `SIMDNN_NOT_FITTED` if used
 * before `fit`.
 *
 * @example
 * const encoder = new data.LabelEncoder();
 * encoder.fitTransform(['dog', 'cat', 'dog']).toArray(); // [1, 0, 1]
 * encoder.classes; // ['cat', 'dog']
 * encoder.inverseTransform(tensor(Int32Array.of(0))); // ['cat']
 */
export class LabelEncoder {
  /** The classes in the order of their numbers; empty before `fit`. */
  classes: readonly Label[] = [];
  private numbers = new Map<Label, number>();

  /** Learns the classes. */
  fit(labels: readonly Label[] | Tensor): this {
    const list = listOf('LabelEncoder.fit', labels);
    if (list.length === 0) throw rangeError('LabelEncoder.fit', 'there are no labels');
    this.learn([...new Set(list)].sort(byValue));
    return this;
  }

  /** The number of each label's class, int32 `[n]`. */
  transform(labels: readonly Label[] | Tensor): Tensor {
    this.checkFitted('LabelEncoder.transform');
    const list = listOf('LabelEncoder.transform', labels);
    const out = empty([list.length], 'int32');
    list.forEach((label, i) => {
      const number = this.numbers.get(label);
      if (number === undefined) {
        const known = this.classes.slice(0, 10).map(describe).join(', ');
        throw rangeError(
          'LabelEncoder.transform',
          `unknown label ${describe(label)} at position ${i}`,
          `the classes are ${known}${this.classes.length > 10 ? `, ... (${this.classes.length})` : ''}`,
        );
      }
      out.ints[i] = number;
    });
    return out;
  }

  /** `fit(labels)`, then `transform(labels)`. */
  fitTransform(labels: readonly Label[] | Tensor): Tensor {
    return this.fit(labels).transform(labels);
  }

  /** The label of each number. */
  inverseTransform(numbers: readonly number[] | Tensor): Label[] {
    this.checkFitted('LabelEncoder.inverseTransform');
    return listOf('LabelEncoder.inverseTransform', numbers).map((number, i) => {
      const label = Number.isInteger(number) ? this.classes[number as number] : undefined;
      if (label === undefined) {
        throw rangeError(
          'LabelEncoder.inverseTransform',
          `expected class numbers from 0 to ${this.classes.length - 1}, got ${describe(number)} at position ${i}`,
        );
      }
      return label;
    });
  }

  /** The options; there are none. */
  getParams(): Record<string, never> {
    return {};
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): LabelEncoderState {
    return { classes: [...this.classes] };
  }

  /** Loads the `stateDict()` of another encoder. */
  loadStateDict(state: LabelEncoderState): void {
    const classes = listOf('LabelEncoder.loadStateDict', state?.classes);
    if (new Set(classes).size !== classes.length) throw rangeError('LabelEncoder.loadStateDict', 'a class occurs twice');
    this.learn(classes);
  }

  private learn(classes: readonly Label[]): void {
    this.classes = [...classes];
    this.numbers = new Map(classes.map((label, number) => [label, number]));
  }

  private checkFitted(where: string): void {
    if (this.classes.length === 0)
      throw new SimdnnError('SIMDNN_NOT_FITTED', `[${where}] the encoder has not seen labels yet\n  hint: call fit(labels) first`);
  }
}

// The labels as an array of strings or of numbers. NaN is refused, because it is not equal to itself.
function listOf(where: string, labels: readonly Label[] | Tensor): readonly Label[] {
  if (labels instanceof Tensor && labels.shape.length !== 1) throw rangeError(where, `expected labels [n], got ${shapeText(labels.shape)}`);
  if (labels instanceof Tensor) recorder?.reading(where);
  const list = labels instanceof Tensor ? Array.from(labels.values) : labels;
  if (!Array.isArray(list)) throw typeError(where, `expected an array of strings or numbers, or a tensor, got ${describe(labels)}`);
  const kind = typeof list[0];
  list.forEach((label, i) => {
    if ((typeof label !== 'string' && typeof label !== 'number') || typeof label !== kind) {
      throw typeError(where, `expected labels that are all strings or all numbers, got ${describe(label)} at position ${i}`);
    }
    if (Number.isNaN(label)) throw rangeError(where, `the label at position ${i} is NaN`);
  });
  return list;
}
