// Texts that stand where a number belongs, and the beginnings of files that are not CSV.

/** Words that programs write for a missing value. A column whose first value is such a word is not assumed to be text. */
export const missingWords: ReadonlySet<string> = new Set([
  ...['NA', 'N/A', 'n/a', 'na', '#N/A', '#NA', '<NA>', 'NaN', 'nan', '-NaN', '-nan', 'NAN', 'NULL', 'null', 'Null', 'None', 'none', 'nil'],
  ...['?', '-', '--', '.', '#N/A N/A', '#DIV/0!', '#VALUE!', '1.#IND', '1.#QNAN', '-1.#IND', '-1.#QNAN', '\\N'],
]);

/** Texts that were probably meant as numbers: "0x1f", "Infinity", "1 000", "1,5", "1e", "5 %". */
export const numberLike = /^(0x[\da-f]+|[+-]?inf(inity)?|[+-]?(?=[.,]*\d)[\d.,' \u00a0\u202f]*(e[+-]?\d*)?\s*%?)$/i;

const beginnings: { bytes: number[]; kind: string; hint: string }[] = [
  { bytes: [0xff, 0xfe], kind: 'UTF-16', hint: 'save it as UTF-8' },
  { bytes: [0xfe, 0xff], kind: 'UTF-16', hint: 'save it as UTF-8' },
  { bytes: [...Buffer.from('PAR1'), 0x15], kind: 'a Parquet file', hint: 'data.readParquet(path)' },
  { bytes: [...Buffer.from('ARROW1')], kind: 'an Arrow file', hint: 'data.fromArrow(tableFromIPC(bytes)), with the package apache-arrow' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], kind: 'a ZIP archive, as spreadsheets are', hint: 'save the table as CSV' },
  { bytes: [0x1f, 0x8b], kind: 'compressed by gzip', hint: 'createReadStream(path).pipe(createGunzip()) is a stream to be read' },
];

/** The format of a file that begins like this, or null if it may be CSV. */
export function otherFormat(b: Uint8Array): { kind: string; hint: string } | null {
  return beginnings.find(({ bytes }) => bytes.every((byte, i) => b[i] === byte)) ?? null;
}
