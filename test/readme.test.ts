// The README's example runs as it stands there, and prints what it says.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('README.md', () => {
  it('has an example that does what its comment says', () => {
    const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
    expect(code.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(15);
    const expected = /console\.log\(.*\); \/\/ (.*)/.exec(code)![1]!;
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: root, encoding: 'utf8' });
    expect(printed.trim().replaceAll(/^\[ | \]$/g, (bracket) => bracket.trim())).toBe(expected);
  });

  it.each([...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path!))('links to %s, which exists', (path) => {
    expect(existsSync(join(root, path))).toBe(true);
  });

  it.each([...readme.matchAll(/`npm (?:run )?([a-z:]+)/g)].map(([, name]) => name!))('names the script %s, which exists', (name) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(name === 'ci' || name in scripts).toBe(true);
  });
});
