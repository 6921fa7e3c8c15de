// SimpleImputer, Pipeline and ColumnTransformer beside scikit-learn's results, which golden_preparing.py has recorded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as data from '../../../src/data';

const read = <T>(name: string): T => JSON.parse(gunzipSync(readFileSync(join(__dirname, name))).toString());

interface Gaps {
  input: string;
  options: data.SimpleImputerOptions;
  x: data.Cell[][];
  other: data.Cell[][];
  statistics: (string | number | null)[];
  names: string[];
  transformed: data.Cell[][];
  transformedOther: data.Cell[][];
}

describe.each(read<Gaps[]>('imputer.json.gz'))('SimpleImputer $options of $input', (recorded) => {
  const { options, x, other, statistics, names, transformed, transformedOther } = recorded;
  const imputer = new data.SimpleImputer(options).fit(x);
  const rows = (of: data.Cell[][]) => {
    const out = imputer.transform(of);
    return Array.isArray(out) ? out : out.toArray();
  };
  it('learns and gives what scikit-learn does', () => {
    expect(imputer.statistics).toEqual(statistics);
    expect(imputer.getFeatureNamesOut()).toEqual(names);
    expect(rows(x)).toEqual(transformed);
    expect(rows(other)).toEqual(transformedOther);
  });
  it('is the same again from its state', () => {
    expect(data.fromState(JSON.parse(JSON.stringify(data.toState(imputer))))).toEqual(imputer);
  });
});

interface Joined {
  threshold: number;
  remainder: 'drop' | 'passthrough' | 'scale';
  sparse: boolean;
  names: string[];
  out: number[][];
}
const joined = read<{ rows: data.Cell[][]; cases: Joined[] }>('joined.json.gz');
const columns = { age: 0, town: 1, note: 2, size: 3 };
const table = Object.fromEntries(Object.entries(columns).map(([name, c]) => [name, joined.rows.map((row) => row[c]!)]));
const named = (text: string): string => text.replace(/x([0-3])/g, (_, c) => Object.keys(columns)[c]!);

describe.each(joined.cases)('a ColumnTransformer with $remainder below $threshold', ({ threshold, remainder, sparse, names, out }) => {
  const made = (select: (name: keyof typeof columns) => data.ColumnSelection) => {
    const words = new data.Pipeline([
      ['gaps', new data.SimpleImputer({ strategy: 'mostFrequent' })],
      ['hot', new data.OneHotEncoder<data.CsrArray>({ handleUnknown: 'ignore', sparseOutput: true })],
    ]);
    const numbers = new data.Pipeline([
      ['gaps', new data.SimpleImputer({ addIndicator: true })],
      ['scale', new data.StandardScaler()],
    ]);
    return new data.ColumnTransformer<data.CsrArray>(
      [
        ['n', numbers, select('age')],
        ['w', words, select('town')],
        ['t', new data.TfidfVectorizer(), select('note')],
      ],
      { sparseThreshold: threshold, remainder: remainder === 'scale' ? new data.MinMaxScaler() : remainder },
    );
  };
  it.each<[string, data.Features, (name: keyof typeof columns) => data.ColumnSelection]>([
    ['names', table, (name) => name],
    ['lists of names', table, (name) => [name]],
    ['numbers', joined.rows, (name) => columns[name]],
    ['patterns', table, (name) => new RegExp(name.slice(0, 2), 'gy')],
    [
      'functions',
      table,
      (wanted) =>
        ({ name }) =>
          name === wanted,
    ],
    [
      'functions of numbers',
      joined.rows,
      (wanted) =>
        ({ index, kind }) =>
          index === columns[wanted] && (kind === 'number') === (index % 3 === 0),
    ],
  ])('gives what scikit-learn does, of columns by %s', (_, x, select) => {
    const prepare = made(select);
    for (const got of [
      prepare.fitTransform(x),
      prepare.transform(x),
      data.fromState(JSON.parse(JSON.stringify(data.toState(prepare)))).transform(x),
    ]) {
      expect(got instanceof data.CsrArray).toBe(sparse);
      got.toArray().forEach((row: number[], i: number) => {
        row.forEach((value, c) => void expect(Math.abs(value - out[i]![c]!)).toBeLessThanOrEqual(2 ** -23 * Math.max(1, Math.abs(value))));
        expect(row.length).toBe(out[i]!.length);
      });
    }
    expect(prepare.getFeatureNamesOut()).toEqual(x === table ? names.map(named) : names);
    const again = made(select);
    again.loadStateDict(JSON.parse(JSON.stringify(prepare.stateDict())));
    expect(again.transform(x)).toEqual(prepare.transform(x));
  });
});
