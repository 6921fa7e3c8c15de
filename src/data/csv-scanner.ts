// Parses the bytes of a CSV file, piece by piece, into rows of numbers.
import { describe, rangeError } from '../errors';
import type { Dialect } from './csv-dialect';
import { ColumnKind, type CsvColumn, decimalHint, delimiterHint, givenNames, type Layout, nameOf, namesOf } from './csv-layout';
import { numberOf, parsed, readNumber } from './csv-number';
import { textDecoder } from './csv-text';
import { missingWords, numberLike, otherFormat } from './csv-words';

/** Receives rows: `values` `[rows, columns read]`, with NaN for missing values and the numbers of texts in columns of text, and the line in which each row begins. */
export type TakeRows = (values: Float64Array, lines: Float64Array, rows: number) => void;

// The kinds of cells are those of `ColumnKind`, and two more: cells of columns that are not read, and cells of the first row.
const { number } = ColumnKind;
const leftOut = 3;
const ofFirstRow = 4;

const quote = 0x22;
const lf = 0x0a;
const cr = 0x0d;
const longest = 2 ** 24; // the most bytes of a value
const mostColumns = 2 ** 20;
const blockValues = 2 ** 16;

/** Reads a file that comes in pieces. */
export class CsvScanner {
  /** The file's columns; null before its first row has ended. */
  layout: Layout | null = null;
  /** The number of rows read, without a header. */
  rows = 0;

  private carried: Buffer = Buffer.alloc(0);
  private begun = false;
  /** The line of the next byte, the line in which the row begins, and whether the last byte was a CR. */
  private line = 1;
  private rowLine = 1;
  private afterCr = false;
  /** The number of the next cell in its row. */
  private cell = 0;
  private first: string[] = [];
  private readonly separator: Buffer;
  private readonly point: number;
  private readonly decode: (bytes: Buffer) => string;
  // About the last cell that was found: its bytes, whether any of them is not ASCII, whether it has quotes, and where the next cell begins.
  private from = 0;
  private to = 0;
  private isAscii = true;
  private hasQuotes = false;
  private next = 0;
  private endsRow = false;
  // Rows that have not been handed on yet.
  private kinds = Uint8Array.of(ofFirstRow);
  private width = 0;
  private places = new Int32Array(1);
  private values = new Float64Array(0);
  private lines = new Float64Array(0);
  private filled = 0;

  /** The texts of missing values that are numbers, such as -999. */
  private readonly missingNumbers: ReadonlySet<number>;
  /** `layoutFor` returns the layout for the names of the columns; `blockRows` rows are handed on at a time. */
  constructor(
    private readonly dialect: Dialect,
    private readonly file: string | null,
    private readonly layoutFor: (names: readonly string[]) => Layout,
    private readonly take: TakeRows,
    private readonly blockRows?: number,
  ) {
    this.separator = Buffer.from(dialect.delimiter);
    this.point = dialect.decimal.charCodeAt(0);
    const missing = [...(dialect.missing ?? [])].map((text) => (text === '' ? Number.NaN : Number(text.replace(dialect.decimal, '.'))));
    this.missingNumbers = new Set(missing.filter((value) => !Number.isNaN(value)));
    this.decode = textDecoder(dialect.encoding);
  }

  /** Reads the next piece of the file; its memory may be reused when this returns. */
  push(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const b = this.carried.length === 0 ? bytes : Buffer.concat([this.carried, bytes]);
    let at = 0;
    if (!this.begun) {
      if (b.length < 8) {
        this.carried = Buffer.from(b);
        return;
      }
      at = this.begin(b);
    }
    at = this.scan(b, at, b.length, false);
    if (b.length - at > longest) this.refuse('a value is longer than 16 MiB', 'a quote that is not closed?');
    this.carried = Buffer.from(b.subarray(at));
  }

