// Parquet files that are damaged, or made to do harm: an error, in little time and memory. `node test/fuzz/parquet.mjs --files 100000` tries more of them.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { data } from '../../src';
import { folder } from '../io/files';

const at = folder();
const written = (columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData'], more = {}): Buffer =>
  Buffer.from(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED', ...more }));

// What both readers say, which is the same but for their names.
async function refused(bytes: Buffer): Promise<string> {
  writeFileSync(at('damaged.parquet'), bytes);
  const path = at('damaged.parquet');
  const said = (read: Promise<unknown>): Promise<string> => read.then(() => 'read', (error: Error) => error.message); // biome-ignore format: a line
  const [whole, batches] = [await said(data.readParquet(path)), await said(data.parquetBatches(path, { batchSize: 8 }))];
  expect(whole.replace('[readParquet] ', '')).toBe(batches.replace('[parquetBatches] ', ''));
  expect((await said(data.readParquet(bytes))).replace('the file', path)).toBe(whole);
  return whole;
}

describe('what is damaged is refused by both readers', () => {
  const names = Array.from({ length: 64 }, (_, i) => `name ${i % 4}`);

  it('a footer with a number that does not end', async () => {
    const whole = written([{ name: 'a', data: [1, 2, 3] }]);
    const length = 200_000;
    const footer = Buffer.alloc(length, 0xff);
    footer[0] = 0x16; // field 1, 64 bits
    const end = Buffer.alloc(8);
    end.writeUInt32LE(length);
    end.write('PAR1', 4);
    const begin = performance.now();
    expect(await refused(Buffer.concat([whole.subarray(0, 40), footer, end]))).toContain('is not Parquet: a number in a header is damaged');
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it('a run that says that it has more values than there are', async () => {
    const bytes = written([{ name: 's', data: names }]);
    const page = bytes.lastIndexOf(Buffer.from('name 3')) + 6;
    let found = 0;
    for (let i = page; i < page + 40; i++) {
      const copy = Buffer.from(bytes);
      copy.fill(0xff, i, i + 4);
      copy[i + 4] = 0x0f;
      if (/a run says that it has \d+ values|is damaged|has \d+ bits|beyond its column|type \d+/.test(await refused(copy))) found++;
    }
    expect(found).toBeGreaterThan(5);
  });

  it('any bytes, in processes of their own', () => {
    const program = join(__dirname, '../fuzz/parquet.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--files', '400'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const [, read] = /400 files, (\d+) of 1200 readings gave a table, nothing worse than an error/.exec(stdout)!;
    expect(Number(read)).toBeGreaterThan(100);
    expect(Number(read)).toBeLessThan(1100);
  });
});

it('a file that is whole is read alike from a path and from memory', async () => {
  const columns = [{ name: 'a', data: [1, 2, 3] }, { name: 't', data: ['x', null, 'y'] }]; // biome-ignore format: a line
  writeFileSync(at('whole.parquet'), written(columns));
  const [path, memory] = [await data.readParquet(at('whole.parquet')), await data.readParquet(readFileSync(at('whole.parquet')))];
  for (const table of [path, memory])
    expect([table.select(['a']).toTensors().x.toArray(), table.texts('t')]).toEqual([
      [[1], [2], [3]],
      ['x', null, 'y'],
    ]);
});

it('a column without a value, whose dictionary is empty, as pyarrow writes it with LZ4', async () => {
  const written =
    'UEFSMRUEFQAVAkwVABUAEgAAABUAFQ4VECwVBBUQFQYVBhwAAABwAgAAAAQAABUEGSw1ABgGc2NoZW1hFQIAFQolAhgBbgAWBBkcGRwmABwVChk1AAYQGRgBbhUOFgQWUBZUJiYmCCksFQQVABUCABUAFRAVAgA8KQYZJgQAAAAAFlAWBCYIFlQAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI1LjAuMRkcHAAAAIQAAABQQVIx'; // pyarrow 25.0: pq.write_table(pa.table({'n': pa.array([None, None], pa.float64())}), path, compression='lz4')
  const table = await data.readParquet(Buffer.from(written, 'base64'));
  expect([table.length, table.column('n').missing]).toEqual([2, 2]);
});
