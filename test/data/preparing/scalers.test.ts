// The scalers beside scikit-learn's numbers, which golden.py has recorded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MinMaxScaler, RobustScaler, StandardScaler } from '../../../src/data';
import { tensor } from '../../../src/ops';
import type { Tensor } from '../../../src/tensor';

type Gaps = (number | null)[][];
interface Case {
  kind: 'StandardScaler' | 'MinMaxScaler' | 'RobustScaler';
  options: object;
  input: string;
  learned: Record<string, (number | null)[]>;
  x: Gaps;
  transformed: Gaps;
  other: Gaps;
  transformedOther: Gaps;
}

const cases: Case[] = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'scalers.json.gz'))).toString());
const classes = { StandardScaler, MinMaxScaler, RobustScaler };
const filled = (rows: Gaps): number[][] => rows.map((row) => row.map((value) => value ?? Number.NaN));

/** Whether each number is the other but for rounding to float32 once. */
function close(actual: Tensor, wanted: Gaps): boolean {
  const truth = filled(wanted).flat();
  return (
    actual.numel === truth.length &&
    truth.every((t, i) => {
      const a = actual.data[i]!;
      return Number.isNaN(t) ? Number.isNaN(a) : Math.abs(a - t) <= 2 ** -24 * Math.abs(t) * 1.0001 + 1e-9;
    })
  );
}

describe.each(cases)('$kind $options of $input', ({ kind, options, learned, x, transformed, other, transformedOther }) => {
  const scaler = new classes[kind](options).fit(tensor(filled(x)));
  it('learns what scikit-learn learns', () => {
    for (const [name, values] of Object.entries(learned)) {
      const own = scaler[name as keyof typeof scaler] as unknown as number[];
      expect(own).toHaveLength(values.length);
      values.forEach((value, c) => {
        if (value === null) expect(own[c]).toBeNaN();
        else if (name === 'var' && Math.abs(value) < 1e-20) expect(own[c]).toBeLessThan(1e-20);
        else expect(Math.abs(own[c]! - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value) + (value === 0 ? 1e-12 : 0));
      });
    }
  });
  it('gives what scikit-learn gives', () => {
    expect(close(scaler.transform(tensor(filled(x))), transformed)).toBe(true);
    expect(close(scaler.transform(tensor(filled(other))), transformedOther)).toBe(true);
  });
  it('undoes it', () => {
    const back = scaler.inverseTransform(scaler.transform(tensor(filled(x))));
    filled(x)
      .flat()
      .forEach((value, i) => {
        // One rounding of the scaled value, measured in the column's size and offset.
        if (Number.isNaN(value)) expect(back.data[i]).toBeNaN();
        else
          expect(Math.abs(back.data[i]! - value)).toBeLessThanOrEqual(
            2 ** -21 * Math.max(...filled(x).flat().filter(Number.isFinite).map(Math.abs)),
          );
      });
  });
  it('is the same again from its state', () => {
    const again = new classes[kind](scaler.getParams() as object);
    again.loadStateDict(JSON.parse(JSON.stringify(scaler.stateDict())));
    expect(again).toEqual(scaler);
  });
});

describe.each(Object.values(classes))('%o', (Scaler) => {
  it('takes tables, whose names it keeps', () => {
    const table = {
      columns: ['age', 'height'],
      column: (name: string) => (name === 'age' ? Int32Array.of(30, 40) : Float32Array.of(1, 2)),
    };
    const scaler = new Scaler().fit(table);
    expect(scaler.getFeatureNamesOut()).toEqual(['age', 'height']);
    expect(scaler.transform({ age: [30, 40], height: [1, 2] }).toArray()).toEqual(scaler.transform(table).toArray());
    expect(() => scaler.transform({ height: [1], age: [2] })).toThrow('expected column 0 to be "age", as in fit, got "height"');
    expect(() => scaler.getFeatureNamesOut(['age'])).toThrow('expected inputFeatures to have 2 names, got 1');
    expect(new Scaler().fit(tensor([[1, 2]])).getFeatureNamesOut()).toEqual(['x0', 'x1']);
  });
  it('refuses what it cannot use, and stays as it was', () => {
    const scaler = new Scaler();
    expect(() => scaler.transform(tensor([[1]]))).toThrow(expect.objectContaining({ code: 'SIMDNN_NOT_FITTED' }));
    scaler.fit(
      tensor([
        [1, 2],
        [3, 5],
      ]),
    );
    const before = JSON.stringify(scaler.stateDict());
    expect(() => scaler.fit(tensor([1, 2]))).toThrow('expected x [n, features], got [2]');
    expect(() => scaler.fit([[1, 2], [3]])).toThrow('row 0 has 2 columns, row 1 1');
    expect(() => scaler.fit([['a', 2]])).toThrow('column 0 holds strings');
    expect(() => scaler.fit({ a: [1], b: [1, 2] })).toThrow('column "a" has 1 rows, column "b" 2');
    expect(() => scaler.fit([])).toThrow('x has no rows');
    expect(() => scaler.fit(null as never)).toThrow(TypeError);
    expect(() => scaler.transform(tensor([[1]]))).toThrow('expected x [*, 2], got [1, 1]');
    const state = scaler.stateDict() as Record<string, unknown>;
    for (const [name, wrong] of [
      ['nFeaturesIn', -1],
      ['nFeaturesIn', 3],
      ['nFeaturesIn', 'a'],
      ['featureNamesIn', ['a', 'a']],
      ['featureNamesIn', [1, 2]],
    ]) {
      expect(() => scaler.loadStateDict({ ...state, [name as string]: wrong } as never)).toThrow('loadStateDict]');
    }
    for (const name of Object.keys(state).filter((key) => Array.isArray(state[key]))) {
      for (const wrong of [null, [1], ['a', 'b'], [1, Infinity], 3]) {
        expect(() => scaler.loadStateDict({ ...state, [name]: wrong } as never)).toThrow('loadStateDict]');
      }
    }
    expect(() => scaler.loadStateDict([] as never)).toThrow('expected the object that stateDict() gives, got an array');
    expect(JSON.stringify(scaler.stateDict())).toBe(before);
  });
});

it('options are checked', () => {
  expect(() => new StandardScaler({ withMean: 1 as never })).toThrow('[StandardScaler] expected withMean to be true or false, got 1');
  expect(() => new MinMaxScaler({ featureRange: [1, 1] })).toThrow('expected featureRange to be in ascending order, got [1, 1]');
  expect(() => new MinMaxScaler({ featureRange: [0, Infinity] })).toThrow('expected featureRange to be finite');
  expect(() => new MinMaxScaler({ featureRange: [1] as never })).toThrow('expected featureRange to be a pair of numbers, got an array');
  expect(() => new RobustScaler({ quantileRange: [30, 20] })).toThrow('expected quantileRange to be in ascending order');
  expect(() => new RobustScaler({ quantileRange: [-1, 20] })).toThrow('expected quantileRange to be from 0 to 100, got -1');
  expect(() => new RobustScaler({ quantileRange: [0, 50], unitVariance: true })).toThrow('unitVariance needs two quantiles above 0');
});
