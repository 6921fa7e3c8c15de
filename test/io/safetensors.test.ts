// Files of tensors: to and from PyTorch, names, element types, what is read, what is refused.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compile, io, manualSeed, nn, ones, randn, Tensor, tensor, zeros } from '../../src';
import { expectSame, flat } from '../helpers';
import { rejection } from '../rejection';
import { folder, golden, pythonWithSafetensors } from './files';

const at = folder();
const int32 = (...values: number[]): Tensor => tensor(Int32Array.from(values));

class Inner extends nn.Module {
  norm = new nn.BatchNorm1d(3);
  scale = new nn.Parameter(ones([2]));
  constructor() {
    super();
    this.registerBuffer('mean', zeros([3]));
  }
  forward(): never {
    throw new Error('not called');
  }
}
class Outer extends nn.Module {
  ly1 = new nn.Linear(4, 3);
  inner = new Inner();
  heads = new nn.ModuleDict({ mean: new nn.Linear(3, 1), spread: new nn.Linear(3, 1, { bias: false }) });
  blocks = new nn.ModuleList<nn.Module>([new nn.Linear(3, 3), new nn.LayerNorm(3)]);
  values = new nn.ParameterList([ones([2]), zeros([1])]);
  forward(): never {
    throw new Error('not called');
  }
}

const modules: Record<string, () => nn.Module> = {
  sequential: () => new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Dropout(0.1), new nn.Linear(3, 2, { bias: false })),
  custom: () => new Outer(),
  batch_norm: () => new nn.BatchNorm1d(4),
  batch_norm_plain: () => new nn.BatchNorm1d(4, { affine: false }),
  batch_norm_untracked: () => new nn.BatchNorm1d(4, { trackRunningStats: false }),
  embedding: () => new nn.Embedding(5, 3, { paddingIdx: 0 }),
  embedding_bag: () => new nn.EmbeddingBag(5, 3),
  layer_norm: () => new nn.LayerNorm([2, 3]),
  rms_norm: () => new nn.RMSNorm(3),
  group_norm: () => new nn.GroupNorm(2, 4),
  prelu: () => new nn.PReLU({ numParameters: 3 }),
  bilinear: () => new nn.Bilinear(2, 3, 4),
  cross_entropy: () => new nn.CrossEntropyLoss({ weight: tensor([1, 2]) }),
  bce: () => new nn.BCEWithLogitsLoss({ weight: ones([2]), posWeight: tensor([2, 3]) }),
};

describe('the names of a state dict', () => {
  const theirs = JSON.parse(readFileSync(golden('names.json'), 'utf8')) as Record<string, Record<string, [string, number[]]>>;

  it('are compared for every module that PyTorch was asked about', () => {
    expect(Object.keys(modules).sort()).toEqual(Object.keys(theirs).sort());
  });

  it.each(Object.keys(theirs))('of %s are those of PyTorch, in its order, with its types in the file', async (name) => {
    const file = at(`${name}.safetensors`);
    await io.saveSafetensors(file, modules[name]!().stateDict());
    const bytes = readFileSync(file);
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString()) as Record<
      string,
      { dtype: string; shape: number[] }
    >;
    const dtypes: Record<string, string> = { float32: 'F32', int64: 'I64' };
    expect(Object.entries(header).map(([key, { dtype, shape }]) => [key, dtype, shape])).toEqual(
      Object.entries(theirs[name]!).map(([key, [dtype, shape]]) => [key, dtypes[dtype], shape]),
    );
  });
});

