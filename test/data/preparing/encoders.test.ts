// OrdinalEncoder, and what OneHotEncoder does with rare categories, beside scikit-learn's results, which golden_preparing.py has recorded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Cell, CsrArray, fromState, OneHotEncoder, OrdinalEncoder, type OrdinalEncoderOptions, toState } from '../../../src/data';
import { tensor } from '../../../src/ops';

interface Case {
  kind: 'OrdinalEncoder' | 'OneHotEncoder';
  options: Record<string, unknown>;
  input: string;
  x: Cell[][];
  other: Cell[][];
  categories: Cell[][];
  infrequent: (Cell[] | null)[] | null;
  dropIdx: (number | null)[] | null;
  names: string[];
  transformed: (number | null)[][];
  transformedOther: (number | null)[][];
  /** Null where scikit-learn refuses it. */
  back: Cell[][] | null;
}
const cases: Case[] = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'encoders.json.gz'))).toString());

type Rows = readonly (readonly (Cell | undefined)[])[];
const withNull = (rows: Rows): (Cell | undefined)[][] => rows.map((row) => row.map((cell) => (Number.isNaN(cell) ? null : cell)));

// What scikit-learn undoes otherwise: its number of the rare categories is one too high where a column has missing values, and a dropped rare category
// is looked up among all categories.
const undoneOtherwise = ({ kind, input, infrequent, options }: Case): boolean =>
  infrequent?.some((cells) => cells !== null) === true &&
  (kind === 'OrdinalEncoder' ? input === 'numbers' || input === 'gaps' : options['drop'] !== undefined);

describe.each(cases)('$kind $options of $input', (recorded) => {
  const { kind, options, x, other, back } = recorded;
  const given = options['unknownValue'] === 'NaN' ? { ...options, unknownValue: Number.NaN } : options;
  const encoder = kind === 'OrdinalEncoder' ? new OrdinalEncoder(given) : new OneHotEncoder(given);
  encoder.fit(x);

  it('learns and gives what scikit-learn does', () => {
    expect(withNull(encoder.categories)).toEqual(recorded.categories);
    expect(encoder.infrequentCategories?.map((cells) => cells && withNull([cells])[0]) ?? null).toEqual(recorded.infrequent);
    if (encoder instanceof OneHotEncoder) expect(encoder.dropIdx).toEqual(recorded.dropIdx);
    // Python calls numbers and what is missing otherwise.
    const names = encoder.getFeatureNamesOut().map((name) => name.replace(/_(NaN|null)$/, '_nan'));
    expect(names).toEqual(recorded.names.map((name) => name.replace(/\.0$/, '')));
    expect(withNull(encoder.transform(x).toArray() as number[][])).toEqual(recorded.transformed);
    expect(withNull(encoder.transform(other).toArray() as number[][])).toEqual(recorded.transformedOther);
  });
  it.skipIf(back === null || undoneOtherwise(recorded))('undoes it', () => {
    expect(withNull(encoder.inverseTransform(encoder.transform(other)))).toEqual(back);
  });
  it('is the same again from its state', () => {
    const again = fromState(JSON.parse(JSON.stringify(toState(encoder))));
    expect(again).toEqual(encoder);
    expect(withNull(again.transform(other).toArray())).toEqual(recorded.transformedOther);
  });
  it('gives the same as CSR rows', () => {
    if (kind !== 'OneHotEncoder') return;
    const sparse = new OneHotEncoder<CsrArray>({ ...given, sparseOutput: true }).fit(x);
    const rows = sparse.transform(other);
    expect(rows).toBeInstanceOf(CsrArray);
    expect(rows.toArray()).toEqual(recorded.transformedOther);
    expect(rows.data.every((value) => value === 1)).toBe(true);
    if (back !== null) expect(sparse.inverseTransform(rows)).toEqual(encoder.inverseTransform(encoder.transform(other)));
  });
});

