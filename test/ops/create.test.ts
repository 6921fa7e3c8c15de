import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arange, eye, full, ones, rand, randn, type TensorLike, tensor, zeros } from '../../src/ops';
import { manualSeed } from '../../src/random';
import { epsilon, expectClose, expectError, expectSame } from '../helpers';
import { models, shapes, toTensor } from '../model';

describe('tensor', () => {
  test('nested arrays come back as they were given', () => {
    fc.assert(
      fc.property(shapes(4, 0, 1).chain(models), (m) => {
        const nested = toTensor(m).toArray();
        const t = tensor(nested);
        expect(t.shape).toEqual(m.shape);
        expectSame(t, m);
        expect(t.toArray()).toEqual(nested);
      }),
    );
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect([tensor(5).shape, tensor(5).item()]).toEqual([[], 5]);
    expectSame(tensor([Number.NaN, Infinity, -0, 0.1]), [Number.NaN, Infinity, -0, Math.fround(0.1)]);
  });

  test('copies typed arrays and takes their dtype', () => {
    const floats = Float32Array.of(1.5, 2);
    const t = tensor(floats);
    floats[0] = 9;
    expect([t.dtype, t.toArray()]).toEqual(['float32', [1.5, 2]]);
    const ints = Int32Array.of(1, 2);
    expect(tensor(ints).dtype).toBe('int32');
    expect([tensor(ints, { dtype: 'float32' }).dtype, tensor(ints, { dtype: 'float32' }).toArray()]).toEqual(['float32', [1, 2]]);
    expect(tensor(Float32Array.of(1, -2), { dtype: 'int32' }).toArray()).toEqual([1, -2]);
    expect(tensor(new Float32Array(new SharedArrayBuffer(8))).shape).toEqual([2]);
    expect(tensor([1, 2], { dtype: 'int32' }).dtype).toBe('int32');
    expect(tensor([1], { requiresGrad: true }).requiresGrad).toBe(true);
    expect(tensor([1]).requiresGrad).toBe(false);
  });

  test('booleans and typed arrays of every kind', () => {
    const dtypes = (...data: TensorLike[]): string[] => data.map((one) => tensor(one).dtype);
    const integers = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map((kind) =>
      kind.of(1, 2),
    );
    expect(dtypes(true, [true, false], [[true], [false]], ...integers, integers)).toEqual(new Array(11).fill('int32'));
    expect(dtypes(1, [1, true], [true, 1], [], [[]], [0.5], Float64Array.of(1), [Float64Array.of(1)], [integers[0]!, [1, 2]])).toEqual(
      new Array(9).fill('float32'),
    );
    expect(integers.map((array) => tensor(array).toArray())).toEqual(integers.map(() => [1, 2]));
    expect(
      tensor([
        [true, false],
        [false, true],
      ]).toArray(),
    ).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(tensor([true, 0.5]).toArray()).toEqual([1, 0.5]);
    expect(tensor([true], { dtype: 'float32' }).dtype).toBe('float32');
    expectSame(tensor(Float64Array.of(0.1, Number.NaN)), [Math.fround(0.1), Number.NaN]);
    expect(tensor([Float32Array.of(1, 2), Float64Array.of(3, 4), [5, 6]]).toArray()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(tensor([[Int16Array.of(1)], [Int16Array.of(2)]]).shape).toEqual([2, 1, 1]);
    expect([tensor(new Int32Array(0)).dtype, tensor([new Uint8Array(0)]).shape]).toEqual(['int32', [1, 0]]);
    const hint = '\n  hint: tensor(data).to("int32") cuts off fractions';
    expectError(() => tensor(Uint32Array.of(2 ** 31)), RangeError, `[tensor] data[0] = 2147483648 is not an int32${hint}`);
    expectError(
      () => tensor([[Float64Array.of(1, 0.5)]], { dtype: 'int32' }),
      RangeError,
      `[tensor] data[0][0][1] = 0.5 is not an int32${hint}`,
    );
  });

  test('a window of a larger array, of a resizable buffer', () => {
    expect(tensor(new Float32Array(Float32Array.of(1, 2, 3).buffer, 4, 1)).toArray()).toEqual([2]);
    type Resizable = ArrayBuffer & { resize(bytes: number): void };
    const buffer = new (ArrayBuffer as unknown as new (n: number, o: object) => Resizable)(8, { maxByteLength: 64 });
    const t = tensor(new Float32Array(buffer));
    buffer.resize(64);
    expect([t.shape, t.toArray()]).toEqual([[2], [0, 0]]);
  });

  test('names the place of what is no tensor', () => {
    expectError(() => tensor([[1, 2], [3]]), RangeError, '[tensor] data[1] has length 1, its neighbours 2: the data is ragged');
    expectError(
      () =>
        tensor([
          [1, 2],
          [3, 4, 5],
        ]),
      RangeError,
      '[tensor] data[1] has length 3, its neighbours 2: the data is ragged',
    );
    expectError(() => tensor([[1], 2]), TypeError, '[tensor] expected data[1] to be an array of 1, got 2: the data is ragged');
    expectError(() => tensor([1, [2]]), RangeError, '[tensor] data[1] is an array, its neighbours are numbers: the data is ragged');
    expectError(() => tensor([[], [1]]), RangeError, '[tensor] data[1] has length 1, its neighbours 0: the data is ragged');
    expectError(() => tensor([[1, 'a']] as never), TypeError, '[tensor] expected data[0][1] to be a number, got "a"');
    expectError(() => tensor([1, null] as never), TypeError, '[tensor] expected data[1] to be a number, got null');
    const wanted = '[tensor] expected a number, nested arrays or a typed array, got';
    expectError(() => tensor('1' as never), TypeError, `${wanted} "1"`);
    expectError(() => tensor(undefined as never), TypeError, `${wanted} undefined`);
    expectError(() => tensor(tensor([1]) as never), TypeError, `${wanted} a Tensor\n  hint: clone() copies a tensor`);
    expectError(
      () => tensor(new BigInt64Array(1) as never),
      TypeError,
      `${wanted} a BigInt64Array
  hint: Float32Array.from(data, Number) converts it`,
    );
    expectError(
      () => tensor(new DataView(new ArrayBuffer(4)) as never),
      TypeError,
      `${wanted} a DataView
  hint: Float32Array.from(data, Number) converts it`,
    );
    expectError(
      () => tensor([[1], Float32Array.of(1, 2)]),
      RangeError,
      '[tensor] data[1] has length 2, its neighbours 1: the data is ragged',
    );
    expectError(
      () => tensor([[[1]], Float32Array.of(1)]),
      TypeError,
      '[tensor] expected data[1][0] to be an array of 1, got 1: the data is ragged',
    );
    expectError(
      () => tensor([1, Float32Array.of(1)]),
      RangeError,
      '[tensor] data[1] is an array, its neighbours are numbers: the data is ragged',
    );
    expectError(
      () => tensor([Float32Array.of(1), 2]),
      TypeError,
      '[tensor] expected data[1] to be an array of 1, got 2: the data is ragged',
    );
  });

  test('int32 takes int32 alone', () => {
    const hint = '\n  hint: tensor(data).to("int32") cuts off fractions';
    expectError(() => tensor([1, 1.5], { dtype: 'int32' }), RangeError, `[tensor] data[1] = 1.5 is not an int32${hint}`);
    expectError(() => tensor([[2 ** 31]], { dtype: 'int32' }), RangeError, `[tensor] data[0][0] = 2147483648 is not an int32${hint}`);
    expectError(() => tensor(Number.NaN, { dtype: 'int32' }), RangeError, `[tensor] data = NaN is not an int32${hint}`);
    expectError(() => tensor(Float32Array.of(0, 0.5), { dtype: 'int32' }), RangeError, `[tensor] data[1] = 0.5 is not an int32${hint}`);
  });

  test('options are checked', () => {
    expectError(
      () => tensor([1], { requiresGrad: true, dtype: 'int32' }),
      TypeError,
      '[tensor] only float32 tensors have gradients, dtype is int32',
    );
    expectError(
      () => tensor([1], { dtype: 'float64' as never }),
      RangeError,
      '[tensor] expected dtype to be one of "float32", "int32", got "float64"',
    );
    expectError(
      () => tensor([1], { requires_grad: true } as never),
      TypeError,
      '[tensor] unknown option "requires_grad", did you mean "requiresGrad"?',
    );
    expectError(() => tensor([1], { requiresGrad: 1 as never }), TypeError, '[tensor] expected requiresGrad to be true or false, got 1');
  });

  test('a detached array is refused', () => {
    const array = new Float32Array(4);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expectError(() => tensor(array), TypeError, '[tensor] the array is detached: its buffer was transferred elsewhere');
  });
});

describe('constants', () => {
  test('zeros, ones, full', () => {
    expect(zeros([2, 2]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(ones([3], { dtype: 'int32' }).toArray()).toEqual([1, 1, 1]);
    expectSame(full([2], 0.1), [Math.fround(0.1), Math.fround(0.1)]);
    expect(full([], 7).item()).toBe(7);
    expectSame(full([1], Number.NaN), [Number.NaN]);
    expect([zeros([0, 3]).shape, zeros([1]).dtype, ones([1], { requiresGrad: true }).requiresGrad]).toEqual([[0, 3], 'float32', true]);
  });

  test("a shape given is not the tensor's own", () => {
    const shape = [2];
    const t = zeros(shape);
    shape[0] = 5;
    expect(t.shape).toEqual([2]);
  });

  test('eye', () => {
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(eye(3, 2, { dtype: 'int32' }).toArray()).toEqual([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
    expect(eye(1, { dtype: 'int32' }).dtype).toBe('int32');
    expectError(() => eye(-1), RangeError, '[eye] expected every size to be at least 0, got -1');
    expectError(() => eye(2, { dtypes: 'int32' } as never), TypeError, '[eye] unknown option "dtypes", did you mean "dtype"?');
  });

  test('errors', () => {
    expectError(() => zeros([-1]), RangeError, '[zeros] expected every size to be at least 0, got -1');
    expectError(() => ones([1.5]), RangeError, '[ones] expected every size to be an integer, got 1.5');
    expectError(() => zeros(3 as never), TypeError, '[zeros] expected a shape, an array of sizes, got 3');
    expectError(() => zeros(['3'] as never), TypeError, '[zeros] expected every size to be a number, got "3"');
    expectError(() => zeros([2 ** 30, 2 ** 30]), RangeError, `[zeros] the shape [${2 ** 30}, ${2 ** 30}] has too many elements`);
    expect(() => zeros([2 ** 40])).toThrow(/^\[memory\] 1099511627776 elements cannot be allocated: /);
    expectError(() => full([1], '1' as never), TypeError, '[full] expected value to be a number, got "1"');
    expectError(() => full([1], 0.5, { dtype: 'int32' }), RangeError, '[full] 0.5 is not an int32');
    expectError(() => ones([1], { type: 'int32' } as never), TypeError, '[ones] unknown option "type", did you mean "dtype"?');
  });
});

describe('arange', () => {
  test('counts', () => {
    expect(arange(3).toArray()).toEqual([0, 1, 2]);
    expect(arange(1, 3).toArray()).toEqual([1, 2]);
    expect(arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(arange(0).shape).toEqual([0]);
    expect(arange(2.5).toArray()).toEqual([0, 1, 2]);
    expectClose(arange(0, 1, 0.1), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], epsilon);
    expect(arange(3, { dtype: 'int32' }).dtype).toBe('int32');
    expect(arange(1, 3, { dtype: 'int32' }).toArray()).toEqual([1, 2]);
    expect(arange(0, 4, 2, { requiresGrad: true }).requiresGrad).toBe(true);
  });

  test('errors', () => {
    expectError(() => arange(-1), RangeError, '[arange] a step of 1 does not lead from 0 to -1');
    expectError(() => arange(0, 1, 0), RangeError, '[arange] a step of 0 does not lead from 0 to 1');
    expectError(
      () => arange(Number.NaN),
      RangeError,
      `[arange] expected end to be from ${-Number.MAX_VALUE} to ${Number.MAX_VALUE}, got NaN`,
    );
    expectError(() => arange('3' as never), TypeError, '[arange] expected end to be a number, got "3"');
    expectError(() => arange(0, 3, 0.5, { dtype: 'int32' }), RangeError, '[arange] expected int32 numbers, got 0, 3, 0.5');
    expectError(() => arange(3, { dtyp: 'int32' } as never), TypeError, '[arange] unknown option "dtyp", did you mean "dtype"?');
  });
});

describe('random', () => {
  const moments = (values: ArrayLike<number>): { mean: number; variance: number } => {
    const all = Array.from(values);
    const mean = all.reduce((sum, v) => sum + v, 0) / all.length;
    return { mean, variance: all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length };
  };
  const n = 100_000;

  test('rand is even over [0, 1)', () => {
    manualSeed(1);
    const { data } = rand([n]);
    expect(data.every((v) => v >= 0 && v < 1)).toBe(true);
    const { mean, variance } = moments(data);
    expect(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / n)).toBe(true);
    expect(Math.abs(variance - 1 / 12) < 5 * Math.sqrt(1 / 180 / n)).toBe(true);
  });

  test('randn is normal', () => {
    manualSeed(1);
    const { mean, variance } = moments(randn([n]).data);
    expect(Math.abs(mean) < 5 * Math.sqrt(1 / n)).toBe(true);
    expect(Math.abs(variance - 1) < 5 * Math.sqrt(2 / n)).toBe(true);
  });

  test('a seed gives the same numbers again, a second call others', () => {
    for (const make of [rand, randn]) {
      manualSeed(7);
      const [a, b] = [make([5]), make([5])];
      manualSeed(7);
      expectSame(make([5]), a);
      expectSame(make([5]), b);
      expect(b.toArray()).not.toEqual(a.toArray());
      manualSeed(8);
      expect(make([5]).toArray()).not.toEqual(a.toArray());
    }
  });

  test('errors', () => {
    expectError(
      () => rand([2], { dtype: 'int32' }),
      TypeError,
      '[rand] random tensors are float32\n  hint: rand(shape).mul(n).to("int32") makes integers from 0 to n - 1',
    );
    expectError(() => randn([2], { dtype: 'int32' }), TypeError, '[randn] random tensors are float32');
    expectError(() => randn([-2]), RangeError, '[randn] expected every size to be at least 0, got -2');
    expectError(() => manualSeed(-1), RangeError, '[manualSeed] expected the seed to be at least 0, got -1');
    expectError(() => manualSeed(0.5), RangeError, '[manualSeed] expected the seed to be an integer, got 0.5');
  });
});
