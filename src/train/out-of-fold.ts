// Out-of-fold predictions: for each row the output of a model that was not trained on it, in the order of the dataset.
import { rangeError } from '../errors';
import { empty } from '../tensor';
import { areCompatible, formText } from './collected-outputs';
import { flattenOutput } from './output-structure';

/** The outputs of all folds, in the order of the dataset and in the structure that the models return. */
export function inOrder(where: string, length: number, folds: readonly { rows: Int32Array; outputs: unknown }[]): unknown {
  const parts = folds.map(({ rows, outputs }) => ({ rows, form: flattenOutput(where, 'output', 'the model to give', outputs) }));
  const { form: first } = parts[0]!;
  const other = parts.find(({ form }) => !areCompatible(first, form));
  if (other !== undefined)
    throw rangeError(where, `the models' predictions differ in form: ${formText(first)} and ${formText(other.form)}`);
  const tensors = first.leaves.map(({ shape, dtype }, i) => {
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    const all = empty([length, ...shape.slice(1)], dtype);
    for (const { rows, form } of parts) {
      const { values } = form.leaves[i]!;
      for (const [j, row] of rows.entries()) all.values.set(values.subarray(j * width, (j + 1) * width), row * width);
    }
    return all;
  });
  return first.unflatten(tensors);
}
