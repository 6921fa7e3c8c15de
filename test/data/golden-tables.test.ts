// Awkward CSV files, read as pandas reads them: golden_tables.py wrote down what that is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCsv, readTable } from '../../src/data';

interface Golden {
  name: string;
  bytes: string;
  options: NonNullable<Parameters<typeof readTable>[1]>;
  columns: { name: string; values: (number | string | null)[] }[];
}
const tables = JSON.parse(readFileSync(join(__dirname, 'tables.json'), 'utf8')) as Golden[];

const isText = (values: Golden['columns'][number]['values']): boolean => values.some((value) => typeof value === 'string');
const float32 = (value: number | string | null): number => (value === null ? Number.NaN : Math.fround(value as number));

describe('readTable and pandas find the same in', () => {
  it.each(tables.map((one) => [one.name, one] as const))('%s', async (_, { bytes, options, columns }) => {
    const source = Buffer.from(bytes, 'base64');
    const table = await readTable(source, options);
    expect(table.names).toEqual(columns.map(({ name }) => name));
    for (const { name, values } of columns) {
      if (isText(values)) {
        expect(table.texts(name), name).toEqual(values);
      } else {
        expect(Array.from(table.numbers(name), Math.fround), name).toEqual(values.map(float32));
      }
      expect(table.column(name).missing, name).toBe(values.filter((value) => value === null).length);
    }
    // In one tensor texts are their numbers in the order of their code units, which pandas' categories have as well.
    const { x } = await readCsv(source, { ...options, naValues: options.naValues ?? [] });
    const codes = columns.map(({ values }) => {
      if (!isText(values)) return values.map(float32);
      const sorted = [...new Set(values.filter((value) => value !== null))].sort();
      return values.map((value) => (value === null ? Number.NaN : sorted.indexOf(value)));
    });
    expect(x.toArray()).toEqual(codes[0]!.map((_, row) => codes.map((column) => column[row]!)));
  });

  it('more than a dozen files', () => {
    expect(tables.length).toBeGreaterThan(12);
  });
});
