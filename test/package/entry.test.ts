// The installed package as import and require meet it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { consumer, fillCache, forNpm, install, root, run, tarball, toolbox } from './install';

let folder: string;
beforeAll(() => {
  fillCache();
  folder = consumer();
  install(folder, tarball, toolbox(forNpm));
});

function node(code: string, ...options: string[]): unknown {
  const { status, output } = run(folder, process.execPath, [...options, '--eval', code]);
  if (status !== 0) throw new Error(output);
  return JSON.parse(output);
}
const required = (code: string): unknown => node(code);
const imported = (code: string): unknown => node(code, '--input-type=module');

describe('by its name', () => {
  it.each(['simdnn', 'simdnn/kernels'])('%s has the same names for import and require', (name) => {
    const names = required(`console.log(JSON.stringify(Object.keys(require('${name}')).sort()))`) as string[];
    expect(names.length).toBeGreaterThan(10);
    expect(imported(`import * as all from '${name}'; console.log(JSON.stringify(Object.keys(all).sort()))`)).toEqual(names);
  });

  it('has one identity of every value for import and require', () => {
    const different = imported(`
      import { createRequire } from 'node:module';
      import * as all from 'simdnn';
      import * as kernels from 'simdnn/kernels';
      const require = createRequire(process.cwd() + '/x.js');
      const differing = (a, b) => Object.keys(b).filter((key) => a[key] !== b[key]);
      console.log(JSON.stringify([...differing(all, require('simdnn')), ...differing(kernels, require('simdnn/kernels'))]))`);
    expect(different).toEqual([]);
  });

  it('says what to use for a name that is not there, and breaks no `in` and no promise', () => {
    const said = (read: string) => `try { ${read}; console.log('null') } catch (error) { console.log(JSON.stringify(error.message)) }`;
    expect(required(said("require('simdnn').conv2d"))).toMatch(/^\[simdnn\.conv2d\] there is no such property\n {2}hint: layers are dense/);
    expect(imported(`import { nn } from 'simdnn'; ${said('nn.Conv2d')}`)).toMatch(
      /^\[nn\.Conv2d\] there is no such property\n {2}hint: layers are dense/,
    );
    expect(required("console.log(JSON.stringify(['conv2d' in require('simdnn'), 'toString' in require('simdnn')]))")).toEqual([
      false,
      true,
    ]);
    expect(imported("console.log(JSON.stringify(typeof (await import('simdnn')).nn.Linear))")).toBe('function');
  });

  it('loads nothing but itself', () => {
    const files = required(`require('simdnn'); console.log(JSON.stringify(Object.keys(require.cache)))`) as string[];
    const packages = files.map((file) => file.slice(join(folder, 'node_modules/').length).split('/')[0]);
    expect([...new Set(packages)].sort()).toEqual(['simdnn']);
    expect(files.length).toBeLessThan(8); // each costs time: see scripts/bundle.mjs; native/load.js is one that bundlers can trace
  });
});

describe('its description', () => {
  it('satisfies publint', () => {
    const { status, output } = run(root, process.execPath, [join(root, 'node_modules/publint/src/cli.js'), '--strict', tarball]);
    expect([status, output]).toEqual([0, expect.stringContaining('All good!')]);
  });

  it('gives every module resolution the types of what it loads (attw)', () => {
    const attw = (...args: string[]) => run(root, join(root, 'node_modules/.bin/attw'), [tarball, ...args]);
    expect(attw('--profile', 'node16')).toEqual(expect.objectContaining({ status: 0 }));
    // Into a file: it ends before all of so much is through a pipe.
    const found = join(folder, 'attw.json');
    run(root, 'sh', ['-c', '"$0" "$1" --format json > "$2"', join(root, 'node_modules/.bin/attw'), tarball, found]);
    const { problems } = JSON.parse(readFileSync(found, 'utf8')) as { problems?: Record<string, { entrypoint?: string }[]> };
    const atTheEntry = Object.values(problems ?? {})
      .flat()
      .filter(({ entrypoint }) => entrypoint === '.');
    expect(atTheEntry).toEqual([]); // not even under node10, which knows no sub-paths
  });
});
