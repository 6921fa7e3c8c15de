import { describe, expect, it } from 'vitest';
import { LabelEncoder, StandardScaler } from '../../src/data';
import { Tensor } from '../../src/tensor';

const floats = (values: number[], shape: number[]): Tensor => Tensor.fromTypedArray(Float32Array.from(values), shape);
const ints = (...values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));

describe('StandardScaler', () => {
  it('divides by the standard deviation of the population', () => {
    const scaler = new StandardScaler();
    // Column 0: mean 2.5, deviation sqrt(1.25); column 1: constant.
    const x = floats([1, 7, 2, 7, 3, 7, 4, 7], [4, 2]);
    const scaled = scaler.fitTransform(x);
    const unit = Math.sqrt(1.25);
    expect(scaled.toArray()).toEqual([-1.5, -0.5, 0.5, 1.5].map((d) => [Math.fround(d / unit), 0]));
    expect(scaler.mean).toEqual([2.5, 7]);
    expect(scaler.scale).toEqual([unit, 1]);
    const back = scaler.inverseTransform(scaled);
    expect(back.shape).toEqual([4, 2]);
    // The scaled values were rounded to float32 once: half a unit of the largest, 1.34, times the scale, and rounded once more.
    expect([...back.data].every((value, i) => Math.abs(value - x.data[i]!) <= 2 ** -22)).toBe(true);
    expect(scaler.transform(floats([2.5, 9], [1, 2])).toArray()).toEqual([[0, 2]]);
  });

  it('keeps its accuracy far from zero', () => {
    const values = Array.from({ length: 1000 }, (_, i) => 2 ** 20 + (i % 2));
    const scaled = new StandardScaler().fitTransform(floats(values, [1000, 1]));
    expect([...scaled.data].every((value, i) => value === (i % 2 === 0 ? -1 : 1))).toBe(true);
    const constant = new StandardScaler().fit(floats(new Array(7).fill(0.1), [7, 1]));
    expect(constant.scale).toEqual([1]);
    expect(constant.transform(floats([0.1], [1, 1])).item()).toBe(0);
  });

  it('gives its state as numbers that JSON keeps', () => {
    const scaler = new StandardScaler().fit(floats([1, 2, 4], [3, 1]));
    const other = new StandardScaler();
    other.loadStateDict(JSON.parse(JSON.stringify(scaler.stateDict())));
    const x = floats([0.3, 9], [2, 1]);
    expect(other.transform(x).toArray()).toEqual(scaler.transform(x).toArray());
    other.stateDict().mean[0] = 100;
    expect(other.mean).toEqual(scaler.mean);
  });

  it('refuses what it cannot use', () => {
    const scaler = new StandardScaler();
    const x = floats([1, 2], [2, 1]);
    expect(() => scaler.transform(x)).toThrow('[StandardScaler.transform] the scaler has not seen data yet\n  hint: call fit(x) first');
    expect(() => scaler.inverseTransform(x)).toThrow(expect.objectContaining({ code: 'SIMDNN_NOT_FITTED' }));
    expect(() => scaler.fit({ town: ['Rome'] })).toThrow('[StandardScaler.fit] column "town" holds strings');
    expect(() => scaler.fit(floats([1], [1]))).toThrow('[StandardScaler.fit] expected x [n, features], got [1]');
    expect(() => scaler.fit(floats([], [0, 2]))).toThrow('[StandardScaler.fit] x has no rows');
    expect(() => scaler.fit(floats([1, 2, 3, Infinity], [2, 2]))).toThrow(
      '[StandardScaler.fit] column 1 has a value that is no finite float32 number in row 1',
    );
    scaler.fit(x);
    expect(() => scaler.transform(floats([1, 2], [1, 2]))).toThrow('[StandardScaler.transform] expected x [*, 1], got [1, 2]');
    expect(() => scaler.loadStateDict({ mean: [1], scale: ['1'] as unknown as number[] })).toThrow(
      '[StandardScaler.loadStateDict] expected scale to be an array of finite numbers, got "1"',
    );
    expect(() => scaler.loadStateDict(null as never)).toThrow('got null');
    expect(() => scaler.loadStateDict({ mean: [1], scale: [1, 2] })).toThrow(
      '[StandardScaler.loadStateDict] expected scale to have 1 elements, got 2',
    );
  });
});

describe('LabelEncoder', () => {
  it('numbers classes in the order of their names', () => {
    const encoder = new LabelEncoder();
    const y = encoder.fitTransform(['dog', 'cat', 'Zebra', 'dog']);
    expect(y.dtype).toBe('int32');
    expect(y.toArray()).toEqual([2, 1, 0, 2]);
    expect(encoder.classes).toEqual(['Zebra', 'cat', 'dog']);
    expect(encoder.inverseTransform(y)).toEqual(['dog', 'cat', 'Zebra', 'dog']);
    expect(encoder.inverseTransform([1])).toEqual(['cat']);
  });

  it('orders numbers by value, also those of tensors', () => {
    expect(new LabelEncoder().fit([10, 9, -1]).classes).toEqual([-1, 9, 10]);
    expect(new LabelEncoder().fitTransform(ints(30, 10, 30)).toArray()).toEqual([1, 0, 1]);
    expect(new LabelEncoder().fit(ints(3, 5)).transform([5]).toArray()).toEqual([1]);
  });

  it('keeps its state', () => {
    const other = new LabelEncoder();
    other.loadStateDict(new LabelEncoder().fit(['b', 'a']).stateDict());
    expect(other.transform(['b']).toArray()).toEqual([1]);
  });

  it('refuses what it does not know', () => {
    const encoder = new LabelEncoder();
    expect(() => encoder.transform(['a'])).toThrow('[LabelEncoder.transform] the encoder has not seen labels yet');
    expect(() => encoder.inverseTransform([0])).toThrow(expect.objectContaining({ code: 'SIMDNN_NOT_FITTED' }));
    encoder.fit(['a', 'b']);
    expect(() => encoder.transform(['a', 'c'])).toThrow(
      '[LabelEncoder.transform] unknown label "c" at position 1\n  hint: the classes are "a", "b"',
    );
    expect(() => encoder.transform([1])).toThrow('unknown label 1 at position 0');
    for (const number of [-1, 2, 0.5]) {
      expect(() => encoder.inverseTransform([number])).toThrow(`expected class numbers from 0 to 1, got ${number} at position 0`);
    }
    expect(() => encoder.fit([])).toThrow('[LabelEncoder.fit] there are no labels');
    expect(() => encoder.fit('ab' as unknown as string[])).toThrow(
      '[LabelEncoder.fit] expected an array of strings or numbers, or a tensor, got "ab"',
    );
    expect(() => encoder.fit(['a', 1])).toThrow('expected labels that are all strings or all numbers, got 1 at position 1');
    expect(() => encoder.fit([1, Number.NaN])).toThrow('[LabelEncoder.fit] the label at position 1 is NaN');
    expect(() => encoder.fit(floats([1, 2], [2, 1]))).toThrow('[LabelEncoder.fit] expected labels [n], got [2, 1]');
    expect(() => encoder.loadStateDict({ classes: ['a', 'a'] })).toThrow('[LabelEncoder.loadStateDict] a class occurs twice');
    expect(() => encoder.loadStateDict(null as never)).toThrow('[LabelEncoder.loadStateDict] expected an array');
  });
});
