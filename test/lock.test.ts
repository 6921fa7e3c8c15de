// package-lock.json serves every machine: any registry, any platform.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const text = readFileSync(join(__dirname, '../package-lock.json'), 'utf8');
const { packages } = JSON.parse(text) as {
  packages: Record<string, { integrity?: string; optionalDependencies?: Record<string, string> }>;
};

it('names no registry', () => {
  expect(text).not.toContain('"resolved"');
});

it('knows the binaries of every platform, without which `npm ci` refuses it', () => {
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((name) => packages[`node_modules/${name}`] === undefined)).toEqual([]);
});

it('holds what each package must contain', () => {
  const locked = Object.entries(packages).filter(([path]) => path !== '');
  expect(locked.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path)).toEqual([]);
});

describe('as it holds the packages, the workflows', () => {
  const folder = join(__dirname, '../.github/workflows');
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'));

  it('name the actions that they run by the hash of a commit', () => {
    const uses = lines.flatMap((line) => line.match(/uses: .*/g) ?? []);
    expect(uses.length).toBeGreaterThan(5);
    for (const line of uses) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+/);
  });

  it('name the containers that they run in by the digest of their content', () => {
    const containers = lines.filter((line) => /^ *container: |docker run /.test(line));
    expect(containers.length).toBeGreaterThan(4);
    for (const line of containers) expect(line).toMatch(/ node:[\w-]+@sha256:[0-9a-f]{64}( |$)/);
  });

  it('publish with provenance what another job has tested, and may write nothing else', () => {
    const text = readFileSync(join(folder, 'package.yml'), 'utf8');
    expect(text).toMatch(/npm publish \.\/packed\/simdnn\.tgz --provenance/);
    expect(text.match(/^ +[\w-]+: write$/gm)).toEqual(['      id-token: write']);
  });
});
