// Evaluates the predictions of a run by the library's own metrics.
import { checkInteger, rangeError } from '../errors';
import {
  Accuracy,
  AUROC,
  ConfusionMatrix,
  classificationReport,
  MeanAbsoluteError,
  MeanSquaredError,
  R2Score,
  ROC,
  type ROCCurve,
} from '../metrics';
import { Tensor } from '../tensor';
import { type ClassScore, scoresOf } from './class-scores';
import type { CheckedRecord } from './record';
import { cleanText } from './text';
import { classNamesOf, type Matrix, matrixOf, type Numbers, numbersOf, type Rows } from './values';

/** The predictions of classes. */
export interface Classes {
  task: 'classification';
  names: string[];
  /** The number of rows that were evaluated. */
  rows: number;
  /** The number of rows that were omitted, because their probabilities are NaN or infinite. */
  lost: number;
  accuracy: number;
  confusion: Tensor;
  scores: ClassScore[];
  /** The text of `classificationReport`. */
  table: string;
  /** The curves of some classes, with their areas and names; null without probabilities. */
  roc: { curves: ROCCurve[]; areas: number[]; names: string[]; remark: string } | null;
}

/** The predictions of values. */
export interface Values {
  task: 'regression';
  preds: Float64Array;
  targets: Float64Array;
  figures: [string, number][];
}

const most = 8; // the largest number of curves in a figure

function probabilitiesOf(where: string, given: unknown): Rows {
  const isFlat = given instanceof Tensor ? given.shape.length === 1 || given.shape[1] === 1 : isList(given);
  if (!isFlat) return matrixOf(where, 'probabilities', given as Matrix);
  const second = numbersOf(where, 'probabilities', given as Numbers);
  const odd = second.findIndex((p) => p < 0 || p > 1);
  if (odd >= 0) throw rangeError(where, `expected probabilities from 0 to 1, got ${second[odd]} at position ${odd}`);
  const values = new Float64Array(2 * second.length);
  second.forEach((p, i) => {
    values[2 * i] = 1 - p;
    values[2 * i + 1] = p;
  });
  return { rows: second.length, columns: 2, values };
}

const isList = (given: unknown): boolean =>
  ArrayBuffer.isView(given) || (Array.isArray(given) && (given.length === 0 || typeof given[0] === 'number'));

function classNumbers(where: string, name: string, values: Float64Array, count: number | null): Int32Array {
  const odd = values.findIndex((c) => !(Number.isInteger(c) && c >= 0 && c < (count ?? 2 ** 31)));
  if (odd >= 0) {
    const range = count === null ? 'numbers of classes' : `from 0 to ${count - 1}`;
    throw rangeError(where, `expected ${name} ${range}, got ${values[odd]} at position ${odd}`);
  }
  return Int32Array.from(values);
}

// The first of the largest, as `argmax` returns it.
function mostProbable({ rows, columns, values }: Rows): Int32Array {
  return Int32Array.from({ length: rows }, (_, i) => {
    let best = 0;
    for (let c = 1; c < columns; c++) if (values[i * columns + c]! > values[i * columns + best]!) best = c;
    return best;
  });
}

function rocOf(probabilities: Rows, targets: Int32Array, names: readonly string[], scores: readonly ClassScore[]): Classes['roc'] {
  const { rows, columns, values } = probabilities;
  const target = new Tensor(targets, [rows]);
  // For two classes the curve of the second is enough.
  const areas = columns === 2 ? null : new AUROC({ task: 'multiclass', numClasses: columns, average: 'none' });
  areas?.update(new Tensor(Float32Array.from(values), [rows, columns]), target);
  const areaOf = areas?.compute().data ?? null;
  const usable = [...scores.keys()].filter((c) => scores[c]!.support > 0 && scores[c]!.support < rows && (columns > 2 || c === 1));
  if (usable.length === 0) return null;
  const chosen = areaOf === null ? usable : usable.sort((a, b) => areaOf[a]! - areaOf[b]! || a - b).slice(0, most);
  const curves = chosen.map((c) => {
    const roc = new ROC({ task: 'binary' });
    const column = Float32Array.from({ length: rows }, (_, i) => values[i * columns + c]!);
    roc.update(
      new Tensor(column, [rows]),
      new Tensor(
        targets.map((one) => Number(one === c)),
        [rows],
      ),
    );
    return roc.compute();
  });
  const area = (c: number): number => {
    if (areaOf !== null) return areaOf[c]!;
    const one = new AUROC({ task: 'binary' });
    one.update(
      new Tensor(
        Float32Array.from({ length: rows }, (_, i) => values[i * columns + c]!),
        [rows],
      ),
      target,
    );
    return one.compute().item();
  };
  const remark = usable.length > chosen.length ? `The ${most} classes of ${usable.length} with the smallest areas` : '';
  return { curves, areas: chosen.map(area), names: chosen.map((c) => names[c]!), remark };
}

