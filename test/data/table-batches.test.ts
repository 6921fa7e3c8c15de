// Parquet and Arrow files batch by batch: what the readers of whole tables give, whatever the row groups, pages and record batches.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import {
  Table as ArrowTable,
  Bool,
  Dictionary,
  Field,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  tableFromArrays,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { data, io, manualSeed, nn, optim, type Tensor, train } from '../../src';
import { temporaryFolder } from '../temporary';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

type Options = Parameters<typeof parquetWriteBuffer>[0];
function parquet(name: string, columnData: Options['columnData'], options: Partial<Options> = {}): string {
  writeFileSync(at(name), Buffer.from(parquetWriteBuffer({ columnData, ...options })));
  return at(name);
}

const count = 2503;
const rowsOf = <T>(value: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => value(i));
const columnData: Options['columnData'] = [
  { name: 'f', data: rowsOf((i) => (i % 7 === 0 ? null : i / 4)), type: 'DOUBLE' },
  { name: 'i', data: rowsOf((i) => i % 50), type: 'INT32' },
  { name: 'l', data: rowsOf((i) => BigInt(3 * i)), type: 'INT64' },
  { name: 't', data: rowsOf((i) => (i % 11 === 3 ? null : `k${(7 * i) % 5}`)), type: 'STRING' },
  { name: 'o', data: rowsOf((i) => i % 3 === 0), type: 'BOOLEAN' },
  { name: 'own', data: rowsOf((i) => `text ${i}`), type: 'STRING' },
  { name: 'y', data: rowsOf((i) => ['no', 'yes', 'maybe'][(i * i) % 3]!), type: 'STRING' },
];

const flat = (batches: Iterable<Tensor[]>, place: number): unknown[] =>
  [...batches].flatMap((batch) => batch[place]!.toArray() as unknown[]);

