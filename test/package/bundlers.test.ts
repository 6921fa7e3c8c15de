// Real bundlers, from npm: each puts a program that trains into one file, as docs/bundlers.md says and without; what comes out runs, or says what to do.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary';
import { consumer, type Outcome, run, tarball, userEnvironment } from './install';

const versions = {
  esbuild: '^0.28.0',
  rollup: '^4.60.0',
  '@rollup/plugin-commonjs': '*',
  '@rollup/plugin-node-resolve': '*',
  rolldown: '^1.2.0',
  vite: '^8.0.0',
  webpack: '^5.113.0',
  'webpack-cli': '*',
  '@vercel/ncc': '*',
  '@vercel/nft': '*',
  postject: '*', // puts the program into Node's own binary
};

const program = `
import { data, nn, optim, randn, train, zeros } from 'simdnn';
const model = new nn.Linear(4, 2);
const loader = new data.DataLoader(new data.TensorDataset(randn([8, 4]), zeros([8, 2])), { batchSize: 4 });
const options = { criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loader };
train.fit(model, { ...options, epochs: 2, progress: false }).then(({ loss }) => console.log('epochs:', loss.length));
`;

const folder = consumer();
const env = userEnvironment(process.env['PATH']!);
const tool = (name: string, ...args: string[]): Outcome => run(folder, join(folder, 'node_modules/.bin', name), args, env);
const configured = (name: string, file: string, config: string, ...args: string[]): Outcome => {
  writeFileSync(join(folder, file), config);
  return tool(name, ...args);
};

beforeAll(() => {
  writeFileSync(join(folder, 'app.mjs'), program);
  const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  const { status, output } = run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', tarball, ...packages], env);
  if (status !== 0) throw new Error(output);
});

/** Each writes `${out}/${file}`. */
const bundlers: Record<string, { file: string; bundle(out: string, external: boolean): Outcome }> = {
  esbuild: {
    file: 'out.cjs',
    bundle: (out, external) =>
      tool('esbuild', 'app.mjs', '--bundle', '--platform=node', `--outfile=${out}/out.cjs`, ...(external ? ['--external:simdnn'] : [])),
  },
  rollup: {
    file: 'out.mjs',
    bundle: (out, external) =>
      configured(
        'rollup',
        'rollup.config.mjs',
        `import commonjs from '@rollup/plugin-commonjs';
        import resolve from '@rollup/plugin-node-resolve';
        const output = { file: '${out}/out.mjs', format: 'es', inlineDynamicImports: true };
        export default { input: 'app.mjs', external: [${external ? '/^simdnn/' : ''}], plugins: [resolve({ preferBuiltins: true }), commonjs()], output };`,
        '-c',
      ),
  },
  rolldown: {
    file: 'out.mjs',
    bundle: (out, external) =>
      configured(
        'rolldown',
        'rolldown.config.mjs',
        `const output = { file: '${out}/out.mjs', format: 'es', codeSplitting: false };
        export default { input: 'app.mjs', platform: 'node', external: [${external ? '/^simdnn/' : ''}], output };`,
        '-c',
      ),
  },
  vite: {
    file: 'out.mjs',
    bundle: (out, external) =>
      configured(
        'vite',
        'vite.config.mjs',
        `const build = { ssr: 'app.mjs', outDir: '${out}', rollupOptions: { output: { entryFileNames: 'out.mjs' } } };
        export default { build, ssr: ${external ? "{ external: ['simdnn'] }" : '{ noExternal: true }'} };`,
        'build',
      ),
  },
  webpack: {
    file: 'out.cjs',
    bundle: (out, external) =>
      configured(
        'webpack',
        'webpack.config.cjs',
        `const externals = ${external ? "{ simdnn: 'commonjs simdnn' }" : '{}'};
        module.exports = { target: 'node', mode: 'development', devtool: false, entry: './app.mjs', externals, output: { path: '${join(folder, out)}', filename: 'out.cjs' } };`,
      ),
  },
  ncc: {
    file: 'index.mjs',
    bundle: (out, external) => tool('ncc', 'build', 'app.mjs', '-o', out, ...(external ? ['--external', 'simdnn'] : [])),
  },
};

const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'; // where Node's binary notes that it contains a program

const trained = [0, expect.stringContaining('epochs: 2')];

describe.each(Object.entries(bundlers))('%s', (name, { file, bundle }) => {
  const bundled = (external: boolean): ((more?: NodeJS.ProcessEnv) => unknown[]) => {
    const out = `out-${name}-${external ? 'external' : 'inside'}`;
    mkdirSync(join(folder, out));
    const { status, output } = bundle(out, external);
    expect([status, status === 0 ? '' : output]).toEqual([0, '']);
    return (more = {}) => {
      const outcome = run(folder, process.execPath, [join(out, file)], { ...env, ...more });
      return [outcome.status, outcome.output];
    };
  };

  it('runs as docs/bundlers.md says', () => {
    expect(bundled(true)()).toEqual(trained);
  });

  it('with the package inside finds its binary, or says what to do, and by SIMDNN_PREBUILD', () => {
    const start = bundled(false);
    const takesItAlong = name === 'ncc';
    expect(start()).toEqual(
      takesItAlong ? trained : [1, expect.stringContaining('cure: simdnn was put into a bundle, where its binary is not')],
    );
    expect(start({ SIMDNN_PREBUILD: join(folder, 'node_modules/simdnn') })).toEqual(trained);
  });
});

it('@vercel/nft takes the binaries along', () => {
  const trace = `require('@vercel/nft').nodeFileTrace(['app.mjs']).then(({ fileList }) => console.log([...fileList].join('\\n')))`;
  const { output } = run(folder, process.execPath, ['-e', trace], env);
  expect(output).toMatch(/^node_modules\/simdnn\/prebuilds\/[\w-]+\/simdnn\.glibc\.node$/m);
  expect(output).toMatch(/^node_modules\/simdnn\/dist\/index\.js$/m);
});

it('a single-executable application says what to ship with it, and works with the binary that it names itself', () => {
  const made = (name: string, first: string): string => {
    writeFileSync(join(folder, `${name}-first.mjs`), first);
    writeFileSync(join(folder, `${name}.mjs`), `import './${name}-first.mjs';\n${program}`);
    tool('esbuild', `${name}.mjs`, '--bundle', '--platform=node', `--outfile=${name}.cjs`);
    writeFileSync(
      join(folder, 'sea.json'),
      JSON.stringify({ main: `${name}.cjs`, output: 'sea.blob', disableExperimentalSEAWarning: true }),
    );
    run(folder, process.execPath, ['--experimental-sea-config', 'sea.json'], env);
    const place = join(temporaryFolder(), name); // where no node_modules folder can be found
    copyFileSync(process.execPath, place);
    const { status, output } = tool('postject', place, 'NODE_SEA_BLOB', 'sea.blob', '--sentinel-fuse', fuse);
    expect([status, status === 0 ? '' : output]).toEqual([0, '']);
    return place;
  };
  const start = (place: string): unknown[] => {
    const { status, output } = run(temporaryFolder(), place, [], env);
    return [status, output];
  };
  expect(start(made('alone', ''))).toEqual([1, expect.stringContaining('cure: simdnn is in a single-executable application')]);
  const named = join(folder, 'node_modules/simdnn');
  expect(start(made('naming', `process.env.SIMDNN_PREBUILD ??= ${JSON.stringify(named)};`))).toEqual(trained);
});
