// What the command line prints, and the files that it writes.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeWhole } from '../io/write';
import { CliError } from './errors';

// Names come from untrusted files: characters that would control a terminal are escaped.
const plain = (text: string): string => text.replace(/[^\P{Cc}\t\n]/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Writes a line to standard output. */
export const say = (line: string): void => void process.stdout.write(`${plain(line)}\n`);

/** Writes a line to standard error. */
export const warn = (line: string): void => void process.stderr.write(`${plain(line)}\n`);

/** Prints a JSON document to standard output, on a single line unless it is a terminal. JSON has no NaN and Infinity; they become null. */
export const sayJson = (value: unknown): void => say(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));

/** A figure with four significant digits. */
export const rounded = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(4))) : String(x));

/** Figures with their names, on one line. */
export const figuresLine = (figures: Readonly<Record<string, number>>): string =>
  Object.entries(figures)
    .map(([name, figure]) => `${name} ${rounded(figure)}`)
    .join(', ');

/** The shortest decimal text that parses to the same float32. */
export function float32Text(x: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return String(short);
  }
  return String(Number(x.toPrecision(9)));
}

/** An integer with separators between thousands. */
export const counted = (n: number, unit: string): string => `${n.toLocaleString('en')} ${unit}${n === 1 ? '' : 's'}`;

/** Aligns lists of cells in columns. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The text of a confusion matrix, with the names of the classes. */
export const confusionText = (matrix: readonly (readonly number[])[], classes: readonly string[]): string =>
  aligned([['target \\ predicted', ...classes], ...matrix.map((row, c) => [classes[c]!, ...row.map(String)])]);

/** A line of a CSV file. */
export const csvLine = (cells: readonly (string | number)[]): string => `${cells.map(csvCell).join(',')}\n`;

const csvCell = (cell: string | number): string => {
  const text = String(cell);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Writes a file completely or not at all. */
export const writeText = (path: string, text: string): Promise<void> => writeWhole(path, [Buffer.from(text)]);

/** Throws if there cannot be a folder at a path. */
export async function checkFolder(path: string): Promise<void> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found === null && dirname(at) !== at) continue;
    if (found !== null && !found.isDirectory()) {
      const which = at === resolve(path) ? 'it' : at;
      throw new CliError(`${path} cannot be written: a folder is wanted, and ${which} is a file`);
    }
    return access(at, constants.W_OK).catch(({ code }: NodeJS.ErrnoException) => {
      throw new CliError(`${path} cannot be written: the folder ${at} refuses (${code})`);
    });
  }
}

/** Throws for paths that cannot be written to, before time is spent on computing what is written there. */
export async function checkPlaces(paths: readonly (string | undefined)[], inputs: readonly string[] = []): Promise<void> {
  // A file can have several paths, so existing files are compared by their inode.
  const nameOf = (path: string): Promise<string> =>
    stat(path).then(
      ({ dev, ino }) => `${dev} ${ino}`,
      () => resolve(path),
    );
  const taken = new Set(await Promise.all(inputs.map(nameOf)));
  for (const path of paths) {
    if (path === undefined) continue;
    const name = await nameOf(path);
    if (taken.has(name)) throw new CliError(`${path} cannot be written: it is read, or written, for something else`);
    taken.add(name);
    const folder = dirname(path);
    await access(folder, constants.W_OK).catch(({ code }: NodeJS.ErrnoException) => {
      throw new CliError(`${path} cannot be written: the folder ${folder} ${code === 'ENOENT' ? 'does not exist' : `refuses (${code})`}`);
    });
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isFolder) throw new CliError(`${path} cannot be written: it is a folder`);
  }
}
