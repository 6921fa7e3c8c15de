// Which parts of the source may import or include which others, and how long functions of native/ may be. HACKING.md describes the order.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '..');

const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();

// From the lowest level to the highest. A part (a folder of src/ or a file beside the folders) may import parts of lower levels, and files of its own folder, but
// no other part of its own level.
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
  ['compile', 'io'], // an export is a recorded forward pass
  ['train', 'report'],
  ['kernels', 'tfjs'],
  ['missing'], // looks at the public names
  ['index'],
  ['required', 'cli'], // use only the public names
];

// Imports that are allowed against this order, with their reasons.
const sourceExceptions = new Set([
  'tensor -> autograd (types only)', // a tensor carries the node that made it
]);

const nativeLevels = [['support'], ['mpi', 'generated', 'features'], ['kernels'], ['plan'], ['binding'], ['addon']];

interface Dependency {
  file: string;
  from: string;
  to: string;
  typesOnly: boolean;
}

const level = (levels: string[][], part: string): number => levels.findIndex((parts) => parts.includes(part));

/** What is wrong with a dependency, or null. */
function judge(levels: string[][], exceptions: Set<string>, { file, from, to, typesOnly }: Dependency): string | null {
  const dependency = `${from} -> ${to}${typesOnly ? ' (types only)' : ''}`;
  for (const part of [from, to]) if (level(levels, part) < 0) return `${file}: "${part}" is in none of the levels (${dependency})`;
  if (from === to || exceptions.has(dependency)) return null;
  return level(levels, to) < level(levels, from) ? null : `${file}: ${dependency} is an import of the same or a higher level`;
}

const partOf = (folder: string, file: string): string =>
  file
    .slice(folder.length + 1)
    .split('/')[0]!
    .replace(/\.m?ts$|\.m?js$|\.cc$|\.h$/, '');

function sourceDependencies(): Dependency[] {
  const dependencies: Dependency[] = [];
  for (const file of filesIn('src', /(?<!\.d)\.m?ts$/)) {
    const text = readFileSync(join(root, file), 'utf8').replace(/^\s*(\*|\/\/).*$/gm, '');
    for (const [, typed, path] of text.matchAll(/^(?:import|export)\s(type\s)?(?:[^;'"]*?\sfrom\s)?['"](\.[^'"]*)['"]/gm)) {
      const target = normalize(join(dirname(file), path!));
      dependencies.push({ file, from: partOf('src', file), to: partOf('src', target), typesOnly: typed !== undefined });
    }
  }
  return dependencies;
}

function includes(file: string): string[] {
  return [...readFileSync(join(root, file), 'utf8').matchAll(/^#include [<"]([^>"]+)[>"]/gm)].map(([, path]) => path!);
}

const nativeFiles = filesIn('native', /\.(cc|h|c|def)$/).filter((file) => !file.startsWith('native/vendor/'));
// Tests, benchmarks and references are not part of the library: they may include anything of it except Node-API.
const libraryFiles = nativeFiles.filter((file) => !/^native\/(test|bench|reference)\//.test(file));

function nativeDependencies(): Dependency[] {
  const own = (path: string) => /^(addon|binding|plan|kernels|generated|support|reference|test|bench)\b/.test(path);
  return libraryFiles.flatMap((file) =>
    includes(file)
      .filter(own)
      .map((path) => ({ file, from: partOf('native', file), to: path.split('/')[0]!, typesOnly: false })),
  );
}

const violations = (dependencies: Dependency[], levels: string[][], exceptions = new Set<string>()): string[] =>
  dependencies.map((dependency) => judge(levels, exceptions, dependency)).filter((violation) => violation !== null);

describe('imports of src', () => {
  const dependencies = sourceDependencies();

  it('are found', () => {
    expect(dependencies).toContainEqual({ file: 'src/ops/linear.ts', from: 'ops', to: 'autograd', typesOnly: false });
    expect(dependencies).toContainEqual({ file: 'src/tensor.ts', from: 'tensor', to: 'autograd', typesOnly: true });
  });

  it('point down', () => {
    expect(violations(dependencies, sourceLevels, sourceExceptions)).toEqual([]);
  });

  it('use every exception that is granted', () => {
    const used = dependencies.map(({ from, to, typesOnly }) => `${from} -> ${to}${typesOnly ? ' (types only)' : ''}`);
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
  const dependencies = nativeDependencies();

  it('are found', () => {
    expect(dependencies).toContainEqual({ file: 'native/kernels/table.h', from: 'kernels', to: 'generated', typesOnly: false });
  });

  it('point down', () => {
    expect(violations(dependencies, nativeLevels)).toEqual([]);
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

describe('functions of native', () => {
  // Longer than 60 lines, for these reasons.
  const allowed = [
    'native/kernels/batch_norm.cc: batch_norm_backward', // one formula in two passes over x, which share most variables
    'native/kernels/gemm_tile.cc: tile', // the accumulators stay in registers from the first line to the last
    'native/kernels/norms.cc: layer_norm_backward', // nested lambdas, of which each needs the variables of the outer ones
  ];

  /** The functions with more than 60 lines from their opening to their closing brace. */
  function longFunctions(text: string): string[] {
    const code = text.replace(/\/\/.*|'(?:\\.|[^'\\\n])'|"(?:\\.|[^"\\\n])*"|^#.*(?:\\\n.*)*/gm, (part) => part.replace(/[^\n]/g, ''));
    const open: { line: number; head: string }[] = [];
    const long: string[] = [];
    let line = 1;
    let head = ''; // the text since the last brace or semicolon
    for (const char of code) {
      if (char === '\n') line++;
      if (char === '{') open.push({ line, head });
      if (char === '}') {
        const { line: first, head: start } = open.pop()!;
        const name = /^(?!\s*(?:if|for|while|switch|else)\b)[^=(]*?(\w+)\(/.exec(start)?.[1];
        if (name !== undefined && line - first + 1 > 60) long.push(name);
      }
      head = '{};'.includes(char) ? '' : head + char;
    }
    if (open.length > 0) throw new Error('a brace is not closed');
    return long;
  }

  it('have at most 60 lines, but for a reason', () => {
    const found = libraryFiles
      .filter((file) => /\.(cc|h|c)$/.test(file) && !file.startsWith('native/generated/'))
      .flatMap((file) => longFunctions(readFileSync(join(root, file), 'utf8')).map((name) => `${file}: ${name}`));
    expect(found).toEqual(allowed);
  });
});

describe('the judge', () => {
  const dependency = (from: string, to: string, typesOnly = false): Dependency => ({ file: 'x', from, to, typesOnly });

  it.each([
    ['ops', 'nn'],
    ['nn', 'optim'],
    ['memory', 'tensor'],
    ['tensor', 'autograd'],
    ['errors', 'nowhere'],
  ])('refuses %s -> %s', (from, to) => {
    expect(violations([dependency(from, to)], sourceLevels, sourceExceptions)).toHaveLength(1);
  });

  it('refuses a kernel that includes the binding', () => {
    expect(violations([dependency('kernels', 'binding')], nativeLevels)).toHaveLength(1);
  });
});
