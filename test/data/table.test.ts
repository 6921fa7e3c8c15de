import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Table as Arrow,
  DateDay,
  Dictionary,
  Int32,
  makeVector,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { csvBatches, fromArrow, readCsv, readParquet, readTable, Table } from '../../src/data';
import { nn, optim, train } from '../../src/index';
import { temporaryFolder } from '../temporary';

const folder = temporaryFolder();

describe('Table', () => {
  const table = new Table({ a: Float32Array.of(1, Number.NaN), b: Int32Array.of(3, 4), c: ['y', null] });

  it('has columns by name', () => {
    expect([table.length, table.names]).toEqual([2, ['a', 'b', 'c']]);
    expect(table.column('a')).toMatchObject({ kind: 'number', missing: 1 });
    expect(table.column('c')).toEqual({ kind: 'text', codes: Int32Array.of(0, -1), categories: ['y'], missing: 1 });
    expect(table.texts('c')).toEqual(['y', null]);
    expect(table.numbers('b')).toEqual(Int32Array.of(3, 4));
    expect(table.select(['c', 'a']).names).toEqual(['c', 'a']);
    expect(table.drop(['c']).names).toEqual(['a', 'b']);
  });

  it('becomes tensors', () => {
    const { x, y, columns } = table.toTensors({ target: 'b' });
    expect(x.toArray()).toEqual([
      [1, 0],
      [Number.NaN, Number.NaN],
    ]);
    expect([y?.dtype, y?.toArray(), columns]).toEqual(['int32', [3, 4], ['a', 'c']]);
    expect(table.drop(['c']).toTensors().y).toBeNull();
    expect(() => table.toTensors({ target: 'a' })).toThrow('[Table.toTensors] column "a": the target of row 1 is missing');
    expect(() => table.toTensors({ target: 'c' })).toThrow('column "c": the target of row 1 is missing');
    expect(() => table.toTensors({ target: 'z' })).toThrow('the table has no column "z"\n  hint: its columns are "a", "b", "c"');
    expect(() => table.select(['b']).toTensors({ target: 'b' })).toThrow('there are no columns besides the target');
  });

  it('refuses what is none', () => {
    expect(() => new Table({ a: Int32Array.of(1), b: ['x', 'y'] })).toThrow('column "a" has 1 rows, column "b" 2');
    expect(() => new Table({ a: [1] as unknown as string[] })).toThrow('expected column "a" to be of strings, got 1 in row 0');
    expect(() => new Table({ a: 3 as unknown as string[] })).toThrow('expected column "a" to be a Float32Array');
    expect(() => new Table(null as never)).toThrow('expected an object of columns, got null');
    expect(() => table.column('z')).toThrow('the table has no column "z"');
    expect(() => table.texts('a')).toThrow('column "a" has numbers, no texts');
    expect(() => table.numbers('c')).toThrow('column "c" has texts, no numbers');
    expect(() => table.select([])).toThrow(TypeError);
  });

  it('is read of CSV files with what is missing', async () => {
    const read = await readTable(Buffer.from('id,x,kind\n1,,a\n2,0.5,\n'));
    expect(read.column('id')).toMatchObject({ values: Int32Array.of(1, 2), missing: 0 });
    expect(read.column('x')).toMatchObject({ values: Float32Array.of(Number.NaN, 0.5), missing: 1 });
    expect(read.texts('kind')).toEqual(['a', null]);
    expect((await readTable(Buffer.from('a,b\n,1\n,2\n'))).column('a')).toMatchObject({ kind: 'number', missing: 2 });
    expect((await readTable(Buffer.from('a,b\n,1\nx,2\n'))).texts('a')).toEqual([null, 'x']);
  });
});

