// The record from which a report is made.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { isUrl } from '../brands';
import { checkInteger, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { info, version } from '../info';
import { pathOf } from '../io/paths';
import { Module } from '../nn';
import { getRngState } from '../random';
import { type Epochs, epochsOf, type History } from './history';
import type { Matrix, Numbers } from './values';

/** The data file of a run. */
export interface DataRecord {
  /** Its name. */
  file: string;
  /** The SHA-256 of its bytes, in hexadecimal. */
  sha256?: string;
  /** Its size. */
  bytes?: number;
  /** The number of rows that were used. */
  rows?: number;
}

/** A column of the data and its role. */
export interface ColumnRecord {
  /** Its name. */
  name: string;
  /** Its role, such as "number", "text", "target", "dropped". */
  role?: string;
  /** The number of rows without a value. */
  missing?: number;
  /** The known values of a text column. */
  categories?: readonly string[] | null;
  /** The reason for this role. */
  reason?: string | null;
}

/** The contents of a report. Only `fit` is required; what is not given is not shown. */
export interface RunRecord {
  /** The figures of the epochs: the result of `train.fit`. */
  fit: History;
  /** The title of the page ("Training run"). */
  title?: string;
  /** The task; by default "classification" if there are probabilities or class names, else "regression". */
  task?: 'classification' | 'regression';
  /** The true class numbers or values of the rows that were predicted, `[n]` or `[n, 1]`. */
  targets?: Numbers;
  /** The predicted class numbers or values; for a classification by default the most probable classes. */
  predictions?: Numbers;
  /** The probabilities of the classes, `[n, classes]`; for two classes also those of the second only, `[n]` or `[n, 1]`. */
  probabilities?: Matrix | Numbers | null;
  /** The names of the classes; by default their numbers. */
  classNames?: readonly (string | number)[] | null;
  /** Figures of the trained model, by name. */
  metrics?: Readonly<Record<string, number>>;
  /** The same figures over rows that were not used in training. */
  testMetrics?: Readonly<Record<string, number>> | null;
  /** The model, or its printed form and its number of parameters. */
  model?: Module | { text: string; parameters: number };
  /** The data file: its description, or its path, from which the description is made. */
  data?: string | URL | DataRecord;
  /** The name of the predicted quantity. */
  target?: string;
  /** The columns of the data. */
  columns?: readonly ColumnRecord[];
  /** The number of rows of each part of the data. */
  rows?: Readonly<Record<string, number>>;
  /** The options of the run, by name. */
  options?: Readonly<Record<string, unknown>>;
  /** The seed; by default the current one; null: unknown. */
  seed?: number | null;
  /** The version of simdnn that trained; by default this version. */
  version?: string;
  /** The machine; by default as `info()` describes it. */
  machine?: Readonly<Record<string, string | number>>;
  /** When it was started. */
  started?: string;
  /** The best epoch; by default `fit`'s. */
  bestEpoch?: number;
  /** The reason why the training ended; by default `fit`'s. */
  stopped?: string | null;
  /** The duration; by default `fit`'s. */
  seconds?: number;
  /** The number of epochs before, as `initialEpoch` of `train.fit` (0). */
  initialEpoch?: number;
}

/** A checked record. */
export interface CheckedRecord {
  title: string;
  epochs: Epochs;
  initialEpoch: number;
  stopped: string | null;
  seconds: number | null;
  task: 'classification' | 'regression' | null;
  targets: unknown;
  predictions: unknown;
  probabilities: unknown;
  classNames: unknown;
  metrics: [string, number][];
  testMetrics: [string, number][];
  model: { text: string; parameters: number } | null;
  /** A path of which the digest is still to be computed. */
  data: DataRecord | string | null;
  target: string | null;
  columns: Required<ColumnRecord>[];
  rows: [string, number][];
  options: [string, string][];
  seed: number | null;
  version: string;
  machine: [string, string][];
  started: string | null;
}

type Given = { [name in keyof Required<RunRecord>]: unknown };

function textOf(where: string, name: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw typeError(where, `expected ${name} to be a text, got ${describe(value)}`);
  return value;
}

function entriesOf(where: string, name: string, value: unknown): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value))
    throw typeError(where, `expected ${name} to be values by name, got ${describe(value)}`);
  return Object.entries(value).filter(([, one]) => one !== undefined);
}

