import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { info } from '../src';

type Report = NodeJS.ProcessReport & { excludeNetwork: boolean };

describe.runIf(process.platform === 'linux')('the C library', () => {
  const report = process.report as Report;
  afterEach(() => vi.restoreAllMocks());

  it('is asked for once, without the names of the hosts that sockets are connected to', () => {
    const asked: boolean[] = [];
    const { getReport } = report;
    vi.spyOn(report, 'getReport').mockImplementation(() => {
      asked.push(report.excludeNetwork);
      return getReport.call(report);
    });
    const before = report.excludeNetwork;
    const { libc } = info();
    expect(info().libc).toBe(libc);
    expect(libc).toMatch(/^(glibc \d+\.\d+|musl)$/);
    expect(asked).toEqual([true]);
    expect(report.excludeNetwork).toBe(before);
  });
});

describe('features', () => {
  const under = (env: Record<string, string>): string => {
    const script = `try { console.log(require('simdnn').info().features.join()) } catch (e) { console.log(e.name + ' ' + e.message) }`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], {
      env: { ...process.env, SIMDNN_FEATURES: '', ...env },
      cwd: join(__dirname, '..'),
      encoding: 'utf8',
    });
    return stdout.trim();
  };
  let here = '';
  let found = '';
  beforeAll(() => {
    here = info().targets.at(-1)!;
    found = under({ SIMDNN_TARGET: here });
  });
  const names = ['amx_bf16', 'avx512_bf16', 'neon_bf16'];

  it('are those that the processor has, where Linux lists them', () => {
    if (process.platform !== 'linux') return;
    const flags = (/^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '').split(' ');
    const avx512 = here === 'avx512';
    if (!avx512 || !flags.includes('avx512_bf16')) expect(found).not.toContain('avx512_bf16');
    else expect(found).toContain('avx512_bf16');
    if (!avx512 || !flags.includes('amx_bf16')) expect(found).not.toContain('amx_bf16');
    if (here !== 'neon' || !flags.includes('bf16')) expect(found).not.toContain('neon_bf16');
  });

  it('are left out by SIMDNN_FEATURES, and go with their target', () => {
    expect(under({ SIMDNN_FEATURES: 'none', SIMDNN_TARGET: here })).toBe('');
    for (const name of found.split(',').filter(Boolean)) expect(under({ SIMDNN_FEATURES: name, SIMDNN_TARGET: here })).toBe(name);
    expect(under({ SIMDNN_FEATURES: found || 'none', SIMDNN_TARGET: here })).toBe(found);
    expect(under({ SIMDNN_TARGET: 'scalar' })).toBe('');
  });

  it('are refused where they are unknown or do not run', () => {
    for (const [list, unknown] of [
      ['avx512-bf16', 'avx512-bf16'],
      ['none,amx_bf16', 'none'],
      [',', ''],
    ] as const) {
      expect(under({ SIMDNN_FEATURES: list, SIMDNN_TARGET: here })).toBe(
        `RangeError SIMDNN_FEATURES: "${unknown}" is not a feature (none, ${names.join(', ')})`,
      );
    }
    for (const name of names) {
      expect(under({ SIMDNN_FEATURES: name, SIMDNN_TARGET: 'scalar' })).toBe(
        `RangeError SIMDNN_FEATURES: "${name}" does not run here with the target scalar (none)`,
      );
    }
  });
});