  /** Reads what is left after the last piece, and hands on the last rows. */
  end(): void {
    const b = this.carried;
    this.scan(b, this.begun ? 0 : this.begin(b), b.length, true);
    this.flush();
    if (this.layout === null) throw rangeError(this.dialect.where, `${nameOf(this.file)} is empty`);
    if (this.rows === 0) throw rangeError(this.dialect.where, `${nameOf(this.file)} has a header, but no rows`);
  }

  /** Throws an error about a row or, if `column` is given, a value in it. */
  refuse(message: string, hint?: string, column?: string, line = this.rowLine): never {
    const at = column === undefined ? `line ${line}` : `line ${line}, column ${describe(column)}`;
    const file = this.file === null ? '' : `\n  file: ${this.file}`;
    throw rangeError(this.dialect.where, `${at}: ${message}${file}`, hint);
  }

  // Where the text begins, behind a byte order mark.
  private begin(b: Buffer): number {
    this.begun = true;
    const known = otherFormat(b);
    if (known !== null) throw rangeError(this.dialect.where, `${nameOf(this.file)} is ${known.kind}, not CSV`, known.hint);
    return b[0] === 0xef && b[1] === 0xbb && b[2] === 0xbf ? 3 : 0;
  }

  // Reads cells from `at` on, and returns where the first incomplete one begins.
  private scan(b: Buffer, at: number, n: number, isLast: boolean): number {
    const { point } = this;
    const separator = this.separator.length === 1 ? this.separator[0]! : -1;
    const tab = separator === 0x09 ? 0x20 : 0x09; // white space that may surround a value
    const blank = separator === 0x20 ? 0x09 : 0x20;
    const { missingNumbers } = this;
    let { kinds, width, places, values, cell } = this;
    let base = this.filled * (this.layout?.read.length ?? 0);
    let i = at;
    for (;;) {
      if (cell === 0) {
        i = this.toNextRow(b, i, n, isLast);
        if (i < 0) {
          i = ~i;
          break;
        }
        if (i >= n) break;
      } else if (i >= n && !isLast) break;
      const column = Math.min(cell, width);
      const kind = kinds[column]!;
      if (kind <= number) {
        let p = i;
        while (p < n && (b[p] === blank || b[p] === tab)) p++;
        const isQuoted = p < n && b[p] === quote;
        let q = readNumber(b, isQuoted ? p + 1 : p, n, point);
        if (q >= 0 && isQuoted) q = q < n && b[q] === quote ? q + 1 : -1;
        if (q >= 0) {
          while (q < n && (b[q] === blank || b[q] === tab)) q++;
          const c = q < n ? b[q]! : -2;
          // If a number may mean a missing value, the cell's text is compared.
          const isPlain = missingNumbers.size === 0 || !missingNumbers.has(parsed[0]!);
          if (isPlain && (c === separator || c === lf || c === cr)) {
            kinds[column] = number;
            values[base + places[column]!] = parsed[0]!;
            cell++;
            i = q + 1;
            if (c === separator) continue;
            i = q;
            this.cell = cell;
            this.endRow(values);
            base = this.filled * this.layout!.read.length;
            cell = 0;
            continue;
          }
        }
      }
      this.cell = cell;
      if (!this.findCell(b, i, n, isLast)) break;
      if (kind !== leftOut) this.takeText(column, this.textOf(b), base);
      cell++;
      i = this.next;
      if (this.endsRow) {
        this.cell = cell;
        this.endRow(values);
        ({ kinds, width, places, values } = this);
        base = this.filled * this.layout!.read.length;
        cell = 0;
      }
    }
    this.cell = cell;
    return i;
  }

  // Skips line ends and empty lines; returns ~i if a line of spaces is incomplete.
  private toNextRow(b: Buffer, at: number, n: number, isLast: boolean): number {
    let i = at;
    let begin = at;
    for (; i < n; i++) {
      const c = b[i]!;
      if (c === lf || c === cr) {
        if (c === cr || !this.afterCr) this.line++;
        this.afterCr = c === cr;
        begin = i + 1;
      } else {
        this.afterCr = false;
        if ((c === 0x20 || c === 0x09) && c !== this.separator[0]) continue;
        this.rowLine = this.line;
        return begin;
      }
    }
    return begin === n || isLast ? n : ~begin;
  }

