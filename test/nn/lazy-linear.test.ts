// LazyLinear and LazyBatchNorm1d: nothing until the first input or state dict, then a Linear and a BatchNorm1d.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { compile, io, manualSeed, nn, ones, optim, randn, SimdnnError, tensor, zeros } from '../../src';
import { expectError, flat, thrownBy } from '../helpers';

function refuses(fn: () => unknown, kind: new (...args: never[]) => Error, words: string): void {
  const error = thrownBy(fn);
  expect(error).toBeInstanceOf(kind);
  expect(error.message).toContain(words);
}

it('becomes a Linear at the first input, with the numbers of one', () => {
  manualSeed(3);
  const lazy: nn.Linear = new nn.LazyLinear(2);
  expect(lazy.toString()).toBe('LazyLinear(in_features=0, out_features=2, bias=True)');
  expect((lazy as nn.LazyLinear).hasUninitializedParams()).toBe(true);
  const y = lazy.forward(ones([4, 3]));
  manualSeed(3);
  const plain = new nn.Linear(3, 2);
  expect(Object.getPrototypeOf(lazy)).toBe(nn.Linear.prototype);
  expect(lazy.toString()).toBe(plain.toString());
  expect(flat(y)).toEqual(flat(plain.forward(ones([4, 3]))));
  y.sum().backward();
  new optim.SGD(lazy.parameters(), { lr: 1 }).step();
  expect(flat(lazy.bias!)).toEqual(flat(plain.bias!.sub(4)));
  expectError(() => lazy.forward(ones([4, 5])), RangeError, '[Linear.forward] expected x [*, 3], got [4, 5]');
});

it('is initialized through its containers, frozen and copied as it is', () => {
  const model = new nn.Sequential(new nn.LazyLinear(4, { bias: false }), new nn.Tanh(), new nn.LazyLinear(1));
  model.requiresGrad_(false);
  const copy = model.clone();
  expect(model.forward(randn([2, 3])).shape).toEqual([2, 1]);
  expect(model.parameters().map(({ shape, requiresGrad }) => [shape, requiresGrad])).toEqual([
    [[4, 3], false],
    [[1, 4], false],
    [[1], false],
  ]);
  expect(copy.forward(randn([2, 7])).shape).toEqual([2, 1]);
  expect(copy.parameters()[0]!.shape).toEqual([4, 7]);
});

it('is initialized by a state dict', () => {
  const plain = new nn.Linear(3, 2);
  const lazy = new nn.Sequential(new nn.LazyLinear(2));
  const empty = new nn.LazyLinear(2).stateDict();
  expect(Object.keys(empty)).toEqual(['weight', 'bias']);
  new nn.LazyLinear(2).loadStateDict(empty);
  refuses(() => plain.loadStateDict(empty), RangeError, 'expected shape [2, 3], got [0]');
  const wrong = { '0.weight': zeros([3, 3]), '0.bias': zeros([2]) };
  refuses(() => lazy.loadStateDict(wrong), RangeError, '0.weight: expected shape [2, inFeatures], got [3, 3]');
  refuses(() => lazy.loadStateDict({ '0.bias': zeros([2]) }, { strict: false }), RangeError, '0.bias is for a LazyLinear');
  const two = new nn.Sequential(new nn.LazyLinear(2), new nn.LazyLinear(2));
  refuses(() => two.loadStateDict({ '0.weight': zeros([2, 3]), '1.bias': zeros([2]) }, { strict: false }), RangeError, '1.bias is for');
  expect((two[0] as nn.LazyLinear).hasUninitializedParams()).toBe(true);
  const shared = new nn.LazyLinear(2);
  const twice = new nn.ModuleDict({ a: shared, b: shared });
  twice.loadStateDict({ ...plain.stateDict({ prefix: 'a.' }), ...plain.stateDict({ prefix: 'b.' }) });
  expect(flat(shared.weight)).toEqual(flat(plain.weight));
  lazy.loadStateDict(plain.stateDict({ prefix: '0.' }));
  expect(lazy[0]!.toString()).toBe(plain.toString());
  expect(flat(lazy.forward(ones([1, 3])))).toEqual(flat(plain.forward(ones([1, 3]))));
});

it('cannot be optimized, recorded or saved before', async () => {
  const lazy = new nn.LazyLinear(2);
  const hint = 'call model.forward(x) on a batch before';
  refuses(() => new optim.Adam(lazy.parameters()), RangeError, hint);
  refuses(() => compile(() => lazy.forward(ones([1, 2])))(), SimdnnError, hint);
  const path = join(tmpdir(), 'never-written.simdnn');
  const notYet = `weight is not initialized yet\n  hint: ${hint}`;
  await expect(io.saveModel(path, lazy)).rejects.toThrow(notYet);
  await expect(io.saveSafetensors(path, lazy.stateDict())).rejects.toThrow(notYet);
  await expect(io.saveCheckpoint(path, { model: lazy })).rejects.toThrow(notYet);
  refuses(() => nn.utils.weightNorm(lazy), RangeError, notYet);
  refuses(() => lazy.forward(tensor(1)), RangeError, 'expected x [*, inFeatures], got []');
  expect(lazy.hasUninitializedParams()).toBe(true);
  lazy.forward(ones([1, 2]));
  expect(compile(() => lazy.forward(ones([1, 2])))().shape).toEqual([1, 2]);
});