describe('parquetBatches', () => {
  const files = {
    'one row group': parquet('one.parquet', columnData),
    'row groups of 700': parquet('groups.parquet', columnData, { rowGroupSize: 700 }),
    'row groups of 1': parquet('ones.parquet', columnData.map(({ data, ...one }) => ({ ...one, data: [...data].slice(0, 40) })), { rowGroupSize: 1 }), // biome-ignore format: a line
    'pages of 1,000 bytes': parquet('pages.parquet', columnData, { rowGroupSize: 2000, pageSize: 1000 }),
    'no compression': parquet('plain.parquet', columnData, { rowGroupSize: 999, codec: 'UNCOMPRESSED' }),
  };

  it.each(Object.entries(files))('gives what readParquet reads, epoch after epoch: %s', async (_, path) => {
    const table = await data.readParquet(path);
    for (const target of ['y', 'i', ['l', 'i']] as const) {
      const wanted = table.toTensors({ target: target as string });
      const batches = await data.parquetBatches(path, { target: target as string, batchSize: 64 });
      expect([batches.rows, batches.length, batches.batchSize]).toEqual([table.length, Math.ceil(table.length / 64), 64]);
      expect([batches.columns, batches.classes]).toEqual([wanted.columns, wanted.classes]);
      expect({ ...batches.categories }).toEqual({ ...wanted.categories });
      for (let epoch = 0; epoch < 2; epoch++) {
        const all = [...batches];
        expect(all.map(([x]) => x!.shape[0])).toEqual(rowsPerBatch(table.length, 64));
        expect(all.every(([, y]) => y!.dtype === wanted.y!.dtype)).toBe(true);
        expect(flat(all, 0)).toEqual(wanted.x.toArray());
        expect(flat(all, 1)).toEqual(wanted.y!.toArray());
      }
    }
  });

  const rowsPerBatch = (rows: number, size: number): number[] =>
    Array.from({ length: Math.ceil(rows / size) }, (_, i) => Math.min(size, rows - i * size));

  it('takes some columns, leaves out a last batch, and has no target unless told', async () => {
    const path = files['row groups of 700'];
    const table = await data.readParquet(path, { columns: ['o', 'f'] });
    const batches = await data.parquetBatches(pathToFileURL(path), { columns: ['o', 'f'], batchSize: 500, dropLast: true });
    const all = [...batches];
    expect([all.length, batches.length, all[0]!.length, batches.classes]).toEqual([5, 5, 1, null]);
    expect(flat(all, 0)).toEqual((table.toTensors().x.toArray() as unknown[]).slice(0, 2500));
  });

  it('trains as a loader of the same batches does', async () => {
    const batches = await data.parquetBatches(files['pages of 1,000 bytes'], { columns: ['i', 'o'], target: 'y', batchSize: 100 });
    const losses: number[][] = [];
    for (const loader of [batches, [...batches]]) {
      manualSeed(1);
      const model = new nn.Linear(2, 3);
      const optimizer = new optim.Adam(model.parameters());
      const { loss } = await train.fit(model, { criterion: new nn.CrossEntropyLoss(), optimizer, loader, epochs: 3, progress: false });
      losses.push(loss);
    }
    expect(losses[0]).toEqual(losses[1]);
    expect(losses[0]![2]!).toBeLessThan(losses[0]![0]!);
  });

  it('reads another codec', async () => {
    const compressors = { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) };
    const path = parquet('gzip.parquet', columnData, { codec: 'GZIP', rowGroupSize: 1000, compressors });
    const batches = await data.parquetBatches(path, { target: 'y', batchSize: 400 });
    expect(flat(batches, 0)).toEqual((await data.readParquet(path)).toTensors({ target: 'y' }).x.toArray());
  });

  it('refuses what cannot be read when it is made', async () => {
    const path = files['one row group'];
    const refused = (options: object, message: string | RegExp, of = path) =>
      expect(data.parquetBatches(of, options)).rejects.toThrow(message);
    await refused({ target: 'z' }, `[parquetBatches] ${path} has no column "z"\n  hint: its columns are "f", "i"`);
    await refused({ columns: ['z'] }, 'has no column "z"');
    await refused({ columns: [] }, 'expected');
    await refused({ target: 'f' }, 'column "f", row 0: the target is missing\n  hint: targetDtype: "float32" reads it as NaN');
    await refused({ batchSize: 0 }, 'expected batchSize to be from 1');
    await refused({ shuffle: true }, '[parquetBatches] expected shuffle to be a number of rows, got true');
    await refused({ shuffle: -1 }, 'expected shuffle to be from 0');
    await refused({ other: 1 }, 'other');
    await refused({}, expect.objectContaining({ code: 'SIMDNN_FILE' }) as never, at('none.parquet'));
    await refused({}, expect.objectContaining({ code: 'SIMDNN_FILE' }) as never, folder);
    await expect(data.parquetBatches(readFileSync(path) as never)).rejects.toThrow('expected a path or a file: URL');
    writeFileSync(at('no.parquet'), 'a,b\n1,2\n1,2\n1,2\n');
    await refused({}, `${at('no.parquet')} is not Parquet`, at('no.parquet'));
    const nested = parquet('nested.parquet', [{ name: 'a', data: [1, 2] }, { name: 'l', data: [{ b: 1 }, { b: 2 }], type: 'JSON' }]); // biome-ignore format: a line
    await refused({}, 'column "l", row 0: expected numbers or texts, got an Object\n  hint: leave the column out', nested);
    await expect(data.parquetBatches(nested, { columns: ['a'] })).resolves.toMatchObject({ rows: 2 });
    const when = parquet('when.parquet', [{ name: 'when', data: [new Date(0)], type: 'TIMESTAMP' }]);
    await refused({}, 'column "when", row 0: expected numbers or texts, got a Date', when);
    const large = parquet('large.parquet', [{ name: 'a', data: [1, 2] }, { name: 'id', data: [1n, 3000000000n], type: 'INT64' }, { name: 'h', data: [1, 1e300], type: 'DOUBLE' }]); // biome-ignore format: a line
    await refused({ columns: ['a'], target: 'id' }, 'column "id", row 1: 3000000000 is an integer beyond int32', large);
    await refused({ columns: ['h'] }, 'column "h", row 1: 1e+300 is no finite float32 number', large);
    await expect(data.readParquet(large, { columns: ['h'] })).rejects.toThrow('column "h": 1e+300 in row 1 is no finite float32 number');
    const rounded = await data.parquetBatches(large, { columns: ['a'], target: 'id', targetDtype: 'float32' });
    expect(flat(rounded, 1)).toEqual([1, 3000000000]);
    await refused({ columns: ['a'], target: 'f', targetDtype: 'int32' }, '0.5 is no int32', parquet('half.parquet', [{ name: 'a', data: [1] }, { name: 'f', data: [0.5] }])); // biome-ignore format: a line
  });

  it('refuses a file that has changed, or is damaged', async () => {
    const path = parquet('changing.parquet', columnData, { rowGroupSize: 500 });
    const batches = await data.parquetBatches(path, { target: 'y' });
    parquet('changing.parquet', columnData.slice(0, 6));
    expect(() => [...batches]).toThrow(`[parquetBatches] ${path} has changed since it was first read`);
    const whole = readFileSync(files['row groups of 700']);
    // Some bytes of pages and of what the file says of itself, each turned round.
    for (let i = 8; i < whole.length - 8; i += i < 33_000 ? 211 : 17) {
      const bytes = Buffer.from(whole);
      bytes[i]! ^= 0xff;
      writeFileSync(at('damaged.parquet'), bytes);
      const outcome = await data.parquetBatches(at('damaged.parquet'), { target: 'y', batchSize: 500 }).catch((error: Error) => error);
      if (outcome instanceof Error) expect(outcome.message).toMatch(/^\[parquetBatches\] /);
    }
  });
});

