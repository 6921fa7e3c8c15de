// Weights of classes, for unbalanced data.
import { isMap } from '../../brands';
import { checkNumber, checkOneOf, describe, rangeError, typeError, withDefaults } from '../../errors';
import { empty, type Tensor } from '../../tensor';
import { type Label, LabelEncoder } from './label-encoder';

/** The arguments of `computeClassWeight`. */
export interface ClassWeightOptions {
  /** The classes, each once; the weights have the same order. */
  classes: readonly Label[] | Tensor;
  /** The class of each row. */
  y: readonly Label[] | Tensor;
}

const listOf = (where: string, name: string, labels: readonly Label[] | Tensor): Label[] => {
  if (labels === undefined || labels === null) throw typeError(where, `expected ${name} to be labels, got ${describe(labels)}`);
  const encoder = new LabelEncoder();
  return encoder.inverseTransform(encoder.fitTransform(labels));
};

/**
 * A weight for each class: `n / (classes count)` with "balanced", 1 with null, or the given weight of the class, 1 if it has none. As
 * `sklearn.utils.class_weight.compute_class_weight`.
 *
 * Returns a float32 tensor `[classes]`, for the `weight` option of losses. A RangeError if y has a class that is not in `classes`, and with
 * "balanced" if a class of `classes` does not occur in y.
 *
 * @example
 * data.computeClassWeight('balanced', { classes: [0, 1], y: [0, 0, 0, 1] }).toArray(); // [0.6666666865348816, 2]
 */
export function computeClassWeight(classWeight: 'balanced' | null | ReadonlyMap<Label, number>, options: ClassWeightOptions): Tensor {
  const where = 'computeClassWeight';
  const o = withDefaults<ClassWeightOptions>(where, options, { classes: undefined as never, y: undefined as never });
  const classes = listOf(where, 'classes', o.classes);
  const y = listOf(where, 'y', o.y);
  const counts = new Map<Label, number>(classes.map((label) => [label, 0]));
  if (counts.size !== classes.length) throw rangeError(where, 'classes has a class twice');
  for (const label of y) {
    const count = counts.get(label);
    if (count === undefined) throw rangeError(where, `y has ${describe(label)}, which is not among classes`);
    counts.set(label, count + 1);
  }
  const out = empty([classes.length]);
  if (classWeight === null) {
    out.floats.fill(1);
  } else if (isMap(classWeight)) {
    for (const [label, weight] of classWeight) {
      checkNumber(where, `the weight of ${describe(label)}`, weight);
      if (!counts.has(label)) throw rangeError(where, `the weights have ${describe(label)}, which is not among classes`);
    }
    out.floats.set(classes.map((label) => classWeight.get(label) ?? 1));
  } else {
    checkOneOf(where, 'classWeight', classWeight, ['balanced'] as const);
    const absent = classes.find((label) => counts.get(label) === 0);
    if (absent !== undefined) throw rangeError(where, `y has no ${describe(absent)}: it cannot be balanced`);
    out.floats.set(classes.map((label) => y.length / (classes.length * counts.get(label)!)));
  }
  return out;
}
