import { describe, expect, it } from 'vitest';
import { computeClassWeight, SimpleImputer } from '../../../src/data';
import { tensor } from '../../../src/ops';

const nan = Number.NaN;

describe('SimpleImputer', () => {
  const x = tensor([
    [1, nan, 2],
    [2, nan, 2],
    [nan, nan, 7],
    [4, nan, nan],
    [1, nan, 7],
  ]);
  // scikit-learn 1.9's statistics_; the second column has no value, and is left out.
  it.each([
    [{ strategy: 'mean' }, [2, null, 4.5]],
    [{ strategy: 'median' }, [1.5, null, 4.5]],
    [{ strategy: 'mostFrequent' }, [1, null, 2]],
    [{ strategy: 'constant' }, [0, null, 0]],
    [{ strategy: 'constant', fillValue: -3 }, [-3, null, -3]],
  ] as const)('%j learns %j', (options, statistics) => {
    const imputer = new SimpleImputer(options).fit(x);
    expect(imputer.statistics).toEqual(statistics);
    const [a, , b] = statistics;
    expect(imputer.transform(x).toArray()).toEqual([
      [1, 2],
      [2, 2],
      [a, 7],
      [4, b],
      [1, 7],
    ]);
    expect(imputer.getFeatureNamesOut()).toEqual(['x0', 'x2']);
    const again = new SimpleImputer(imputer.getParams());
    again.loadStateDict(JSON.parse(JSON.stringify(imputer.stateDict())));
    expect(again).toEqual(imputer);
  });
  it('fills strings, of equal counts with the first', () => {
    expect(new SimpleImputer({ strategy: 'mostFrequent' }).fitTransform({ a: ['q', 'b', null, 'b', 'q'] })).toEqual([
      ['q'],
      ['b'],
      ['b'],
      ['b'],
      ['q'],
    ]);
    expect(new SimpleImputer({ strategy: 'constant', missingValues: '?' }).fitTransform(['?', 'b'])).toEqual([['missing_value'], ['b']]);
    expect(
      new SimpleImputer({ strategy: 'mostFrequent' }).fitTransform([
        ['a', 1],
        [null, 1],
        ['a', nan],
      ]),
    ).toEqual([
      ['a', 1],
      ['a', 1],
      ['a', 1],
    ]);
  });
  it('keeps a column without any value where it is asked to, of numbers and of strings', () => {
    const empty = { keepEmptyFeatures: true, strategy: 'mostFrequent' } as const;
    expect(new SimpleImputer({ keepEmptyFeatures: true }).fitTransform(tensor([[nan, 1]])).toArray()).toEqual([[0, 1]]);
    expect(new SimpleImputer(empty).fitTransform({ a: [null, null], b: ['x', null] })).toEqual([
      [0, 'x'],
      [0, 'x'],
    ]);
    const constant = new SimpleImputer({ keepEmptyFeatures: true, strategy: 'constant', fillValue: '?' });
    expect(constant.fitTransform([[null], [null]])).toEqual([['?'], ['?']]);
    expect(constant.transform(['a', null])).toEqual([['a'], ['?']]);
    const marked = { keepEmptyFeatures: true, missingValues: '?' };
    expect(new SimpleImputer({ ...marked, strategy: 'constant' }).fitTransform(['?', '?'])).toEqual([['missing_value'], ['missing_value']]);
    expect(new SimpleImputer({ ...marked, strategy: 'mostFrequent' }).fitTransform(['?', '?']).toString()).toContain('[0.]');
    // What a later column holds must go with the replacement.
    expect(() => new SimpleImputer(empty).fit([[null]]).transform([['a']])).toThrow(
      'column 0 holds strings, in fit it had numbers or no value',
    );
    const dropping = new SimpleImputer().fit(tensor([[nan, 1]]));
    expect(() => new SimpleImputer({ keepEmptyFeatures: true }).loadStateDict(dropping.stateDict())).toThrow(
      'the state drops a column: keepEmptyFeatures is true',
    );
  });
  it('takes another value for missing ones', () => {
    expect(new SimpleImputer({ missingValues: -1 }).fitTransform(tensor([[-1], [2], [4]])).toArray()).toEqual([[3], [2], [4]]);
  });
  it('refuses what it cannot use', () => {
    expect(() => new SimpleImputer().transform(x)).toThrow(expect.objectContaining({ code: 'SIMDNN_NOT_FITTED' }));
    expect(() => new SimpleImputer().fit(['a'])).toThrow('column 0 holds strings, which have no mean');
    expect(() => new SimpleImputer({ strategy: 'constant', fillValue: 1 }).fit(['a'])).toThrow(
      'column 0 holds strings: fillValue 1 is none',
    );
    expect(() => new SimpleImputer({ strategy: 'mode' as never })).toThrow('expected strategy to be one of');
    expect(() => new SimpleImputer({ fillValue: nan })).toThrow('expected fillValue to be a finite number or a string, got NaN');
    expect(() => new SimpleImputer({ missingValues: null as never })).toThrow('expected missingValues to be a number or a string');
    expect(() => new SimpleImputer({ addIndicator: 1 as never })).toThrow('expected addIndicator to be true or false, got 1');
    expect(() => new SimpleImputer({ keepEmptyFeatures: 0 as never })).toThrow('expected keepEmptyFeatures to be true or false, got 0');
    const indicating = new SimpleImputer({ addIndicator: true }).fit(tensor([[1, nan]]));
    for (const indicatorFeatures of [[2], [1, 0], 'x', [0.5]]) {
      expect(() => indicating.loadStateDict({ ...indicating.stateDict(), indicatorFeatures })).toThrow('[SimpleImputer.loadStateDict]');
    }
    expect(indicating.indicatorFeatures).toEqual([1]);
    expect(() => new SimpleImputer().loadStateDict(indicating.stateDict())).toThrow(
      'the state has indicatorFeatures: addIndicator is false',
    );
    const imputer = new SimpleImputer({ strategy: 'mostFrequent' }).fit(['a', 'b']);
    expect(() => imputer.transform([1])).toThrow('column 0 holds numbers, in fit it had strings');
    for (const statistics of [null, [], [{}], [1, 2], [Infinity]]) {
      expect(() => imputer.loadStateDict({ ...imputer.stateDict(), statistics } as never)).toThrow('[SimpleImputer.loadStateDict]');
    }
    expect(imputer.statistics).toEqual(['a']);
  });
});

