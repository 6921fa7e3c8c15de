// Models as files: every class of the library, classes of one's own, what stands beside the model, files that are not what they say.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { data, getRngState, io, manualSeed, nn, ones, optim, randn, Tensor, tensor, zeros } from '../../src';
import { expectSame, flat } from '../helpers';
import { rejection } from '../rejection';
import { folder } from './files';

const at = folder();

// For every class of modules one whose fields are others than the defaults.
const made: Record<string, () => nn.Module> = {
  AlphaDropout: () => new nn.AlphaDropout(0.2),
  Dropout1d: () => new nn.Dropout1d(0.2),
  FeatureAlphaDropout: () => new nn.FeatureAlphaDropout(0.2),
  BCELoss: () => new nn.BCELoss({ weight: ones([2]), reduction: 'sum' }),
  BCEWithLogitsLoss: () => new nn.BCEWithLogitsLoss({ posWeight: ones([2]) }),
  BatchNorm1d: () => new nn.BatchNorm1d(3, { momentum: null, affine: false, eps: 0.1 }),
  Bilinear: () => new nn.Bilinear(2, 3, 4, { bias: false }),
  CrossEntropyLoss: () => new nn.CrossEntropyLoss({ weight: ones([3]), labelSmoothing: 0.1, ignoreIndex: 1 }),
  Dropout: () => new nn.Dropout(0.25),
  ELU: () => new nn.ELU({ alpha: 2 }),
  Embedding: () => new nn.Embedding(4, 2, { paddingIdx: 1, maxNorm: 1.5 }),
  EmbeddingBag: () => new nn.EmbeddingBag(4, 2, { mode: 'max' }),
  Flatten: () => new nn.Flatten(0, 1),
  GELU: () => new nn.GELU({ approximate: 'tanh' }),
  GLU: () => new nn.GLU({ dim: 0 }),
  GroupNorm: () => new nn.GroupNorm(2, 4, { affine: false }),
  AdaptiveLogSoftmaxWithLoss: () => new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 3], { headBias: true, divValue: 2 }),
  LayerNorm: () => new nn.LayerNorm([2, 3], { bias: false }),
  Linear: () => new nn.Linear(3, 2, { bias: false }),
  LinearCrossEntropyLoss: () => new nn.LinearCrossEntropyLoss(3, 2, { bias: true }),
  LogSoftmax: () => new nn.LogSoftmax({ dim: -1 }),
  ModuleDict: () => new nn.ModuleDict({ b: new nn.ReLU(), 2: new nn.Linear(1, 1), a: new nn.Tanh() }),
  ModuleList: () => new nn.ModuleList([new nn.ReLU(), new nn.ModuleList()]),
  PReLU: () => new nn.PReLU({ numParameters: 3 }),
  ParameterDict: () => new nn.ParameterDict({ z: ones([2]), a: tensor(Int32Array.of(1)) }),
  ParameterList: () => new nn.ParameterList([ones([2]), zeros([0])]),
  RMSNorm: () => new nn.RMSNorm(3, { eps: 0.5 }),
  Sequential: () => new nn.Sequential(new nn.Linear(2, 2), new nn.Sequential(), new nn.ReLU()),
  Softmax: () => new nn.Softmax({ dim: 1 }),
  Softmin: () => new nn.Softmin({ dim: 1 }),
  SparseLinear: () => new nn.SparseLinear(3, 2),
  Threshold: () => new nn.Threshold(0.5, -1),
  Unflatten: () => new nn.Unflatten(1, [2, 2]),
};
const classes = Object.entries(nn).filter(
  ([name, one]) => typeof one === 'function' && one.prototype instanceof nn.Module && name !== 'Module',
) as unknown as [string, new () => nn.Module][];

function expectAlike(loaded: nn.Module, model: nn.Module): void {
  expect(loaded.toString()).toBe(model.toString());
  expect(Object.getPrototypeOf(loaded)).toBe(Object.getPrototypeOf(model));
  expect(Object.keys(loaded).sort()).toEqual(Object.keys(model).sort());
  expect(loaded.namedModules().map(([name, one]) => [name, one.training])).toEqual(
    model.namedModules().map(([name, one]) => [name, one.training]),
  );
  expect(loaded.namedParameters().map(([name, one]) => [name, one.requiresGrad, one.constructor.name])).toEqual(
    model.namedParameters().map(([name, one]) => [name, one.requiresGrad, one.constructor.name]),
  );
  const [is, was] = [loaded.stateDict(), model.stateDict()];
  expect(Object.keys(is)).toEqual(Object.keys(was));
  for (const [name, one] of Object.entries(was)) expectSame(is[name]!, one);
}

