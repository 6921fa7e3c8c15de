// Where and when the figures were taken.
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.version,
    load: Number(loadavg()[0].toFixed(2)),
    when: `${new Date().toISOString().slice(0, 19)}Z`,
  };
}
