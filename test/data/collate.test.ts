import { describe, expect, expectTypeOf, it } from 'vitest';
import { DataLoader, defaultCollate } from '../../src/data';
import { Tensor } from '../../src/tensor';

const ints = (...values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));
const of = (t: Tensor): unknown => [t.dtype, t.toArray()];

describe('defaultCollate', () => {
  it('makes whole numbers int32, others float32', () => {
    expect(of(defaultCollate([1, -2, 3]))).toEqual(['int32', [1, -2, 3]]);
    expect(of(defaultCollate([1, 2.5]))).toEqual(['float32', [1, 2.5]]);
    expect(of(defaultCollate([2 ** 31]))).toEqual(['float32', [2 ** 31]]);
    expect(of(defaultCollate([-(2 ** 31), 2 ** 31 - 1]))).toEqual(['int32', [-(2 ** 31), 2 ** 31 - 1]]);
    expect(of(defaultCollate([1, Number.NaN]))).toEqual(['float32', [1, Number.NaN]]);
    expect(of(defaultCollate([1, Infinity]))).toEqual(['float32', [1, Infinity]]);
    expect(of(defaultCollate([true, false]))).toEqual(['int32', [1, 0]]);
  });

  it('stacks typed arrays', () => {
    expect(of(defaultCollate([Float32Array.of(1, 2), Float32Array.of(3, 4)]))).toEqual([
      'float32',
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(of(defaultCollate([Float64Array.of(0.1)]))).toEqual(['float32', [[Math.fround(0.1)]]]);
    expect(of(defaultCollate([Uint8Array.of(255), Uint8Array.of(0)]))).toEqual(['int32', [[255], [0]]]);
  });

  it('keeps the structure of items', () => {
    const batch = defaultCollate([
      { x: [ints(1, 2), 0.5] as [Tensor, number], y: 1 },
      { x: [ints(3, 4), 1] as [Tensor, number], y: 0 },
    ]);
    expectTypeOf(batch).toEqualTypeOf<{ x: [Tensor, Tensor]; y: Tensor }>();
    expect([batch.x.map(of), of(batch.y)]).toEqual([
      [
        [
          'int32',
          [
            [1, 2],
            [3, 4],
          ],
        ],
        ['float32', [0.5, 1]],
      ],
      ['int32', [1, 0]],
    ]);
  });

  it('names items that make no batch', () => {
    const made =
      (...items: unknown[]) =>
      () =>
        defaultCollate(items);
    expect(made()).toThrow('[defaultCollate] expected a list of items, got an empty one');
    expect(() => defaultCollate(5 as unknown as number[])).toThrow('[defaultCollate] expected a list of items, got 5');
    expect(made({ a: 1 }, { b: 1 })).toThrow('[DataLoader] one item is { a }, another { b }');
    expect(made({ a: 1 }, [1])).toThrow('[DataLoader] one item is { a }, another an array');
    expect(made({ a: [1, 2] }, { a: [1] })).toThrow('"a" of an item is a tuple of 2, another one of 1');
    expect(made({ a: 'x' })).toThrow('"a" of an item is "x": expected a tensor or a number');
    expect(made(true, 1)).toThrow('an item is a boolean in one item, 1 in another');
    expect(made(1, undefined)).toThrow('an item is a number in one item, undefined in another');
    expect(made(Float32Array.of(1), Float32Array.of(1, 2))).toThrow('is a Float32Array of 1 in one item, a Float32Array of 2 in another');
    expect(made(Float32Array.of(1), Int32Array.of(1))).toThrow('an Int32Array of 1 in another');
    expect(made(BigInt64Array.of(1n))).toThrow('expected a tensor or a number');
  });
});

describe('the numbers of a loader', () => {
  const loader = (values: number[]) => new DataLoader({ length: values.length, get: (i: number) => [values[i]!] as [number] });
  const types = (values: number[]): string[] => [...loader(values)].map(([x]) => x.dtype);

  it('stay float32 once they were', () => {
    expect(types([0.5, 1, 2])).toEqual(['float32', 'float32', 'float32']);
    expect(types([1, 2])).toEqual(['int32', 'int32']);
  });

  it('are refused where they were whole before', () => {
    expect(() => types([1, 2.5])).toThrow(
      '[DataLoader] part 0 of an item was a whole number in the batches before and is 2.5 now\n  hint: whole numbers become int32, others float32: let get(i) return a tensor',
    );
  });
});
