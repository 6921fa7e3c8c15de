// The directions in which parts of the house may know each other, read off their import and include lines.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '..');

const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();

// Lowest first. A part may import from lower lines and, in its own folder, from itself; not from its neighbours on the same line.
const sourceLevels = [
  ['brands', 'globals', 'cgroups'],
  ['errors', 'realm'],
  ['cures', 'hints'],
  ['kernels.generated', 'load'],
  ['native'],
  ['info', 'precision'],
  ['recorder', 'calls.generated'],
  ['memory', 'shape', 'random'],
  ['blocks', 'format', 'holders', 'report-readers', 'row-set'],
  ['tensor'],
  ['gradient-hooks', 'grad-mode'],
  ['autograd'],
  ['grad', 'distributed'],
  ['ops'],
  ['nn', 'data', 'metrics', 'linalg'],
  ['optim'], // averages of weights are modules
  ['recording'],
  ['recording'],
  ['compile', 'io'], // an export is a recorded forward pass
  ['train', 'report'],
  ['kernels', 'tfjs'],
  ['missing'], // it goes by the names that are there
  ['index'],
  ['required', 'cli'], // knows the public names alone
];

// Each an arrow up or across that is there for a reason.
const sourceExceptions = new Set([
  'tensor -> autograd (types only)', // a tensor carries the node that made it
]);

const nativeLevels = [['support'], ['mpi', 'generated', 'features'], ['kernels'], ['plan'], ['binding'], ['addon']];

interface Arrow {
  file: string;
  from: string;
  to: string;
  typesOnly: boolean;
}

const level = (levels: string[][], part: string): number => levels.findIndex((parts) => parts.includes(part));

/** What is wrong with an arrow, or null. */
function judge(levels: string[][], exceptions: Set<string>, { file, from, to, typesOnly }: Arrow): string | null {
  const arrow = `${from} -> ${to}${typesOnly ? ' (types only)' : ''}`;
  for (const part of [from, to]) if (level(levels, part) < 0) return `${file}: "${part}" has no place in the house (${arrow})`;
  if (from === to || exceptions.has(arrow)) return null;
  return level(levels, to) < level(levels, from) ? null : `${file}: ${arrow} points up or across`;
}

const partOf = (folder: string, file: string): string =>
  file
    .slice(folder.length + 1)
    .split('/')[0]!
    .replace(/\.m?ts$|\.m?js$|\.cc$|\.h$/, '');