describe('computeClassWeight', () => {
  it('weighs classes as scikit-learn does', () => {
    // compute_class_weight("balanced", classes=["b", "a"], y=["a", "a", "b", "a", "a"])
    expect(computeClassWeight('balanced', { classes: ['b', 'a'], y: ['a', 'a', 'b', 'a', 'a'] }).toArray()).toEqual([2.5, 0.625]);
    expect(computeClassWeight(null, { classes: [0, 1], y: [1] }).toArray()).toEqual([1, 1]);
    expect(computeClassWeight(new Map([[1, 3]]), { classes: [0, 1], y: tensor(Int32Array.of(1, 0)) }).toArray()).toEqual([1, 3]);
  });
  it('counts rows by their weights', () => {
    // compute_class_weight("balanced", classes=np.array(["b", "a"]), y=np.array(["a", "a", "b", "a", "a"]), sample_weight=[1, 2, 3, 0.5, 0])
    const given = { classes: ['b', 'a'], y: ['a', 'a', 'b', 'a', 'a'] };
    const weights = [1, 2, 3, 0.5, 0];
    const expected = [Math.fround(6.5 / 6), Math.fround(6.5 / 7)];
    for (const sampleWeight of [weights, Float64Array.from(weights), tensor(weights)])
      expect(computeClassWeight('balanced', { ...given, sampleWeight }).toArray()).toEqual(expected);
    expect(() => computeClassWeight('balanced', { ...given, sampleWeight: [1] })).toThrow(
      'expected sampleWeight to have 5 weights, as y has labels, got 1',
    );
    expect(() => computeClassWeight('balanced', { ...given, sampleWeight: [1, 1, 1, 1, -1] })).toThrow(
      'expected sampleWeight to be at least 0, got -1',
    );
    expect(() => computeClassWeight('balanced', { ...given, sampleWeight: 'x' as never })).toThrow(
      'expected sampleWeight to be numbers, got "x"',
    );
    expect(() => computeClassWeight('balanced', { ...given, sampleWeight: [1, 1, 0, 1, 1] })).toThrow(
      'y has no "b": it cannot be balanced',
    );
  });
  it('refuses classes that do not fit', () => {
    expect(() => computeClassWeight('balanced', { classes: [0, 1], y: [0] })).toThrow('y has no 1: it cannot be balanced');
    expect(() => computeClassWeight('balanced', { classes: [0], y: [0, 1] })).toThrow('y has 1, which is not among classes');
    expect(() => computeClassWeight('balanced', { classes: [0, 0], y: [0] })).toThrow('classes has a class twice');
    expect(() => computeClassWeight('even' as never, { classes: [0], y: [0] })).toThrow('expected classWeight to be one of "balanced"');
    expect(() => computeClassWeight(new Map([[2, 1]]), { classes: [0], y: [0] })).toThrow('the weights have 2, which is not among classes');
    expect(() => computeClassWeight('balanced', {} as never)).toThrow('expected classes to be labels, got undefined');
  });
});
