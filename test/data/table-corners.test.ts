// What readers and transformers once took in silence for something else.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { data, tensor } from '../../src';
import { temporaryFolder } from '../temporary';

const bytes = (text: string): Buffer => Buffer.from(text);
const at = (name: string): string => join(temporaryFolder(), name);

describe('missing values that are numbers', () => {
  it.each([
    ['-999', {}, 'a,b\n1,2\n-999,3\n7,"-999"\n'],
    ['-999', { header: false }, '1,2\n-999,3\n7,-999\n'],
    ['-999,5', { delimiter: ';', decimal: ',' as const }, 'a;b\n1;2\n-999,5;3\n7;-999,5\n'],
  ])('%s, %o', async (naValues, options, text) => {
    const { x } = await data.readCsv(bytes(text), { ...options, naValues });
    expect(x.toArray()).toEqual([
      [1, 2],
      [NaN, 3],
      [7, NaN],
    ]);
  });

  it('is missing as it is written, another way of writing the number is not', async () => {
    const { x } = await data.readCsv(bytes('a\n0\n0.0\n1\n'), { naValues: '0' });
    expect(x.toArray()).toEqual([[NaN], [0], [1]]);
  });
});

describe('targets', () => {
  it.each(['1,1.00000000001\n2,3\n', '1,16777217.5\n2,3\n'])(
    'with a fraction that float32 rounds away are no classes: %j',
    async (rows) => {
      expect((await data.readCsv(bytes(`a,b\n${rows}`), { target: 'b' })).y!.dtype).toBe('float32');
      await expect(data.readCsv(bytes(`a,b\n${rows}`), { target: 'b', targetDtype: 'int32' })).rejects.toThrow(/int32/);
    },
  );

  it.each([
    ['a fraction', 'a,b\n1,0.5\n2,1\n', /has changed: a target is 0.5/],
    ['beyond int32', 'a,b\n1,4000000000\n2,1\n', /has changed: a target is 4000000000/],
    ['more rows', `a,b\n${'1,0\n'.repeat(5)}`, /has changed: it had 2 rows/],
    ['fewer rows', 'a,b\n1,0\n', /has changed: it had 2 rows/],
  ])('of a file that has changed between two epochs are refused: %s', async (_, text, message) => {
    const path = at('changing.csv');
    writeFileSync(path, 'a,b\n1,0\n2,1\n');
    const batches = await data.csvBatches(path, { target: 'b', batchSize: 1 });
    expect([...batches].map(([x, y]) => [x!.item(), y!.item()])).toEqual([
      [1, 0],
      [2, 1],
    ]);
    writeFileSync(path, text);
    expect(() => [...batches]).toThrow(message);
  });
});

describe('tables', () => {
  it('have a hole in an array for a missing text', () => {
    // biome-ignore lint/suspicious/noSparseArray: that is what is tried
    expect(new data.Table({ c: ['b', , 'a'] as string[] }).texts('c')).toEqual(['b', null, 'a']);
  });

  it('are not made of maps', () => {
    expect(() => new data.Table(new Map([['a', Float32Array.of(1)]]) as never)).toThrow(/expected an object of columns/);
  });

  it('go into transformers', () => {
    const table = new data.Table({ age: Float32Array.of(1, 3), town: ['Oslo', 'Rome'] });
    const prepare = new data.ColumnTransformer([
      ['numbers', new data.StandardScaler(), ['age']],
      ['words', new data.OneHotEncoder(), ['town']],
    ]);
    expect(prepare.fitTransform(table).toArray()).toEqual([
      [-1, 1, 0],
      [1, 0, 1],
    ]);
  });
});

describe('transformers', () => {
  it('take the columns of a part in the order in which they are named', () => {
    const x = { 1: [0, 5, 10], 2: [10, 0, 10] };
    const part = new data.ColumnTransformer([['range', new data.MinMaxScaler(), ['2', '1']]]);
    expect(part.fitTransform(x).toArray()).toEqual([
      [1, 0],
      [0, 0.5],
      [1, 1],
    ]);
    expect(part.getFeatureNamesOut()).toEqual(['range__2', 'range__1']);
    const twice = new data.ColumnTransformer([['range', new data.MinMaxScaler(), [0, 0]]]);
    expect(() => twice.fitTransform(tensor([[1], [2]]))).toThrow(/two columns "x0"/);
  });

  it('refuse what stands for no category, and numbers that float32 has not', () => {
    const encoder = new data.OneHotEncoder().fit([['a'], ['b']]);
    expect(() => encoder.inverseTransform(tensor([[NaN, 0]]))).toThrow(/NaN/);
    const labels = new data.LabelEncoder().fit(['a', 'b']);
    for (const odd of ['length', '0', 0.5]) expect(() => labels.inverseTransform([odd as number])).toThrow(/expected class numbers/);
    expect(() => new data.StandardScaler().fit([[1e200], [3e200]])).toThrow(/no finite float32 number in row 0/);
    const state = {
      kind: 'ColumnTransformer',
      options: { parts: [['range', data.toState(new data.MinMaxScaler()), [0]]], remainder: 'passthrough' },
      state: { nFeaturesIn: 2 ** 50, featureNamesIn: null },
    };
    expect(() => data.fromState(state as never)).toThrow(RangeError);
  });
});