function sourceArrows(): Arrow[] {
  const arrows: Arrow[] = [];
  for (const file of filesIn('src', /(?<!\.d)\.m?ts$/)) {
    const text = readFileSync(join(root, file), 'utf8').replace(/^\s*(\*|\/\/).*$/gm, '');
    for (const [, typed, path] of text.matchAll(/^(?:import|export)\s(type\s)?(?:[^;'"]*?\sfrom\s)?['"](\.[^'"]*)['"]/gm)) {
      const target = normalize(join(dirname(file), path!));
      arrows.push({ file, from: partOf('src', file), to: partOf('src', target), typesOnly: typed !== undefined });
    }
  }
  return arrows;
}

function includes(file: string): string[] {
  return [...readFileSync(join(root, file), 'utf8').matchAll(/^#include [<"]([^>"]+)[>"]/gm)].map(([, path]) => path!);
}

const nativeFiles = filesIn('native', /\.(cc|h|c|def)$/).filter((file) => !file.startsWith('native/vendor/'));
// Programs of their own and the references stand beside the house: they may include anything of it but Node.
const inHouse = nativeFiles.filter((file) => !/^native\/(test|bench|reference)\//.test(file));

function nativeArrows(): Arrow[] {
  const own = (path: string) => /^(addon|binding|plan|kernels|generated|support|reference|test|bench)\b/.test(path);
  return inHouse.flatMap((file) =>
    includes(file)
      .filter(own)
      .map((path) => ({ file, from: partOf('native', file), to: path.split('/')[0]!, typesOnly: false })),
  );
}

const complaints = (arrows: Arrow[], levels: string[][], exceptions = new Set<string>()): string[] =>
  arrows.map((arrow) => judge(levels, exceptions, arrow)).filter((complaint) => complaint !== null);

describe('imports of src', () => {
  const arrows = sourceArrows();

  it('are found', () => {
    expect(arrows).toContainEqual({ file: 'src/ops/linear.ts', from: 'ops', to: 'autograd', typesOnly: false });
    expect(arrows).toContainEqual({ file: 'src/tensor.ts', from: 'tensor', to: 'autograd', typesOnly: true });
  });

  it('point down', () => {
    expect(complaints(arrows, sourceLevels, sourceExceptions)).toEqual([]);
  });

  it('use every exception that is granted', () => {
    const used = arrows.map(({ from, to, typesOnly }) => `${from} -> ${to}${typesOnly ? ' (types only)' : ''}`);
    expect(used).toEqual(expect.arrayContaining([...sourceExceptions]));
  });
});

// In a context of `node:vm`, where Jest and others run tests, values of Node's own realm are of other classes.
describe('built-in classes', () => {
  const builtIn = Object.getOwnPropertyNames(globalThis).filter(
    (name) => /^[A-Z]/.test(name) && typeof (globalThis as never)[name] === 'function',
  );
  const mistakes = (text: string): string[] =>
    [...text.matchAll(/instanceof (\w+)|=== (\w+)\.prototype|(?<!typeof )\bimport\('(?!\.)([^']+)'\)/g)].flatMap(
      ([found, of, prototype, lazy]) => (lazy !== undefined || builtIn.includes((of ?? prototype)!) ? [found] : []),
    );
  const withoutComments = (file: string): string => readFileSync(join(root, file), 'utf8').replace(/^\s*(\*|\/\/|\/\*).*$/gm, '');

  it('are told by their brand, and packages loaded with require, which such a context has', () => {
    const allowed = new Map([
      ['src/realm.ts', ['=== RangeError.prototype']], // it asks for the realm
      [
        'src/data/parquet-file.ts', // with require where that fails
        [
          "import('hyparquet')",
          "import('hyparquet-compressors')",
          ...['column', 'datapage', 'schema', 'convert', 'delta'].map((name) => `import('hyparquet/src/${name}.js')`),
        ],
      ],
    ]);
    for (const file of filesIn('src', /(?<!\.d)\.m?ts$/)) expect(mistakes(withoutComments(file)), file).toEqual(allowed.get(file) ?? []);
  });

  it('are found where they are not', () => {
    for (const one of ['instanceof Float32Array', 'instanceof AbortSignal', '=== Object.prototype', "import('a')"])
      expect(mistakes(`x ${one}`)).toEqual([one]);
    expect(mistakes("x instanceof Tensor; typeof import('a')")).toEqual([]);
  });
});

describe('includes of native', () => {
  const arrows = nativeArrows();

  it('are found', () => {
    expect(arrows).toContainEqual({ file: 'native/kernels/table.h', from: 'kernels', to: 'generated', typesOnly: false });
  });

  it('point down', () => {
    expect(complaints(arrows, nativeLevels)).toEqual([]);
  });

  it('leave Node to the addons and the binding', () => {
    const users = nativeFiles.filter((file) => includes(file).some((path) => /^(napi|node_api|node)\b/.test(path)));
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((file) => !/^native\/(addon\.cc|binding\/|mpi\/mpi\.cc)/.test(file))).toEqual([]);
  });

  it('leave intrinsics to kernels and features', () => {
    const users = nativeFiles.filter((file) => includes(file).some((path) => /^hwy\/|intrin\.h$|^arm_neon/.test(path)));
    expect(users).toContain('native/kernels/simd.h');
    expect(users.filter((file) => !/^native\/(kernels|features)\//.test(file))).toEqual([]);
  });
});

describe('the judge', () => {
  const arrow = (from: string, to: string, typesOnly = false): Arrow => ({ file: 'x', from, to, typesOnly });

  it.each([
    ['ops', 'nn'],
    ['nn', 'optim'],
    ['memory', 'tensor'],
    ['tensor', 'autograd'],
    ['errors', 'nowhere'],
  ])('refuses %s -> %s', (from, to) => {
    expect(complaints([arrow(from, to)], sourceLevels, sourceExceptions)).toHaveLength(1);
  });

  it('refuses a kernel that includes the binding', () => {
    expect(complaints([arrow('kernels', 'binding')], nativeLevels)).toHaveLength(1);
  });
});
