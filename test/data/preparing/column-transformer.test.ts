import { describe, expect, it } from 'vitest';
import { ColumnTransformer, fromState, MinMaxScaler, OneHotEncoder, type Part, Pipeline, SimpleImputer, toState } from '../../../src/data';
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
    expect(() => new ColumnTransformer([['n', new MinMaxScaler(), {} as never]])).toThrow(
      'to be a list of names or numbers, a pattern or a function, got an Object',
    );
    const strings = new ColumnTransformer([['n', new SimpleImputer({ strategy: 'mostFrequent' }), ['town']]]);
    expect(() => strings.fit(x)).toThrow('part "n" gives an array, not a tensor');
  });
  it('leaves out, passes on, and takes parts without columns', () => {
    const t = new ColumnTransformer(
      [
        ['a', 'passthrough', ['extra', 'age']],
        ['b', 'drop', 'town'],
        ['c', new OneHotEncoder(), /^none/],
        ['d', new MinMaxScaler(), []],
      ],
      { remainder: 'passthrough', verboseFeatureNamesOut: false },
    );
    expect(t.fitTransform({ ...x, more: [0, 0, 0, 1] }).toArray()).toEqual([
      [7, 1, 0],
      [8, 2, 0],
      [9, 3, 0],
      [10, 5, 1],
    ]);
    expect(t.getFeatureNamesOut()).toEqual(['extra', 'age', 'more']);
    const again = fromState(JSON.parse(JSON.stringify(toState(t))));
    expect(again.transform({ age: [1], town: ['q'], extra: [2], more: [3] }).toArray()).toEqual([[2, 1, 3]]);
    expect(again.getFeatureNamesOut()).toEqual(['extra', 'age', 'more']);
  });
  it('names no two columns alike', () => {
    const parts: Part[] = [
      ['a', 'passthrough', ['age']],
      ['b', new MinMaxScaler(), ['age']],
    ];
    const t = new ColumnTransformer(parts, { verboseFeatureNamesOut: false }).fit(x);
    expect(() => t.getFeatureNamesOut()).toThrow('two columns are named "age"\n  hint: verboseFeatureNamesOut: true');
    expect(new ColumnTransformer(parts).fit(x).getFeatureNamesOut()).toEqual(['a__age', 'b__age']);
  });
  it('leaves its remainder as it was where a part throws', () => {
    const rest = new MinMaxScaler().fit(tensor([[1], [2]]));
    const t = new ColumnTransformer([['w', new MinMaxScaler(), ['age']]], { remainder: rest });
    expect(() => t.fit(x)).toThrow('column "town" holds strings');
    expect(rest.dataMax).toEqual([2]);
    expect(t.fit({ age: [1, 2], extra: [4, 8] }).getFeatureNamesOut()).toEqual(['w__age', 'remainder__extra']);
    expect(rest.dataMax).toEqual([8]);
  });
  it('refuses selections and options that are none', () => {
    const scaler = new MinMaxScaler();
    expect(() => new ColumnTransformer([['n', scaler, [-1]]])).toThrow('expected a column of "n" to be at least 0, got -1');
    expect(() => new ColumnTransformer([['n', 'pass' as never, [0]]])).toThrow('expected step "n" to be a transformer, got "pass"');
    expect(() => new ColumnTransformer([['n', scaler, [0]]], { remainder: 'keep' as never })).toThrow('expected remainder to be one of');
    expect(() => new ColumnTransformer([['n', scaler, [0]]], { remainder: {} as never })).toThrow('to be a transformer, got an Object');
    expect(() => new ColumnTransformer([['n', scaler, [0]]], { sparseThreshold: 2 })).toThrow('expected sparseThreshold to be from 0 to 1');
    expect(() => new ColumnTransformer([['remainder', scaler, [0]]], { remainder: new MinMaxScaler() })).toThrow(
      'a part is named "remainder"',
    );
    const odd = new ColumnTransformer([['n', scaler, (() => 1) as never]]);
    expect(() => odd.fit(x)).toThrow('expected the function that selects columns of "n" to return true or false, got 1');
    expect(() => new ColumnTransformer([['n', scaler, /a/]]).fit(tensor([[1]]))).toThrow('of which "n" selects some by a pattern');
    expect(() => toState(new ColumnTransformer([['n', scaler, /a/]]))).toThrow(
      '[toState] which columns "n" has is known once fit has seen some',
    );
  });
  it('refuses states whose columns are none', () => {
    const t = new ColumnTransformer([['n', new MinMaxScaler(), /age/]]).fit(x);
    const before = JSON.stringify(t.stateDict());
    for (const [change, message] of [
      [{ places: [[3]] }, 'expected places to be from 0 to 2, got 3'],
      [{ places: [3] }, 'expected the state to say which columns "n" has'],
      [{ places: undefined }, 'expected the state to say which columns "n" has'],
      [{ places: [] }, 'expected places to have 1 elements, got 0'],
      [{ sparseOutput: 1 }, 'expected sparseOutput to be true or false, got 1'],
    ] as const) {
      expect(() => t.loadStateDict({ ...t.stateDict(), ...(change as object) })).toThrow(message);
    }
    expect(JSON.stringify(t.stateDict())).toBe(before);
    const saved = toState(t);
    for (const remainder of [null, 3, 'keep', {}]) {
      expect(() => fromState({ ...saved, options: { ...(saved.options as object), remainder } })).toThrow(/fromState\]|remainder/);
    }
  });
});
