import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { compile } from '../src/compile';
import { Parameter } from '../src/nn';
import { arange, ones, tensor, zeros } from '../src/ops';
import { checkTensor, Tensor } from '../src/tensor';
import { expectError } from './helpers';

describe('fromTypedArray', () => {
  test('shares memory', () => {
    const array = Float32Array.of(1, 2, 3, 4);
    const t = Tensor.fromTypedArray(array, [2, 2]);
    array[3] = 9;
    expect(t.toArray()).toEqual([
      [1, 2],
      [3, 9],
    ]);
    expect(t.data).toBe(array);
    expect(Tensor.fromTypedArray(Int32Array.of(1, 2)).shape).toEqual([2]);
    expect(Tensor.fromTypedArray(Int32Array.of(1)).dtype).toBe('int32');
  });

  test('takes shared memory and windows, and a shape that is not kept', () => {
    expect(
      Tensor.fromTypedArray(new Float32Array(new SharedArrayBuffer(16)), [4])
        .add(1)
        .toArray(),
    ).toEqual([1, 1, 1, 1]);
    expect(
      Tensor.fromTypedArray(arange(4).data.subarray(1, 3) as Float32Array)
        .mul(1)
        .toArray(),
    ).toEqual([1, 2]);
    const shape = [2];
    const t = Tensor.fromTypedArray(new Float32Array(2), shape);
    shape[0] = 7;
    expect(t.shape).toEqual([2]);
  });

  test('names what is wrong', () => {
    const where = '[Tensor.fromTypedArray]';
    expectError(() => Tensor.fromTypedArray([1] as never), TypeError, `${where} expected a Float32Array or an Int32Array, got an array`);
    expectError(
      () => Tensor.fromTypedArray(new Uint8Array(1) as never),
      TypeError,
      `${where} expected a Float32Array or an Int32Array, got a Uint8Array`,
    );
    expectError(
      () => Tensor.fromTypedArray(new Float32Array(6), [2, 2]),
      RangeError,
      `${where} the shape [2, 2] has 4 elements, the array 6`,
    );
    expectError(
      () => Tensor.fromTypedArray(new Float32Array(1), [-1]),
      RangeError,
      `${where} expected every size to be at least 0, got -1`,
    );
    const array = new Float32Array(4);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expectError(() => Tensor.fromTypedArray(array, [4]), TypeError, `${where} the array is detached: its buffer was transferred elsewhere`);
  });
});

describe('what became of memory after the tensor was made is found out by the kernels', () => {
  test('a detached buffer', () => {
    const array = new Float32Array(4);
    const t = Tensor.fromTypedArray(array);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expectError(() => t.add(1), TypeError, '[add] a: the array is detached');
  });

  test('a resizable buffer that was made smaller', () => {
    type Resizable = ArrayBuffer & { resize(bytes: number): void };
    const buffer = new (ArrayBuffer as unknown as new (n: number, o: object) => Resizable)(4096, { maxByteLength: 8192 });
    const t = Tensor.fromTypedArray(new Float32Array(buffer));
    buffer.resize(16);
    expect(() => t.add(1)).toThrow(RangeError);
    buffer.resize(8192);
    expect(t.add(1).numel).toBe(1024);
  });
});

describe('properties', () => {
  test('shape, dtype, numel', () => {
    const t = zeros([2, 3], { dtype: 'int32' });
    expect([t.shape, t.dtype, t.numel]).toEqual([[2, 3], 'int32', 6]);
    expect([tensor(1).shape, tensor(1).numel, zeros([0, 3]).numel]).toEqual([[], 1, 0]);
  });

  test('data is the memory itself', () => {
    const t = zeros([2]);
    t.data[1] = 5;
    expect(t.toArray()).toEqual([0, 5]);
    expect(tensor([1], { dtype: 'int32' }).data).toBeInstanceOf(Int32Array);
  });

  test('toArray nests', () => {
    expect(tensor(2).toArray()).toBe(2);
    expect(arange(6).reshape([1, 3, 2]).toArray()).toEqual([
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ]);
    expect(zeros([2, 0]).toArray()).toEqual([[], []]);
    expect(zeros([0, 2]).toArray()).toEqual([]);
  });

  test('item', () => {
    expect(tensor([[7]]).item()).toBe(7);
    expectError(
      () => tensor([1, 2]).item(),
      RangeError,
      '[Tensor.item] expected one element, got shape [2]\n  hint: toArray() gives all of them',
    );
    expectError(
      () => zeros([0]).item(),
      RangeError,
      '[Tensor.item] expected one element, got shape [0]\n  hint: toArray() gives all of them',
    );
  });

  test('detach shares memory and drops the history', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = x.mul(1).detach();
    expect([y.requiresGrad, y.node]).toEqual([false, null]);
    x.detach().data[0] = 9;
    expect(x.toArray()).toEqual([9, 2]);
    expect(x.detach().version).toBe(x.version);
  });
});

