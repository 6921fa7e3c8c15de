// The README's example runs as it stands there, and prints what it says.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'rolldown/utils';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('README.md', () => {
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);

  it.each(['README.md', 'HACKING.md'])('%s has at most 150 lines', (name) => {
    expect(readFileSync(join(root, name), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  it('begins with a loop of fifteen lines', () => {
    expect(examples[0]!.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(15);
  });

  it.each(examples)('has an example that does what its comments say', (code) => {
    const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, value]) => value!);
    expect(expected.length).toBeGreaterThan(0);
    const script = transformSync('readme.mts', code).code;
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const lines = printed.trim().split('\n');
    expect(lines.map((line) => line.replaceAll(/^\[ | \]$/g, (bracket) => bracket.trim()))).toEqual(expected);
  });

  it.each([...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path!))('links to %s, which exists', (path) => {
    expect(existsSync(join(root, path))).toBe(true);
  });

  const scripts = [...readme.matchAll(/`npm (?:run )?([a-z:]+)/g)].map(([, name]) => name!).filter((name) => name !== 'install'); // npm's own
  it.each(scripts)('names the script %s, which exists', (name) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(name === 'ci' || name in scripts).toBe(true);
  });
});
