// Writes a page about a run.
import { pathOf } from '../io/paths';
import { writeWhole } from '../io/write';
import { recorder } from '../recorder';
import { drawScores } from './class-scores';
import { confusionMatrix } from './confusion-matrix';
import { type Classes, evaluationOf, type Values } from './evaluation';
import type { Scheme } from './figure';
import type { History } from './history';
import { learningRate } from './learning-rate';
import { lossCurves } from './loss-curves';
import { metricCurves } from './metric-curves';
import { type Cell, figures, folded, type Html, html, page, section, table, verbatim } from './page';
import { predictions } from './predictions';
import { type CheckedRecord, checkedRecord, type DataRecord, digestOf, type RunRecord } from './record';
import { rocCurve } from './roc-curve';
import { counted, grouped, shortNumber } from './text';

const where = 'report.writeReport';
const width = 720;
// The page itself defines how figures look in dark mode.
const scheme: Scheme = 'light';
const mostLines = 500; // the largest number of lines of a table of epochs

/** A run with its evaluated predictions. */
type Known = Omit<CheckedRecord, 'data'> & { data: DataRecord | null };

const duration = (seconds: number): string => {
  if (seconds < 60) return `${shortNumber(Number(seconds.toPrecision(3)))} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
};

const tile = (label: string, value: string): Html => html`<div class="tile"><b>${value}</b><span>${label}</span></div>\n`;

function tilesOf(run: Known, evaluation: Classes | Values | null): Html {
  const { epochs, initialEpoch } = run;
  const best = epochs.bestEpoch - initialEpoch - 1;
  const at = best >= 0 && best < epochs.count ? best : epochs.count - 1;
  const when = best >= 0 && best < epochs.count ? 'best epoch' : 'last epoch';
  const named = (list: readonly (readonly [string, number])[], what: string): Html[] =>
    list.map(([name, value]) => tile(what === '' ? name : `${name}, ${what}`, shortNumber(value)));
  const own: Html[] = [];
  if (run.metrics.length > 0) own.push(...named(run.metrics, 'validation'));
  else if (evaluation?.task === 'classification') own.push(tile('accuracy', shortNumber(evaluation.accuracy)));
  else if (evaluation?.task === 'regression') own.push(...named(evaluation.figures, ''));
  return html`<div class="tiles">
${[
  tile(epochs.bestEpoch > 0 ? `epochs, the best: ${epochs.bestEpoch}` : 'epochs', grouped(epochs.count)),
  tile(`loss, ${when}`, shortNumber(epochs.loss[at]!)),
  ...(epochs.validationLoss === null ? [] : [tile(`validation loss, ${when}`, shortNumber(epochs.validationLoss[at]!))]),
  ...own,
  ...named(run.testMetrics, 'test'),
  ...(run.seconds === null ? [] : [tile('time', duration(run.seconds))]),
]}</div>
`;
}

function alertsOf({ epochs }: Known, evaluation: Classes | Values | null): Html[] {
  const lost = (values: readonly number[]): number => values.filter((value) => !Number.isFinite(value)).length;
  const lines: string[] = [];
  if (lost(epochs.loss) > 0) lines.push(`The loss was NaN or infinite in ${counted(lost(epochs.loss), 'epoch')}.`);
  if (epochs.validationLoss !== null && lost(epochs.validationLoss) > 0)
    lines.push(`The validation loss was NaN or infinite in ${counted(lost(epochs.validationLoss), 'epoch')}.`);
  if (evaluation?.task === 'classification' && evaluation.lost > 0)
    lines.push(`${counted(evaluation.lost, 'row')} whose probabilities are NaN or infinite left out.`);
  return lines.map((text) => html`<p class="alert">${text}</p>\n`);
}

function curvesOf({ epochs, initialEpoch }: Known): string[] {
  const history = {
    ...epochs,
    metrics: Object.fromEntries(epochs.metrics),
    trainMetrics: Object.fromEntries(epochs.trainMetrics),
  } as unknown as History;
  const options = { scheme, width, initialEpoch };
  return [
    lossCurves(history, options),
    ...(epochs.metrics.length + epochs.trainMetrics.length > 0 ? [metricCurves(history, options)] : []),
    ...(epochs.lr === null ? [] : [learningRate(history, options)]),
  ];
}

function evaluationFigures(evaluation: Classes | Values): string[] {
  const options = { scheme, width };
  if (evaluation.task === 'regression') return [predictions(evaluation.preds, evaluation.targets, options)];
  const { confusion, names, scores, roc, rows } = evaluation;
  if (rows === 0) return [];
  const frame = { ...options, title: 'Scores of the classes', height: null, maxClasses: 25 };
  return [
    confusionMatrix(confusion, { ...options, classNames: names }),
    drawScores(where, frame, names, scores),
    ...(roc === null ? [] : [rocCurve(roc.curves, { ...options, classNames: roc.names, areas: roc.areas, ...titleOf(roc.remark) })]),
  ];
}

const titleOf = (remark: string): { title: string } => ({
  title: remark === '' ? 'ROC' : `ROC: ${remark[0]!.toLowerCase()}${remark.slice(1)}`,
});

function evaluationOn(run: Known, evaluation: Classes | Values | null): Html[] {
  if (evaluation === null) return [];
  const rows = evaluation.task === 'classification' ? evaluation.rows : evaluation.preds.length;
  return [
    html`<p class="muted">${counted(rows, 'row')}${run.target === null ? '' : `, ${run.target}`}</p>\n`,
    ...figures(evaluationFigures(evaluation)),
    ...(evaluation.task === 'classification' && evaluation.table !== ''
      ? [folded('Scores of the classes as a table', verbatim(evaluation.table))]
      : []),
    ...(evaluation.task === 'regression'
      ? [
          table(
            [],
            evaluation.figures.map(([name, value]) => [name, shortNumber(value)]),
          ),
        ]
      : []),
  ];
}

function columnsOn({ columns }: Known): Html[] {
  if (columns.length === 0) return [];
  const rows = columns.map(({ name, role, missing, categories, reason }): Cell[] => [
    name,
    role,
    missing,
    categories === null
      ? ''
      : `${counted(categories.length, 'value')}: ${categories.slice(0, 8).join(', ')}${categories.length > 8 ? ', …' : ''}`,
    reason ?? '',
  ]);
  const list = table(['column', 'role', 'missing', 'values', 'reason'], rows);
  return [columns.length > 30 ? folded(`${counted(columns.length, 'column')}`, list) : list];
}

function trainedOn(run: Known): Html[] {
  const facts: [string, Cell][] = [];
  if (run.target !== null) facts.push(['target', run.target]);
  for (const [name, count] of run.rows) facts.push([`${name} rows`, grouped(count)]);
  if (run.model !== null) facts.push(['parameters', grouped(run.model.parameters)]);
  if (run.stopped !== null) facts.push(['ended by', run.stopped]);
  return [
    ...(facts.length > 0 ? [table([], facts)] : []),
    ...(run.model === null || run.model.text === '' ? [] : [verbatim(run.model.text)]),
    ...columnsOn(run),
  ];
}

function repeatOf({ data, seed, version, options, machine, started, classNames }: Known): Html[] {
  const facts: [string, Cell][] = [
    ['simdnn', version],
    ['seed', seed === null ? 'not known' : String(seed)],
  ];
  if (data !== null) {
    facts.push(['data', data.file]);
    if (data.sha256 !== undefined) facts.push(['SHA-256', html`<code>${data.sha256}</code>`]);
    if (data.bytes !== undefined) facts.push(['bytes', grouped(data.bytes)]);
    if (data.rows !== undefined) facts.push(['rows used', grouped(data.rows)]);
  }
  if (Array.isArray(classNames)) {
    const first = classNames.slice(0, 50).join(', ');
    facts.push(['classes', classNames.length > 50 ? `${first}, … (${grouped(classNames.length)})` : first]);
  }
  if (started !== null) facts.push(['started', started]);
  facts.push(['machine', machine.map(([name, value]) => `${name} ${value}`).join(', ')]);
  return [table([], facts), ...(options.length > 0 ? [html`<p><b>Options</b></p>\n`, table([], options)] : [])];
}

function epochsTable({ epochs, initialEpoch }: Known): Html {
  const columns: [string, readonly number[]][] = [['loss', epochs.loss]];
  if (epochs.validationLoss !== null) columns.push(['validation loss', epochs.validationLoss]);
  for (const [name, values] of epochs.metrics) columns.push([name, values]);
  for (const [name, values] of epochs.trainMetrics) columns.push([`${name} (training)`, values]);
  if (epochs.lr !== null) columns.push(['learning rate', epochs.lr]);
  if (epochs.epochSeconds !== null) columns.push(['seconds', epochs.epochSeconds]);
  const step = Math.ceil(epochs.count / mostLines);
  const best = epochs.bestEpoch - initialEpoch - 1;
  const lines = Array.from({ length: epochs.count }, (_, i) => i).filter((i) => i % step === 0 || i === epochs.count - 1 || i === best);
  const title = step === 1 ? 'Epochs as a table' : `Every ${step}th epoch as a table`;
  const cells = lines.map((i): Cell[] => [initialEpoch + i + 1, ...columns.map(([, values]) => shortNumber(values[i]!))]);
  return folded(title, table(['epoch', ...columns.map(([name]) => name)], cells));
}

function pageOf(run: Known, evaluation: Classes | Values | null): string {
  return page(run.title, [
    html`<header><h1>${run.title}</h1><p class="muted">simdnn ${run.version}${run.started === null ? '' : ` · ${run.started}`}</p></header>\n`,
    ...alertsOf(run, evaluation),
    tilesOf(run, evaluation),
    section('Training', [...figures(curvesOf(run)), epochsTable(run)]),
    section('Predictions', evaluationOn(run, evaluation)),
    section('What was trained', trainedOn(run)),
    section('To repeat this run', repeatOf(run)),
  ]);
}

/**
 * Writes a page about a run: the loss, metrics and learning rate of its epochs, the evaluation of its predictions, the model and the data, and what is needed
 * to repeat it.
 *
 * The page is one HTML file without scripts that works offline, light or dark as the reader's system prefers. With `targets` and `probabilities` (or
 * `predictions`) it shows the confusion matrix, the scores of the classes and ROC curves, or predicted over true values, by this library's metrics. The current
 * seed, version and machine are written unless others are given. Everything is as it is at the call, except the digest of the data. The file is written to a
 * temporary file, synced and renamed.
 *
 * It needs the package `echarts`, which is loaded in the first call: a SimdnnError `SIMDNN_PACKAGE` if it is not installed. A TypeError or RangeError, naming
 * it, for a field that cannot be shown; rejects with the system's error if a file cannot be read or written.
 *
 * @example
 * const model = new nn.Linear(2, 2);
 * const [x, y] = [randn([40, 2]), randint(0, 2, [40])];
 * const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 10 });
 * const optimizer = new optim.Adam(model.parameters());
 * const fit = await train.fit(model, { criterion: new nn.CrossEntropyLoss(), optimizer, loader, epochs: 3, progress: false });
 * const probabilities = (await train.predict(model, x)).softmax(1);
 * await report.writeReport('build/run.html', { fit, model, targets: y, probabilities, classNames: ['no', 'yes'] });
 */
export async function writeReport(path: string | URL, record: RunRecord): Promise<void> {
  recorder?.reading(where);
  const target = pathOf(where, path);
  const run = checkedRecord(where, record);
  const evaluation = evaluationOf(where, run);
  const data = typeof run.data === 'string' ? await digestOf(run.data) : run.data;
  await writeWhole(target, [Buffer.from(pageOf({ ...run, data }, evaluation))]);
}
