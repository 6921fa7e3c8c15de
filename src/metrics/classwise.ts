// The classes' figures by name.
import { describe, rangeError, typeError, withDefaults } from '../errors';
import '../ops';
import { Tensor } from '../tensor';
import { Metric } from './metric';
import { checkMetric } from './wrapper';

/** The options of `ClasswiseWrapper`. */
export interface ClasswiseWrapperOptions {
  /** The names of the classes; their numbers by default. */
  labels?: readonly string[];
  /** A prefix of each name; without it and `postfix` it is the name of the metric's class in lower case, and `_`. */
  prefix?: string;
  /** A suffix of each name. */
  postfix?: string;
}

interface Settings {
  labels: readonly string[] | null;
  prefix: string | null;
  postfix: string | null;
}

/**
 * The figures of a metric with `average: "none"`, by class name: `torchmetrics.ClasswiseWrapper`, but names do not begin
 * with the task.
 *
 * `update` and `reset` are those of `metric`. `compute()` is a record of scalars; a RangeError if `metric` does not return a list, or one whose length is not
 * that of `labels`.
 *
 * @example
 * const recall = new metrics.Recall({ task: 'multiclass', numClasses: 2, average: 'none' });
 * const byName = new metrics.ClasswiseWrapper(recall, { labels: ['cat', 'dog'] });
 * byName.update(tensor(Int32Array.of(0, 1, 1)), tensor(Int32Array.of(0, 0, 1)));
 * const { recall_cat, recall_dog } = byName.compute();
 * [recall_cat.item(), recall_dog.item()]; // [0.5, 1]
 */
export class ClasswiseWrapper extends Metric<Record<string, Tensor>> {
  override readonly higherIsBetter: boolean | null;
  private readonly settings: Settings;

  constructor(
    /** The metric of all classes. */
    readonly metric: Metric,
    options?: ClasswiseWrapperOptions,
  ) {
    super();
    const where = 'ClasswiseWrapper';
    this.higherIsBetter = checkMetric(where, 'metric', metric).higherIsBetter;
    const o = withDefaults<Settings>(where, options as Partial<Settings> | undefined, { labels: null, prefix: null, postfix: null });
    const isText = (one: unknown): boolean => typeof one === 'string';
    if (o.labels !== null && !(Array.isArray(o.labels) && o.labels.every(isText)))
      throw typeError(where, `expected labels to be a list of texts, got ${describe(o.labels)}`);
    for (const name of ['prefix', 'postfix'] as const)
      if (o[name] !== null && !isText(o[name])) throw typeError(where, `expected ${name} to be a text, got ${describe(o[name])}`);
    this.settings = o;
  }

  override update(preds: Tensor, target: Tensor): void {
    this.metric.update(preds, target);
  }

  compute(): Record<string, Tensor> {
    const { labels, prefix, postfix } = this.settings;
    const figures: unknown = this.metric.compute();
    if (!(figures instanceof Tensor) || figures.shape.length === 0)
      throw rangeError('ClasswiseWrapper.compute', 'expected metric to give a figure for each class', 'average: "none"');
    const [classes] = figures.shape;
    if (labels !== null && labels.length !== classes)
      throw rangeError('ClasswiseWrapper.compute', `expected ${classes} labels, got ${labels.length}`);
    const before = prefix || postfix ? (prefix ?? '') : `${this.metric.constructor.name.toLowerCase()}_`;
    const named = Array.from({ length: classes! }, (_, c): [string, Tensor] => [
      `${before}${labels?.[c] ?? c}${postfix ?? ''}`,
      figures.select(0, c),
    ]);
    return Object.fromEntries(named);
  }

  reset(): void {
    this.metric.reset();
  }
}
