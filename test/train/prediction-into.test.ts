// Predictions written into tensors that are given.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { data, manualSeed, nn, optim, randn, Tensor, tensor, train, zeros } from '../../src';
import { eagerly, Pair } from './pair';
import { digest, quiet } from './runs';

manualSeed(31);
const rows = 700;
const a = randn([rows, 4]);

const slices = (size: number): [Tensor][] =>
  Array.from({ length: Math.ceil(rows / size) }, (_, i) => [a.narrow(0, i * size, Math.min(size, rows - i * size))]);

describe('into', () => {
  const model = new nn.Linear(4, 2);
  const expected = digest(eagerly(model, () => model.call(a)));

  it('is written in place, on whatever memory it is', async () => {
    const memory = new Float32Array(2 * rows + 2);
    const whole = Tensor.fromTypedArray(memory, [rows + 1, 2]);
    const into = whole.narrow(0, 1, rows);
    for (const x of [a, new data.DataLoader(new data.TensorDataset(a), { batchSize: 64 })]) {
      memory.fill(0);
      expect(await train.predict(model, x, { into })).toBe(into);
      expect(digest(into)).toBe(expected);
      expect([...memory.subarray(0, 2)]).toEqual([0, 0]);
    }
    const [few, small] = [a.narrow(0, 0, 1), zeros([1, 2])];
    for (let again = 0; again < 4; again++) {
      small.data.fill(9);
      await train.predict(model, few, { into: small });
      expect(digest(small)).toBe(digest(eagerly(model, () => model.call(few))));
    }
  });

  it('may be the input', async () => {
    const square = new nn.Linear(4, 4);
    const x = randn([300, 4]);
    const output = digest(eagerly(square, () => square.call(x)));
    await train.predict(square, x, { into: x });
    expect(digest(x)).toBe(output);
  });

  it('counts as changed in place', async () => {
    const [w, saved] = [randn([3, 2], { requiresGrad: true }), zeros([3, 2])];
    const loss = w.mul(saved).sum();
    await train.predict(model, a.narrow(0, 0, 3), { into: saved });
    expect(() => loss.backward()).toThrow(/changed in place/);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['another kind', () => 3, /expected into to be a tensor, or several in lists and plain objects, got 3/],
    ['another form', () => [zeros([rows, 2])], /expected into in the form of the model's output, tensor, got \[tensor\]/],
    ['another type', () => zeros([rows, 2], { dtype: 'int32' }), /expected into to be float32, got int32/],
    ['another width', () => zeros([rows, 3]), /expected into of shape \[700, 2\], got \[700, 3\]/],
    ['more rows', () => zeros([rows + 1, 2]), /expected into of shape \[700, 2\], got \[701, 2\]/],
    ['other dimensions', () => zeros([2 * rows]), /expected into of shape \[700, 2\], got \[1400\]/],
    [
      'a gradient',
      () => zeros([rows, 2], { requiresGrad: true }),
      /into requires a gradient, and outputs have none\n {2}hint: into\.detach\(\)/,
    ],
  ])('is refused: %s', async (_, make, message) => {
    for (const x of [a, new data.DataLoader(new data.TensorDataset(a), { batchSize: 64 })]) {
      const into = make();
      await expect(train.predict(model, x, { into: into as Tensor })).rejects.toThrow(message);
      if (into instanceof Tensor) expect(into.detach().float().abs().sum().item()).toBe(0);
    }
  });

  it('is refused where a fit works on it, where it is the model’s, and where it overlaps itself', async () => {
    const other = new nn.Linear(4, 2);
    other.registerBuffer('rows', zeros([rows, 2]));
    const loader = [[randn([8, 4]), randn([8, 2])]];
    const optimizer = new optim.SGD(other.parameters(), { lr: 0.1 });
    const controller = new AbortController();
    const fitting = train.fit(other, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 1e6, signal: controller.signal, ...quiet });
    const held = other.buffers()[0]!;
    await expect(train.predict(model, a, { into: held })).rejects.toMatchObject({ code: 'SIMDNN_IN_USE' });
    controller.abort(new Error('enough'));
    await expect(fitting).rejects.toThrow('enough');
    await expect(train.predict(other, a, { into: held })).rejects.toThrow(/into is on memory of the model/);
    const both = new Pair();
    const kind = zeros([rows, 3]);
    const sizes = kind
      .reshape([3 * rows])
      .narrow(0, 0, rows)
      .reshape([rows, 1]);
    const into = { kind, rest: [sizes, zeros([rows], { dtype: 'int32' })] as [Tensor, Tensor], none: null };
    await expect(train.predict(both, a, { into })).rejects.toThrow(/into\.rest\[0\] overlaps another tensor of into/);
  });

  it('of batches of unknown number is refused when its rows are at an end, or are left over', async () => {
    const stream = () =>
      (function* () {
        for (const [one] of slices(100)) yield one;
      })();
    const few = zeros([650, 2]);
    await expect(train.predict(model, stream(), { into: few })).rejects.toThrow(/into has 650 rows, and the batches give more/);
    const many = zeros([701, 2]);
    await expect(train.predict(model, stream(), { into: many })).rejects.toThrow(
      /into has 701 rows, and the batches gave 700: these are written/,
    );
    expect(digest(many.narrow(0, 0, 700))).toBe(expected);
    await expect(train.predict(model, stream(), { into: zeros([rows, 3]) })).rejects.toThrow(
      /expected into of shape \[rows, 2\], got \[700, 3\]/,
    );
  });

  it('is refused where its memory is transferred meanwhile', async () => {
    const values = new Float32Array(rows * 2);
    const into = Tensor.fromTypedArray(values, [rows, 2]);
    const stream = async function* () {
      for (const [one] of slices(100)) {
        yield one;
        await setImmediate();
        if (values.length > 0) structuredClone(values.buffer, { transfer: [values.buffer] });
      }
    };
    await expect(train.predict(model, stream(), { into })).rejects.toThrow(/transferred|detached|elsewhere/);
  });
});