describe('a module of the library', () => {
  // A LazyLinear is a Linear from its first call on, and not saved before, and so is a LazyBatchNorm1d: lazy-linear.test.ts.
  it.each(classes.filter(([name]) => !name.startsWith('Lazy')))('%s is the same when it is loaded', async (name, Class) => {
    const model = made[name]?.() ?? new Class();
    await io.saveModel(at('class.safetensors'), model);
    const state = getRngState();
    const { model: loaded, ...rest } = await io.loadModel(at('class.safetensors'));
    expect(getRngState()).toEqual(state);
    expect(rest).toEqual({ preprocessing: null, classes: null, example: null });
    expectAlike(loaded, model);
    const fields = (module: nn.Module): unknown =>
      Object.entries(module)
        .map(([field, value]) => [field, value instanceof Tensor ? flat(value) : value instanceof nn.Module ? value.toString() : value])
        .sort();
    expect(fields(loaded)).toEqual(fields(model));
  });
});

class Block extends nn.Module {
  readonly linear: nn.Linear;
  readonly names = new Float32Array([1, 2]);
  settings = { deep: [1, { p: 0.5, $x: null }], not: Number.NaN, undefined };
  constructor(width: number) {
    super();
    if (width === undefined) throw new Error('the constructor was called without its argument');
    this.linear = new nn.Linear(width, width);
  }
  forward(x: Tensor): Tensor {
    return this.linear.call(x).relu().add(x);
  }
}
class Stack extends nn.Sequential {
  note = 'extends a container';
}
class Own extends nn.Module {
  blocks: nn.ModuleList<Block>;
  tied: nn.Linear;
  head = new Stack(new nn.BatchNorm1d(4), new nn.Linear(4, 2));
  kept = tensor([1, 2]);
  alias: Tensor;
  scale = new nn.Parameter(ones([2]), { requiresGrad: false });
  plainList = [new nn.Tanh()];
  nothing: null = null;
  constructor(width: number) {
    super();
    this.blocks = new nn.ModuleList([new Block(width), new Block(width)]);
    this.tied = this.blocks[0]!.linear;
    this.alias = this.kept;
    this.registerBuffer('mean', ones([4]));
    this.registerBuffer('passing', tensor([4]), { persistent: false });
    this.registerBuffer('gone', null);
  }
  forward(x: Tensor): Tensor {
    let y = x.sub((this as unknown as { mean: Tensor }).mean);
    for (const block of this.blocks) y = block.call(y);
    return this.head.call(this.plainList[0]!.call(y)).mul(this.scale);
  }
}
const own = { Own, Block, Stack };

describe("a model of classes of one's own", () => {
  it('calculates the same, is one where it was one, and has not run a constructor', async () => {
    manualSeed(4);
    const model = new Own(4);
    for (let i = 0; i < 3; i++) model.forward(randn([8, 4]));
    model.eval();
    model.head[1]!.train();
    const x = randn([5, 4]);
    await io.saveModel(at('own.safetensors'), model);
    const { model: loaded } = await io.loadModel<Own>(at('own.safetensors'), { modules: own });
    expectAlike(loaded, model);
    expectSame(loaded.forward(x), model.forward(x));
    expect([loaded.tied === loaded.blocks[0]!.linear, loaded.alias === loaded.kept, loaded.kept instanceof nn.Parameter]).toEqual([
      true,
      true,
      false,
    ]);
    expect([loaded.blocks[0]!.settings, loaded.blocks[0]!.names, loaded.head.note, loaded.nothing]).toStrictEqual([
      model.blocks[0]!.settings,
      model.blocks[0]!.names,
      'extends a container',
      null,
    ]);
    expect(loaded.namedBuffers().map(([name]) => name)).toEqual(model.namedBuffers().map(([name]) => name));
    expect(Object.keys(loaded.stateDict())).not.toContain('passing');
    expect((loaded as unknown as { gone: unknown }).gone).toBeNull();
    // It trains, and saves again to the same bytes.
    await io.saveModel(at('again.safetensors'), loaded);
    expect(readFileSync(at('again.safetensors')).equals(readFileSync(at('own.safetensors')))).toBe(true);
    const optimizer = new optim.SGD(loaded.parameters(), { lr: 0.1 });
    loaded.train().forward(x).sum().backward();
    optimizer.step();
    expect(flat(loaded.tied.weight)).not.toEqual(flat(model.tied.weight));
  });

  it('has its state dict in the file, for PyTorch', async () => {
    const model = new Own(4);
    await io.saveModel(at('state.safetensors'), model);
    const { tensors } = await io.loadSafetensors(at('state.safetensors'));
    const dict = model.stateDict();
    const { missingKeys, unexpectedKeys } = model.loadStateDict(tensors, { strict: false });
    expect(missingKeys).toEqual(['tied.weight', 'tied.bias']); // under its first name alone
    expect(unexpectedKeys.every((name) => name.startsWith('simdnn:'))).toBe(true);
    expect(Object.keys(dict).filter((name) => name in tensors).length).toBe(Object.keys(dict).length - 2);
  });

  it('needs these classes', async () => {
    const file = at('own.safetensors');
    await io.saveModel(file, new Own(4));
    const missing = await rejection(io.loadModel(file, { modules: { Own, Stack } }));
    expect(missing.message).toBe(
      `[io.loadModel] ${file} has a module of the class Block, which is not simdnn's\n  hint: io.loadModel(path, { modules: { Block } })`,
    );
    expect((await rejection(io.loadModel(file, { modules: { ...own, Block: Map } }))).message).toContain(
      'expected modules.Block to be a class that extends nn.Module, got a function (Map)',
    );
    expect((await rejection(io.loadModel(file, { modules: { ...own, Block: nn.Sequential } }))).message).toContain(
      'module 1: Block has parts',
    );
    expect((await rejection(io.loadModel(file, { modules: { ...own, Stack: nn.Linear } }))).message).toContain('Stack has no parts');
  });

  it('keeps tensors that share their memory on one memory', async () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    const [a, b] = [...model] as nn.Linear[];
    b!.weight = new nn.Parameter(a!.weight);
    await io.saveModel(at('memory.safetensors'), model);
    const [c, d] = [...((await io.loadModel(at('memory.safetensors'))).model as nn.Sequential)] as nn.Linear[];
    c!.weight.data[0] = 9;
    expect([d!.weight.data[0], d!.weight === c!.weight]).toEqual([9, false]);
  });

  it('keeps the shape of each of them', async () => {
    class Viewed extends nn.Module {
      w = new nn.Parameter(randn([2, 3]));
      v = this.w.detach().reshape([6]);
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    await io.saveModel(at('viewed.safetensors'), new Viewed());
    const loaded = (await io.loadModel(at('viewed.safetensors'), { modules: { Viewed } })).model as Viewed;
    loaded.w.data[0] = 9;
    expect([loaded.w.shape, loaded.v.shape, loaded.v.data[0]]).toEqual([[2, 3], [6], 9]);
  });
});

