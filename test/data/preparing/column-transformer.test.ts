import { describe, expect, it } from 'vitest';
import { ColumnTransformer, MinMaxScaler, OneHotEncoder, Pipeline, SimpleImputer } from '../../../src/data';
import { tensor } from '../../../src/ops';

describe('ColumnTransformer', () => {
  const words = () =>
    new Pipeline([
      ['gaps', new SimpleImputer({ strategy: 'mostFrequent' })],
      ['hot', new OneHotEncoder()],
    ]);
  const made = (remainder: 'drop' | 'passthrough' = 'drop') =>
    new ColumnTransformer(
      [
        ['n', new MinMaxScaler(), ['age']],
        ['w', words(), ['town']],
      ],
      { remainder },
    );
  const x = { town: ['b', null, 'a', 'b'], age: [1, 2, 3, 5], extra: [7, 8, 9, 10] };

  it('joins what its parts give, in their order', () => {
    const t = made();
    expect(t.fitTransform(x).toArray()).toEqual([
      [0, 0, 1],
      [0.25, 0, 1],
      [0.5, 1, 0],
      [1, 0, 1],
    ]);
    expect(t.getFeatureNamesOut()).toEqual(['n__age', 'w__town_a', 'w__town_b']);
    expect(t.transform({ extra: [0], age: [5], town: ['a'] }).toArray()).toEqual([[1, 1, 0]]);
  });
  it('passes on the others', () => {
    const t = made('passthrough').fit(x);
    expect(t.transform({ age: [3], town: ['a'], extra: [4] }).toArray()).toEqual([[0.5, 1, 0, 4]]);
    expect(t.getFeatureNamesOut()).toEqual(['n__age', 'w__town_a', 'w__town_b', 'remainder__extra']);
    const numbered = new ColumnTransformer([['n', new MinMaxScaler(), [1]]], { remainder: 'passthrough' });
    expect(
      numbered
        .fitTransform(
          tensor([
            [4, 1],
            [5, 3],
          ]),
        )
        .toArray(),
    ).toEqual([
      [0, 4],
      [1, 5],
    ]);
  });
  it('takes its state again, and refuses another', () => {
    const t = made().fit(x);
    const again = made();
    again.loadStateDict(JSON.parse(JSON.stringify(t.stateDict())));
    expect(again.transform(x).toArray()).toEqual(t.transform(x).toArray());
    const before = JSON.stringify(t.stateDict());
    for (const parts of [
      null,
      [],
      [
        ['n', {}],
        ['w', {}],
      ],
      [1, 2],
    ]) {
      expect(() => t.loadStateDict({ ...t.stateDict(), parts } as never)).toThrow('loadStateDict]');
    }
    expect(() => t.fit({ age: [1], town: [3], extra: ['a'] }).fit({ age: ['a'], town: ['b'] })).toThrow('column "age" holds strings');
    expect(() => t.loadStateDict(JSON.parse(before))).not.toThrow();
    expect(() => t.transform({ age: [1], town: ['a'] })).toThrow('x has no column "extra"');
  });
  it('refuses what it cannot use', () => {
    expect(() => made().transform(x)).toThrow(expect.objectContaining({ code: 'SIMDNN_NOT_FITTED' }));
    expect(() => made().fit({ town: ['a'] })).toThrow('x has no column "age"');
    expect(() => made().fit(tensor([[1, 2]]))).toThrow('x has no names of columns');
    expect(() => new ColumnTransformer([['n', new MinMaxScaler(), [2]]]).fit(tensor([[1, 2]]))).toThrow('x has no column 2: it has 2');
    expect(() => new ColumnTransformer([['n', new MinMaxScaler(), 'age' as never]])).toThrow('to be a list of names or numbers, got "age"');
    const strings = new ColumnTransformer([['n', new SimpleImputer({ strategy: 'mostFrequent' }), ['town']]]);
    expect(() => strings.fit(x)).toThrow('part "n" gives an array, not a tensor');
  });
});
