import { describe, expect, it } from 'vitest';
import * as data from '../../../src/data';
import { tensor } from '../../../src/ops';

const gaps = tensor([
  [1, 5],
  [Number.NaN, 6],
  [3, 10],
]);

describe('Pipeline', () => {
  const made = () =>
    new data.Pipeline([
      ['gaps', new data.SimpleImputer()],
      ['scale', new data.MinMaxScaler()],
    ]);
  it('does one step after another, and undoes them', () => {
    const pipeline = made();
    expect(pipeline.fitTransform(gaps).toArray()).toEqual([
      [0, 0],
      [0.5, Math.fround(0.2)],
      [1, 1],
    ]);
    expect(pipeline.transform(tensor([[3, 5]])).toArray()).toEqual([[1, 0]]);
    expect(pipeline.getFeatureNamesOut(['a', 'b'])).toEqual(['a', 'b']);
    expect(
      new data.Pipeline([['scale', new data.MinMaxScaler()]])
        .fit(tensor([[1], [3]]))
        .inverseTransform(tensor([[0.5]]))
        .toArray(),
    ).toEqual([[2]]);
    expect(() => pipeline.inverseTransform(gaps)).toThrow('step "gaps" has no inverseTransform');
  });
  it('stays as it was where a step throws', () => {
    const pipeline = new data.Pipeline([
      ['gaps', new data.SimpleImputer({ strategy: 'mostFrequent' })],
      ['scale', new data.MinMaxScaler()],
    ]).fit(gaps);
    const before = JSON.stringify(pipeline.stateDict());
    expect(() => pipeline.fit(['a', 'b'])).toThrow('column 0 holds strings');
    expect(() =>
      pipeline.loadStateDict({
        steps: [
          ['gaps', {}],
          ['scale', {}],
        ],
      }),
    ).toThrow('loadStateDict]');
    expect(() => pipeline.loadStateDict({ steps: [] })).toThrow('expected steps to have 2 elements, got 0');
    expect(JSON.stringify(pipeline.stateDict())).toBe(before);
  });
  it('takes its state again', () => {
    const again = made();
    again.loadStateDict(JSON.parse(JSON.stringify(made().fit(gaps).stateDict())));
    expect(again).toEqual(made().fit(gaps));
  });
  it('refuses what is no step', () => {
    expect(() => new data.Pipeline([])).toThrow('expected a list of [name, transformer]');
    expect(() => new data.Pipeline([['a', 3 as never]])).toThrow('expected step "a" to be a transformer, got 3');
    expect(
      () =>
        new data.Pipeline([
          ['a', new data.MinMaxScaler()],
          ['a', new data.MinMaxScaler()],
        ]),
    ).toThrow('two steps are named "a"');
  });
});

describe('toState and fromState', () => {
  it.each<[string, data.Savable]>([
    ['StandardScaler', new data.StandardScaler({ withMean: false }).fit(gaps)],
    ['MinMaxScaler', new data.MinMaxScaler({ featureRange: [-1, 1], clip: true }).fit(gaps)],
    ['RobustScaler', new data.RobustScaler({ unitVariance: true }).fit(gaps)],
    ['OneHotEncoder', new data.OneHotEncoder({ drop: 'first', handleUnknown: 'ignore' }).fit(gaps)],
    ['OneHotEncoder', new data.OneHotEncoder({ categories: [[1, Number.NaN]], drop: [Number.NaN] }).fit([1, Number.NaN])],
    ['LabelEncoder', new data.LabelEncoder().fit(['b', 'a'])],
    ['SimpleImputer', new data.SimpleImputer({ strategy: 'median' }).fit(gaps)],
    [
      'Pipeline',
      new data.Pipeline([
        ['gaps', new data.SimpleImputer()],
        ['scale', new data.RobustScaler()],
      ]).fit(gaps),
    ],
  ])('keep a %s', (kind, transformer) => {
    const saved = JSON.parse(JSON.stringify(data.toState(transformer)));
    expect(saved.kind).toBe(kind);
    const again = data.fromState(saved);
    expect(again.constructor).toBe(transformer.constructor);
    expect(JSON.parse(JSON.stringify(data.toState(again)))).toEqual(saved);
    if (kind !== 'LabelEncoder' && !(transformer instanceof data.OneHotEncoder)) {
      expect(again.transform(gaps).toArray()).toEqual((transformer as data.StandardScaler).transform(gaps).toArray());
    }
  });
  it('refuse what is not theirs', () => {
    expect(() => data.toState({} as never)).toThrow('[toState] expected a transformer of this library');
    expect(() => data.fromState(null as never)).toThrow('[fromState] expected what toState() gives, got null');
    for (const kind of ['__proto__', 'constructor', 3, undefined]) {
      expect(() => data.fromState({ kind, options: {}, state: {} } as never)).toThrow('[fromState] unknown kind');
    }
    expect(() => data.fromState({ kind: 'MinMaxScaler', options: { clop: 1 }, state: {} })).toThrow('unknown option "clop"');
    let deep: unknown = data.toState(new data.MinMaxScaler());
    for (let i = 0; i < 20; i++) deep = { kind: 'Pipeline', options: [['a', deep]], state: {} };
    expect(() => data.fromState(deep as never)).toThrow('pipelines lie more than 16 deep');
  });
});
