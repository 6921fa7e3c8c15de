// The package in a context of `node:vm` with built-in classes of its own, as Jest and Vitest's vm pools make them, given values of Node's realm.
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, describe, expect, it } from 'vitest';

const dist = join(__dirname, '../dist');
const file = join(tmpdir(), `simdnn-realms-${process.pid}`);
afterAll(() => rmSync(file, { recursive: true, force: true }));

const given = {
  floats: new Float32Array([1, 2, 3]),
  ints: new Int32Array([0, 1, 2]),
  bytes: new Uint8Array([1, 2, 3]),
  options: { dtype: 'float32' },
  indexing: { indexing: 'xy' },
  csv: Buffer.from('a,b\n1,2\n3,4\n'),
  parquet: Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'age', data: [31, 28] }] })),
  url: pathToFileURL(file),
  map: new Map([['a', 1]]),
  promise: Promise.resolve(1),
  signal: AbortSignal.abort(new Error('enough')),
  samples: [0, 1, 2, 3].map((i) => ({ x: new Float32Array([i, i]), y: i % 2 })),
  state: structuredClone({ a: [1], b: { c: new Float64Array(2) } }),
};

const context = vm.createContext({
  ...{ process, Buffer, console, setTimeout, clearTimeout, setImmediate, performance, structuredClone, URL, AbortController, AbortSignal },
  given,
});
const modules = new Map<string, { exports: unknown }>();

// Modules of the package are loaded in the context, all else as ever.
function load(path: string): unknown {
  const known = modules.get(path);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(path, module);
  const outside = createRequire(path);
  const require = (name: string): unknown => (name.startsWith('./') ? load(outside.resolve(name)) : outside(name));
  const body = vm.runInContext(`(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`, context, {
    filename: path,
  });
  body(module.exports, require, module, path, dirname(path));
  return module.exports;
}
Object.assign(context, load(join(dist, 'index.js')), { kernels: load(join(dist, 'kernels.js')) });

/** What an expression gives in the context, as JSON: what is compared is of this realm then. */
const evaluate = async (code: string): Promise<unknown> =>
  JSON.parse(await vm.runInContext(`(async () => JSON.stringify(${code}) ?? 'null')()`, context));

/** The class and the message of what is thrown, where the class is the context's. */
const refusal = (code: string): Promise<unknown> =>
  evaluate(
    `await (async () => ${code})().then(() => 'nothing', (e) => [RangeError, TypeError, SimdnnError, Error].find((c) => e.constructor === c)?.name + ' ' + e.message)`,
  );

it('the context has classes of its own', async () => {
  expect(await evaluate('[given.floats instanceof Float32Array, given.options instanceof Object]')).toEqual([false, false]);
});

describe('values of another realm are taken', () => {
  it.each<[string, unknown]>([
    ['tensor(given.floats)', [1, 2, 3]],
    ['tensor(given.floats, given.options).dtype', 'float32'],
    ['tensor(given.ints).dtype', 'int32'],
    ['tensor(given.bytes).dtype', 'int32'],
    ['Tensor.fromTypedArray(given.ints).dtype', 'int32'],
    ['Tensor.fromTypedArray(given.floats).mul(2)', [2, 4, 6]],
    ['tensor(structuredClone(new Float32Array(2)))', [0, 0]],
    ['tensor([1, 2, 3]).indexSelect(0, tensor(given.ints))', [1, 2, 3]],
    ['meshgrid(tensor([1, 2]), tensor([3]), given.indexing).length', 2],
    ['compile((x) => x.add(Tensor.fromTypedArray(given.floats)))(ones([3]))', [2, 3, 4]],
    ['kernels.expForward(new Float32Array(3), given.floats, 3) ?? 1', 1],
    ['[...new data.DataLoader({ length: 4, get: (i) => given.samples[i] }, { batchSize: 4 })][0].x.shape', [4, 2]],
    ['new data.StackDataset({ a: new data.TensorDataset(ones([2])) }).length', 2],
    ['setRngState(structuredClone(getRngState())) ?? 1', 1],
    ['(await data.readCsv(given.csv, { target: "b" })).x ?? 1', [[1], [3]]],
    ['(await data.readParquet(given.parquet)).names', ['age']],
    ['(await io.saveSafetensors(given.url, { a: tensor(given.floats) })) ?? 1', 1],
    ['(await io.loadSafetensors(given.url)).tensors?.a ?? (await io.loadSafetensors(given.url)).a', [1, 2, 3]],
    ['Object.assign(new nn.Linear(1, 1), { seen: given.map }).clone().seen.size', 1],
    ['(await io.exportOnnx(given.url, new nn.Linear(1, 1), { example: ones([1, 1]) })) ?? 1', 1],
  ])('%s', async (code, value) => {
    expect(await evaluate(code)).toEqual(value);
  });

  it('a signal, and what was aborted is its reason', async () => {
    const fit = (options: string): string => `train.fit(new nn.Linear(2, 1), {
      criterion: new nn.MSELoss(), optimizer: new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.1 }),
      loader: new data.DataLoader(new data.TensorDataset(ones([4, 2]), ones([4, 1]))), epochs: 1, ${options} })`;
    expect(await evaluate(`await ${fit('progress: false, signal: given.signal')}.catch((e) => e.message)`)).toBe('enough');
  });
});

describe('errors are of the own realm', () => {
  it.each([
    ['tensor([1, 2]).reshape([3])', /^RangeError /],
    ['new nn.Linear(0.5, 1)', /^RangeError /],
    ['tensor("a")', /^TypeError /],
    ['ones([2]).sum().backward()', /^SimdnnError /],
    // found by the addon
    ['tensor([1, 2]).indexSelect(0, tensor([7], { dtype: "int32" }))', /^RangeError .*out of range/],
    ['new nn.CrossEntropyLoss().forward(ones([1, 3]), tensor([5], { dtype: "int32" }))', /^RangeError .*out of range/],
    ['setNumThreads(0)', /^RangeError /],
    ['kernels.expForward(1, 2)', /^TypeError /],
  ])('%s', async (code, error) => {
    expect(await refusal(code)).toMatch(error);
  });

  it('also those with which a fit ends', async () => {
    const code = `(() => { const model = new nn.Linear(2, 3); return train.fit(model, {
      criterion: new nn.CrossEntropyLoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      loader: new data.DataLoader(new data.TensorDataset(ones([4, 2]), tensor([0, 1, 2, 7], { dtype: "int32" }))), epochs: 1, progress: false }); })()`;
    expect(await refusal(code)).toMatch(/^RangeError .*out of range/);
  });
});

it('a fit shows its progress on a terminal', async () => {
  const written: string[] = [];
  const { write, isTTY } = process.stderr;
  process.stderr.write = ((text: string) => written.push(text) > 0) as typeof write;
  process.stderr.isTTY = true;
  try {
    const code = `(await (() => { const model = new nn.Linear(2, 1); return train.fit(model, {
      criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      loader: new data.DataLoader(new data.TensorDataset(ones([4, 2]), ones([4, 1]))), epochs: 2 }); })()).epochs`;
    expect(await evaluate(code)).toBe(2);
  } finally {
    process.stderr.write = write;
    process.stderr.isTTY = isTTY;
  }
  expect(written.join('')).toContain('epoch ');
});