function figuresOf(where: string, name: string, value: unknown): [string, number][] {
  return entriesOf(where, name, value).map(([key, one]) => {
    if (typeof one !== 'number') throw typeError(where, `expected ${name}.${key} to be a number, got ${describe(one)}`);
    return [key, one];
  });
}

function shown(where: string, name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  try {
    return JSON.stringify(value) ?? describe(value);
  } catch (error) {
    throw typeError(where, `${name} cannot be written: ${(error as Error).message}`);
  }
}

function modelOf(where: string, model: unknown): CheckedRecord['model'] {
  if (model === undefined || model === null) return null;
  if (model instanceof Module) return { text: model.toString(), parameters: model.parameters().reduce((n, { numel }) => n + numel, 0) };
  if (typeof model !== 'object') throw typeError(where, `expected model to be a module, got ${describe(model)}`, 'or { text, parameters }');
  const { text, parameters } = model as Record<string, unknown>;
  return { text: textOf(where, 'model.text', text) ?? '', parameters: checkInteger(where, 'model.parameters', parameters) };
}

function columnsOf(where: string, columns: unknown): Required<ColumnRecord>[] {
  if (columns === undefined || columns === null) return [];
  if (!Array.isArray(columns)) throw typeError(where, `expected columns to be a list, got ${describe(columns)}`);
  return columns.map((column: unknown, i) => {
    if (typeof column !== 'object' || column === null)
      throw typeError(where, `expected columns[${i}] to be { name, role }, got ${describe(column)}`);
    const { name, role, missing, categories, reason } = column as Record<string, unknown>;
    if (typeof name !== 'string') throw typeError(where, `expected columns[${i}].name to be a text, got ${describe(name)}`);
    if (
      categories !== undefined &&
      categories !== null &&
      !(Array.isArray(categories) && categories.every((one) => typeof one === 'string'))
    )
      throw typeError(where, `expected columns[${i}].categories to be a list of texts, got ${describe(categories)}`);
    return {
      name,
      role: textOf(where, `columns[${i}].role`, role) ?? '',
      missing: checkInteger(where, `columns[${i}].missing`, missing ?? 0),
      categories: (categories as string[] | null | undefined) ?? null,
      reason: textOf(where, `columns[${i}].reason`, reason),
    };
  });
}

/** The description of a file from its contents. */
export async function digestOf(path: string): Promise<DataRecord> {
  const [hash, stream] = [createHash('sha256'), createReadStream(path)];
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { file: basename(path), sha256: hash.digest('hex'), bytes };
}

// A path is replaced by the description of its file.
function dataOf(where: string, given: unknown): DataRecord | string | null {
  if (given === undefined || given === null) return null;
  if (typeof given === 'string' || isUrl(given)) return pathOf(where, given);
  if (typeof given !== 'object')
    throw typeError(where, `expected data to be a path, got ${describe(given)}`, 'or { file, sha256, bytes, rows }');
  const { file, sha256, bytes, rows } = given as Record<string, unknown>;
  if (typeof file !== 'string') throw typeError(where, `expected data.file to be a name, got ${describe(file)}`);
  const digest = textOf(where, 'data.sha256', sha256);
  if (digest !== null && !/^[0-9a-f]{64}$/i.test(digest))
    throw rangeError(where, `expected data.sha256 of 64 hexadecimal digits, got ${describe(digest)}`);
  return {
    file,
    ...(digest !== null && { sha256: digest.toLowerCase() }),
    ...(bytes !== undefined && { bytes: checkInteger(where, 'data.bytes', bytes) }),
    ...(rows !== undefined && { rows: checkInteger(where, 'data.rows', rows) }),
  };
}

