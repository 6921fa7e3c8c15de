import { describe, expect, it } from 'vitest';
import { cgroupQuota } from '../src/cgroups';

const quota = (files: Record<string, string>): number => cgroupQuota((file) => files[file] ?? null);
const root = '/sys/fs/cgroup';

describe('the quota of the second version of control groups', () => {
  it('is that of the own group', () => {
    expect(quota({ '/proc/self/cgroup': '0::/a\n', [`${root}/a/cpu.max`]: '150000 100000\n' })).toBe(1.5);
  });

  it('is the least of those above it', () => {
    const files = { '/proc/self/cgroup': '0::/a/b/c\n', [`${root}/a/cpu.max`]: '200000 100000\n', [`${root}/a/b/cpu.max`]: 'max 100000\n' };
    expect(quota(files)).toBe(2);
    expect(quota({ ...files, [`${root}/a/b/c/cpu.max`]: '50000 100000\n' })).toBe(0.5);
    expect(quota({ ...files, [`${root}/a/b/c/cpu.max`]: '800000 100000\n' })).toBe(2);
  });

  it("is the root's in a container that sees its group as the root, whatever path it is told", () => {
    for (const path of ['/', '/docker/1f', '/../..']) {
      expect(quota({ '/proc/self/cgroup': `0::${path}\n`, [`${root}/cpu.max`]: '300000 100000\n' })).toBe(3);
    }
  });
});

describe('the quota of the first version', () => {
  const of = (folder: string, quota: number): Record<string, string> => ({
    [`${root}/${folder}/cpu.cfs_quota_us`]: `${quota}\n`,
    [`${root}/${folder}/cpu.cfs_period_us`]: '100000\n',
  });
  const self = { '/proc/self/cgroup': '7:memory:/x\n4:cpu,cpuacct:/docker/1f\n0::/\n' };

  it('is the least of the own group and of those above it', () => {
    expect(quota({ ...self, ...of('cpu', -1), ...of('cpu/docker', 400_000), ...of('cpu/docker/1f', -1) })).toBe(4);
    expect(quota({ ...self, ...of('cpu,cpuacct/docker', 400_000), ...of('cpu,cpuacct/docker/1f', 100_000) })).toBe(1);
  });

  it("is the root's in a container", () => {
    expect(quota({ ...self, ...of('cpu', 250_000) })).toBe(2.5);
  });
});

it('no quota, no groups, and files that hold something else are no limit', () => {
  expect(quota({})).toBe(Infinity);
  expect(quota({ '/proc/self/cgroup': '0::/a\n', [`${root}/a/cpu.max`]: 'max 100000\n' })).toBe(Infinity);
  expect(quota({ '/proc/self/cgroup': 'nonsense\n', [`${root}/cpu.max`]: '' })).toBe(Infinity);
  expect(cgroupQuota()).toBeGreaterThan(0);
});

it('without /proc the root is asked', () => {
  expect(quota({ [`${root}/cpu.max`]: '100000 100000' })).toBe(1);
});