describe('OrdinalEncoder', () => {
  const towns = { town: ['Rome', 'Oslo', null, 'Rome', 'Bonn'] };
  it('undoes rare categories and missing values in one column', () => {
    const encoder = new OrdinalEncoder({ minFrequency: 2, encodedMissingValue: -1 }).fit(towns);
    expect(encoder.transform(towns).toArray()).toEqual([[0], [1], [-1], [0], [1]]);
    expect(encoder.infrequentCategories).toEqual([['Bonn', 'Oslo']]);
    expect(encoder.inverseTransform(tensor([[0], [1], [-1]]))).toEqual([['Rome'], ['infrequent_sklearn'], [null]]);
  });
  it('takes categories as they are given', () => {
    const encoder = new OrdinalEncoder({ categories: [['S', 'M', 'L']] });
    expect(encoder.fitTransform(['L', 'S', 'M']).toArray()).toEqual([[2], [0], [1]]);
    expect(() => encoder.fit(['XL'])).toThrow('[OrdinalEncoder.fit] column 0 has an unknown category "XL" in row 0');
    expect(encoder.getFeatureNamesOut(['size'])).toEqual(['size']);
  });
  it('has columns that are missing altogether', () => {
    const encoder = new OrdinalEncoder();
    expect(encoder.fitTransform(tensor([[Number.NaN], [Number.NaN]])).toArray()).toEqual([[Number.NaN], [Number.NaN]]);
    expect(fromState(toState(encoder)).transform([null]).toArray()).toEqual([[Number.NaN]]);
    expect(encoder.inverseTransform([Number.NaN])).toEqual([[Number.NaN]]);
  });
  it('refuses what it does not know, and stays as it was', () => {
    expect(() => new OrdinalEncoder().transform(['a'])).toThrow(expect.objectContaining({ code: 'SIMDNN_NOT_FITTED' }));
    const encoder = new OrdinalEncoder().fit(towns);
    const before = JSON.stringify(toState(encoder));
    expect(() => encoder.transform({ town: ['Paris'] })).toThrow(
      '[OrdinalEncoder.transform] column "town" has an unknown category "Paris" in row 0',
    );
    expect(() => encoder.transform({ city: ['Rome'] })).toThrow('expected column 0 to be "town", as in fit, got "city"');
    expect(() => encoder.transform({ town: [1] })).toThrow('column "town" holds numbers, its categories are strings');
    expect(() => encoder.fit([])).toThrow('x has no rows');
    for (const number of [3, -1, 0.5, Infinity]) {
      expect(() => encoder.inverseTransform([[number]])).toThrow(/expected numbers of categories from 0 to 2|no finite float32/);
    }
    expect(() => encoder.inverseTransform([[1, 2]])).toThrow('expected x [*, 1], got [1, 2]');
    expect(JSON.stringify(toState(encoder))).toBe(before);
  });
  it.each<[string, OrdinalEncoderOptions, string]>([
    ['an unknown value alone', { unknownValue: 1 }, 'unknownValue goes with handleUnknown: "useEncodedValue"'],
    ['none', { handleUnknown: 'useEncodedValue' }, 'unknownValue goes with handleUnknown'],
    ['a fraction', { handleUnknown: 'useEncodedValue', unknownValue: 0.5 }, 'expected unknownValue to be an integer, got 0.5'],
    ['one that float32 lacks', { encodedMissingValue: 2 ** 24 + 1 }, 'expected encodedMissingValue to be from -16777216 to 16777216'],
    ['a text', { encodedMissingValue: 'x' as never }, 'expected encodedMissingValue to be a number, got "x"'],
    ['another way', { handleUnknown: 'ignore' as never }, 'expected handleUnknown to be one of "error", "useEncodedValue"'],
    ['a frequency of 0', { minFrequency: 0 }, 'expected minFrequency to be at least 5e-324, got 0'],
    ['a frequency of 1.5', { minFrequency: 1.5 }, 'expected minFrequency to be an integer, got 1.5'],
    ['no category', { maxCategories: 0 }, 'expected maxCategories to be at least 1, got 0'],
    ['NaN categories', { maxCategories: Number.NaN }, 'expected maxCategories to be at least 1, got NaN'],
    ['no column', { categories: [] }, 'expected categories to be "auto" or a list of categories for each column'],
    ['unknown options', { sparse: true } as never, 'unknown option "sparse"'],
  ])('refuses %s', (_, options, message) => {
    expect(() => new OrdinalEncoder(options)).toThrow(message);
  });
  it('refuses numbers that are those of categories', () => {
    const unknown = (unknownValue: number) => new OrdinalEncoder({ handleUnknown: 'useEncodedValue', unknownValue });
    expect(() => unknown(1).fit(towns)).toThrow('unknownValue 1 is the number of a category of column "town"');
    expect(unknown(3).fitTransform(towns).toArray()).toEqual([[2], [1], [Number.NaN], [2], [0]]);
    expect(() => new OrdinalEncoder({ encodedMissingValue: 2 }).fit(towns)).toThrow('encodedMissingValue 2 is the number of a category');
    expect(new OrdinalEncoder({ encodedMissingValue: 2 }).fit(['a', 'b', 'c']).categories).toEqual([['a', 'b', 'c']]);
    const few = new OrdinalEncoder({ handleUnknown: 'useEncodedValue', unknownValue: 2, maxCategories: 2 });
    expect(
      few
        .fit(towns)
        .transform({ town: ['Paris'] })
        .toArray(),
    ).toEqual([[2]]);
  });
  it('refuses a state that is none', () => {
    const state = new OrdinalEncoder({ minFrequency: 2 }).fit(towns).stateDict();
    const encoder = new OrdinalEncoder().fit(['a']);
    const before = JSON.stringify(toState(encoder));
    for (const [change, message] of [
      [{ infrequent: [[0, 3]] }, 'expected infrequent[0] to be from 0 to 2, got 3'],
      [{ infrequent: [[1, 0]] }, 'expected infrequent[0] to be in ascending order, got 1, 0'],
      [{ infrequent: [] }, 'expected infrequent to have 1 elements, got 0'],
      [{ infrequent: 3 }, 'expected infrequent to be an array, got 3'],
      [{ categories: [['a', 'a']] }, 'categories[0] has a category twice'],
      [{ categories: [[]] }, 'categories[0] is empty'],
      [{ categories: [[1, 'a']] }, 'all of one kind'],
      [{ nFeaturesIn: -1 }, 'expected nFeaturesIn to be at least 0'],
      [{ nFeaturesIn: 1e9 }, 'nFeaturesIn is 1000000000'],
    ] as const) {
      expect(() => encoder.loadStateDict({ ...state, ...(change as object) })).toThrow(message);
    }
    expect(() => encoder.loadStateDict(null as never)).toThrow('expected the object that stateDict() gives, got null');
    expect(JSON.stringify(toState(encoder))).toBe(before);
  });
});

