// The addon for MPI of the installed package, below a real mpirun.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { env, mpich, openMpi } from '../distributed/launch';
import { consumer, fillCache, forNpm, install, platforms, run, tarball, toolbox } from './install';

const program = `
import { distributed, tensor } from 'simdnn';
distributed.initProcessGroup();
const sum = tensor([1, 2 + distributed.getRank()]);
distributed.allReduce(sum);
if (distributed.getRank() === 0) console.log(JSON.stringify([distributed.getWorldSize(), sum.toArray()]));
distributed.destroyProcessGroup();
`;

let folder: string;
beforeAll(() => {
  fillCache();
  folder = consumer();
  install(folder, tarball, toolbox(forNpm));
  writeFileSync(join(folder, 'ranks.mjs'), program);
});

it.for([
  ['Open MPI', openMpi()],
  ['MPICH', mpich()],
] as const)('adds over two ranks with %s', ([, launcher], { skip }) => {
  if (launcher === null || !platforms.includes('linux-x64-glibc')) return skip('no launcher, or no binary for linux-x64-glibc');
  const oversubscribed = /Open MPI/.test(run(folder, launcher, ['--version']).output) ? ['--oversubscribe'] : [];
  const { status, output } = run(folder, launcher, ['-n', '2', ...oversubscribed, process.execPath, 'ranks.mjs'], env);
  expect([status, output]).toEqual([0, expect.stringContaining('[2,[2,5]]')]);
});
