// OneHotEncoder beside scikit-learn's results, which golden_categories.py has recorded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Cell, OneHotEncoder } from '../../../src/data';
import { tensor } from '../../../src/ops';

interface Case {
  input: string;
  options: { handleUnknown: 'ignore'; drop?: 'first' | 'ifBinary' };
  x: Cell[][];
  other: Cell[][];
  categories: Cell[][];
  dropIdx: (number | null)[] | null;
  transformed: number[][];
  transformedOther: number[][];
  /** Null where no column is left, which scikit-learn refuses. */
  back: Cell[][] | null;
}
const cases: Case[] = JSON.parse(readFileSync(join(__dirname, 'categories.json'), 'utf8'));
const withNull = (rows: readonly (readonly Cell[])[]): Cell[][] => rows.map((row) => row.map((cell) => (Number.isNaN(cell) ? null : cell)));

describe.each(cases)(
  'OneHotEncoder $options of $input',
  ({ options, x, other, categories, dropIdx, transformed, transformedOther, back }) => {
    const encoder = new OneHotEncoder(options).fit(x);
    it('learns and gives what scikit-learn does', () => {
      expect(withNull(encoder.categories)).toEqual(categories);
      expect(encoder.dropIdx).toEqual(dropIdx);
      expect(encoder.transform(x).toArray()).toEqual(transformed);
      expect(encoder.transform(other).toArray()).toEqual(transformedOther);
    });
    it.skipIf(back === null)('undoes it', () => {
      expect(withNull(encoder.inverseTransform(encoder.transform(other)))).toEqual(back);
      expect(withNull(encoder.inverseTransform(encoder.transform(x)))).toEqual(x);
    });
    it('is the same again from its state', () => {
      const again = new OneHotEncoder(encoder.getParams());
      again.loadStateDict(JSON.parse(JSON.stringify(encoder.stateDict())));
      expect(again).toEqual(encoder);
      expect(again.transform(other).toArray()).toEqual(transformedOther);
    });
  },
);

describe('OneHotEncoder', () => {
  it('takes categories and those to drop as they are given', () => {
    const encoder = new OneHotEncoder({ categories: [['b', 'a', 'c']], drop: ['a'] });
    expect(encoder.fitTransform(['a', 'b', 'c']).toArray()).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
    expect(encoder.getFeatureNamesOut(['town'])).toEqual(['town_b', 'town_c']);
    expect(encoder.getFeatureNamesOut()).toEqual(['x0_b', 'x0_c']);
  });
  it('refuses what it does not know, and stays as it was', () => {
    expect(() => new OneHotEncoder().transform(['a'])).toThrow(expect.objectContaining({ code: 'SIMDNN_NOT_FITTED' }));
    const encoder = new OneHotEncoder().fit({ town: ['a', 'b'] });
    const before = JSON.stringify(encoder.stateDict());
    expect(() => encoder.transform({ town: ['c'] })).toThrow(
      '[OneHotEncoder.transform] column "town" has an unknown category "c" in row 0\n  hint: the categories are "a", "b"',
    );
    expect(() => encoder.transform([1])).toThrow('column 0 holds numbers, its categories are strings');
    expect(() => encoder.inverseTransform(tensor([[0, 0]]))).toThrow('row 0 has zeros alone for column 0');
    expect(() => encoder.inverseTransform(tensor([[1]]))).toThrow('expected x [*, 2], got [1, 1]');
    expect(() => encoder.fit([])).toThrow('x has no rows');
    expect(() => encoder.fit([['a'], [1]])).toThrow('column 0: expected strings or numbers, all of one kind, got 1 in row 1');
    expect(() => new OneHotEncoder({ categories: [['a']] }).fit(['b'])).toThrow('unknown category "b" in row 0');
    expect(() => new OneHotEncoder({ categories: [['a', 'a']] })).toThrow('the categories of column 0 have one twice');
    expect(() => new OneHotEncoder({ categories: [[2, 1]] })).toThrow('in ascending order');
    expect(() => new OneHotEncoder({ drop: ['q'] }).fit(['b'])).toThrow('column 0 has no category "q" to drop');
    expect(() => new OneHotEncoder({ drop: 'last' as never })).toThrow('expected drop to be one of "first", "ifBinary", got "last"');
    expect(() => new OneHotEncoder({ handleUnknown: 'warn' as never })).toThrow('expected handleUnknown to be one of "error", "ignore"');
    const state = encoder.stateDict();
    for (const categories of [null, [], [[]], [['a', 'a']], [['a', 1]], [[null, 'a']], [[{}]], ['ab']]) {
      expect(() => encoder.loadStateDict({ ...state, categories } as never)).toThrow('[OneHotEncoder.loadStateDict]');
    }
    for (const dropIdx of [[2], [-1], ['a'], [0, 0], 3]) {
      expect(() => encoder.loadStateDict({ ...state, dropIdx } as never)).toThrow('[OneHotEncoder.loadStateDict]');
    }
    expect(JSON.stringify(encoder.stateDict())).toBe(before);
  });
});
