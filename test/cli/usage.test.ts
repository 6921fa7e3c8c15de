// What goes wrong at the command line: exit codes, and messages with file, row and column.
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { io, nn, version } from '../../src';
import { folder } from '../io/files';
import { simdnn, train, writeFlats, writeFlowers } from './cli';

const at = folder();
let flowers: string;
let model: string;
beforeAll(() => {
  flowers = writeFlowers(at('flowers.csv'));
  model = at('flowers.safetensors');
  train(flowers, 'species', '--epochs', '2', '--model', model);
});

const file = (name: string, text: string | Buffer): string => {
  writeFileSync(at(name), text);
  return at(name);
};

describe('usage: exit code 2', () => {
  it.each([
    [[], 'Usage: simdnn [options] [command]'],
    [['frobnicate'], "error: unknown command 'frobnicate'"],
    [['train', '--target', 'y'], "error: missing required argument 'file'"],
    [['train', 'x.csv'], "error: required option '--target <column>' not specified"],
    [['train', 'x.csv', '--target', 'y', '--epoch', '3'], "error: unknown option '--epoch'\n(Did you mean --epochs?)"],
    [
      ['train', 'x.csv', '--target', 'y', '--epochs', 'many'],
      "option '--epochs <n>' argument 'many' is invalid. It is to be an integer of at least 1.",
    ],
    [['train', 'x.csv', '--target', 'y', '--epochs', '0'], 'an integer of at least 1'],
    [['train', 'x.csv', '--target', 'y', '--lr', '0'], 'It is to be a number above 0.'],
    [['train', 'x.csv', '--target', 'y', '--dropout', '1'], 'It is to be a number between 0 and 0.99.'],
    [['train', 'x.csv', '--target', 'y', '--hidden', '64,x'], 'It is to be sizes of layers like 64,32, or 0 for no hidden layer.'],
    [['train', 'x.csv', '--target', 'y', '--optimizer', 'magic'], 'Allowed choices are adamw, adam, sgd.'],
    [['train', 'x.csv', '--target', 'y', '--resume'], "error: '--resume' needs '--checkpoint <file>'"],
    [['train', 'x.csv', '--target', 'y', '--validation', '0.5', '--test', '0.5'], 'leave no rows to learn from'],
    [['train', 'x.csv', '--target', 'y', '--column', 'a', '--drop', 'b'], 'cannot be used together'],
    [['export', 'm', 'o.onnx', '--opset', '3'], 'Allowed choices are 17, 20.'],
    [['predict', 'm'], "error: missing required argument 'file'"],
  ])('%j', (args, message) => {
    const { status, stdout, stderr } = simdnn(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('0 for help and version', () => {
    expect(simdnn('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(simdnn('train', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--target <column>'), stderr: '' });
  });
});

describe('data: exit code 1, and where it is', () => {
  const learn = (path: string, target: string, ...options: string[]): string[] => ['train', path, '--target', target, ...options];
  it.each<[string, () => string[], string]>([
    ['no file', () => learn(at('none.csv'), 'y'), 'none.csv does not exist'],
    ['an empty file', () => learn(file('empty.csv', ''), 'y'), 'empty.csv is empty'],
    ['a header alone', () => learn(file('header.csv', 'a,y\n'), 'y'), 'header.csv'],
    [
      'text among numbers',
      () => learn(file('bad.csv', 'a,b,y\n1,x,0\n2,y,1\nfoo,x,1\n'), 'y'),
      'line 4, column "a": expected a number, got "foo"',
    ],
    ['a short row', () => learn(file('short.csv', 'a,b,y\n1,2,0\n1,2\n'), 'y'), 'line 3 has 2 values, the header 3'],
    [
      'no such target',
      () => learn(flowers, 'kind'),
      'has no column "kind" to learn\n  hint: its columns are "sepal length", "sepal width"',
    ],
    [
      'text that is not UTF-8',
      () => learn(file('latin.csv', Buffer.from('größe,y\n1,0\n2,1\n', 'latin1')), 'y'),
      'latin.csv\n  hint: --encoding windows-1252',
    ],
    ['another delimiter', () => learn(file('semi.csv', 'a;b\n1;2\n'), 'b'), 'hint: --delimiter ";"'],
    ['values for names', () => learn(file('plain.csv', '1,2\n3,4\n'), 'y'), 'line 1 of'],
    ['a column without a name', () => learn(file('index.csv', ',a,y\n0,1,2\n'), 'y'), 'column 1 has no name\n  hint: --drop ""'],
    ['a column that is not there', () => learn(flowers, 'species', '--column', 'age'), 'has no column "age"'],
    ['a target that is left out', () => learn(flowers, 'species', '--drop', 'species'), 'the target "species" cannot be left out'],
    [
      'texts for a quantity',
      () => learn(flowers, 'species', '--task', 'regression'),
      'column "species" has texts: a regression needs numbers',
    ],
    ['fractions for classes', () => learn(flowers, 'sepal width', '--task', 'classification'), 'column "sepal width": the class'],
    ['one class', () => learn(file('one.csv', 'a,y\n1,a\n2,a\n4,a\n3,a\n7,a\n'), 'y'), 'one value in all rows'],
    ['one quantity', () => learn(file('same.csv', 'a,y\n1,1.5\n2,1.5\n4,1.5\n3,1.5\n7,1.5\n'), 'y'), 'one value in all rows'],
    ['too few rows', () => learn(file('few.csv', 'a,y\n1,a\n2,b\n'), 'y'), 'few.csv has 2 rows with a value in "y": too few to learn from'],
    [
      'a number beyond float32',
      () => learn(file('huge.csv', 'a,y\n1,a\n1e300,b\n'), 'y'),
      'line 3, column "a": 1e300 is too large for float32',
    ],
    [
      'a rate that is too large',
      () => learn(flowers, 'species', '--lr', '1e30', '--epochs', '2'),
      'was never a number (NaN)\n  hint: a smaller --lr',
    ],
    ['a folder that is not there', () => learn(flowers, 'species', '--model', at('none/m')), 'none does not exist'],
    ['a folder for a model', () => learn(flowers, 'species', '--model', at('.')), 'it is a folder'],
    ['no model', () => ['predict', at('none'), flowers], 'none does not exist'],
    [
      'a model that is none',
      () => ['predict', flowers, flowers],
      'flowers.csv is no safetensors file: it begins otherwise\n  hint: a model is a file that',
    ],
    [
      'columns that a model misses',
      () => ['predict', model, file('thin.csv', 'sepal length,b\n1,2\n')],
      'has no column "sepal width", "petal length", "petal width"',
    ],
    [
      'text for a number in predictions',
      () => ['predict', model, file('text.csv', 'sepal length,sepal width,petal length,petal width\n1,2,3,x\n')],
      'line 2, column "petal width": expected a number, got "x"',
    ],
    [
      'a class that a model has not met',
      () => ['evaluate', model, file('new.csv', 'sepal length,sepal width,petal length,petal width,species\n\n\n1,2,3,4,rose\n')],
      'new.csv: line 4, column "species": the model knows no class "rose"',
    ],
    [
      'a kind of file that is none',
      () => ['export', model, at('m.safetensors')],
      'm.safetensors: there is no export to .safetensors files',
    ],
    ['a place that is none', () => ['export', model, at('none/m.onnx')], 'cannot be written'],
  ])('%s', (_, args, message) => {
    const { status, stderr } = simdnn(...args());
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(stderr).toMatch(/^simdnn: /m);
  });

  it('a document with --json, a stack with --debug', () => {
    const args = ['train', at('none.csv'), '--target', 'y'];
    expect(JSON.parse(simdnn(...args, '--json').stdout)).toEqual({ error: `${at('none.csv')} does not exist` });
    expect(simdnn(...args, '--debug').stderr).toMatch(/^ {4}at /m);
  });

  it("a model that is not the command line's", async () => {
    const other = at('other.safetensors');
    await io.saveModel(other, new nn.Linear(2, 1));
    expect(simdnn('predict', other, flowers)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('that simdnn train has not written'),
    });
  });

  it('a model by one who predicts for other data', () => {
    const flats = writeFlats(at('flats.csv'));
    const { status, stderr } = simdnn('evaluate', model, flats);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('has no column "sepal length", "sepal width", "petal length", "petal width", "species"'),
    ]);
  });
});
