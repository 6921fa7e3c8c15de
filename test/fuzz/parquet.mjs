// Reads corrupted Parquet files, as a whole and in batches, and checks that the worst result is an error of the library: the process survives, each file takes
// less than 10 s, and the memory stays below 1.5 GB. Usage: node test/fuzz/parquet.mjs [--files N] [--seed S] [--first I] [--folder F]; F has further valid
// files
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { Random } from './random.mjs';

const { values: options } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    folder: { type: 'string' },
    child: { type: 'boolean', default: false },
  },
});
const [seed, first, count] = [options.seed, options.first, options.files].map(Number);
const mostSeconds = 10;
const mostMegabytes = 1500;

// Each encoding of values that the package has.
function madeFiles() {
  const rows = Array.from({ length: 300 }, (_, i) => i);
  const columnData = (plain) => [
    { name: 'f', data: Float32Array.from(rows, Math.sin), encoding: plain ? 'PLAIN' : 'BYTE_STREAM_SPLIT' },
    { name: 'i', data: Int32Array.from(rows, (i) => i % 50), encoding: plain ? undefined : 'DELTA_BINARY_PACKED' },
    {
      name: 'l',
      data: rows.map((i) => (i % 11 === 0 ? null : BigInt(3 * i))),
      type: 'INT64',
      encoding: plain ? 'PLAIN' : 'DELTA_BINARY_PACKED',
    },
    { name: 's', data: rows.map((i) => (i % 5 === 0 ? null : `text ${i % 40}`)), encoding: plain ? undefined : 'DELTA_BYTE_ARRAY' },
    { name: 't', data: rows.map((i) => `text ${i}`), encoding: plain ? 'PLAIN' : 'DELTA_LENGTH_BYTE_ARRAY' },
    { name: 'b', data: rows.map((i) => i % 3 === 0), type: 'BOOLEAN', encoding: plain ? 'PLAIN' : 'RLE' },
  ];
  const ways = [true, false].flatMap((plain) => ['UNCOMPRESSED', 'SNAPPY'].map((codec) => ({ columnData: columnData(plain), codec })));
  return ways.map((way) => Buffer.from(parquetWriteBuffer({ ...way, rowGroupSize: 120, pageSize: 400 })));
}

const changes = [
  (r, bytes, from) => {
    bytes[from + r.below(bytes.length - from)] ^= 1 << r.below(8);
  },
  (r, bytes, from) => {
    bytes[from + r.below(bytes.length - from)] = r.pick([0, 1, 0x7f, 0x80, 0xff, r.bits() & 255]);
  },
  // A number with many bytes.
  (r, bytes, from) => {
    const at = from + r.below(bytes.length - from);
    bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + r.below(5)));
  },
  (r, bytes, from) => {
    const [a, b] = [from + r.below(bytes.length - from), from + r.below(bytes.length - from)];
    bytes.copyWithin(a, b, b + r.below(64));
  },
];

function mutated(r, whole) {
  const bytes = Buffer.from(whole);
  const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  for (let i = r.pick([1, 1, 2, 3, 8]); i > 0; i--) r.pick(changes)(r, bytes, r.chance(0.5) ? footer : 0);
  if (!r.chance(0.05)) bytes.write('PAR1', bytes.length - 4, 'latin1'); // without these bytes the rest of the file is not read
  return r.chance(0.03) ? bytes.subarray(r.below(bytes.length)) : bytes;
}

const ofTheLibrary = (error) => ['RangeError', 'TypeError', 'SimdnnError'].includes(error?.name) && error.message.startsWith('[');

async function child() {
  const { data } = createRequire(import.meta.url)('simdnn');
  const given = options.folder === undefined ? [] : readdirSync(options.folder).filter((name) => name.endsWith('.parquet'));
  const whole = [...madeFiles(), ...given.map((name) => readFileSync(join(options.folder, name)))];
  const folder = mkdtempSync(join(tmpdir(), 'simdnn-parquet-'));
  const path = join(folder, 'mutated.parquet');
  const ways = [
    () => data.readParquet(path),
    (bytes) => data.readParquet(bytes),
    async () => Array.from(await data.parquetBatches(path, { batchSize: 100 })),
  ];
  try {
    for (const bytes of whole) for (const way of ways) await way(writeFileSync(path, bytes) ?? bytes); // valid files must load
    for (let i = first; i < first + count; i++) {
      process.send({ i });
      const bytes = mutated(new Random(seed, i, 91), whole[i % whole.length]);
      writeFileSync(path, bytes);
      let read = 0;
      for (const way of ways) {
        try {
          await way(bytes);
          read++;
        } catch (error) {
          if (!ofTheLibrary(error)) throw error;
        }
      }
      process.send({ i, read, megabytes: process.memoryUsage().rss / 1e6 });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.disconnect();
}

// Tests files in a process of their own; resolves to the number of readings, the peak memory, and the time of the slowest.
function run(from, files) {
  const given = ['--seed', String(seed), '--first', String(from), '--files', String(files), '--child'];
  const args = [fileURLToPath(import.meta.url), ...given, ...(options.folder === undefined ? [] : ['--folder', options.folder])];
  const one = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const seen = { i: from, read: 0, megabytes: 0, seconds: 0 };
  let since = performance.now();
  let failure = null;
  const watch = setInterval(() => {
    if (performance.now() - since < mostSeconds * 1000) return;
    failure = `took more than ${mostSeconds} s`;
    one.kill('SIGKILL');
  }, 500);
  one.on('message', ({ i, read, megabytes }) => {
    if (read !== undefined) {
      seen.read += read;
      seen.megabytes = Math.max(seen.megabytes, megabytes);
      seen.seconds = Math.max(seen.seconds, (performance.now() - since) / 1000);
      if (megabytes > mostMegabytes) {
        failure = `took ${Math.round(megabytes)} MB`;
        one.kill('SIGKILL');
      }
    }
    seen.i = i;
    since = performance.now();
  });
  return new Promise((resolve, reject) => {
    one.on('exit', (code, signal) => {
      clearInterval(watch);
      if (code === 0) resolve(seen);
      else reject(new Error(`file ${seen.i} of seed ${seed}: ${failure ?? `the process ended with ${signal ?? code}`}`));
    });
  });
}

if (options.child) await child();
else {
  let [read, megabytes, seconds] = [0, 0, 0];
  for (let at = first; at < first + count; at += 1000) {
    const seen = await run(at, Math.min(1000, first + count - at));
    [read, megabytes, seconds] = [read + seen.read, Math.max(megabytes, seen.megabytes), Math.max(seconds, seen.seconds)];
  }
  console.log(
    `${count} files, ${read} of ${3 * count} readings gave a table, nothing worse than an error; at most ${Math.round(megabytes)} MB, ${seconds.toFixed(1)} s`,
  );
}