describe('arrowBatches', () => {
  const table = tableFromArrays({
    f: Float64Array.from({ length: 1000 }, (_, i) => i / 8),
    n: Int32Array.from({ length: 1000 }, (_, i) => i % 10),
    t: Array.from({ length: 1000 }, (_, i) => ['c', 'a', 'b'][i % 3]!),
    y: Array.from({ length: 1000 }, (_, i) => (i % 4 === 0 ? 'yes' : 'no')),
  });
  const pieces = [0, 1, 2, 3, 4].map((i) => table.slice(200 * i, 200 * (i + 1)));
  const parts = new ArrowTable(pieces.flatMap(({ batches }) => batches));
  const read = (bytes: Iterable<Uint8Array>) => RecordBatchReader.from(bytes as Iterable<Uint8Array<ArrayBuffer>>);
  const written = (name: string, of: ArrowTable, format: 'stream' | 'file'): string => {
    writeFileSync(at(name), tableToIPC(of, format));
    return at(name);
  };

  it.each(['stream', 'file'] as const)('gives what fromArrow reads, epoch after epoch: a %s', async (format) => {
    const path = written(`a.${format}`, parts, format);
    const wanted = data.fromArrow(table).toTensors({ target: 'y' });
    const batches = await data.arrowBatches(path, read, { target: 'y', batchSize: 64 });
    expect([batches.rows, batches.length, batches.columns, batches.classes]).toEqual([1000, 16, wanted.columns, ['no', 'yes']]);
    for (let epoch = 0; epoch < 2; epoch++) {
      expect(flat(batches, 0)).toEqual(wanted.x.toArray());
      expect(flat(batches, 1)).toEqual(wanted.y!.toArray());
    }
    const some = await data.arrowBatches(pathToFileURL(path), read, { columns: ['t', 'n'], batchSize: 1000 });
    expect(flat(some, 0)).toEqual(
      data
        .fromArrow(table.select(['t', 'n']))
        .toTensors()
        .x.toArray(),
    );
  });

  it('reads missing values, booleans and dictionaries', async () => {
    const fields = new ArrowTable({
      n: vectorFromArray([1, null, 3], new Int32()),
      b: vectorFromArray([true, false, null], new Bool()),
      d: vectorFromArray(['x', null, 'w'], new Dictionary(new Utf8(), new Int32())),
    });
    const batches = await data.arrowBatches(written('missing.arrows', fields, 'stream'), read, { batchSize: 3 });
    expect(flat(batches, 0)).toEqual([[1, 1, 1], [Number.NaN, 0, Number.NaN], [3, Number.NaN, 0]]); // biome-ignore format: a line
  });

  it('refuses what it cannot use', async () => {
    const path = written('b.arrows', parts, 'stream');
    const refused = (options: object, message: string | RegExp, of = path, how: unknown = read) =>
      expect(data.arrowBatches(of, how as typeof read, options)).rejects.toThrow(message);
    await refused({ target: 'z' }, `[arrowBatches] ${path} has no column "z"\n  hint: its columns are "f", "n", "t", "y"`);
    await refused({}, 'expected read to be a function, got 0\n  hint: (bytes) => RecordBatchReader.from(bytes)', path, 0); // biome-ignore format: a line
    await refused({}, 'expected read to return record batches, got 3', path, () => 3);
    await refused({}, 'expected read to return record batches of Apache Arrow, got 3 in them', path, () => [3]);
    await refused({}, `${path} has no record batches`, path, () => []);
    await refused({}, expect.objectContaining({ code: 'SIMDNN_FILE' }) as never, at('none.arrows'));
    const lists = written('lists.arrows', tableFromArrays({ l: [[1], [2]] as never }), 'stream');
    await refused({}, 'column "l", row 0: expected numbers or texts', lists);
    let passes = 0;
    const shorter = (bytes: Iterable<Uint8Array>) => (++passes > 2 ? [...read(bytes)].slice(1) : read(bytes));
    const batches = await data.arrowBatches(path, shorter, { target: 'y' });
    expect(() => [...batches]).toThrow(`${path} has changed: it had 1000 rows`);
  });

  it('has one record batch at a time', async () => {
    const writer = new RecordBatchStreamWriter();
    const schema = new Schema([new Field('a', new Int32())]);
    for (let i = 0; i < 40; i++) {
      const child = makeData({ type: new Int32(), data: new Int32Array(100_000).fill(i) });
      writer.write(new RecordBatch(schema, makeData({ type: new ArrowTable(schema).batches[0]?.data.type ?? (child as never), children: [child], length: 100_000 } as never) as never)); // biome-ignore format: a line
    }
    writer.finish();
    writeFileSync(at('long.arrows'), await writer.toUint8Array());
    let most = 0;
    let alive = 0;
    const counted = function* (bytes: Iterable<Uint8Array>) {
      for (const piece of bytes) {
        alive += piece.length;
        most = Math.max(most, alive);
        yield piece;
      }
    };
    const batches = await data.arrowBatches(at('long.arrows'), (bytes) => read(counted(bytes)), { batchSize: 1000 });
    alive = 0;
    const iterator = batches[Symbol.iterator]();
    iterator.next();
    expect(alive).toBeLessThan(3 * 2 ** 20); // of 16 MB
    iterator.return(undefined);
    expect(batches.rows).toBe(4_000_000);
  });
});

