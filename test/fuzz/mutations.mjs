// Corrupts valid files in places. A loader may load them or refuse them with an error of the library, nothing else.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Random } from './random.mjs';

const digits = /"simdnn\.checksum":"crc32:([0-9a-f]{8})"/;
const words = [
  ...[
    '0',
    '-1',
    '1.0',
    '1e3',
    '4294967296',
    '9007199254740993',
    '1e999',
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '"__proto__"',
    '"$tensor"',
    '"$module"',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '"F32"',
    '"I64"',
    '"F16"',
    '"C64"',
    '\\"$shared\\":1',
    '\\"class\\":\\"Sequential\\"',
    '\\"own\\":true',
    '\ufeff',
  ],
];

/** Valid files of each kind, and the functions that load them. */
export async function wholeFiles(lib, folder, golden) {
  const { io, nn, optim, data, metrics, tensor, ones } = lib;
  const make = () => {
    const model = new nn.Sequential(
      new nn.Linear(2, 3),
      new nn.BatchNorm1d(3),
      new nn.Dropout(0.5),
      new nn.ModuleDict({ a: new nn.Identity() }),
    );
    const optimizer = new optim.NAdam(model.parameters());
    const accuracy = new metrics.Accuracy({ task: 'binary' });
    return {
      model,
      optimizer,
      scheduler: new optim.lrScheduler.ReduceLROnPlateau(optimizer),
      scalers: { s: new data.StandardScaler() },
      metrics: { accuracy },
    };
  };
  const parts = make();
  parts.model[1]
    .forward(parts.model[0].forward(ones([3, 2])))
    .sum()
    .backward();
  parts.optimizer.step();
  parts.scalers.s.fit(tensor([[1], [2]]));
  const [safetensors, checkpoint, model] = ['tensors', 'checkpoint', 'model'].map((name) => join(folder, `whole-${name}.safetensors`));
  await io.saveSafetensors(safetensors, { ...parts.model.stateDict(), labels: tensor(Int32Array.of(1, 2)) }, { metadata: { a: 'b' } });
  await io.saveCheckpoint(checkpoint, { ...parts, epoch: 3, extra: { list: [1, Number.NaN], array: Float64Array.of(1, 2) } });
  const columns = new data.ColumnTransformer([
    ['words', new data.TfidfVectorizer({ ngramRange: [1, 2], stopWords: ['a'] }), 'text'],
    ['towns', new data.OrdinalEncoder({ handleUnknown: 'useEncodedValue', unknownValue: Number.NaN, minFrequency: 2 }), /town/],
    ['hot', new data.OneHotEncoder({ drop: 'first', maxCategories: 3, sparseOutput: true }), ['town']],
  ]);
  columns.fit({ text: ['red fish', 'blue', ''], town: ['Rome', 'Oslo', 'Rome'] });
  await io.saveModel(model, parts.model, { preprocessing: [parts.scalers.s, columns], classes: ['a', 'b'], example: ones([1, 2]) });
  const loadSafetensors = (path) => io.loadSafetensors(path);
  return [
    { bytes: readFileSync(safetensors), load: loadSafetensors },
    { bytes: readFileSync(golden), load: loadSafetensors },
    { bytes: readFileSync(checkpoint), load: (path) => io.loadCheckpoint(path, make()) },
    { bytes: readFileSync(model), load: (path) => io.loadModel(path) },
  ];
}

const headerOf = (bytes) => Number(bytes.readBigUInt64LE());

const mutations = [
  (r, bytes) => {
    bytes[r.below(bytes.length)] ^= 1 << r.below(8);
    return bytes;
  },
  (r, bytes) => {
    bytes[r.below(Math.min(bytes.length, 8 + headerOf(bytes)))] = r.bits() & 255;
    return bytes;
  },
  (r, bytes) => bytes.subarray(0, r.below(bytes.length)),
  (r, bytes) => Buffer.concat([bytes, Buffer.from(r.times(1 + r.below(20), () => r.bits() & 255))]),
  (r, bytes) => {
    bytes.writeBigUInt64LE(r.pick([0n, 1n, BigInt(r.below(2000)), 2n ** 63n, 2n ** 64n - 1n, 100_000_000n, BigInt(r.bits())]));
    return bytes;
  },
  // Moves a part of the header to another place, or replaces it by a word, and corrects the length.
  (r, bytes) => {
    const length = headerOf(bytes);
    const header = bytes.subarray(8, 8 + length).toString('latin1');
    const [from, to] = [r.below(header.length), r.below(header.length)].sort((a, b) => a - b);
    const put = r.chance(0.5) ? r.pick(words) : header.slice(from, Math.min(to, from + r.below(200)));
    const at = r.below(header.length);
    return withHeader(bytes, header.slice(0, at) + put + header.slice(at + (r.chance(0.5) ? put.length : r.below(5))));
  },
];