describe('a file of PyTorch', () => {
  it.each(['custom', 'batch_norm'])('%s loads into the same module', async (name) => {
    const { tensors } = await io.loadSafetensors(golden(`${name}.safetensors`));
    const model = modules[name]!();
    expect(model.loadStateDict(tensors)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    for (const [key, loaded] of Object.entries(tensors)) expectSame(model.stateDict()[key]!, loaded);
  });

  it('has its metadata, and the count of batches as int32', async () => {
    expect((await io.loadSafetensors(golden('custom.safetensors'))).metadata).toEqual({ made: 'by PyTorch', é: 'ü' });
    const { tensors } = await io.loadSafetensors(golden('batch_norm.safetensors'));
    expect([tensors['num_batches_tracked']!.dtype, tensors['num_batches_tracked']!.item()]).toEqual(['int32', 1]);
  });

  const names = ['f64', 'f32', 'f16', 'bf16', 'i64', 'i32', 'i16', 'i8', 'u8', 'bool', 'scalar', 'empty', '__proto__'];
  it('of every element type gives the same numbers', async () => {
    const { tensors } = await io.loadSafetensors(golden('dtypes.safetensors'), { names });
    expect(Object.keys(tensors)).toEqual(names);
    const numbers = [0, -0, 1, -2.5, 65504, 2 ** -24, 2 ** -14, Infinity, -Infinity, Number.NaN];
    for (const name of ['f64', 'f32', 'f16']) expectSame(flat(tensors[name]!).slice(0, 10), numbers);
    expectSame(flat(tensors['bf16']!).slice(0, 4), [0, -0, 1, -2.5]);
    const third = (name: string): number => flat(tensors[name]!)[10]!;
    expect([third('f64'), third('f32'), third('f16'), third('bf16')]).toEqual([
      Math.fround(1 / 3),
      Math.fround(1 / 3),
      0.333251953125,
      0.333984375,
    ]);
    expect(flat(tensors['bf16']!)[4]).toBe(65536);
    for (const name of ['i64', 'i32']) expectSame(tensors[name]!, [0, -1, 2 ** 31 - 1, -(2 ** 31)]);
    expectSame(tensors['i16']!, [0, -1, 32767, -32768]);
    expectSame(tensors['i8']!, [0, -1, 127, -128]);
    expectSame(tensors['u8']!, [0, 1, 255]);
    expectSame(tensors['bool']!, [1, 0]);
    expect([tensors['scalar']!.shape, tensors['empty']!.shape, tensors['bool']!.dtype]).toEqual([[], [0, 3], 'int32']);
    expectSame(Object.getOwnPropertyDescriptor(tensors, '__proto__')!.value as Tensor, [7]);
  });

  it('with what has no place here is refused by its name, and read without it', async () => {
    const file = golden('dtypes.safetensors');
    const large = await rejection(io.loadSafetensors(file, { names: ['f32', 'too_large'] }));
    expect(large.message).toBe(`[io.loadSafetensors] ${file}: tensor "too_large" is I64 and has 2147483648, which is no int32`);
    const complex = await rejection(io.loadSafetensors(file, { names: ['complex'] }));
    expect(complex.message).toContain('tensor "complex" is C64, which is not read');
    expect([large, complex].map((error) => error.constructor)).toEqual([RangeError, RangeError]);
  });
});

const python = pythonWithSafetensors();
describe.skipIf(python === null)('safetensors.torch (skipped without a Python that has it)', () => {
  it('opens what is written here, and writes it back', async () => {
    manualSeed(1);
    const model = new Outer();
    const dict = {
      ...model.stateDict(),
      numbers: tensor([1.5, 2 ** 100, -0]),
      whole: int32(1, -(2 ** 31)),
      scalar: tensor(2),
      none: zeros([0, 2]),
    };
    const [file, back] = [at('to-python.safetensors'), at('from-python.safetensors')];
    await io.saveSafetensors(file, dict, { metadata: { a: 'ü "quoted"' } });
    const run = spawnSync(python!, [join(__dirname, 'read.py'), file, back], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    const read = JSON.parse(run.stdout) as { metadata: unknown; tensors: Record<string, [string, number[], number[]]> };
    expect(read.metadata).toEqual({ a: 'ü "quoted"' });
    expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(dict).sort());
    for (const [name, one] of Object.entries(dict)) {
      const [dtype, shape, numbers] = read.tensors[name]!;
      const theirs = one.dtype === 'float32' ? 'torch.float32' : name.endsWith('num_batches_tracked') ? 'torch.int64' : 'torch.int32';
      expect([name, dtype, shape]).toEqual([name, theirs, one.shape]);
      expectSame(numbers, one);
    }
    const { tensors, metadata } = await io.loadSafetensors(back);
    expect(metadata).toEqual({ a: 'ü "quoted"' });
    for (const [name, one] of Object.entries(dict)) expectSame(tensors[name]!, one);
  });
});

describe('saving and loading', () => {
  it('keeps every bit, name and text', async () => {
    const bits = Tensor.fromTypedArray(new Float32Array(Int32Array.of(0x7fc00001, -1, 1, 0x80000000, 0x7f800000).buffer));
    const dict = Object.fromEntries([
      ['b', randn([3, 2])],
      ['1', int32(5)],
      ['0', tensor(3)],
      ['', zeros([0])],
      ['__proto__', ones([1])],
      ['"\\\n😀', bits],
    ]) as Record<string, Tensor>;
    const metadata = Object.fromEntries([
      ['__proto__', 'x'],
      ['', ''],
      ['ü', '\u0000"'],
    ]) as Record<string, string>;
    await io.saveSafetensors(at('all.safetensors'), dict, { metadata });
    const loaded = await io.loadSafetensors(pathToFileURL(at('all.safetensors')));
    expect(Object.entries(loaded.metadata).sort()).toEqual(Object.entries(metadata).sort());
    expect(Object.keys(loaded.tensors).sort()).toEqual(Object.keys(dict).sort());
    for (const name of Object.keys(dict)) {
      const [was, is] = [dict[name]!, loaded.tensors[name]!];
      expect([is.shape, is.dtype, is.requiresGrad]).toEqual([was.shape, was.dtype, false]);
      expect(new Int32Array(is.data.slice().buffer)).toEqual(new Int32Array(was.data.slice().buffer));
    }
    expect(await io.loadSafetensors(at('all.safetensors'), { names: [] })).toMatchObject({ tensors: {} });
  });

  it('takes nothing as well', async () => {
    await io.saveSafetensors(at('none.safetensors'), {});
    expect(await io.loadSafetensors(at('none.safetensors'))).toEqual({ tensors: {}, metadata: {} });
  });

  it('reads only what is asked for: the rest of the file may be gone', async () => {
    const file = at('part.safetensors');
    await io.saveSafetensors(file, { a: tensor([1, 2]), b: ones([100_000]) });
    const bytes = readFileSync(file);
    bytes.fill(255, bytes.length - 300_000); // NaN, were they read
    writeFileSync(file, bytes);
    expect(flat((await io.loadSafetensors(file, { names: ['a'] })).tensors['a']!)).toEqual([1, 2]);
    truncateSync(file, bytes.length - 4);
    expect((await rejection(io.loadSafetensors(file, { names: ['a'] }))).message).toContain('the file is cut off');
  });

  it('writes the values at the call', async () => {
    const values = [ones([3]), ones([400_000])];
    const saved = io.saveSafetensors(at('now.safetensors'), { small: values[0]!, large: values[1]! });
    for (const one of values) one.fill_(7);
    await saved;
    const { tensors } = await io.loadSafetensors(at('now.safetensors'));
    expect([new Set(flat(tensors['small']!)), new Set(flat(tensors['large']!))]).toEqual([new Set([1]), new Set([1])]);
  });

  it('replaces a file as a whole, keeps its mode, follows a link, and leaves nothing beside it', async () => {
    const file = at('whole.safetensors');
    writeFileSync(file, 'other', { mode: 0o600 });
    symlinkSync(file, at('link.safetensors'));
    await Promise.all([1, 2, 3].map((i) => io.saveSafetensors(at('link.safetensors'), { a: int32(i) })));
    expect([1, 2, 3]).toContain((await io.loadSafetensors(file)).tensors['a']!.item());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(file)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('that fails leaves what was there', async () => {
    const missing = at('no/such/folder.safetensors');
    expect((await rejection(io.saveSafetensors(missing, { a: ones([1]) }))).code).toBe('ENOENT');
    expect(existsSync(dirname(missing))).toBe(false);
    expect((await rejection(io.loadSafetensors(at('nowhere.safetensors')))).code).toBe('ENOENT');
    expect((await rejection(io.saveSafetensors(dirname(at('x')), { a: ones([1]) }))).message).toMatch(
      / cannot be written: it is a folder \(\w+\)$/,
    );
    expect((await rejection(io.saveSafetensors(dirname(at('x')), { a: ones([1]) }))).code).toMatch(/EISDIR|ENOTEMPTY|EEXIST|EBUSY|EPERM/);
    expect((await rejection(io.loadSafetensors(dirname(at('x'))))).message).toContain('is not a file');
  });
});

describe('what cannot be saved or loaded', () => {
  const dict = { a: ones([1]) };
  const detached = Tensor.fromTypedArray(new Float32Array(20_000));
  it.each<[string, () => Promise<unknown>, new (...args: never[]) => Error, string]>([
    [
      'a path that is none',
      () => io.saveSafetensors(3 as never, dict),
      TypeError,
      '[io.saveSafetensors] expected a path or a file: URL, got 3',
    ],
    ['an empty path', () => io.loadSafetensors(''), RangeError, '[io.loadSafetensors] "" is not a path'],
    ['a zero in the path', () => io.loadSafetensors('a\0b'), RangeError, '[io.loadSafetensors] "a\\u0000b" is not a path'],
    [
      'another URL',
      () => io.loadSafetensors(new URL('https://a.b/c')),
      RangeError,
      '[io.loadSafetensors] expected a path or a file: URL, got https://a.b/c',
    ],
    [
      'no dict',
      () => io.saveSafetensors(at('x'), null as never),
      TypeError,
      '[io.saveSafetensors] expected an object of tensors by name, got null',
    ],
    [
      'a list',
      () => io.saveSafetensors(at('x'), [ones([1])] as never),
      TypeError,
      '[io.saveSafetensors] expected an object of tensors by name, got an array',
    ],
    [
      'a number',
      () => io.saveSafetensors(at('x'), { a: 3 } as never),
      TypeError,
      '[io.saveSafetensors] expected "a" to be a tensor, got 3',
    ],
    [
      'the name of the metadata',
      () => io.saveSafetensors(at('x'), { __metadata__: ones([1]) }),
      RangeError,
      '[io.saveSafetensors] a tensor cannot be called "__metadata__"',
    ],
    [
      'half a character',
      () => io.saveSafetensors(at('x'), { '\ud800': ones([1]) }),
      RangeError,
      '[io.saveSafetensors] a name, "\\ud800", has half of a character',
    ],
    [
      'a number as metadata',
      () => io.saveSafetensors(at('x'), dict, { metadata: { a: 1 } as never }),
      TypeError,
      '[io.saveSafetensors] expected metadata "a" to be a text, got 1',
    ],
    [
      'metadata that is none',
      () => io.saveSafetensors(at('x'), dict, { metadata: [] as never }),
      TypeError,
      '[io.saveSafetensors] expected metadata to be an object of texts, got an array',
    ],
    [
      'another option',
      () => io.saveSafetensors(at('x'), dict, { meta: {} } as never),
      TypeError,
      '[io.saveSafetensors] unknown option "meta", did you mean "metadata"?',
    ],
    [
      'names that are none',
      () => io.loadSafetensors(golden('custom.safetensors'), { names: 'a' as never }),
      TypeError,
      '[io.loadSafetensors] expected names to be a list of names, got "a"',
    ],
    [
      'names that are not there',
      () => io.loadSafetensors(golden('batch_norm.safetensors'), { names: ['a', 'bias'] }),
      RangeError,
      `[io.loadSafetensors] ${golden('batch_norm.safetensors')} has no tensor "a"`,
    ],
  ])('%s', async (_, call, kind, message) => {
    const error = await rejection(call());
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error.constructor).toBe(kind);
    expect(existsSync(at('x'))).toBe(false);
  });

  it('texts that are longer than the format allows', async () => {
    const error = await rejection(io.saveSafetensors(at('x'), dict, { metadata: { a: 'x'.repeat(100_000_000) } }));
    expect(error.message).toContain('bytes, the format allows 100000000');
  });

  it('memory that was transferred', async () => {
    structuredClone(detached.data.buffer, { transfer: [detached.data.buffer as ArrayBuffer] });
    expect((await rejection(io.saveSafetensors(at('x'), { detached }))).message).toContain('the array is detached');
  });

  it('inside a compiled function', () => {
    const saving = compile((x: Tensor) => {
      void io.saveSafetensors(at('x'), { x }).catch((error: Error) => errors.push(error));
      return x.add(1);
    });
    const errors: Error[] = [];
    saving(ones([2]));
    return new Promise((resolve) => setTimeout(resolve, 10)).then(() => {
      expect(errors.map(({ message }) => message)[0]).toContain('io.saveSafetensors');
      expect(existsSync(at('x'))).toBe(false);
    });
  });
});
