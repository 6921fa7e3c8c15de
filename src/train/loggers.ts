// Callbacks that write a fit's reports to a file.
import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { checkBoolean, describe, typeError, withDefaults } from '../errors';
import { pathOf } from '../io/paths';
import { readsReport } from '../report-readers';
import { type BeginReport, type Callback, type EpochReport, flush } from './callbacks';
import { LogFile } from './log-file';

/** The options of `csvLogger`. */
export interface CsvLoggerOptions {
  /** Whether to append to an existing file, which keeps its first line (false). */
  append?: boolean;
  /** The separator of fields (","). */
  separator?: string;
}

/** The options of `jsonLogger`. */
export interface JsonLoggerOptions {
  /** Whether to append to an existing file (false). */
  append?: boolean;
}

// The figures of an epoch by name, in the order of the columns.
function figuresOf({ epoch, loss, validationLoss, metrics, trainMetrics, validation = {}, lr, seconds }: EpochReport): [string, number][] {
  const named = (prefix: string, figures: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(figures).map(([name, figure]) => [`${prefix}${name}`, figure]);
  return [
    ['epoch', epoch],
    ['loss', loss],
    ...(validationLoss === undefined ? [] : [['validationLoss', validationLoss] as [string, number]]),
    ...named('', metrics),
    ...named('trainMetrics.', trainMetrics),
    ...Object.entries(validation).flatMap(([set, figures]) => named(`${set}.`, { loss: figures.loss, ...figures.metrics })),
    ['lr', lr],
    ['seconds', seconds],
  ];
}

const isEmpty = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).size === 0;
  } catch {
    return true;
  }
};

// The position in a text at which the lines of epochs after `last` begin; `epochOf` reads a line's epoch. A resumed fit writes these lines again, and also an incomplete
// last line.
function endOf(text: string, last: number, epochOf: (line: string) => number | null): number {
  let end = text.lastIndexOf('\n') + 1;
  while (end > 0) {
    const begin = text.lastIndexOf('\n', end - 2) + 1;
    const epoch = epochOf(text.slice(begin, end));
    if (epoch === null || epoch <= last) break;
    end = begin;
  }
  return end;
}

// A file that is created when the fit begins, or continued if the fit resumes from a checkpoint, and to which a text is appended after each epoch.
class EpochLog implements Callback {
  private isNewFile = true;
  private file: LogFile;

  constructor(
    private readonly path: string,
    private readonly append: boolean,
    private readonly epochOf: (line: string) => number | null,
    private readonly textOf: (report: EpochReport, isFirst: boolean) => string,
  ) {
    this.file = new LogFile(path);
  }

  // A file that cannot be written is an error before the first step.
  async onBegin({ initialEpoch, resumed }: BeginReport): Promise<void> {
    if (resumed && !(await isEmpty(this.path))) {
      const text = await readFile(this.path, 'utf8');
      await truncate(this.path, Buffer.byteLength(text.slice(0, endOf(text, initialEpoch, this.epochOf))));
    }
    if (this.append || resumed) await appendFile(this.path, '');
    else await writeFile(this.path, '');
    this.isNewFile = await isEmpty(this.path);
    this.file = new LogFile(this.path);
  }

  onEpoch(report: EpochReport): Promise<void> | undefined {
    const text = this.textOf(report, this.isNewFile);
    this.isNewFile = false;
    return this.file.append(text);
  }

  [flush](): Promise<void> {
    return this.file.flush();
  }

  static {
    readsReport(EpochLog.prototype.onEpoch);
  }
}

/**
 * Writes a line of figures after each epoch: the epoch, losses, metrics that are single numbers, learning rate and seconds. As `keras.callbacks.CSVLogger`.
 *
 * The first line has the names, which are those of the report, with `trainMetrics.` before those of `trainMetrics` and a validation set's name before its own.
 * A fit with `resume: true` continues the file, and removes the lines of epochs that it does again. Lines of epochs in quick succession are written together,
 * five times a second, before a checkpoint and when the fit ends for whatever reason. The fit rejects if the file cannot be written.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), zeros([8, 1])), { batchSize: 4 });
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const callbacks = [train.csvLogger("build/log.csv")];
 * await train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 3, progress: false, callbacks });
 * const table = await data.readTable("build/log.csv");
 * [table.length, table.names]; // [3, ["epoch", "loss", "lr", "seconds"]]
 */
export function csvLogger(path: string | URL, options: CsvLoggerOptions = {}): Callback {
  const where = 'train.csvLogger';
  const o = withDefaults(where, options, { append: false, separator: ',' });
  if (typeof o.separator !== 'string' || o.separator.length !== 1 || /["\r\n]/.test(o.separator)) {
    throw typeError(where, `expected separator to be one character, no quote or line end, got ${describe(o.separator)}`);
  }
  const field = (value: string | number): string => {
    const text = String(value);
    return text.includes(o.separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (fields: readonly (string | number)[]): string => `${fields.map(field).join(o.separator)}\n`;
  const epochOf = (text: string): number | null => (/^\d/.test(text) ? Number.parseInt(text, 10) : null);
  return new EpochLog(pathOf(where, path), checkBoolean(where, 'append', o.append), epochOf, (report, isFirst) => {
    const figures = figuresOf(report);
    return (isFirst ? line(figures.map(([name]) => name)) : '') + line(figures.map(([, figure]) => figure));
  });
}

/**
 * Writes the report of each epoch as a line of JSON, including metrics that are several numbers; a number that is not finite becomes null. A resumed fit
 * continues the file, as with `csvLogger`.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), zeros([8, 1])), { batchSize: 4 });
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const callbacks = [train.jsonLogger("build/log.jsonl")];
 * const { loss } = await train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 3, progress: false, callbacks });
 * loss.length; // 3
 */
export function jsonLogger(path: string | URL, options: JsonLoggerOptions = {}): Callback {
  const where = 'train.jsonLogger';
  const o = withDefaults(where, options, { append: false });
  const epochOf = (text: string): number | null => {
    const found = /^\{"epoch":(\d+)/.exec(text);
    return found === null ? null : Number(found[1]);
  };
  const textOf = ({ stop: _, ...report }: EpochReport): string => `${JSON.stringify(report)}\n`;
  return new EpochLog(pathOf(where, path), checkBoolean(where, 'append', o.append), epochOf, textOf);
}