describe('into of a quick prediction', () => {
  const model = new nn.Sequential(new nn.Linear(4, 6), new nn.ReLU(), new nn.Linear(6, 4));
  const x = randn([5, 4]);
  const outputOf = (input: Tensor): string => digest(eagerly(model, () => model.call(input)));

  it('is what the kernels write, wherever it lies', async () => {
    const expected = outputOf(x);
    await train.predict(model, x);
    await train.predict(model, x);
    for (let begin = 0; begin < 17; begin++) {
      const memory = new Float32Array(40).fill(7);
      const into = Tensor.fromTypedArray(memory.subarray(begin, begin + 20), [5, 4]);
      const copies = vi.spyOn(Float32Array.prototype, 'set');
      const given = await train.predict(model, x, { into });
      const count = copies.mock.calls.length;
      copies.mockRestore();
      expect([given === into, count]).toEqual([true, 0]);
      expect(digest(into)).toBe(expected);
      expect([...memory.subarray(0, begin), ...memory.subarray(begin + 20)].every((value) => value === 7)).toBe(true);
    }
  });

  it('may overlap what is read', async () => {
    const memory = randn([9, 4]);
    const input = memory.narrow(0, 2, 5);
    for (let begin = 0; begin <= 4; begin++) {
      for (let again = 0; again < 3; again++) {
        const expected = outputOf(input);
        const into = memory.narrow(0, begin, 5);
        await train.predict(model, input, { into });
        expect(digest(into)).toBe(expected);
      }
    }
    const shift = randn([5, 4]);
    class Shifted extends nn.Module {
      forward(t: Tensor): Tensor {
        return t.mul(2).add(shift).relu().add(shift);
      }
    }
    const shifted = new Shifted();
    for (let again = 0; again < 4; again++) {
      const expected = digest(eagerly(shifted, () => shifted.forward(x)));
      await train.predict(shifted, x, { into: shift });
      expect(digest(shift)).toBe(expected);
    }
  });

  it('is refused where its memory was transferred or shrunk, whenever that happened', async () => {
    const both = new Pair();
    const few = randn([3, 4]);
    const outputs = (await train.predict(both, few)) as unknown as { kind: Tensor; rest: [Tensor, Tensor]; none: null };
    await train.predict(both, few);
    const memory = new Float32Array(outputs.kind.numel);
    const kind = Tensor.fromTypedArray(memory, outputs.kind.shape);
    const into = {
      kind,
      get rest() {
        structuredClone(memory.buffer, { transfer: [memory.buffer] }); // when it is looked through
        return outputs.rest;
      },
      none: null,
    };
    const before = digest(outputs.rest[0]);
    await expect(train.predict(both, few, { into: into as never })).rejects.toThrow(/transferred|detached|elsewhere/);
    expect(digest(outputs.rest[0])).toBe(before);
    type Resizable = ArrayBuffer & { resize(bytes: number): void };
    const buffer = new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(80, { maxByteLength: 160 });
    const resized = Tensor.fromTypedArray(new Float32Array(buffer), [5, 4]);
    const expected = outputOf(x);
    for (const bytes of [160, 80, 160]) {
      buffer.resize(bytes);
      await train.predict(model, x, { into: resized });
      expect(digest(tensor(new Float32Array(buffer, 0, 20)).reshape([5, 4]))).toBe(expected);
    }
    buffer.resize(40);
    await expect(train.predict(model, x, { into: resized })).rejects.toThrow(/\[train\.predict\]/);
  });

  it('notices what looking through it changes', async () => {
    const other = new nn.Linear(4, 2);
    class Listed extends nn.Module {
      layer = other;
      forward(t: Tensor): Tensor[] {
        return [this.layer.call(t)];
      }
    }
    const listed = new Listed();
    for (let i = 0; i < 3; i++) await train.predict(listed, x);
    const target = zeros([5, 2]);
    const replaced = new nn.Linear(4, 2);
    const into = new Proxy([target], {
      get(list, name, receiver) {
        listed.layer = replaced;
        return Reflect.get(list, name, receiver);
      },
    });
    await train.predict(listed, x, { into: into as never });
    expect(digest(target)).toBe(digest(eagerly(replaced, () => replaced.call(x))));
  });
});

