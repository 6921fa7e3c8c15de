// Models as files: every class of the library, classes of one's own, what stands beside the model, files that are not what they say.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { data, getRngState, io, manualSeed, nn, ones, optim, randn, Tensor, tensor, zeros } from '../../src';
import { expectSame, flat } from '../helpers';
import { folder, hostile, rejection } from './files';

const at = folder();

// For every class of modules one whose fields are others than the defaults.
const made: Record<string, () => nn.Module> = {
  AlphaDropout: () => new nn.AlphaDropout(0.2),
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
  LayerNorm: () => new nn.LayerNorm([2, 3], { bias: false }),
  Linear: () => new nn.Linear(3, 2, { bias: false }),
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
  it.each(classes)('%s is the same when it is loaded', async (name, Class) => {
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

describe('what a file cannot carry', () => {
  const withField = (value: unknown): nn.Module => Object.assign(new nn.Linear(1, 1), { field: value });
  const looped = new nn.Sequential(new nn.Sequential());
  (looped[0] as nn.Sequential).append(looped as never);
  const other = (): nn.Module => new (class Block extends nn.Identity {})();
  it.each<[string, () => unknown, object | undefined, string]>([
    ['no module', () => ({}), undefined, '[io.saveModel] expected a module, got an Object'],
    [
      'a function',
      () => new nn.Sequential(withField(() => 1) as nn.Layer),
      undefined,
      '[io.saveModel] 0.field is a function, which a file cannot carry',
    ],
    ['a date', () => withField({ a: [new Date(0)] }), undefined, '[io.saveModel] field.a.0 is a Date, which a file cannot carry'],
    ['a history', () => withField(ones([1]).requiresGrad_().mul(2)), undefined, '[io.saveModel] field was made by an operation'],
    ['a module in itself', () => looped, undefined, '[io.saveModel] 0.0 is a module that holds itself'],
    [
      'a list in itself',
      () => {
        const list: unknown[] = [];
        list.push(list);
        return withField(list);
      },
      undefined,
      '[io.saveModel] field.0 holds itself',
    ],
    ['a class without a name', () => new (class extends nn.Identity {})(), undefined, '[io.saveModel] the class of the model has no name'],
    [
      'two classes of a name',
      () => new nn.ModuleList([new Block(2), other()]),
      undefined,
      '[io.saveModel] two classes of the model are called "Block"',
    ],
    [
      'an accessor',
      () => Object.defineProperty(new nn.Identity(), 'field', { get: () => 1, enumerable: true }),
      undefined,
      '[io.saveModel] field is an accessor',
    ],
    ['another option', () => new nn.Identity(), { class: [] }, 'io.saveModel: unknown option "class", did you mean "classes"?'],
    [
      'classes that are none',
      () => new nn.Identity(),
      { classes: 'ab' },
      '[io.saveModel] expected classes to be a list of names, got "ab"',
    ],
    [
      'an example that is none',
      () => new nn.Identity(),
      { example: [1] },
      '[io.saveModel] expected example to be a tensor or a list of tensors, got an array',
    ],
    ['preprocessing that is a function', () => new nn.Identity(), { preprocessing: () => 1 }, '[io.saveModel] preprocessing is a function'],
  ])('%s', async (_, model, options, message) => {
    const error = await rejection(io.saveModel(at('never'), model() as never, options as never));
    expect(error.message.slice(0, message.length)).toBe(message);
  });
});

describe('a file with the right checksum', () => {
  const node = (more: object): object => ({ class: 'Identity', own: false, training: true, fields: [], buffers: [], ...more });
  const model = (modules: unknown, more: object = {}): object => ({
    kind: 'model',
    format: 1,
    simdnn: '0',
    target: 'x',
    modules,
    root: 0,
    shared: [],
    preprocessing: null,
    classes: null,
    example: null,
    ...more,
  });
  const sequential = (...parts: number[]): object =>
    node({ class: 'Sequential', parts: parts.map(($module, i) => [String(i), { $module }]) });
  const linear = (fields: object): object =>
    node({ class: 'Linear', fields: Object.entries({ inFeatures: 1, outFeatures: 1, weight: { $shared: 0 }, bias: null, ...fields }) });
  const shared = [{ name: 'w', parameter: true, requiresGrad: true }];

  it('is read when it is right', async () => {
    const { model: loaded } = await io.loadModel(hostile(at('hostile.safetensors'), model([node({}), sequential(0, 0)], { root: 1 })));
    expect(loaded.toString()).toContain('(1): Identity()');
    expect((await io.loadModel(hostile(at('hostile.safetensors'), model([linear({})], { shared })))).model.toString()).toBe(
      'Linear(in_features=1, out_features=1, bias=False)',
    );
  });

  const doubling = [node({}), ...Array.from({ length: 60 }, (_, i) => sequential(i, i))];
  const deep = [node({}), ...Array.from({ length: 5000 }, (_, i) => sequential(i))];
  it.each<[string, object, string]>([
    ['another kind', { kind: 'checkpoint', format: 1 }, 'is a "checkpoint", expected a model'],
    ['a later format', model([], { format: 2 }), 'has format 2, this version of simdnn reads format 1'],
    ['a list', [], 'its description is no object'],
    ['no modules', model(null), 'it has no modules'],
    ['no root', model([], { root: 0 }), '0 is the number of no module before it'],
    ['a root that is a text', model([node({})], { root: 'length' }), '"length" is the number of no module before it'],
    ['a module that is null', model([null]), 'module 0 is no module'],
    ['a class that is not there', model([node({ class: 'Function' })]), 'simdnn has no module "Function"'],
    ['a class that objects have', model([node({ class: 'constructor' })]), 'simdnn has no module "constructor"'],
    ['a class of nobody', model([node({ class: 'toString', own: true })]), "has a module of the class toString, which is not simdnn's"],
    ['the base class', model([node({ class: 'Module' })]), 'simdnn has no module "Module"'],
    ['fields that are none', model([node({ fields: {} })]), 'module 0 (Identity) has no fields'],
    ['a field before a method', model([node({ fields: [['forward', 1]] })]), 'module 0: "forward" is no field of Identity'],
    ['a field that objects have', model([node({ fields: [['__proto__', {}]] })]), '"__proto__" is no field of Identity'],
    ['a constructor', model([node({ fields: [['constructor', {}]] })]), '"constructor" is no field of Identity'],
    ['a buffer that is a number', model([node({ buffers: [['mean', 1, true]] })]), 'module 0: "mean" is no buffer'],
    [
      'a buffer called like a method',
      model([node({ buffers: [['forward', null, true]] })]),
      'module 0: [Identity.registerBuffer] the module already has a property "forward"',
    ],
    ['parts of what has none', model([node({ parts: [] })]), 'module 0: Identity has no parts'],
    ['a container without parts', model([node({ class: 'Sequential' })]), 'module 0: Sequential has parts'],
    ['a part that is a number', model([node({ class: 'Sequential', parts: [['0', 1]] })]), 'the part "0" is 1'],
    ['a module in itself', model([sequential(0)]), '0 is the number of no module before it'],
    ['a module before those in it', model([sequential(1), node({})]), '1 is the number of no module before it'],
    ['modules without end', model(doubling, { root: 60 }), 'its modules have more than 1000000 places'],
    ['modules too deep', model(deep, { root: 5000 }), 'its modules are nested more than 200 deep'],
    ['a field of another kind', model([linear({ inFeatures: '1' })], { shared }), 'module 0: inFeatures of Linear is "1"'],
    ['a weight that is a number', model([linear({ weight: 3 })]), 'module 0: weight of Linear is 3'],
    ['no weight', model([node({ class: 'Linear' })]), 'module 0: inFeatures of Linear is missing'],
    ['a tensor that is not there', model([linear({ weight: { $shared: 1 } })], { shared }), 'it has no tensor 1'],
    ['a tensor of no name', model([linear({})], { shared: [{ parameter: true, requiresGrad: true }] }), 'it has no tensor undefined'],
    [
      'a tensor of another name',
      model([linear({})], { shared: [{ name: '__proto__', parameter: true, requiresGrad: true }] }),
      'it has no tensor "__proto__"',
    ],
    ['a tensor of no kind', model([linear({})], { shared: [{ name: 'w' }] }), 'tensor "w" is of no kind'],
    ['a mark that stands for nothing', model([node({ fields: [['a', { $code: 'x' }]] })]), '$code: "x" stands for nothing'],
    ['a number that is none', model([node({ fields: [['a', { $number: '1e999' }]] })]), '$number: "1e999" stands for nothing'],
    [
      'a transformer that is not there',
      model([node({})], { preprocessing: { $transformer: 'DataLoader' } }),
      'DataLoader: [fromState] expected what toState() gives, got undefined',
    ],
    [
      'a transformer of another name than its state',
      model([node({})], { preprocessing: { $transformer: 'DataLoader', state: data.toState(new data.StandardScaler()) } }),
      '"DataLoader" is no transformer',
    ],
    [
      'a transformer of another state',
      model([node({})], { preprocessing: { $transformer: 'StandardScaler', state: 1 } }),
      'StandardScaler: [fromState] expected what toState() gives, got 1',
    ],
    ['classes that are none', model([node({})], { classes: [null] }), 'its classes are no list of names'],
    ['an example that is none', model([node({})], { example: 'x' }), 'its example is no tensor'],
  ])('and %s is refused', async (_, document, message) => {
    const error = await rejection(io.loadModel(hostile(at('hostile.safetensors'), document)));
    expect(error.message).toContain(message);
    expect(error.constructor).toBe(RangeError);
  });
});
