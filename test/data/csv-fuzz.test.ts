// The scanner against Number(), and against csv-parse on random tables.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv, readTable } from '../../src/data';
import { parsed, readNumber } from '../../src/data/csv-number';

const bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;

// What readNumber says of a text, or Number() where it leaves the text to it.
function read(text: string): number {
  const bytes = Buffer.from(text);
  const end = readNumber(bytes, 0, bytes.length, 0x2e);
  if (end < 0) return Number(text);
  expect(end).toBe(bytes.length);
  return parsed[0]!;
}

function agrees(text: string): void {
  const [value, truth] = [read(text), Number(text)];
  if (bits(value) !== bits(truth)) throw new Error(`${text}: ${value}, Number gives ${truth}`);
  if (Number.isInteger(truth) && Math.abs(truth) < 2 ** 53 && value !== truth) throw new Error(`${text}: ${value} is not ${truth}`);
  if (Number.isInteger(value) !== Number.isInteger(truth)) throw new Error(`${text}: ${value}, Number gives ${truth}`);
}

describe('readNumber', () => {
  it.each([
    ...['0', '-0', '+0', '007', '1.', '.5', '-.5', '1e5', '1E-5', '1e+05', '0e999', '-0.0e-999', '1e22', '1e23', '123456789012345'],
    ...[
      '1234567890123456',
      '12345678901234567890',
      '9007199254740993',
      '0.1234567890123456789',
      '3.0000000000000000001',
      '2.9999999999999999',
    ],
    ...[
      '1.00000000000000000000',
      '0.00000000000000000000000000000123',
      '16777217',
      '16777216.999999999999',
      '3.4028235677973366e38',
      '3.4028235e38',
    ],
    ...[
      '1e-45',
      '7e-46',
      '1.4012984643248170e-45',
      '2147483647',
      '2147483648',
      '-2147483648',
      '1.00000005960464477539062500001',
      '1.000000059604644775390625',
    ],
    ...['1.00000005960464477', '1.0000000596046448', '0.30000000000000004', '5e-324', '2e308'],
  ])('%s', agrees);

  it('agrees with Math.fround(Number(text)) on any number in decimals', () => {
    const digits = fc.stringMatching(/^\d{0,22}$/);
    const text = fc
      .tuple(fc.constantFrom('', '-', '+'), digits, fc.boolean(), digits, fc.option(fc.integer({ min: -60, max: 60 })))
      .filter(([, a, , b]) => a !== '' || b !== '')
      .map(([sign, a, , b, e]) => `${sign}${a}${b === '' ? '' : `.${b}`}${e === null ? '' : `e${e}`}`);
    fc.assert(fc.property(text, agrees), { numRuns: 20000 });
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => agrees(String(value))),
      { numRuns: 20000 },
    );
    // Numbers beside the middle of two float32 numbers, where the digits that come last decide.
    fc.assert(
      fc.property(fc.float({ min: 2 ** -20, max: 2 ** 20, noNaN: true }), fc.integer({ min: 5, max: 30 }), (value, places) => {
        const next = new Float32Array(Uint32Array.of(bits(value) + 1).buffer)[0]!;
        agrees(((value + next) / 2).toFixed(places));
      }),
      { numRuns: 20000 },
    );
  });

  it.each(['', '-', '.', '-.', 'e5', '1e', '1e+', 'x', ' 1', '--1'])('finds no number in %j', (text) => {
    const bytes = Buffer.from(text);
    expect(readNumber(bytes, 0, bytes.length, 0x2e)).toBe(-1);
  });
});

const cells = fc.oneof(
  fc.constantFrom('a', 'b c', 'x,y', 'say "so"', 'two\nlines', 'two\r\nlines', 'é', '日本', '1,5', 'w', '', '-', 'None of it'),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }).map(String),
);

const quoted = (text: string, force: boolean): string => (force || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const tables = fc.record({
  width: fc.integer({ min: 1, max: 5 }),
  rows: fc.array(
    fc.tuple(fc.array(cells, { minLength: 5, maxLength: 5 }), fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 2 })),
    {
      minLength: 1,
      maxLength: 12,
    },
  ),
  end: fc.constantFrom('\n', '\r\n', '\r'),
  mark: fc.boolean(),
  last: fc.boolean(),
  piece: fc.integer({ min: 1, max: 40 }),
});

describe('readTable', () => {
  it('finds what csv-parse finds, however the file is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async ({ width, rows, end, mark, last, piece }) => {
        const names = Array.from({ length: width }, (_, i) => `c${i}`);
        const lines = [names.join(',')];
        for (const [values, force, blanks] of rows) {
          // A line without anything is no row of one column.
          const line = values.slice(0, width).map((text, i) => quoted(text, ((force >> i) & 1) === 1 || (width === 1 && text === '')));
          lines.push(line.join(','), ...Array<string>(blanks).fill(''));
        }
        const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${lines.join(end)}${last ? end : ''}`);
        const expected = parse(bytes, { bom: true, columns: true, skip_empty_lines: true, record_delimiter: end }) as Record<
          string,
          string
        >[];
        async function* pieces() {
          for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
        }
        const table = await readTable(pieces(), { text: names });
        expect(table.length).toBe(expected.length);
        for (const name of names) {
          expect(table.texts(name)).toEqual(expected.map((row) => (row[name]!.trim() === '' ? null : row[name])));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('reads the numbers that csv-parse and Number find', async () => {
    const number = fc.oneof(fc.integer().map(String), fc.float({ noNaN: true, noDefaultInfinity: true }).map(String), fc.constant(''));
    const rows = fc.array(fc.tuple(number, number, fc.boolean(), fc.constantFrom('', ' ', '\t')), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        const text = list.map(([a, b, force, space]) => `${space}${quoted(a, force)}${space},${space}${quoted(b, force)}`).join('\n');
        const { x } = await readCsv(Buffer.from(`a,b\n${text}`), { naValues: [] });
        expect(x.toArray()).toEqual(list.map(([a, b]) => [a, b].map((cell) => (cell === '' ? Number.NaN : Math.fround(Number(cell))))));
      }),
      { numRuns: 1000 },
    );
  });
});
