// The rule itself: what it lets through and what it does not.
import { describe, expect, it } from 'vitest';
import { Tensor } from '../../src/index';
import { type GoldenArray, judge, productsOf } from './parity';

const golden = (...data: (number | string)[]): GoldenArray => ({ shape: [data.length], dtype: 'float32', data });
const floats = (...values: number[]): Tensor => Tensor.fromTypedArray(Float32Array.from(values));
const unit = 2 ** -23;

describe('the rule of parity', () => {
  it('allows four units of the largest value expected', () => {
    expect(judge(floats(1 + 4 * unit, 0), golden(1, 0), 0)).toBeNull();
    expect(judge(floats(1, 4 * unit), golden(1, 0), 0)).toBeNull();
    expect(judge(floats(1 + 5 * unit), golden(1), 0)).toMatch(/^is 5\.9\d+e-7 away, 1\.25 times the bound/);
  });

  it("allows twice PyTorch's own error", () => {
    expect(judge(floats(1.5), golden(1), 0.25)).toBeNull();
    expect(judge(floats(1.5), golden(1), 0.24)).not.toBeNull();
  });

  it('allows more for long ways and for sums of products', () => {
    expect(judge(floats(1 + 8 * unit), golden(1), 0, { times: 2 })).toBeNull();
    expect(judge(floats(1 + 9 * unit), golden(1), 0, { times: 2 })).not.toBeNull();
    expect(judge(floats(1.25), golden(1), 0, { products: 0.25 })).toBeNull();
    // Results (i, j) of two products each; the largest 2-norm is that of 3 * 1 and 4 * 1.
    const a = [
      [3, 4],
      [1, 1],
    ];
    expect(
      productsOf(
        [2, 1, 2],
        (i, k) => a[i]![k]!,
        () => 1,
      ),
    ).toBe(unit * Math.sqrt(2) * 5);
  });

  it('lets no NaN and no infinity through', () => {
    expect(judge(floats(Number.NaN), golden(1), 1e9)).toBe('element 0 is NaN, expected 1');
    expect(judge(floats(1), golden('NaN'), 1e9)).toBe('element 0 is 1, expected NaN');
    expect(judge(floats(Infinity), golden('-Infinity'), 1e9)).toBe('element 0 is Infinity, expected -Infinity');
    expect(judge(floats(Infinity), golden(1), 1e9)).toBe('element 0 is Infinity, expected 1');
    expect(judge(floats(Number.NaN, -Infinity), golden('NaN', '-Infinity'), 0)).toBeNull();
  });

  it('lets no other shape or type through', () => {
    expect(judge(floats(1, 1), golden(1), 1)).toBe('has 2 elements, expected 1');
    expect(judge(Tensor.fromTypedArray(Int32Array.of(1)), golden(1), 1)).toBe('is int32, expected float32');
  });
});