it('LazyBatchNorm1d becomes a BatchNorm1d at the first input, with the numbers of one', () => {
  const x = randn([4, 3, 2]);
  for (const options of [
    {},
    { affine: false },
    { trackRunningStats: false, momentum: null, eps: 0.1 },
    { affine: false, trackRunningStats: false },
  ]) {
    const lazy: nn.BatchNorm1d = new nn.LazyBatchNorm1d(options);
    const plain = new nn.BatchNorm1d(3, options);
    expect(lazy.toString()).toBe(plain.toString().replace('BatchNorm1d(3', 'LazyBatchNorm1d(0'));
    expect((lazy as nn.LazyBatchNorm1d).hasUninitializedParams()).toBe(Object.keys(plain.stateDict()).length > 0);
    expect(flat(lazy.forward(x))).toEqual(flat(plain.forward(x)));
    expect(Object.getPrototypeOf(lazy)).toBe(nn.BatchNorm1d.prototype);
    expect(lazy.toString()).toBe(plain.toString());
    expect(Object.entries(lazy.stateDict()).map(([name, t]) => [name, flat(t)])).toEqual(
      Object.entries(plain.stateDict()).map(([name, t]) => [name, flat(t)]),
    );
    expect(flat(lazy.eval().forward(x))).toEqual(flat(plain.eval().forward(x)));
  }
});

it('LazyBatchNorm1d is initialized by a state dict, frozen and copied as it is', () => {
  const plain = new nn.BatchNorm1d(3);
  plain.forward(randn([4, 3]));
  const lazy = new nn.Sequential(new nn.LazyBatchNorm1d()).requiresGrad_(false);
  const copy = lazy.clone();
  lazy.loadStateDict(new nn.LazyBatchNorm1d().stateDict({ prefix: '0.' }));
  expect((lazy[0] as nn.LazyBatchNorm1d).hasUninitializedParams()).toBe(true);
  lazy.loadStateDict(plain.stateDict({ prefix: '0.' }));
  expect(lazy[0]!.toString()).toBe(plain.toString());
  expect(lazy.parameters().map(({ requiresGrad }) => requiresGrad)).toEqual([false, false]);
  expect(flat((lazy[0] as unknown as nn.BatchNorm1d).runningVar!)).toEqual(flat(plain.runningVar!));
  expect(flat((lazy[0] as unknown as nn.BatchNorm1d).numBatchesTracked!)).toEqual([1]);
  copy.forward(randn([4, 5]));
  expect((copy[0] as unknown as nn.BatchNorm1d).numFeatures).toBe(5);
  const tracked = new nn.LazyBatchNorm1d({ affine: false });
  tracked.loadStateDict(new nn.BatchNorm1d(2, { affine: false }).stateDict());
  expect(tracked.numFeatures).toBe(2);
  const wrong = { weight: zeros([2, 2]) };
  refuses(
    () => new nn.LazyBatchNorm1d().loadStateDict(wrong, { strict: false }),
    RangeError,
    'weight: expected shape [numFeatures], got [2, 2]',
  );
  const uneven = { ...plain.stateDict(), running_var: ones([2]) };
  refuses(() => new nn.LazyBatchNorm1d().loadStateDict(uneven), RangeError, 'weight has 3 elements, and running_var 2');
  refuses(() => plain.loadStateDict(new nn.LazyBatchNorm1d().stateDict()), RangeError, 'running_mean: expected shape [3], got [0]');
});

it('LazyBatchNorm1d cannot be optimized, recorded or saved before', async () => {
  const lazy = new nn.LazyBatchNorm1d();
  const hint = 'call model.forward(x) on a batch before';
  refuses(() => new optim.Adam(lazy.parameters()), RangeError, hint);
  refuses(() => compile(() => lazy.forward(ones([2, 2])))(), SimdnnError, hint);
  await expect(io.saveModel(join(tmpdir(), 'never-written.simdnn'), lazy)).rejects.toThrow(hint);
  const tracked = new nn.LazyBatchNorm1d({ affine: false });
  await expect(io.saveModel(join(tmpdir(), 'never-written.simdnn'), tracked)).rejects.toThrow(hint);
  refuses(() => lazy.forward(ones([2])), RangeError, '[LazyBatchNorm1d.forward] expected x [n, numFeatures, *], got [2]');
  refuses(() => new nn.LazyBatchNorm1d({ affine: 1 as never }), TypeError, '[LazyBatchNorm1d] expected affine');
  expect(lazy.hasUninitializedParams()).toBe(true);
});

it('is initialized by a checkpoint, and by a summary', async () => {
  const mlp = () => new nn.Sequential(new nn.LazyLinear(4), new nn.LazyBatchNorm1d(), new nn.LazyLinear(1));
  const model = mlp();
  expect(nn.utils.summary(model, [2, 3]).totalParams).toBe(4 * 3 + 4 + 2 * 4 + 4 + 1);
  expect(model[1]!.toString()).toBe(new nn.BatchNorm1d(4).toString());
  model.forward(randn([6, 3])); // moves the running statistics, which a file holds too
  const path = join(mkdtempSync(join(tmpdir(), 'simdnn-lazy-')), 'run.safetensors');
  await io.saveCheckpoint(path, { model, optimizer: new optim.SGD(model.parameters(), { lr: 1 }) });
  const other = new nn.Sequential(new nn.LazyLinear(4), new nn.LazyBatchNorm1d(), new nn.LazyLinear(2));
  await expect(io.loadCheckpoint(path, { model: other })).rejects.toThrow('2.weight: expected shape [2, inFeatures], got [1, 4]');
  expect((other[0] as nn.LazyLinear).hasUninitializedParams()).toBe(true);
  expect((other[1] as nn.LazyBatchNorm1d).hasUninitializedParams()).toBe(true);
  const copy = mlp();
  await io.loadCheckpoint(path, { model: copy });
  expect(copy.toString()).toBe(model.toString());
  const x = randn([5, 3]);
  expect(flat(copy.eval().forward(x))).toEqual(flat(model.eval().forward(x)));
  rmSync(dirname(path), { recursive: true });
});