// Replaces a number or a text of the header.
function changedToken(r, bytes) {
  const header = bytes.subarray(8, 8 + headerOf(bytes)).toString('latin1');
  const tokens = [...header.matchAll(/-?\d+(\.\d+)?|\\?"[^"\\]*\\?"|true|false|null/g)];
  if (tokens.length === 0) return bytes;
  const { index, 0: token } = r.pick(tokens);
  const word = r.chance(0.5) ? r.pick(tokens)[0] : r.pick(words);
  return withHeader(bytes, header.slice(0, index) + word + header.slice(index + token.length));
}

// Replaces or removes a value in the header, or in the document that it contains.
function changedValue(r, bytes) {
  let header;
  try {
    header = JSON.parse(bytes.subarray(8, 8 + headerOf(bytes)).toString());
  } catch {
    return bytes;
  }
  const metadata = header?.__metadata__;
  if (typeof metadata?.simdnn === 'string' && r.chance(0.8)) {
    let document;
    try {
      document = JSON.parse(metadata.simdnn);
    } catch {
      return bytes;
    }
    changeIn(r, document);
    metadata.simdnn = JSON.stringify(document);
  } else changeIn(r, header);
  return withHeader(bytes, Buffer.from(JSON.stringify(header)).toString('latin1'));
}

const values = [
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  null,
  true,
  '',
  'x',
  '0',
  [],
  {},
  [[]],
  { $shared: 0 },
  { $module: 0 },
  { $tensor: 'w' },
  { $number: 'NaN' },
  { $fields: {} },
  { $undefined: true },
];

function changeIn(r, root) {
  const places = [];
  const walk = (value) => {
    if (value === null || typeof value !== 'object') return;
    for (const key of Object.keys(value)) {
      places.push([value, key]);
      walk(value[key]);
    }
  };
  walk(root);
  if (places.length === 0) return;
  const [holder, key] = r.pick(places);
  const [other, otherKey] = r.pick(places);
  const way = r.below(4);
  if (way === 0) delete holder[key];
  else if (way === 1) holder[key] = structuredClone(other[otherKey]);
  else if (way === 2 && typeof holder[key] === 'number') holder[key] += r.pick([-1, 1, 0.5, 1e9]);
  else holder[key] = structuredClone(r.pick(values));
}

function withHeader(bytes, header) {
  const text = Buffer.from(header, 'latin1');
  const first = Buffer.alloc(8);
  first.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([first, text, bytes.subarray(8 + headerOf(bytes))]);
}

// Corrects the checksum, as a hostile writer would.
function withRightSum(bytes) {
  const text = bytes.toString('latin1');
  const found = digits.exec(text);
  if (found === null) return bytes;
  const at = found.index + found[0].length - 9;
  const copy = Buffer.from(bytes);
  copy.write('00000000', at, 'latin1');
  copy.write(crc32(copy).toString(16).padStart(8, '0'), at, 'latin1');
  return copy;
}

/** A file of the sequence. */
function mutated(r, whole) {
  let bytes = Buffer.from(whole);
  for (let i = r.pick([1, 1, 1, 2, 3]); i > 0 && bytes.length >= 16 && headerOf(bytes) < bytes.length; i--)
    bytes = r.pick([changedToken, changedValue, changedValue, r.pick(mutations)])(r, bytes);
  return r.chance(0.7) ? withRightSum(bytes) : bytes;
}

const ofTheLibrary = (error) =>
  ['RangeError', 'TypeError', 'SimdnnError'].includes(error?.name) && /^(\[|\w+(\.\w+)*: unknown)/.test(error.message);

async function tryOne({ bytes, load }, path, seed, i) {
  await writeFile(path, mutated(new Random(seed, i, 77), bytes));
  const begin = performance.now();
  let loaded = 1;
  try {
    await load(path);
  } catch (error) {
    if (!ofTheLibrary(error)) throw new Error(`file ${i} of seed ${seed}: ${error?.stack ?? error}`);
    loaded = 0;
  }
  const seconds = (performance.now() - begin) / 1000;
  if (seconds > 10) throw new Error(`file ${i} of seed ${seed} took ${seconds} s`);
  return loaded;
}

const lanes = 8; // the number of files at a time, because each mostly waits for the disk

/**
 * Tests files `first` (inclusive) to `end` (exclusive) of a seed; resolves to the number that were loaded. Rejects at a file that causes anything but an error
 * of the library.
 */
export async function tryFiles(files, { seed, first, end, folder }) {
  let loaded = 0;
  const run = async (lane) => {
    const path = join(folder, `mutated-${process.pid}-${lane}.safetensors`);
    for (let i = first + lane; i < end; i += lanes) {
      const one = await tryOne(files[Math.floor(i / lanes) % files.length], path, seed, i);
      loaded += one; // after the await, because another lane may have counted meanwhile
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  return loaded;
}
