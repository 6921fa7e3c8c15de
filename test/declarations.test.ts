// The declarations that the package ships: what is marked @internal is in none of them, so that an editor offers only what users may use.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Source } from './docs/surface';

const root = join(__dirname, '..');
const src = join(root, 'src');
const out = join(root, 'build/declarations');

const tsc = (...args: string[]): void => {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args], { stdio: 'inherit' });
};
beforeAll(() => tsc('-p', root, '--emitDeclarationOnly', '--outDir', out), 120_000);

interface Declared {
  /** `linear`, `Tensor.needsGrad`. */
  name: string;
  internal: boolean;
  /** A signature that has an implementation behind it, which is not declared itself. */
  overload: boolean;
}

// The functions and variables at the top of a file and the members of its classes and interfaces, each as often as it is declared.
function declaredIn(file: string): Declared[] {
  const source = new Source(file);
  const isInternal = (start: number): boolean => source.docAbove(start)?.includes('@internal') ?? false;
  return source.body.flatMap((statement): Declared[] => {
    const inner = statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement;
    const internal = isInternal(statement.start);
    if (inner.type === 'FunctionDeclaration' || inner.type === 'TSDeclareFunction') {
      return [{ name: inner.id!.name, internal, overload: inner.type === 'TSDeclareFunction' }];
    }
    if (inner.type === 'VariableDeclaration') {
      return inner.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [{ name: id.name, internal, overload: false }] : []));
    }
    if (inner.type !== 'ClassDeclaration' && inner.type !== 'TSInterfaceDeclaration') return [];
    return inner.body.body.flatMap((member): Declared[] => {
      if (!('key' in member)) return [];
      const { key } = member;
      const name = key.type === 'Identifier' ? key.name : source.textOf(key);
      return [{ name: `${inner.id!.name}.${name}`, internal: internal || isInternal(member.start), overload: false }];
    });
  });
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.d|\.generated)\.ts$/.test(name));
const internals = files.flatMap((file) => {
  const declared = declaredIn(join(src, file));
  const names = new Set(declared.filter(({ internal }) => internal).map(({ name }) => name));
  return [...names].map((name) => {
    const left = declared.filter((one) => one.name === name && one.overload && !one.internal).length;
    return { file, name, left };
  });
});

it('the internals are found', () => {
  const names = internals.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['Tensor.needsGrad', 'Tensor.gradientHome', 'Tensor.constructor', 'linear', 'powScalar']));
  expect(names.length).toBeGreaterThan(30);
});

it.each(internals)('$name of $file', ({ file, name, left }) => {
  const declaration = join(out, file.replace(/\.ts$/, '.d.ts'));
  expect(existsSync(declaration)).toBe(true);
  expect(declaredIn(declaration).filter((one) => one.name === name).length).toBe(left);
});

it('no function takes the name that it has in errors', () => {
  const declarations = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts'));
  expect(declarations.length).toBeGreaterThan(60);
  expect(declarations.filter((name) => /\bwhere\?:/.test(readFileSync(join(out, name), 'utf8')))).toEqual([]);
});

const program = `
import { cat, data, metrics, nn, noGrad, optim, type Tensor, tensor, train } from 'simdnn';
const x: Tensor = tensor([1]);
const y: Tensor = x.add_(1).sub_(x).mul_(x).div_(2).copy_(x).clamp_({ min: 0 }).lerp_(x, 0.5).uniform_().normal_(0, 1).fill_(1).zero_();
const parameter: nn.Parameter = noGrad(() => new nn.Parameter(x).mul_(2));
const numbers: number[] = [x.valueOf(), Number(x), Number(y), Number(parameter)];
[x].map((t) => nn.functional.relu(t));
[x].map(nn.functional.relu);
// @ts-expect-error
x.needsGrad = true;
// @ts-expect-error
nn.functional.relu(x, 'where');
// @ts-expect-error
nn.functional.linear(x, x, null, 'where');
// @ts-expect-error
cat([x], 0, 'where');
// @ts-expect-error
x.backward(undefined, { retain_graph: true });
async function fitted(model: nn.Linear, rows: data.TensorDataset<[Tensor, Tensor]>) {
  const basics = { model, criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), epochs: 1 };
  const loader = new data.DataLoader(rows, { batchSize: 2 });
  const { model: _, ...options } = { ...basics, loader };
  const result = await train.fit(model, { ...options, validation: loader, metrics: { mse: new metrics.MeanSquaredError() } });
  // @ts-expect-error
  result.metrics.nope;
  // @ts-expect-error
  (await train.fit(model, options)).validationLoss;
  const { best } = await train.search(() => ({ ...basics, loader }), { a: [1, 2] });
  const { predictions, mean } = await train.crossValidate(() => basics, rows, { predictions: true });
  const shape: number[] = predictions.shape;
  // @ts-expect-error
  (await train.crossValidate(() => basics, rows)).predictions;
  return [...result.metrics.mse, ...result.validationLoss, best.figures.loss, mean.validationLoss, ...shape];
}
export { fitted, numbers };
`;

it.each([
  ['with', ['node']],
  ['without', []],
])(
  'a strict program that checks them too compiles %s the types of Node',
  (name, types) => {
    const folder = join(root, 'build/declarations-user', name);
    mkdirSync(folder, { recursive: true });
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true },
      ...{ target: 'es2022', lib: ['es2023'], types, module: 'node16', moduleResolution: 'node16' },
      paths: { simdnn: [join(out, 'index.d.ts')] },
    };
    writeFileSync(join(folder, 'main.ts'), program);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
    tsc('-p', folder);
  },
  120_000,
);