function classesOf(where: string, run: CheckedRecord): Classes {
  const given = run.probabilities === undefined ? null : probabilitiesOf(where, run.probabilities);
  const targetValues = numbersOf(where, 'targets', run.targets);
  const predictionValues = run.predictions === undefined ? null : numbersOf(where, 'predictions', run.predictions);
  const rows = targetValues.length;
  for (const [name, count] of [
    ['probabilities', given?.rows],
    ['predictions', predictionValues?.length],
  ] as const) {
    if (count !== undefined && count !== rows) throw rangeError(where, `expected ${name} of ${rows} rows, as targets has, got ${count}`);
  }
  if (rows === 0) throw rangeError(where, 'there are no targets');
  const listed = Array.isArray(run.classNames) ? run.classNames.length : null;
  const largest = [...targetValues, ...(predictionValues ?? [])].reduce((a, b) => Math.max(a, b), 0);
  const count = checkInteger(where, 'the number of classes', given?.columns ?? listed ?? largest + 1, 1, 1e6);
  const names = classNamesOf(where, run.classNames, count);
  const allTargets = classNumbers(where, 'targets', targetValues, count);
  const allPredictions = predictionValues === null ? mostProbable(given!) : classNumbers(where, 'predictions', predictionValues, count);

  const kept = [...allTargets.keys()].filter(
    (i) => given === null || given.values.subarray(i * count, (i + 1) * count).every(Number.isFinite),
  );
  const [targets, preds] = [allTargets, allPredictions].map((all) => Int32Array.from(kept, (i) => all[i]!)) as [Int32Array, Int32Array];
  const probabilities =
    given === null || kept.length === rows
      ? given
      : {
          rows: kept.length,
          columns: count,
          values: Float64Array.from(
            { length: kept.length * count },
            (_, at) => given.values[kept[Math.floor(at / count)]! * count + (at % count)]!,
          ),
        };
  const [p, t] = [new Tensor(preds, [kept.length]), new Tensor(targets, [kept.length])];
  const numClasses = Math.max(2, count); // a metric of several classes needs at least two
  const [accuracy, confusion] = [
    new Accuracy({ task: 'multiclass', numClasses, average: 'micro' }),
    new ConfusionMatrix({ task: 'multiclass', numClasses }),
  ];
  if (kept.length > 0) for (const metric of [accuracy, confusion]) metric.update(p, t);
  const matrix = confusion.compute();
  const scores = kept.length > 0 ? scoresOf(p, t, count) : names.map(() => ({ precision: 0, recall: 0, f1: 0, support: 0 }));
  return {
    task: 'classification',
    names,
    rows: kept.length,
    lost: rows - kept.length,
    accuracy: kept.length > 0 ? accuracy.compute().item() : Number.NaN,
    confusion: count === 1 ? new Tensor(matrix.ints.slice(0, 1), [1, 1]) : matrix,
    scores,
    table: kept.length > 0 ? classificationReport(p, t, { classes: names.map(cleanText), digits: 4 }) : '',
    roc: probabilities === null || kept.length === 0 || count === 1 ? null : rocOf(probabilities, targets, names, scores),
  };
}

function valuesOf(where: string, run: CheckedRecord): Values {
  const [preds, targets] = [numbersOf(where, 'predictions', run.predictions), numbersOf(where, 'targets', run.targets)];
  if (preds.length !== targets.length)
    throw rangeError(where, `expected predictions of ${targets.length} rows, as targets has, got ${preds.length}`);
  if (preds.length === 0) throw rangeError(where, 'there are no targets');
  const kept = [...preds.keys()].filter((i) => Number.isFinite(preds[i]!) && Number.isFinite(targets[i]!));
  const [p, t] = [preds, targets].map(
    (all) =>
      new Tensor(
        Float32Array.from(kept, (i) => all[i]!),
        [kept.length],
      ),
  ) as [Tensor, Tensor];
  const figures = [
    ['MSE', new MeanSquaredError(), 1],
    ['MAE', new MeanAbsoluteError(), 1],
    ['R²', new R2Score(), 2],
  ] as const;
  return {
    task: 'regression',
    preds,
    targets,
    figures: figures.flatMap(([name, metric, least]): [string, number][] => {
      if (kept.length < least) return [];
      metric.update(p, t);
      return [[name, metric.compute().item()]];
    }),
  };
}

/** Evaluates the predictions of a run; null if there are none. */
export function evaluationOf(where: string, run: CheckedRecord): Classes | Values | null {
  if (run.task === null) return null;
  if (run.task === 'regression' && run.predictions === undefined)
    throw rangeError(where, 'a regression has predictions, and there are probabilities');
  return run.task === 'classification' ? classesOf(where, run) : valuesOf(where, run);
}
