import { describe, expect, it } from 'vitest';
import { full, nn, ones, optim, Tensor, tensor } from '../../src';
import { follows } from '../../src/blocks';
import { misalignment } from '../../src/native';
import { expectError, expectSame } from '../helpers';

const aligned = (t: Tensor): boolean => (misalignment(t.floats.buffer as ArrayBuffer) + t.floats.byteOffset) % 64 === 0;

describe('Parameter', () => {
  it('shares the memory of its tensor and has no history', () => {
    const w = ones([2], { requiresGrad: true });
    const p = new nn.Parameter(w.mul(3));
    expectSame(p, [3, 3]);
    expect(p).toBeInstanceOf(Tensor);
    expect(p.requiresGrad).toBe(true);
    const shared = new nn.Parameter(w);
    nn.init.zeros_(shared);
    expectSame(w, [0, 0]);
    expect(new nn.Parameter(ones([1]), { requiresGrad: false }).requiresGrad).toBe(false);
    expect(new nn.Parameter(tensor(Int32Array.of(1)), { requiresGrad: false }).dtype).toBe('int32');
  });

  it('refuses what is not a tensor, and gradients of integers', () => {
    const message = '[Parameter] expected data to be a tensor, got an array\n  hint: tensor(...) makes one';
    expectError(() => new nn.Parameter([1] as never), TypeError, message);
    const ints = '[Tensor.requiresGrad_] only float32 tensors have gradients, this one is int32';
    expectError(() => new nn.Parameter(tensor(Int32Array.of(1))), TypeError, ints);
    expectError(
      () => new nn.Parameter(ones([1]), { requires_grad: true } as never),
      TypeError,
      '[Parameter] unknown option "requires_grad", did you mean "requiresGrad"?',
    );
  });
});

describe('the memory of parameters', () => {
  const layer = new nn.Linear(13, 30);
  layer
    .forward(ones([1, 13]))
    .sum()
    .backward();

  it('has neighbours behind each other on cache lines, and so have their gradients', () => {
    const { weight, bias } = layer;
    expect(follows(weight.floats, bias!.floats)).toBe(true);
    expect(follows(bias!.floats, weight.floats)).toBe(false);
    expect(follows(weight.gradient!.floats, bias!.gradient!.floats)).toBe(true);
    expect([weight, bias!, weight.gradient!, bias!.gradient!].every(aligned)).toBe(true);
    expect(bias!.floats.byteOffset - weight.floats.byteOffset).toBe(Math.ceil((13 * 30) / 16) * 64);
  });

  it('is its own block when large', () => {
    const large = new nn.Linear(300, 300);
    expect(follows(large.weight.floats, large.bias!.floats)).toBe(false);
    expect(aligned(large.weight)).toBe(true);
  });

  it('starts a new block where the old one has no room', () => {
    const layers = Array.from({ length: 20 }, () => new nn.Linear(100, 100)); // 40 KB each: 800 KB
    const buffers = new Set(layers.map((l) => l.weight.floats.buffer));
    expect(buffers.size).toBeGreaterThanOrEqual(3);
    expect(buffers.size).toBeLessThanOrEqual(5);
    expect(layers.every((l) => aligned(l.weight))).toBe(true);
  });

  it('uses a gradient’s place again unless it was seen', () => {
    const backward = () =>
      layer
        .forward(ones([1, 13]))
        .sum()
        .backward();
    const place = layer.weight.gradient!.floats;
    layer.zeroGrad();
    backward();
    expect(layer.weight.gradient!.floats).toBe(place);
    const seen = layer.weight.grad!;
    const values = seen.toArray();
    layer.zeroGrad();
    layer
      .forward(ones([1, 13]).mul(2))
      .sum()
      .backward();
    expect(layer.weight.gradient!.floats).not.toBe(place);
    expect(seen.toArray()).toEqual(values);
  });

  it('gives two parameters on one memory gradients of their own', () => {
    const { weight } = new nn.Linear(2, 2);
    const twin = new nn.Parameter(weight.detach());
    const part = new nn.Parameter(Tensor.fromTypedArray(weight.floats.subarray(0, 2), [1, 2]));
    for (const [i, w] of [weight, twin, part].entries())
      nn.functional
        .linear(full([1, 2], i + 2), w)
        .sum()
        .backward();
    expectSame(weight.grad!, [2, 2, 2, 2]);
    expectSame(twin.grad!, [3, 3, 3, 3]);
    expectSame(part.grad!, [4, 4]);
  });

  it('is refused where it is too large, and leaves the next ones their memory', () => {
    const lazy = new nn.LazyLinear(2 ** 47);
    for (const make of [() => new nn.Linear(2 ** 24, 2 ** 24), () => lazy.forward(ones([1, 2]))])
      expect(make).toThrow('[memory] 281474976710656 elements cannot be allocated');
    expect([lazy.inFeatures, lazy.hasUninitializedParams()]).toEqual([0, true]);
    const { weight, bias } = new nn.Linear(8, 4);
    expect([weight.floats.length, bias!.floats.length, follows(weight.floats, bias!.floats)]).toEqual([32, 4, true]);
  });

  it('does not let a part of a parameter pass for a neighbour', () => {
    const { weight, bias } = new nn.Linear(4, 5); // 20 values, 12 of padding
    const part = weight.floats.subarray(0, 18);
    expect(follows(weight.floats, bias!.floats)).toBe(true);
    expect(follows(part, bias!.floats)).toBe(false);
    expect(follows(weight.floats, bias!.floats.subarray(0, 4))).toBe(false);
    expect(follows(new Float32Array(16), new Float32Array(16))).toBe(false);
    const optimizer = new optim.SGD([new nn.Parameter(Tensor.fromTypedArray(part)), bias!], { weightDecay: 0.5, lr: 1 });
    const last = weight.floats[19];
    for (const p of optimizer.paramGroups[0]!.params) p.grad = ones(p.shape);
    optimizer.step();
    expect(weight.floats[19]).toBe(last);
  });

  it('is given back with its model, also while one job makes model after model', () => {
    let most = 0;
    for (let i = 0; i < 200; i++) {
      new nn.Linear(1000, 1000).parameters(); // 4 MB
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    expect(most).toBeLessThan(400e6); // 800 MB when none is given back; seen: 150 to 270
  });
});
