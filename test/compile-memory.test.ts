// Compiled functions whose arguments share memory: with one another, with what the function captured, with what it returns.
import { describe, expect, it } from 'vitest';
import { compile, eye, nn, ones, optim, randn, type Tensor, tensor, zeros } from '../src/index';

const same = (actual: Tensor, expected: Tensor) => expect(actual.toArray()).toEqual(expected.toArray());

describe('memory shared while recording is not shared in a replay', () => {
  it('an argument that is a part of a captured tensor', () => {
    const whole = randn([1000, 10]);
    const f = compile((x: Tensor) => x.sum().add(whole.sum()));
    f(whole.narrow(0, 0, 2));
    const x = randn([2, 10]);
    same(f(x), x.sum().add(whole.sum()));
  });
  it('an argument that is the captured tensor', () => {
    const captured = tensor([1, 2]);
    const f = compile((x: Tensor) => x.add(captured));
    f(captured);
    same(f(tensor([5, 5])), tensor([6, 7]));
  });
  it('arguments that overlap', () => {
    const memory = tensor([1, 2, 3, 4]);
    const f = compile((x: Tensor, y: Tensor) => x.sub(y));
    same(f(memory.narrow(0, 0, 3), memory.narrow(0, 1, 3)), tensor([-1, -1, -1]));
    same(f(tensor([5, 5, 5]), tensor([1, 2, 3])), tensor([4, 3, 2]));
    same(f(memory.narrow(0, 1, 3), memory.narrow(0, 0, 3)), tensor([1, 1, 1]));
  });
  it('the same tensor twice', () => {
    const f = compile((x: Tensor, y: Tensor) => x.sub(y));
    const x = tensor([1, 2]);
    same(f(x, x), tensor([0, 0]));
    same(f(x, tensor([5, 5])), tensor([-4, -3]));
    same(f(x, x), tensor([0, 0]));
  });
  it('an argument that requires a gradient and its own values', () => {
    const w = randn([4]).requiresGrad_();
    const f = compile((x: Tensor, y: Tensor) => x.mul(y).sum());
    f(w, w.detach());
    const y = randn([4]);
    expect(f(w, y).item()).toBe(w.mul(y).sum().item());
  });
});

describe('what is returned shares memory as without compile', () => {
  it('an argument itself', () => {
    const f = compile((x: Tensor) => ({ x, twice: x.mul(2) }));
    for (const x of [tensor([1, 2]), tensor([3, 4])]) expect(f(x).x).toBe(x);
  });
  it('parts of an argument', () => {
    const f = compile((x: Tensor) => [x.narrow(0, 1, 1), x.reshape([4])]);
    for (const x of [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([
        [5, 6],
        [7, 8],
      ]),
    ]) {
      // biome-ignore format: matrices
      const [row, flat] = f(x) as [Tensor, Tensor];
      same(row, x.narrow(0, 1, 1));
      same(flat, x.reshape([4]));
      expect(row.data.buffer).toBe(x.data.buffer);
      expect(flat.data.buffer).toBe(x.data.buffer);
    }
  });
  it('an argument changed in place', () => {
    const f = compile((x: Tensor) => nn.init.constant_(x, 7));
    for (let i = 0; i < 3; i++) {
      const x = ones([2]);
      expect(f(x)).toBe(x);
      same(x, tensor([7, 7]));
    }
  });
  it('an argument changed in place by a function that then throws', () => {
    const x = ones([2]);
    const f = compile((t: Tensor): Tensor => {
      nn.init.constant_(t, 7);
      throw new Error('no');
    });
    expect(() => f(x)).toThrow('no');
    same(x, tensor([7, 7]));
  });
});