describe('OneHotEncoder', () => {
  it('refuses to drop a rare category', () => {
    const encoder = new OneHotEncoder({ drop: ['a'], minFrequency: 2 });
    expect(() => encoder.fit(['a', 'b', 'b'])).toThrow('column 0 cannot drop "a", which is rare');
    expect(encoder.fitTransform(['a', 'a', 'b']).toArray()).toEqual([[0], [0], [1]]);
    expect(encoder.inverseTransform([[0], [1]])).toEqual([['a'], ['infrequent_sklearn']]);
  });
  it('undoes dropped rare categories', () => {
    const encoder = new OneHotEncoder({ drop: 'first', maxCategories: 1 }).fit(['a', 'b', 'b']);
    expect(encoder.dropIdx).toEqual([0]);
    expect(encoder.transform(['a', 'b']).shape).toEqual([2, 0]);
    const two = new OneHotEncoder({ drop: 'first', minFrequency: 2 }).fit(['a', 'b', 'b']);
    expect(two.inverseTransform([[0], [1]])).toEqual([['b'], ['infrequent_sklearn']]);
  });
  it('refuses options and states that are none', () => {
    expect(() => new OneHotEncoder({ sparseOutput: 1 as never })).toThrow('expected sparseOutput to be true or false, got 1');
    expect(() => new OneHotEncoder({ minFrequency: '2' as never })).toThrow('expected minFrequency to be a number, got "2"');
    expect(() => new OneHotEncoder({ handleUnknown: 'warn' as never })).toThrow('"error", "ignore", "infrequentIfExist"');
    const encoder = new OneHotEncoder().fit(['a', 'b']);
    expect(() => encoder.loadStateDict({ ...encoder.stateDict(), infrequent: [[2]] })).toThrow('expected infrequent[0] to be from 0 to 1');
    const rare = new OneHotEncoder({ handleUnknown: 'infrequentIfExist', minFrequency: 2 }).fit(['a', 'b', 'b']);
    expect(() => rare.inverseTransform([[0, 0]])).toThrow('row 0 has zeros alone for column 0');
  });
});
