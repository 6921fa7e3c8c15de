// What a report is made of.

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

/** The file of data that a run learned from. */
export interface DataRecord {
  /** Its name. */
  file: string;
  /** The SHA-256 of its bytes, in hexadecimal. */
  sha256?: string;
  /** Its size. */
  bytes?: number;
  /** How many rows were used. */
  rows?: number;
}

/** What a column of the data is to the model. */
export interface ColumnRecord {
  /** Its name. */
  name: string;
  /** Its role, such as "number", "text", "target", "dropped". */
  role?: string;
  /** Rows without a value in it. */
  missing?: number;
  /** The values that are known of a column of text. */
  categories?: readonly string[] | null;
  /** Why it has this role. */
  reason?: string | null;
}

/** What a report shows. Only `fit` is needed; what is not given is not shown. */
export interface RunRecord {
  /** The figures of the epochs: what `train.fit` returns. */
  fit: History;
  /** What stands above the page ("Training run"). */
  title?: string;
  /** What is predicted; by default "classification" where there are probabilities or class names, else "regression". */
  task?: 'classification' | 'regression';
  /** The true class numbers or values of the rows that the predictions are of, `[n]` or `[n, 1]`. */
  targets?: Numbers;
  /** The predicted class numbers or values; of a classification by default the most probable ones. */
  predictions?: Numbers;
  /** The probabilities of the classes, `[n, classes]`; of two classes also those of the second, `[n]` or `[n, 1]`. */
  probabilities?: Matrix | Numbers | null;
  /** The names of the classes; by default their numbers. */
  classNames?: readonly (string | number)[] | null;
  /** Figures of the trained model by name. */
  metrics?: Readonly<Record<string, number>>;
  /** The same over rows that had no part in the training. */
  testMetrics?: Readonly<Record<string, number>> | null;
  /** The model, or how it is printed and how many numbers it has learned. */
  model?: Module | { text: string; parameters: number };
  /** The file of data: what is known of it, or its path, from which its digest is taken. */
  data?: string | URL | DataRecord;
  /** The name of what is predicted. */
  target?: string;
  /** The columns of the data. */
  columns?: readonly ColumnRecord[];
  /** How many rows the parts of the data have. */
  rows?: Readonly<Record<string, number>>;
  /** All that was chosen for the run, by name. */
  options?: Readonly<Record<string, unknown>>;
  /** The seed of everything random; by default that in force at the call; null: not known. */
  seed?: number | null;
  /** The version of simdnn that trained; by default this one. */
  version?: string;
  /** On what it ran; by default what `info()` says. */
  machine?: Readonly<Record<string, string | number>>;
  /** When it was started. */
  started?: string;
  /** The best epoch; by default that of `fit`. */
  bestEpoch?: number;
  /** What ended the training; by default as `fit` says. */
  stopped?: string | null;
  /** How long it took; by default as `fit` says. */
  seconds?: number;
  /** Epochs that were done before, as `initialEpoch` of `train.fit` (0). */
  initialEpoch?: number;
}

/** A record that was looked at. */
export interface Run {
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
  /** A path: its digest is to be taken. */
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

function modelOf(where: string, model: unknown): Run['model'] {
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

/** What is known of a file by its bytes. */
export async function digestOf(path: string): Promise<DataRecord> {
  const [hash, stream] = [createHash('sha256'), createReadStream(path)];
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { file: basename(path), sha256: hash.digest('hex'), bytes };
}

// A path stands for the file that lies there.
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

function taskOf(where: string, o: Given): Run['task'] {
  const has = (value: unknown): boolean => value !== undefined && value !== null;
  if (!has(o.targets) && !has(o.predictions) && !has(o.probabilities)) return null;
  if (!has(o.targets)) throw rangeError(where, 'predictions without targets say nothing', 'targets: the true classes or values');
  if (!has(o.predictions) && !has(o.probabilities))
    throw rangeError(where, 'targets without predictions say nothing', 'predictions, or probabilities');
  if (has(o.task)) return checkOneOf<'classification' | 'regression'>(where, 'task', o.task, ['classification', 'regression']);
  return has(o.probabilities) || has(o.classNames) ? 'classification' : 'regression';
}

/** Refuses a record that cannot be shown. */
export function runOf(where: string, record: unknown): Run {
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
