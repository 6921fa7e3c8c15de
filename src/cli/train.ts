// simdnn train: trains a model on a CSV file.
import { type nn, report } from '../index';
import { exitCodes } from './errors';
import { saveModel } from './model-file';
import { countParameters } from './network';
import { checkPlaces, counted, figuresLine, say, sayJson, warn } from './output';
import { type Prepared, prepare } from './prepare';
import type { RunRecord } from './run-record';
import type { TrainOptions } from './train-options';
import { runTraining } from './training';

/** The options that determine what the command prints. */
export interface OutputOptions {
  json: boolean;
  quiet: boolean;
}

// The first Ctrl-C ends the training, the second one the process.
function interrupts(): { isInterrupted(): boolean; end(): void } {
  let interrupted = false;
  const listener = (): void => {
    interrupted = true;
    process.removeListener('SIGINT', listener);
    warn('\ninterrupted: the training ends here');
  };
  process.on('SIGINT', listener);
  return { isInterrupted: () => interrupted, end: () => void process.removeListener('SIGINT', listener) };
}

/** Runs the command; returns its exit code. */
export async function trainCommand(o: TrainOptions, { json, quiet }: OutputOptions): Promise<number> {
  const { isInterrupted, end } = interrupts();
  const print = json || quiet ? (): void => {} : say;
  try {
    await checkPlaces([o.model, o.checkpoint, o.report], [o.file]);
    if (o.report !== undefined) report.lossCurves({ loss: [0] }); // throws before the training, not after it, if the package that draws is missing
    const prepared = await prepare(o);
    describeData(prepared, o, print);
    const { record, model } = await runTraining(prepared, o, {
      isInterrupted,
      progress: !quiet && (process.stderr.isTTY === true || !json),
      onBegin: (network, batchSize, resumed) => describeModel(network, prepared, o, batchSize, resumed, print),
    });
    const epochs = record.history.loss.length;
    const keeps = o.model !== undefined && epochs > 0; // a model that was interrupted in its first epoch has learned nothing
    if (keeps) await saveModel(o.model!, model);
    const tells = o.report !== undefined && epochs > 0;
    if (tells) await writePage(o.report!, record);
    const files = { model: keeps ? o.model! : null, checkpoint: o.checkpoint ?? null, report: tells ? o.report! : null };
    if (json) {
      const { validation: _, ...summary } = record;
      sayJson({ ...summary, notes: prepared.notes, files });
    } else {
      describeResult(record, keeps, tells, o);
    }
    return record.stopped === 'interrupted' ? exitCodes.interrupted : exitCodes.done;
  } finally {
    end();
  }
}

async function writePage(path: string, { history, classes, validation, ...rest }: RunRecord): Promise<void> {
  const { targets, predictions, probabilities } = validation;
  await report.writeReport(path, { ...rest, fit: history, classNames: classes, targets, predictions, probabilities });
}

type Print = (line: string) => void;

function describeData({ rows, task, columns, labels, train, validation, test, notes }: Prepared, o: TrainOptions, print: Print): void {
  print(`${o.file}: ${counted(rows, 'row')}`);
  const classes = labels === null ? '' : `, ${labels.classes.length} classes: ${shortened(labels.classes.map(String))}`;
  print(`target: ${o.target} (${task}${classes})`);
  const numbers = columns.filter(({ role }) => role === 'number').map(({ name, missing }) => withGaps(name, missing));
  const texts = columns.filter(({ role }) => role === 'text');
  if (numbers.length > 0) print(`numbers: ${shortened(numbers)}`);
  if (texts.length > 0)
    print(`texts: ${shortened(texts.map(({ name, missing, categories }) => withGaps(name, missing, categories!.length)))}`);
  for (const { name, role, reason } of columns) if (role === 'dropped') print(`left out: ${name === '' ? '""' : name} (${reason})`);
  for (const note of notes) print(`note: ${note}`);
  const tested = test === null ? '' : `, ${test.rows.length} to test by`;
  print(`${train.rows.length} rows to learn from, ${validation.rows.length} held out${tested}`);
}

const withGaps = (name: string, missing: number, values?: number): string => {
  const remarks = [...(values === undefined ? [] : [`${values} values`]), ...(missing === 0 ? [] : [`${missing} missing`])];
  return remarks.length === 0 ? name : `${name} (${remarks.join(', ')})`;
};

const shortened = (names: readonly string[]): string =>
  names.length <= 12 ? names.join(', ') : `${names.slice(0, 10).join(', ')}, ... (${names.length})`;

function describeModel(
  network: nn.Sequential,
  prepared: Prepared,
  o: TrainOptions,
  batchSize: number,
  resumed: number,
  print: Print,
): void {
  const sizes = [prepared.train.x.shape[1], ...o.hidden, prepared.labels?.classes.length ?? 1].join('-');
  print(
    `model: ${sizes}, ${counted(countParameters(network), 'parameter')}; ${o.optimizer}, lr ${o.lr}, batches of ${batchSize}, seed ${o.seed}`,
  );
  if (!o.resume) return;
  print(resumed > 0 ? `goes on after epoch ${resumed} of ${o.checkpoint}` : `there is no ${o.checkpoint} yet: begins with the first epoch`);
}

function describeResult(record: RunRecord, keeps: boolean, hasReport: boolean, o: TrainOptions): void {
  const print = say;
  const epochs = record.history.loss.length;
  const why = { earlyStopping: 'no better since', interrupted: 'interrupted', none: 'all that were asked for' }[record.stopped ?? 'none'];
  print(`${counted(epochs, 'epoch')} (${why}) in ${record.seconds.toFixed(1)} s; best: ${record.bestEpoch}`);
  print(`held-out rows: ${figuresLine(record.metrics)}`);
  if (record.testMetrics !== null) print(`test rows: ${figuresLine(record.testMetrics)}`);
  if (keeps) print(`wrote ${o.model}`);
  else print(o.model === undefined ? 'no --model FILE: the model is not kept' : `no epoch has ended: ${o.model} is not written`);
  if (hasReport) print(`wrote ${o.report}`);
  if (record.stopped === 'interrupted' && o.checkpoint !== undefined) print(`--resume goes on from ${o.checkpoint}`);
}
