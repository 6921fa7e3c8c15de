// Models that a file cannot carry, and files that are not what they say.
import { describe, expect, it } from 'vitest';
import { data, io, nn, ones } from '../../src';
import { rejection } from '../rejection';
import { folder, hostile } from './files';

const at = folder();

describe('what a file cannot carry', () => {
  const withField = (value: unknown): nn.Module => Object.assign(new nn.Linear(1, 1), { field: value });
  const looped = new nn.Sequential(new nn.Sequential());
  (looped[0] as nn.Sequential).append(looped as never);
  class Block extends nn.Identity {}
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
      () => new nn.ModuleList([new Block(), other()]),
      undefined,
      '[io.saveModel] two classes of the model are called "Block"',
    ],
    [
      'an accessor',
      () => Object.defineProperty(new nn.Identity(), 'field', { get: () => 1, enumerable: true }),
      undefined,
      '[io.saveModel] field is an accessor',
    ],
    ['another option', () => new nn.Identity(), { class: [] }, '[io.saveModel] unknown option "class", did you mean "classes"?'],
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
    [
      'a tensor of a shape that its values have not',
      model([linear({})], { shared: [{ ...shared[0]!, shape: [1e9, 7] }] }),
      'the shape of tensor "w" does not fit its values',
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