  // Finds the cell that begins at `at`; returns false if it is incomplete.
  private findCell(b: Buffer, at: number, n: number, isLast: boolean): boolean {
    const first = this.separator[0]!;
    let i = at;
    let ones = 0;
    this.hasQuotes = false;
    while (i < n && (b[i] === 0x20 || b[i] === 0x09) && b[i] !== first) i++;
    if (i < n && b[i] === quote) {
      let lines = 0;
      this.from = ++i;
      for (; ; i++) {
        if (i >= n || (i + 1 >= n && !isLast)) return this.isCut(isLast);
        const c = b[i]!;
        if (c === quote) {
          if (i + 1 >= n || b[i + 1] !== quote) break;
          this.hasQuotes = true;
          i++;
        } else if (c === lf ? b[i - 1] !== cr : c === cr) lines++;
        ones |= c;
      }
      this.to = i++;
      while (i < n && (b[i] === 0x20 || b[i] === 0x09) && b[i] !== first) i++;
      if (i >= n && !isLast) return false;
      const found = this.separatorAt(b, i, n, isLast);
      if (found === undefined) return false;
      if (!found && i < n && b[i] !== lf && b[i] !== cr) {
        this.refuse('there is something between the closing quote and the end of the value', undefined, this.columnName);
      }
      this.line += lines;
      this.endsRow = !found;
      this.next = found ? i + this.separator.length : i;
    } else {
      this.from = i;
      for (; ; i++) {
        if (i >= n) {
          if (!isLast) return false;
          this.endsRow = true;
          break;
        }
        const c = b[i]!;
        if (c === first) {
          const found = this.separatorAt(b, i, n, isLast);
          if (found === undefined) return false;
          if (found) {
            this.endsRow = false;
            break;
          }
        } else if (c === lf || c === cr) {
          this.endsRow = true;
          break;
        }
        ones |= c;
      }
      this.next = this.endsRow ? i : i + this.separator.length;
      while (i > this.from && (b[i - 1] === 0x20 || b[i - 1] === 0x09)) i--;
      this.to = i;
    }
    this.isAscii = ones < 128;
    return true;
  }

  // The piece ends inside quotes.
  private isCut(isLast: boolean): false {
    if (!isLast) return false;
    const at = this.columnName === undefined ? `line ${this.rowLine}` : `line ${this.rowLine}, column ${describe(this.columnName)},`;
    throw rangeError(this.dialect.where, `${nameOf(this.file)} is not a CSV file: in ${at} a quote is not closed`);
  }

  // Whether the separator is at i; undefined if that needs more bytes.
  private separatorAt(b: Buffer, i: number, n: number, isLast: boolean): boolean | undefined {
    const { separator } = this;
    for (let k = 0; k < separator.length; k++) {
      if (i + k >= n) return isLast || k === 0 ? false : undefined;
      if (b[i + k] !== separator[k]) return false;
    }
    return true;
  }

  private get columnName(): string | undefined {
    return this.layout?.names[this.cell];
  }

  // The text of the last cell that was found.
  private textOf(b: Buffer): string {
    let text: string;
    if (this.isAscii) {
      text = b.toString('latin1', this.from, this.to);
    } else {
      try {
        text = this.decode(b.subarray(this.from, this.to));
      } catch {
        this.refuse('the text is not UTF-8', 'encoding: "windows-1252" is what many older programs write', this.columnName);
      }
    }
    return this.hasQuotes ? text.replaceAll('""', '"') : text;
  }

  private takeText(column: number, text: string, base: number): void {
    if (text.includes('\0')) this.refuse('there is a NUL byte', 'a file that is not text, or UTF-16: save it as UTF-8', this.columnName);
    if (this.layout === null) {
      if (this.first.push(text) > mostColumns) this.refuse(`there are more than ${mostColumns} columns`);
      return;
    }
    if (column >= this.width) return; // the row is too long, and is refused at its end
    const place = this.places[column]!;
    if (place >= 0) this.values[base + place] = this.valueOf(column, this.layout.read[place]!, text);
  }