describe('fromArrow', () => {
  it('takes numbers, texts, dictionaries, nulls and parts', () => {
    const arrow = tableFromArrays({
      f: Float32Array.of(0.5, 1.5),
      d: Float64Array.of(0.1, 2),
      i: Int32Array.of(7, 8),
      big: BigInt64Array.of(5n, -6n),
      t: ['b', 'a'],
    });
    for (const given of [arrow, tableFromIPC(tableToIPC(arrow)), arrow.concat(arrow).slice(2, 4)]) {
      const table = fromArrow(given);
      expect(table.names).toEqual(['f', 'd', 'i', 'big', 't']);
      expect(table.column('f')).toMatchObject({ values: Float32Array.of(0.5, 1.5) });
      expect(table.column('d')).toMatchObject({ values: Float32Array.of(0.1, 2) });
      expect(table.column('i')).toMatchObject({ values: Int32Array.of(7, 8) });
      expect(table.column('big')).toMatchObject({ values: Int32Array.of(5, -6) });
      expect(table.texts('t')).toEqual(['b', 'a']);
    }
    const more = new Arrow({
      n: vectorFromArray([1, null, 3], new Int32()),
      b: vectorFromArray([true, false, null]),
      t: vectorFromArray(['x', null, 'x'], new Dictionary(new Utf8(), new Int32())),
      u: makeVector(Uint16Array.of(1, 2, 65535)),
    });
    const table = fromArrow(more.concat(more));
    expect(table.column('n')).toMatchObject({ values: Float32Array.of(1, Number.NaN, 3, 1, Number.NaN, 3), missing: 2 });
    expect(table.column('b')).toMatchObject({ values: Float32Array.of(1, 0, Number.NaN, 1, 0, Number.NaN) });
    expect(table.texts('t')).toEqual(['x', null, 'x', 'x', null, 'x']);
    expect(table.column('u')).toMatchObject({ values: Int32Array.of(1, 2, 65535, 1, 2, 65535) });
  });

  it('refuses what is neither number nor text, and integers beyond int32 as a target', () => {
    expect(() => fromArrow(tableFromArrays({ l: [[1], [2]] as never }))).toThrow('[fromArrow] column "l": expected numbers or texts');
    expect(() => fromArrow({} as never)).toThrow('expected a table of Apache Arrow, got an Object');
    const table = fromArrow(tableFromArrays({ a: Float32Array.of(1, 2), id: BigInt64Array.of(1n, 3000000000n) }));
    expect(() => table.toTensors({ target: 'id' })).toThrow('row 1, column "id": 3000000000 is an integer beyond int32');
    expect(() => fromArrow(new Arrow({ d: vectorFromArray([new Date(0)], new DateDay()) }))).not.toThrow(/undefined/);
  });
});

describe('readParquet', () => {
  const count = 2500;
  const bytes = Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'f', data: Array.from({ length: count }, (_, i) => (i % 7 === 0 ? null : i / 4)), type: 'DOUBLE' },
        { name: 'i', data: Array.from({ length: count }, (_, i) => i), type: 'INT32' },
        { name: 'l', data: Array.from({ length: count }, (_, i) => BigInt(i)), type: 'INT64' },
        { name: 't', data: Array.from({ length: count }, (_, i) => `k${i % 3}`), type: 'STRING' },
        { name: 'o', data: Array.from({ length: count }, (_, i) => i % 2 === 0), type: 'BOOLEAN' },
        { name: 'when', data: Array.from({ length: count }, () => new Date(0)), type: 'TIMESTAMP' },
      ],
      rowGroupSize: 1000,
    }),
  );
  const columns = ['f', 'i', 'l', 't', 'o'];

  it('reads columns of a Buffer and of a file', async () => {
    const path = join(folder, 'a.parquet');
    writeFileSync(path, bytes);
    for (const source of [bytes, path]) {
      const table = await readParquet(source, { columns });
      expect([table.length, table.names]).toEqual([count, columns]);
      expect(table.column('f')).toMatchObject({
        values: Float32Array.from({ length: count }, (_, i) => (i % 7 === 0 ? Number.NaN : i / 4)),
      });
      expect(table.column('i')).toMatchObject({ values: Int32Array.from({ length: count }, (_, i) => i) });
      expect(table.column('l')).toMatchObject({ values: Int32Array.from({ length: count }, (_, i) => i) });
      expect(table.texts('t')).toEqual(Array.from({ length: count }, (_, i) => `k${i % 3}`));
      expect(table.column('o')).toMatchObject({ values: Int32Array.from({ length: count }, (_, i) => 1 - (i % 2)) });
    }
  });

  it('refuses other columns and other files', async () => {
    await expect(readParquet(bytes)).rejects.toThrow('[readParquet] column "when": expected numbers or texts, got a Date in row');
    await expect(readParquet(bytes, { columns: ['z'] })).rejects.toThrow('the file has no column "z"\n  hint: its columns are "f", "i"');
    await expect(readParquet(Buffer.from('a,b\n1,2\n1,2\n1,2\n'))).rejects.toThrow('[readParquet] the file is not Parquet');
    await expect(readParquet(Buffer.alloc(0))).rejects.toThrow('[readParquet] the file is not Parquet');
    await expect(readParquet(join(folder, 'none.parquet'))).rejects.toThrow(expect.objectContaining({ code: 'SIMDNN_FILE' }));
    await expect(readParquet(folder)).rejects.toThrow(expect.objectContaining({ code: 'SIMDNN_FILE' }));
    await expect(readParquet(3 as never)).rejects.toThrow('expected a path, got 3');
    await expect(readCsv(bytes)).rejects.toThrow('the table is a Parquet file, not CSV\n  hint: data.readParquet(path)');
  });
});