it('a part of a temporary is read, and its gradient written, where it lies', () => {
  const w = ones([5]).requiresGrad_();
  const f = (x: Tensor) => {
    w.grad = null;
    const weighted = x.mul(w);
    const product = weighted
      .narrow(0, 3, 2)
      .mul(weighted.narrow(0, 1, 2))
      .sum();
    product.backward();
    return product;
  };
  const compiled = compile(f, { keepGrad: true });
  const check = (step: typeof f, x: Tensor) => {
    const [, a, b, c, d] = x.toArray() as [number, number, number, number, number];
    expect(step(x).item()).toBe(c * a + d * b);
    expect(w.grad!.toArray()).toEqual([0, a * c, b * d, a * c, b * d]);
  };
  const inputs = [tensor([1, 2, 3, 4, 5]), tensor([7, 11, 13, 17, 19]), tensor([2, 4, 6, 8, 10])];
  for (const step of [f, compiled]) for (const x of inputs) check(step, x);
  expect(String(compiled).match(/^\(/gm)).toHaveLength(1);
});

describe('a constant that is made inside is the same at each call', () => {
  it('though the function changes it', () => {
    const f = compile((x: Tensor) => {
      const t = tensor([1, 2, 3]);
      const y = x.mul(t);
      nn.init.zeros_(t.narrow(0, 1, 2));
      return [y, t];
    });
    for (let i = 0; i < 3; i++) {
      const [y, t] = f(ones([3])) as [Tensor, Tensor];
      same(y, tensor([1, 2, 3]));
      same(t, tensor([1, 0, 0]));
    }
  });
  it('though whoever is given it changes it, float32 or int32', () => {
    const f = compile((x: Tensor) => ({ x: x.neg(), eye: eye(2), labels: tensor([7, 8], { dtype: 'int32' }) }));
    for (let i = 0; i < 3; i++) {
      const out = f(ones([1]));
      same(out.eye, eye(2));
      same(out.labels, tensor([7, 8], { dtype: 'int32' }));
      out.eye.data[0] = 5;
      out.labels.data[0] = 5;
    }
  });
});

it('a constant that the caller changed is no difference for check', () => {
  const f = compile(
    (x: Tensor) => {
      const t = tensor([1, 2, 3]);
      return [x.mul(t), t];
    },
    { check: 1 },
  );
  for (let i = 0; i < 3; i++) {
    const [y, t] = f(ones([3])) as [Tensor, Tensor];
    same(y, tensor([1, 2, 3]));
    t.data[0] = 5;
  }
});

it('an empty result keeps its type', () => {
  const f = compile((x: Tensor) => [x.gt(0), zeros([0, 3])]);
  for (let i = 0; i < 3; i++) expect(f(ones([16])).map((t) => t.dtype)).toEqual(['int32', 'float32']);
});

it('what a replay changes in place is noticed by a backward() that needs the old values', () => {
  const [w, b] = [ones([3], { requiresGrad: true }), ones([3])];
  const captured = compile((v: Tensor) => nn.utils.vectorToParameters(v, [b]) as never);
  const given = compile((t: Tensor) => nn.init.zeros_(t));
  const changes: (() => unknown)[] = [() => captured(ones([3]).mul(5)), () => given(b)];
  for (const change of changes) {
    change();
    const y = w.mul(b).sum();
    change();
    expect(() => y.backward()).toThrow('was changed in place after it was used');
  }
});

describe('what is written while recording is seen through every argument on the same memory', () => {
  it('through another argument', () => {
    const fn = (a: Tensor, b: Tensor): Tensor => {
      nn.init.zeros_(a);
      return b.sum();
    };
    const results = [fn, compile(fn)].map((f) => {
      const memory = tensor([1, 2, 3, 4, 5, 6]);
      return [f(memory.narrow(0, 0, 4), memory.narrow(0, 2, 4)).item(), ...memory.data];
    });
    expect(results[1]).toEqual(results[0]);
  });
  it('through an argument on the memory of a parameter', () => {
    const run = (compiled: boolean) => {
      const w = ones([3], { requiresGrad: true });
      const optimizer = new optim.SGD([w], { lr: 0.1 });
      const plain = (v: Tensor, x: Tensor): Tensor => {
        optimizer.zeroGrad();
        w.mul(x).sum().backward();
        optimizer.step();
        return v.sum();
      };
      const step = compiled ? compile(plain) : plain;
      return [1, 2, 3].map((i) => step(w.detach(), ones([3]).mul(i)).item());
    };
    expect(run(true)).toEqual(run(false));
  });
});