  private valueOf(at: number, column: CsvColumn, given: string): number {
    const { missing, decimal, text: named } = this.dialect;
    const text = given.trim();
    if (text === '' || missing?.has(text)) {
      if (column.isRequired || column.isTarget) {
        const options = [...(column.isRequired ? ['naValues: []'] : []), ...(column.isTarget ? ['targetDtype: "float32"'] : [])];
        this.refuse('the value is missing', `${options.join(' with ')} reads it as NaN`, column.name);
      }
      return Number.NaN;
    }
    if (this.kinds[at] === ColumnKind.text) return this.codeOf(column, given);
    const value = numberOf(decimal === '.' ? text : text.replace('.', '_').replace(',', '.'));
    if (!Number.isNaN(value)) {
      if (!Number.isFinite(Math.fround(value))) this.refuse(`${text} is too large for float32`, undefined, column.name);
      this.kinds[at] = ColumnKind.number;
      return value;
    }
    const word = missingWords.has(text);
    const isText = this.kinds[at] === ColumnKind.open && !word && !numberLike.test(text);
    if (!isText) {
      const name = describe(column.name);
      const hint = word ? `naValues: [${describe(text)}] reads it as missing; ` : decimalHint(text, this.dialect);
      const asText = named === undefined ? `text: [${name}] reads the column as text, ` : '';
      this.refuse(`expected a number, got ${describe(given)}`, `${hint}${asText}drop: [${name}] leaves it out`, column.name);
    }
    this.kinds[at] = ColumnKind.text;
    column.kind = ColumnKind.text;
    return this.codeOf(column, given);
  }

  private codeOf(column: CsvColumn, text: string): number {
    let code = column.codes.get(text);
    if (code === undefined) {
      if (column.isClosed) this.refuse(`${describe(text)} was not in the file before`, undefined, column.name);
      code = column.texts.push(text) - 1;
      column.codes.set(text, code);
    }
    return code;
  }

  private endRow(values: Float64Array): void {
    if (this.layout === null) {
      this.beginRows();
      return;
    }
    if (this.cell !== this.width) this.refuseLength();
    this.lines[this.filled++] = this.rowLine;
    this.rows++;
    if (this.filled * this.layout.read.length >= values.length) this.flush();
  }

  private refuseLength(): never {
    const { dialect, layout, file } = this;
    const message = `line ${this.rowLine} has ${this.cell} value${this.cell === 1 ? '' : 's'}, the ${this.dialect.header === false ? 'first row' : 'header'} ${this.width}${file === null ? '' : `\n  file: ${file}`}`;
    throw rangeError(dialect.where, message, delimiterHint(layout?.names ?? [], dialect));
  }

  // Called after the first row, which has the names or the first values.
  private beginRows(): void {
    const { first, file, dialect } = this;
    const header = namesOf(dialect, first, this.rowLine, file);
    const names = header ?? givenNames(dialect, first.length, this.rowLine, file);
    const layout = this.layoutFor(names);
    this.layout = layout;
    this.first = [];
    this.width = names.length;
    this.places = layout.places;
    this.kinds = new Uint8Array(names.length + 1).fill(leftOut);
    layout.places.forEach((place, at) => {
      if (place >= 0) this.kinds[at] = layout.read[place]!.kind;
    });
    const rows = this.blockRows ?? Math.max(1, Math.floor(blockValues / layout.read.length));
    this.values = new Float64Array(rows * layout.read.length);
    this.lines = new Float64Array(rows);
    if (header !== null) return;
    first.forEach((text, at) => {
      this.cell = at;
      this.takeText(at, text, 0);
    });
    this.cell = names.length;
    this.endRow(this.values);
  }

  private flush(): void {
    if (this.filled === 0) return;
    this.layout!.places.forEach((place, at) => {
      if (place >= 0) this.layout!.read[place]!.kind = this.kinds[at]!;
    });
    this.take(this.values, this.lines, this.filled);
    this.filled = 0;
  }
}