describe('beside the model', () => {
  it('stand transformers, class names and an example', async () => {
    class Twice {
      factor = 2;
      transform = undefined;
      stateDict() {
        return { factor: this.factor, weights: tensor([this.factor]) };
      }
      loadStateDict({ factor }: { factor: number }) {
        this.factor = factor;
      }
    }
    const scaler = new data.StandardScaler().fit(randn([5, 2]));
    const labels = new data.LabelEncoder().fit(['b', 'a']);
    const twice = new Twice();
    twice.factor = 3;
    const preprocessing = { scaler, list: [labels, twice] };
    const file = at('beside.safetensors');
    await io.saveModel(file, new nn.Linear(2, 2), {
      preprocessing,
      classes: ['a', 'ü', 3],
      example: [ones([1, 2]), tensor(Int32Array.of(1))],
    });
    const loaded = await io.loadModel(file, { modules: { Twice } });
    const found = loaded.preprocessing as typeof preprocessing;
    expect(found.scaler).toBeInstanceOf(data.StandardScaler);
    expect(found.scaler.stateDict()).toEqual(scaler.stateDict());
    expect([(found.list[0] as typeof labels).stateDict(), (found.list[1] as Twice).factor]).toEqual([labels.stateDict(), 3]);
    expect(loaded.classes).toEqual(['a', 'ü', 3]);
    expect((loaded.example as Tensor[]).map((one) => [one.dtype, flat(one)])).toEqual([
      ['float32', [1, 1]],
      ['int32', [1]],
    ]);
    expect((await rejection(io.loadModel(file))).message).toContain("has a transformer of the class Twice, which is not simdnn's");
  });
});

it('transformers keep their options and parts', async () => {
  const x = tensor([
    [1, NaN],
    [3, 5],
    [2, 9],
  ]);
  const pipeline = new data.Pipeline([
    ['gaps', new data.SimpleImputer({ strategy: 'median' })],
    ['range', new data.MinMaxScaler({ featureRange: [-1, 3] })],
  ]);
  const columns = new data.ColumnTransformer([['robust', new data.RobustScaler({ withCentering: false }), [0]]], {
    remainder: 'passthrough',
  });
  const whole = x.nanToNum({ nan: 4 });
  const expected = [flat(pipeline.fitTransform(x)), flat(columns.fitTransform(whole) as Tensor)];
  await io.saveModel(at('transformers.safetensors'), new nn.Identity(), { preprocessing: [pipeline, columns] });
  const loaded = await io.loadModel(at('transformers.safetensors'));
  const [first, second] = loaded.preprocessing as [data.Pipeline, data.ColumnTransformer];
  expect([flat(first.transform(x)), flat(second.transform(whole) as Tensor)]).toEqual(expected);
});