describe('as a number', () => {
  const number = (t: Tensor) => t as unknown as number;
  const refusal =
    '[Tensor.valueOf] expected one element to make a number of, got shape [2]\n' +
    '  hint: methods calculate with tensors (add, lt, ...); item() gives the number of one element, toArray() all of them';

  test('one element converts, whatever its shape and type', () => {
    for (const loss of [tensor(0.5), tensor([[0.5]]), tensor([0.5], { requiresGrad: true }).mul(1)]) {
      let total = 1;
      total += number(loss);
      expect(total).toBe(1.5);
      const t = number(loss);
      expect([t < 1, t > 1, t * 2, t / 2, Math.min(t, 3), Number.isNaN(Number(t)), Number(t)]).toEqual([
        true,
        false,
        1,
        0.25,
        0.5,
        false,
        0.5,
      ]);
    }
    expect(number(tensor([7], { dtype: 'int32' })) + 1).toBe(8);
    expect(Number(tensor(Number.NaN))).toBe(Number.NaN);
    expect(tensor(0.5).valueOf()).toBe(0.5);
  });
  test('any other number of elements is refused, not NaN', () => {
    const two = number(tensor([1, 2]));
    for (const use of [
      () => two + 1,
      () => two < 1,
      () => two * 2,
      () => Number(two),
      () => Math.max(two, 1),
      () => `${two}`.length && +two,
    ]) {
      expectError(use, RangeError, refusal);
    }
    expect(() => Number(zeros([0]))).toThrow('got shape [0]');
  });
  test('text is what toString gives', () => {
    for (const t of [tensor(0.5), tensor([1, 2])]) expect([`${t}`, String(t)]).toEqual([t.toString(), t.toString()]);
  });
  test('JSON has the elements', () => {
    expect(JSON.stringify({ loss: tensor(0.5), x: tensor([[1, 2]]), none: zeros([0]) })).toBe('{"loss":0.5,"x":[[1,2]],"none":[]}');
  });
  test('structuredClone and messages to threads are refused', () => {
    const text = 'Symbol(a tensor: clone its data and shape, and make another of them) could not be cloned.';
    const { port1, port2 } = new MessageChannel();
    for (const t of [tensor(1), tensor([1]).reshape([1, 1]), tensor([1], { requiresGrad: true }), new Parameter(ones([2]))]) {
      expect(() => structuredClone(t)).toThrow(text);
      expect(() => structuredClone({ weights: [t] })).toThrow(text);
      expect(() => port1.postMessage(t)).toThrow(text);
    }
    port1.close();
    port2.close();
  });
  test('not inside a compiled function', () => {
    for (const use of [(t: Tensor) => number(t) * 2, (t: Tensor) => `${t}`, (t: Tensor) => JSON.stringify(t)]) {
      for (const x of [tensor(1), tensor([1, 2])]) {
        const step = compile((t: Tensor) => {
          use(t);
          return t;
        });
        expect(() => step(x)).toThrow('a value cannot be read inside a compiled function');
      }
    }
  });
});

describe('requiresGrad', () => {
  test('is set on leaves', () => {
    const x = tensor([1]);
    expect(x.requiresGrad_()).toBe(x);
    expect(x.requiresGrad).toBe(true);
    x.requiresGrad = false;
    expect(x.mul(2).requiresGrad).toBe(false);
    const y = tensor([1], { requiresGrad: true }).mul(2);
    expect(y.requiresGrad_(true)).toBe(y);
    expectError(
      () => y.requiresGrad_(false),
      TypeError,
      '[Tensor.requiresGrad_] this tensor was made by mul\n  hint: detach() gives a tensor without its history',
    );
  });
});

describe('grad', () => {
  test('is assignable', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const g = tensor([3, 4]);
    x.grad = g;
    expect(x.grad).toBe(g);
    x.grad = null;
    expect(x.grad).toBe(null);
  });

  test('assigned to a tensor between leaves and loss, is kept for the user and takes no part in a backward pass', () => {
    const w = ones([2], { requiresGrad: true });
    const h = w.mul(2);
    const g = tensor([10, 10]);
    h.grad = g;
    h.sum().backward(undefined, { retainGraph: true });
    expect([w.grad!.toArray(), h.grad, g.toArray()]).toEqual([[2, 2], g, [10, 10]]);
    h.grad = null;
    h.sum().backward();
    expect([w.grad!.toArray(), h.grad]).toEqual([[4, 4], null]);
  });

  test('assigned to a leaf that is none any more takes no part in a backward pass', () => {
    const [w, x] = [ones([2], { requiresGrad: true }), zeros([2])];
    x.grad = tensor([10, 10]);
    x.add_(w).sum().backward();
    expect(w.grad!.toArray()).toEqual([1, 1]);
  });

  test('of another shape or type is refused', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    expectError(
      () => {
        x.grad = zeros([2, 1]);
      },
      RangeError,
      '[Tensor.grad] expected float32 [2], got float32 [2, 1]',
    );
    expectError(
      () => {
        x.grad = zeros([2], { dtype: 'int32' });
      },
      RangeError,
      '[Tensor.grad] expected float32 [2], got int32 [2]',
    );
    expectError(
      () => {
        x.grad = [1, 2] as never;
      },
      TypeError,
      '[Tensor.grad] expected a tensor or null, got an array',
    );
  });
});

test('checkTensor says how a tensor is made', () => {
  const t = tensor([1]);
  expect(checkTensor('f', 'x', t, 'float32')).toBe(t);
  expectError(
    () => checkTensor('f', 'x', new Float32Array(1)),
    TypeError,
    '[f] expected x to be a tensor, got a Float32Array\n  hint: tensor(...) makes one',
  );
  expectError(() => checkTensor('f', 'x', { shape: [1] }), TypeError, '[f] expected x to be a tensor, got an Object');
  expectError(
    () => checkTensor('f', 'x', t, 'int32'),
    TypeError,
    '[f] expected x to be int32, got float32\n  hint: x.to("int32") converts it',
  );
});