describe('into of predictions on a thread', () => {
  const wide = new nn.Sequential(new nn.Linear(300, 900), new nn.ReLU(), new nn.Linear(900, 300));
  const x = randn([256, 300]);
  const expected = digest(eagerly(wide, () => wide.call(x)));

  it('may be that of two at once, and the input of both', async () => {
    for (let again = 0; again < 3; again++) {
      const into = zeros([256, 300]);
      const given = await Promise.all([train.predict(wide, x, { into }), train.predict(wide, x, { into })]);
      expect(given).toEqual([into, into]);
      expect(digest(into)).toBe(expected);
      const own = x.clone();
      await Promise.all([train.predict(wide, own, { into: own }), train.predict(wide, own, { into: own })]);
      expect(digest(own)).toBe(expected);
    }
  });

  it('is refused where it is transferred meanwhile', async () => {
    const memory = new Float32Array(256 * 300);
    const into = Tensor.fromTypedArray(memory, [256, 300]);
    const running = train.predict(wide, x, { into });
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    await expect(running).rejects.toThrow(/transferred|detached|elsewhere/);
    const input = Tensor.fromTypedArray(x.clone().data.slice(), [256, 300]);
    const taken = train.predict(wide, input); // its rows are copied when it is called
    structuredClone(input.data.buffer, { transfer: [input.data.buffer as ArrayBuffer] });
    expect(digest(await taken)).toBe(expected);
  });
});
