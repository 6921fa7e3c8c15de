// The number of processors that Linux control groups grant the process: the smallest quota of its own group and of all groups above it.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** Returns the text of a file; null if it does not exist. */
type Read = (file: string) => string | null;

const mount = '/sys/fs/cgroup';

const readText: Read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
};

function ratio(quota: string | undefined, period: string | undefined): number {
  const share = Number(quota) / Number(period);
  return share > 0 ? share : Infinity; // "max" and -1 mean no limit
}

/** The paths of a group and of all groups above it. The root is always among them, because a container may see its own group as the root. */
function upwards(group: string): string[] {
  const groups = ['/'];
  for (let at = posix.join('/', group); at !== '/'; at = posix.dirname(at)) groups.push(at);
  return groups;
}

/** The quota in processors; Infinity if there is no limit. */
export function cgroupQuota(read: Read = readText): number {
  const shares = [Infinity];
  const version2 = (folder: string): void => {
    const [quota, period] = read(posix.join(folder, 'cpu.max'))?.trim().split(' ') ?? [];
    shares.push(ratio(quota, period));
  };
  const version1 = (folder: string): void => {
    const [quota, period] = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => read(posix.join(folder, name))?.trim());
    shares.push(ratio(quota, period));
  };
  // Lines such as 0::/user.slice, or in version 1 4:cpu,cpuacct:/docker/1f.
  for (const line of (read('/proc/self/cgroup') ?? '0::/\n1:cpu:/').split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers === undefined) continue;
    const groups = upwards(path.join(':'));
    if (controllers === '') for (const root of [mount, `${mount}/unified`]) for (const group of groups) version2(posix.join(root, group));
    else if (controllers.split(',').includes('cpu')) {
      for (const root of ['cpu', controllers]) for (const group of groups) version1(posix.join(mount, root, group));
    }
  }
  return Math.min(...shares);
}
