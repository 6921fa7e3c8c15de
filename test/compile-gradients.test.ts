// Gradients around a compiled function: of its outputs, of parameters after it, and of eager steps between its calls.
import { describe, expect, it } from 'vitest';
import { compile, ones, type Tensor, tensor } from '../src';
import { recordingsOf, training, valuesOf } from './compile-training';
import { expectSame, thrownBy } from './helpers';

describe('outputs have no history', () => {
  it('from the second call on, so backward() on one throws', () => {
    const w = tensor([2], { requiresGrad: true });
    const times = compile((x: Tensor) => x.mul(w));
    times(ones([1]));
    expect(() => times(ones([1])).backward()).toThrow('[backward] this tensor does not require a gradient and has no history');
  });
  it('so backward() is called inside', () => {
    const w = tensor([2], { requiresGrad: true });
    const times = compile(
      (x: Tensor) => {
        w.grad = null;
        const y = x.mul(w);
        y.backward();
        return y;
      },
      { keepGrad: true },
    );
    for (const v of [3, 4, 5]) {
      times(tensor([v]));
      expectSame(w.grad!, [v]);
    }
  });
});

describe('param.grad after a compiled step', () => {
  it('is hidden', () => {
    const { model, step, x, y } = training();
    for (let i = 0; i < 2; i++) {
      step(x, y);
      const error = thrownBy(() => model.parameters()[0]!.grad);
      expect(error.message).toBe(
        '[Tensor.grad] a compiled step made this gradient and did not keep it\n  hint: compile(fn, { keepGrad: true })',
      );
      expect(error.code).toBe('SIMDNN_GRADIENT_NOT_KEPT');
    }
  });
  it('is null after zeroGrad(), and readable after an eager backward()', () => {
    const { model, criterion, optimizer, step, x, y } = training();
    step(x, y);
    optimizer.zeroGrad();
    expect(model.parameters()[0]!.grad).toBeNull();
    criterion.forward(model.forward(x), y).backward();
    expect(model.parameters()[0]!.grad!.shape).toEqual([4, 3]);
  });
  it('is a copy of its own with keepGrad', () => {
    const { model, step, x, y } = training({ keepGrad: true });
    const first = [0, 1, 2].map(() => {
      step(x, y);
      return model.parameters()[0]!.grad!;
    });
    const values = first.map((t) => t.toArray());
    expect(new Set(values.map(String)).size).toBe(3);
    step(x, y);
    expect(first.map((t) => t.toArray())).toEqual(values);
  });
});

describe('eager steps between compiled ones', () => {
  it('give the bits of eager steps alone', () => {
    const [alone, mixed] = [training(), training()];
    for (let i = 0; i < 12; i++) {
      const loss = alone.eager(alone.x, alone.y);
      expectSame((i % 3 === 1 ? mixed.eager : mixed.step)(mixed.x, mixed.y), loss);
    }
    expect(valuesOf(mixed.model)).toEqual(valuesOf(alone.model));
  });
  it('that look at a gradient cost a recording: the memory that was shown is not written again', () => {
    const { model, eager, step, x, y } = training();
    step(x, y);
    step(x, y);
    expect(recordingsOf(step)).toBe(1);
    eager(x, y);
    const shown = model.parameters()[0]!.grad!;
    const values = shown.toArray();
    step(x, y);
    expect(recordingsOf(step)).toBe(2);
    expect(shown.toArray()).toEqual(values);
  });
});
