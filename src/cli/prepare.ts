// From a file to tensors: chooses columns, splits rows, fills in missing values, scales numbers, and encodes texts and classes.
import { data, type Tensor } from '../index';
import { columnsOf } from './columns';
import { CliError } from './errors';
import { makeInputs } from './network';
import { counted } from './output';
import type { ColumnRecord } from './run-record';
import { digestOf, readTableWithText, rowsOf } from './table';
import { knownRows, labelsOf, type Scale, scaled, scaleOf, type Task, taskOf } from './target';
import type { TrainOptions } from './train-options';

/** The rows of one split of the data, ready for a network. */
export interface PreparedRows {
  /** Their numbers in the table, from 0. */
  rows: Int32Array;
  x: Tensor;
  /** Classes int32 `[n]`, or values in units of the scale `[n, 1]`. */
  y: Tensor;
  /** Classes, or values in the target's own unit. */
  targets: number[];
}

/** A file, ready for training. */
export interface Prepared {
  table: data.Table;
  digest: { sha256: string; bytes: number };
  rows: number;
  task: Task;
  columns: ColumnRecord[];
  inputs: data.ColumnTransformer;
  labels: data.LabelEncoder | null;
  scale: Scale | null;
  targetIsText: boolean;
  train: PreparedRows;
  validation: PreparedRows;
  test: PreparedRows | null;
  /** Remarks for whoever reads the summary. */
  notes: string[];
}

type Split = readonly [learned: Int32Array, heldOut: Int32Array];

// The split is stratified by class if each class has enough rows.
function split(rows: Int32Array, share: number, classes: readonly data.Label[] | null, seed: number, notes: string[]): Split {
  const counts = new Map<data.Label, number>();
  for (const label of classes ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
  const heldOut = Math.ceil(share * rows.length);
  const smallest = Math.min(...counts.values());
  const stratifies = classes !== null && smallest >= 2 && Math.min(heldOut, rows.length - heldOut) >= counts.size;
  if (classes !== null && !stratifies) {
    const reason = smallest < 2 ? 'a class has a single row' : 'there are more classes than rows held out';
    notes.push(`${reason}: rows are held out without regard to their classes`);
  }
  const stratify = stratifies ? { stratify: classes } : {};
  return data.trainTestSplit(rows, { testSize: share, seed, ...stratify } as data.TrainTestSplitOptions) as unknown as Split;
}

/** Reads and prepares a file. Preprocessing is fitted on the training rows only. */
export async function prepare(o: TrainOptions): Promise<Prepared> {
  const { file, target, seed } = o;
  if (o.drop.includes(target)) throw new CliError(`the target "${target}" cannot be left out`);
  if (o.columns.includes(target)) throw new CliError(`the target "${target}" cannot be an input as well`);
  const columns = o.columns.length > 0 ? { columns: [...o.columns, target] } : {};
  const digest = await digestOf(file);
  const table = await readTableWithText(file, o.dialect, { ...columns, drop: o.drop }, o.text);
  if (!table.names.includes(target)) {
    const [only] = table.names;
    const delimiter = table.names.length === 1 ? [';', '\t', '|'].find((mark) => only!.includes(mark)) : undefined;
    const hint = delimiter === undefined ? `its columns are ${listed(table.names)}` : `--delimiter ${JSON.stringify(delimiter)}`;
    throw new CliError(`${file} has no column "${target}" to learn`, hint);
  }
  const notes: string[] = [];
  const column = table.column(target);
  const task = taskOf(table, target, o.task);
  const known = knownRows(column);
  const unknown = table.length - known.length;
  if (unknown > 0) notes.push(`${counted(unknown, 'row')} without ${target} left out`);
  if (known.length < 4)
    throw new CliError(`${file} has ${counted(known.length, 'row')} with a value in "${target}": too few to learn from`);
  const classesOf = (rows: Int32Array): data.Label[] | null => (task === 'classification' ? labelsOf(table, target, rows) : null);
  const labels = task === 'classification' ? new data.LabelEncoder().fit(labelsOf(table, target, known)) : null;
  const distinct = labels?.classes.length ?? new Set(labelsOf(table, target, known, false)).size;
  if (distinct === 1) throw new CliError(`column "${target}" has one value in all rows: there is nothing to learn`);

  const [rest, testRows] = o.test > 0 ? split(known, o.test, classesOf(known), seed, notes) : [known, null];
  const [trainRows, validationRows] = split(rest, o.validation / (1 - o.test), classesOf(rest), seed, notes);
  const records = columnsOf(table, trainRows, { target, asked: o.columns, dropped: o.drop });
  const named = (role: ColumnRecord['role']): string[] => records.filter((one) => one.role === role).map(({ name }) => name);
  const [numbers, texts] = [named('number'), named('text')];
  if (numbers.length + texts.length === 0) {
    const reasons = records.flatMap(({ name, reason }) => (reason === null ? [] : [`"${name}" (${reason})`]));
    const left = reasons.length > 0 ? `: left out are ${reasons.join(', ')}` : '';
    throw new CliError(`${file} has no column besides "${target}" to learn from${left}`);
  }
  const inputs = makeInputs(numbers, texts);
  inputs.fit(rowsOf(table, [...numbers, ...texts], trainRows));
  const valuesOf = (rows: Int32Array): number[] => labelsOf(table, target, rows, false) as number[];
  const scale = task === 'regression' ? scaleOf(valuesOf(trainRows)) : null;
  const part = (rows: Int32Array): PreparedRows => {
    const x = inputs.transform(rowsOf(table, [...numbers, ...texts], rows));
    const y = labels === null ? scaled(valuesOf(rows), scale!) : labels.transform(labelsOf(table, target, rows));
    return { rows, x, y, targets: labels === null ? valuesOf(rows) : Array.from(y.data) };
  };
  return {
    table,
    digest,
    rows: known.length,
    task,
    columns: records,
    inputs,
    labels,
    scale,
    targetIsText: column.kind === 'text',
    train: part(trainRows),
    validation: part(validationRows),
    test: testRows === null ? null : part(testRows),
    notes: [...new Set(notes)],
  };
}

const listed = (names: readonly string[]): string =>
  names
    .slice(0, 30)
    .map((name) => JSON.stringify(name))
    .join(', ') + (names.length > 30 ? `, ... (${names.length})` : '');