function seedOf(where: string, seed: unknown): number | null {
  if (seed === null) return null;
  if (seed !== undefined) return checkInteger(where, 'seed', seed);
  const [low, high] = getRngState();
  return high! * 2 ** 32 + (low! >>> 0);
}

function taskOf(where: string, o: Given): CheckedRecord['task'] {
  const has = (value: unknown): boolean => value !== undefined && value !== null;
  if (!has(o.targets) && !has(o.predictions) && !has(o.probabilities)) return null;
  if (!has(o.targets)) throw rangeError(where, 'predictions without targets say nothing', 'targets: the true classes or values');
  if (!has(o.predictions) && !has(o.probabilities))
    throw rangeError(where, 'targets without predictions say nothing', 'predictions, or probabilities');
  if (has(o.task)) return checkOneOf<'classification' | 'regression'>(where, 'task', o.task, ['classification', 'regression']);
  return has(o.probabilities) || has(o.classNames) ? 'classification' : 'regression';
}

/** Throws for a record that cannot be shown. */
export function checkedRecord(where: string, record: unknown): CheckedRecord {
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw typeError(where, `expected the record of a run, got ${describe(record)}`, '{ fit: await train.fit(...) }');
  const none = Object.fromEntries(recordNames.map((name) => [name, undefined])) as unknown as Given;
  const o = withDefaults<Given>(where, record as Given, none);
  if (o.fit === undefined) throw typeError(where, 'expected fit, what train.fit returns');
  const fit = o.fit as History;
  const epochs = epochsOf(where, fit);
  const seconds = o.seconds ?? fit.seconds ?? null;
  if (seconds !== null && typeof seconds !== 'number') throw typeError(where, `expected seconds to be a number, got ${describe(seconds)}`);
  const { flushDenormal: _, targets: __, features: ___, version: ____, ...machine } = info();
  return {
    title: textOf(where, 'title', o.title) ?? 'Training run',
    epochs: { ...epochs, bestEpoch: checkInteger(where, 'bestEpoch', o.bestEpoch ?? epochs.bestEpoch) },
    initialEpoch: checkInteger(where, 'initialEpoch', o.initialEpoch ?? 0),
    stopped: textOf(where, 'stopped', o.stopped ?? fit.stopped),
    seconds,
    task: taskOf(where, o),
    targets: o.targets,
    predictions: o.predictions ?? undefined,
    probabilities: o.probabilities ?? undefined,
    classNames: Array.isArray(o.classNames) ? o.classNames.slice() : o.classNames,
    metrics: figuresOf(where, 'metrics', o.metrics),
    testMetrics: figuresOf(where, 'testMetrics', o.testMetrics),
    model: modelOf(where, o.model),
    target: textOf(where, 'target', o.target),
    columns: columnsOf(where, o.columns),
    rows: figuresOf(where, 'rows', o.rows),
    options: entriesOf(where, 'options', o.options).map(([name, value]) => [name, shown(where, `options.${name}`, value)]),
    seed: seedOf(where, o.seed),
    version: textOf(where, 'version', o.version) ?? version,
    machine: entriesOf(where, 'machine', o.machine ?? machine).flatMap(([name, value]) =>
      value === null ? [] : [[name, shown(where, `machine.${name}`, value)]],
    ),
    started: textOf(where, 'started', o.started),
    data: dataOf(where, o.data),
  };
}

const recordNames: readonly (keyof RunRecord)[] = [
  'fit',
  'title',
  'task',
  'targets',
  'predictions',
  'probabilities',
  'classNames',
  'metrics',
  'testMetrics',
  'model',
  'data',
  'target',
  'columns',
  'rows',
  'options',
  'seed',
  'version',
  'machine',
  'started',
  'bestEpoch',
  'stopped',
  'seconds',
  'initialEpoch',
];
