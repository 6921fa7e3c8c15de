// A table of the precision, recall and F1 of each class.
import * as calls from '../calls.generated';
import { checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { ratio } from './counts';

/** The options of `classificationReport`. */
export interface ClassificationReportOptions {
  /** The names of the classes 0, 1, ...; by default the numbers of the classes that occur. */
  classes?: readonly (string | number)[];
  /** The number of digits after the decimal point (2). */
  digits?: number;
}

const where = 'classificationReport';

// Rounds as Python prints: ties to even.
function fixed(value: number, digits: number): string {
  const scaled = value * 10 ** digits;
  const isTie = Number.isInteger(value * 2 ** (digits + 1)) && scaled % 1 === 0.5;
  return (isTie && Math.floor(scaled) % 2 === 0 ? Math.floor(scaled) / 10 ** digits : value).toFixed(digits);
}

function predictedOf(preds: Tensor, n: number, classes: number | null): Int32Array {
  checkTensor(where, 'preds', preds);
  const { shape } = preds;
  if (preds.dtype === 'int32') {
    if (shape.length !== 1 || shape[0] !== n) throw rangeError(where, `expected preds [${n}], got ${shapeText(shape)}`);
    return preds.ints;
  }
  const width = classes ?? shape[1] ?? 0;
  if (shape.length !== 2 || shape[0] !== n || shape[1] !== width || width === 0) {
    throw rangeError(where, `expected preds ${shapeText([n, classes ?? 'classes'])}, got ${shapeText(shape)}`);
  }
  const highest = new Int32Array(n);
  calls.max({ values: new Float32Array(n), indices: highest, x: preds.floats, outer: n, n: width, inner: 1 });
  return highest;
}

function namesOf(classes: unknown): string[] | null {
  if (classes === undefined) return null;
  if (!Array.isArray(classes)) throw typeError(where, `expected classes to be a list of names, got ${describe(classes)}`);
  if (classes.length === 0) throw rangeError(where, 'expected the name of a class or more, got none');
  return classes.map((name, i) => {
    if (typeof name !== 'string' && typeof name !== 'number')
      throw typeError(where, `expected classes[${i}] to be a name, got ${describe(name)}`);
    return String(name);
  });
}

/**
 * A table of precision, recall, F1 and the number of targets of each class, with their means, as text. As `sklearn.metrics.classification_report`.
 *
 * preds are int32 classes `[n]` or float32 scores `[n, classes]`, target is int32 `[n]`. With `classes`, there is a row for each class from 0 to
 * `classes.length - 1`; otherwise for each class that occurs, in ascending order. A figure whose divisor is 0 is 0. A RangeError for other classes and without
 * samples.
 *
 * @example
 * const text = metrics.classificationReport(tensor(Int32Array.of(0, 1, 1)), tensor(Int32Array.of(0, 1, 0)), { classes: ['cat', 'dog'] });
 * text.split('\n')[2]; // '         cat       1.00      0.50      0.67         2'
 */
export function classificationReport(preds: Tensor, target: Tensor, options?: ClassificationReportOptions): string {
  recorder?.reading(where);
  const o = withDefaults<{ classes: unknown; digits: number }>(where, options, { classes: undefined, digits: 2 });
  const names = namesOf(o.classes);
  const digits = checkInteger(where, 'digits', o.digits, 0, 15);
  checkTensor(where, 'target', target, 'int32');
  const n = target.numel;
  if (target.shape.length !== 1) throw rangeError(where, `expected target [n], got ${shapeText(target.shape)}`);
  const predicted = predictedOf(preds, n, names === null ? null : names.length);
  if (n === 0) throw rangeError(where, 'there are no samples');
  for (const [name, values] of [['preds', predicted] as const, ['target', target.ints] as const]) {
    const at = names === null ? -1 : values.findIndex((c) => c < 0 || c >= names.length);
    if (at >= 0) throw rangeError(where, `expected ${name} from 0 to ${names!.length - 1}, got ${values[at]} at position ${at}`);
  }

  const occurring = new Set(names === null ? target.ints : []);
  if (names === null) for (const c of predicted) occurring.add(c);
  const labels = names?.map((_, c) => c) ?? [...occurring].sort((a, b) => a - b);
  const rowOf = new Map(labels.map((label, row) => [label, row]));
  const counts = labels.map((label) => ({ name: names?.[label] ?? String(label), right: 0, targets: 0, predictions: 0 }));
  predicted.forEach((guess, i) => {
    const wanted = target.ints[i]!;
    counts[rowOf.get(wanted)!]!.targets++;
    counts[rowOf.get(guess)!]!.predictions++;
    if (guess === wanted) counts[rowOf.get(wanted)!]!.right++;
  });
  const rows = counts.map(({ name, right, targets, predictions }) => ({
    name,
    figures: [ratio(right, predictions), ratio(right, targets), ratio(2 * right, targets + predictions)],
    support: targets,
  }));
  const mean = (weight: (support: number) => number, total: number): number[] =>
    [0, 1, 2].map((k) => rows.reduce((sum, { figures, support }) => sum + figures[k]! * weight(support), 0) / total);

  const width = rows.reduce((most, { name }) => Math.max(most, [...name].length), 'weighted avg'.length);
  const line = (name: string, cells: readonly (string | number)[]): string =>
    `${' '.repeat(Math.max(0, width - [...name].length))}${name} ${cells.map((cell) => ` ${String(cell).padStart(9)}`).join('')}\n`;
  const figuresLine = (name: string, figures: readonly number[], support: number): string =>
    line(name, [...figures.map((figure) => fixed(figure, digits)), support]);
  const accuracy = counts.reduce((sum, { right }) => sum + right, 0) / n;
  return [
    line('', ['precision', 'recall', 'f1-score', 'support']),
    '\n',
    ...rows.map(({ name, figures, support }) => figuresLine(name, figures, support)),
    '\n',
    line('accuracy', ['', '', fixed(accuracy, digits), n]),
    figuresLine(
      'macro avg',
      mean(() => 1, rows.length),
      n,
    ),
    figuresLine(
      'weighted avg',
      mean((support) => support, n),
      n,
    ),
  ].join('');
}
