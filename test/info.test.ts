import { afterEach, describe, expect, it, vi } from 'vitest';
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