describe('shuffle', () => {
  const rows = 1003;
  const path = at('shuffled.csv');
  writeFileSync(path, `a,b\n${Array.from({ length: rows }, (_, i) => `${i},${i % 2}`).join('\n')}\n`);
  const sorted = (values: unknown[]): unknown[] => [...values].sort((a, b) => (a as number) - (b as number));
  const first = (batches: Iterable<Tensor[]>): number[] => (flat(batches, 0) as number[][]).map(([a]) => a!);

  it('gives each row once, another order in each epoch, the same after manualSeed', async () => {
    const batches = await data.csvBatches(path, { target: 'b', batchSize: 32, shuffle: 100 });
    manualSeed(3);
    const [one, two] = [[...batches], [...batches]];
    expect(one.map(([x]) => x!.shape[0])).toEqual([...Array(31).fill(32), 11]);
    for (const epoch of [one, two]) {
      expect(sorted(first(epoch))).toEqual(Array.from({ length: rows }, (_, i) => i));
      expect(flat(epoch, 1)).toEqual(first(epoch).map((a) => a % 2));
    }
    expect(first(one)).not.toEqual(first(two));
    manualSeed(3);
    expect(first(batches)).toEqual(first(one));
    // No row comes before the buffer has reached it.
    expect(first(one).every((a, place) => a <= place + 100)).toBe(true);
  });

  it('draws all orders alike where all rows are held', async () => {
    const small = at('four.csv');
    writeFileSync(small, 'a\n0\n1\n2\n3\n');
    const batches = await data.csvBatches(small, { batchSize: 4, shuffle: 10 });
    manualSeed(4);
    const counts = new Map<string, number>();
    for (let i = 0; i < 2400; i++) {
      const order = first(batches).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chi = [...counts.values()].reduce((sum, n) => sum + (n - 100) ** 2 / 100, 0);
    expect(chi).toBeLessThan(50); // of 23 degrees of freedom: less than one seed in a thousand is beyond
  });

  it('is the same for the same rows in Parquet and Arrow', async () => {
    const columns = { a: Int32Array.from({ length: rows }, (_, i) => i), b: Int32Array.from({ length: rows }, (_, i) => i % 2) };
    const other = parquet('shuffled.parquet', Object.entries(columns).map(([name, values]) => ({ name, data: values })), { rowGroupSize: 100 }); // biome-ignore format: a line
    const options = { target: 'b', batchSize: 32, shuffle: 64 };
    manualSeed(5);
    const csv = first(await data.csvBatches(path, options));
    manualSeed(5);
    expect(first(await data.parquetBatches(other, options))).toEqual(csv);
  });

  it('goes on from the checkpoint of an epoch with the orders of a run that did not stop', async () => {
    const made = async () => {
      manualSeed(6);
      const model = new nn.Linear(1, 2);
      const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
      const loader = await data.csvBatches(path, { target: 'b', batchSize: 50, shuffle: 200 });
      return { model, options: { optimizer, loader, criterion: new nn.CrossEntropyLoss(), progress: false } };
    };
    const whole = await made();
    const { loss } = await train.fit(whole.model, { ...whole.options, epochs: 4 });
    const begun = await made();
    await train.fit(begun.model, { ...begun.options, epochs: 2 });
    const parts = { model: begun.model, optimizer: begun.options.optimizer };
    await io.saveCheckpoint(at('half.safetensors'), { ...parts, epoch: 2 });
    const resumed = await made();
    manualSeed(99);
    await io.loadCheckpoint(at('half.safetensors'), { model: resumed.model, optimizer: resumed.options.optimizer });
    const { loss: rest } = await train.fit(resumed.model, { ...resumed.options, epochs: 4, initialEpoch: 2 });
    expect(rest).toEqual(loss.slice(2));
    expect(resumed.model.weight.data).toEqual(whole.model.weight.data);
    // Where it stands in the midst of an epoch is not kept, and said so.
    await expect(io.saveCheckpoint(at('no.safetensors'), { ...parts, loader: resumed.options.loader })).rejects.toThrow(
      /expected loader to have stateDict/,
    );
  });

  it.each([
    [true, /expected shuffle to be a number of rows, got true\n {2}hint: so many are held/],
    [1.5, /shuffle/],
    ['2', /shuffle/],
    [-1, /shuffle/],
  ])('refuses %j', async (shuffle, message) => {
    await expect(data.csvBatches(path, { shuffle: shuffle as number })).rejects.toThrow(message);
  });
});