describe('csvBatches', () => {
  const path = join(folder, 'batches.csv');
  const rows = Array.from(
    { length: 1003 },
    (_, i) => `${i % 13},${['c', 'a', 'b'][i % 3]},${(i / 8).toFixed(3)},${i % 2 === 0 ? 'no' : 'yes'}`,
  );
  writeFileSync(path, `n,t,f,y\n${rows.join('\n')}\n`);

  it('gives what readCsv reads, epoch after epoch', async () => {
    const { x, y, columns, classes, categories } = await readCsv(path, { target: 'y' });
    const batches = await csvBatches(path, { target: 'y', batchSize: 100 });
    expect([batches.length, batches.rows, batches.columns, batches.classes]).toEqual([11, 1003, columns, classes]);
    expect({ ...batches.categories }).toEqual({ ...categories });
    for (let epoch = 0; epoch < 2; epoch++) {
      const all = [...batches];
      expect(all.map(([part]) => part!.shape[0])).toEqual([...Array<number>(10).fill(100), 3]);
      expect(all.flatMap(([part]) => part!.toArray())).toEqual(x.toArray());
      expect(all.flatMap(([, part]) => part!.toArray())).toEqual(y!.toArray());
    }
    expect([...(await csvBatches(path, { batchSize: 100, dropLast: true }))].map((batch) => batch.length)).toEqual(Array(10).fill(1));
  });

  it('trains as a loader of the same batches does', async () => {
    const batches = await csvBatches(path, { columns: ['n', 'f'], target: 'y', batchSize: 100 });
    const losses: number[][] = [];
    for (const loader of [batches, [...batches]]) {
      const model = new nn.Linear(2, 2);
      nn.init.constant_(model.weight, 0.01);
      nn.init.zeros_(model.bias!);
      const optimizer = new optim.SGD(model.parameters(), { lr: 1e-4 });
      const { loss } = await train.fit(model, { criterion: new nn.CrossEntropyLoss(), optimizer, loader, epochs: 3, progress: false });
      losses.push(loss);
    }
    expect(losses[0]).toEqual(losses[1]);
  });

  it('refuses what cannot be read when it is made, and a file that has changed', async () => {
    await expect(csvBatches(path, { target: 'z' })).rejects.toThrow(`[csvBatches] ${path} has no column "z"`);
    await expect(csvBatches(Buffer.from('a') as never)).rejects.toThrow('expected a path or a file: URL');
    await expect(csvBatches(path, { batchSize: 0 })).rejects.toThrow('expected batchSize to be from 1');
    await expect(csvBatches(join(folder, 'none.csv'))).rejects.toThrow(expect.objectContaining({ code: 'SIMDNN_FILE' }));
    const other = join(folder, 'other.csv');
    writeFileSync(other, 'a,b\nx,1\n');
    await expect(csvBatches(other, { target: 'b', targetDtype: 'int32' })).resolves.toMatchObject({ rows: 1 });
    const batches = await csvBatches(other, { target: 'b' });
    writeFileSync(other, 'a,b\ny,1\n');
    expect(() => [...batches]).toThrow('line 2, column "a": "y" was not in the file before');
    writeFileSync(other, 'a,c\nx,1\n');
    expect(() => [...batches]).toThrow('has other columns than before');
    writeFileSync(other, 'a,b\nx,3000000000\n');
    await expect(csvBatches(other, { target: 'b' })).rejects.toThrow('line 2, column "b": 3000000000 is an integer beyond int32');
  });
});
