// Weights of classes, for unbalanced data.
import { isFloat32Array, isFloat64Array, isMap } from '../../brands';
import { checkNumber, checkOneOf, describe, rangeError, typeError, withDefaults } from '../../errors';
import { empty, Tensor } from '../../tensor';
import { type Label, LabelEncoder } from './label-encoder';

/** The arguments of `computeClassWeight`. */
export interface ClassWeightOptions {
  /** The classes, each once; the weights have the same order. */
  classes: readonly Label[] | Tensor;
  /** The class of each row. */
  y: readonly Label[] | Tensor;
  /** The weight of each row, with "balanced" (null: 1 each). */
  sampleWeight?: readonly number[] | Float32Array | Float64Array | Tensor | null;
}

const listOf = (where: string, name: string, labels: readonly Label[] | Tensor): Label[] => {
  if (labels === undefined || labels === null) throw typeError(where, `expected ${name} to be labels, got ${describe(labels)}`);
  const encoder = new LabelEncoder();
  return encoder.inverseTransform(encoder.fitTransform(labels));
};

// The weights of n rows.
function rowWeights(where: string, given: unknown, n: number): ArrayLike<number> {
  if (given === null) return new Float64Array(n).fill(1);
  const weights = given instanceof Tensor ? given.values : given;
  if (!Array.isArray(weights) && !isFloat32Array(weights) && !isFloat64Array(weights)) {
    throw typeError(where, `expected sampleWeight to be numbers, got ${describe(given)}`);
  }
  if (weights.length !== n) throw rangeError(where, `expected sampleWeight to have ${n} weights, as y has labels, got ${weights.length}`);
  for (const weight of weights) {
    if (checkNumber(where, 'sampleWeight', weight, 0) === Infinity) throw rangeError(where, 'expected sampleWeight to be finite');
  }
  return weights as ArrayLike<number>;
}

/**
 * A weight for each class: `n / (classes count)` with "balanced", 1 with null, or the given weight of the class, 1 if it has none. As
 * `sklearn.utils.class_weight.compute_class_weight`. With `sampleWeight` rows count by their weights.
 *
 * Returns a float32 tensor `[classes]`, for the `weight` option of losses. A RangeError if y has a class that is not in `classes`, and with
 * "balanced" if a class of `classes` does not occur in y.
 *
 * @example
 * data.computeClassWeight('balanced', { classes: [0, 1], y: [0, 0, 0, 1] }).toArray(); // [0.6666666865348816, 2]
 */
export function computeClassWeight(classWeight: 'balanced' | null | ReadonlyMap<Label, number>, options: ClassWeightOptions): Tensor {
  const where = 'computeClassWeight';
  const o = withDefaults<Required<ClassWeightOptions>>(where, options, {
    classes: undefined as never,
    y: undefined as never,
    sampleWeight: null,
  });
  const classes = listOf(where, 'classes', o.classes);
  const y = listOf(where, 'y', o.y);
  const counts = new Map<Label, number>(classes.map((label) => [label, 0]));
  if (counts.size !== classes.length) throw rangeError(where, 'classes has a class twice');
  const weights = rowWeights(where, o.sampleWeight, y.length);
  let all = 0;
  for (const [row, label] of y.entries()) {
    const count = counts.get(label);
    if (count === undefined) throw rangeError(where, `y has ${describe(label)}, which is not among classes`);
    counts.set(label, count + weights[row]!);
    all += weights[row]!;
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
    out.floats.set(classes.map((label) => all / (classes.length * counts.get(label)!)));
  }
  return out;
}
