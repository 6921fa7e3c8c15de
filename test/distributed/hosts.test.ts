// Training on several hosts, which are network namespaces of this one: needs the right to make them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../temporary';
import { Hosts, refused } from './hosts';
import { launch, mpich, openMpi, program, type Run, root, when } from './launch';

const openMpirun = openMpi();
const hydra = mpich();
const reason = refused();
if (reason !== null) console.warn(`skipped: network namespaces cannot be made here (${reason})`);

const [loop, example] = ['restart', 'train'].map((name) => join(root, 'examples/distributed', `${name}.mjs`));
let hosts: Hosts;

beforeAll(() => {
  if (reason === null) hosts = new Hosts(4);
});
afterAll(() => {
  if (reason === null) hosts.remove();
});

const node = (...args: string[]): string[] => [process.execPath, ...args];

// A rank on each of the first n hosts. Those that wait for others let them have the processor, which all share here.
const openMpiJob = (n: number, ...command: string[]): string[] => [
  ...[
    '--mca',
    'plm_rsh_agent',
    hosts.agent,
    '--host',
    hosts.names
      .slice(0, n)
      .map((name) => `${name}:1`)
      .join(','),
  ],
  ...['-n', String(n), '--bind-to', 'none', '--mca', 'mpi_yield_when_idle', '1'],
  ...['--mca', 'pml', 'ob1', '--mca', 'btl', 'tcp,self', '--mca', 'btl_tcp_if_include', hosts.network],
  ...['--mca', 'oob_tcp_if_include', hosts.network],
  ...['time', 'intvl', 'probes'].flatMap((name, i) => ['--mca', `oob_tcp_keepalive_${name}`, String([3, 1, 3][i])]),
  ...command,
];
const mpichJob = (n: number, ...command: string[]): string[] => [
  ...['-launcher', 'rsh', '-launcher-exec', hosts.agent, '-hosts', hosts.names.slice(0, n).join(','), '-iface', hosts.bridge],
  ...['-n', String(n), '-genv', 'UCX_TLS', 'tcp,self', ...command],
];

const bitsOf = ({ said }: Run): unknown[] => said.flatMap(({ bits }) => (bits === undefined ? [] : [bits]));

async function expectNothingRuns(): Promise<void> {
  await vi.waitFor(() => expect([1, 2, 3, 4].flatMap((i) => hosts.processes(i))).toEqual([]), { timeout: 10_000, interval: 100 });
}

describe.skipIf(reason !== null || openMpirun === null)('ranks on hosts, by Open MPI', () => {
  it.each([2, 4])('have over %i of them the bits that they have on one', async (n) => {
    const before = hosts.sent(2);
    const over = await launch(openMpirun!, openMpiJob(n, ...node(program, 'train', 'fit')));
    expect(over.status, over.text).toBe(0);
    expect(hosts.sent(2) - before).toBeGreaterThan(10_000);
    const on = await launch(openMpirun!, ['--oversubscribe', '-n', String(n), ...node(program, 'train', 'fit')]);
    expect(bitsOf(over)).toHaveLength(n);
    expect(bitsOf(over)).toEqual(bitsOf(on));
  });

  const job = (path: string): string[] => openMpiJob(2, ...node(example!, path, '100'));
  let whole: Buffer; // the checkpoint of a run that nothing has befallen

  beforeAll(async () => {
    const path = join(temporaryFolder(), 'whole.ckpt');
    const { status, text } = await launch(openMpirun!, job(path));
    expect(status, text).toBe(0);
    whole = readFileSync(path);
  });

  // The restart loop runs what the example trains; `befall` is called in the third epoch, and `end` when the job has ended.
  async function expectSameAfter(befall: () => void, end: () => void): Promise<void> {
    const broken = join(temporaryFolder(), 'broken.ckpt');
    let [begun, seconds] = [0, Infinity];
    const { status, text } = await launch(process.execPath, [loop!, openMpirun!, ...job(broken)], (pid, said) => {
      when(/epoch 3: loss/g, 1, () => {
        begun = performance.now();
        befall();
      })(pid, said);
      when(/the job has ended with/g, 1, () => {
        seconds = (performance.now() - begun) / 1000;
        end();
      })(pid, said);
    });
    expect(status, text).toBe(0);
    expect(seconds).toBeLessThan(10);
    expect(text.match(/epoch 1: loss/g)).toHaveLength(1);
    expect(readFileSync(broken).equals(whole)).toBe(true);
    await expectNothingRuns();
  }

  it('go on after one host has died', async () => {
    await expectSameAfter(
      () => hosts.kill(2),
      () => {},
    );
  });

  it('end within 10 s of a cut link, and go on when it is there again', async () => {
    await expectSameAfter(
      () => hosts.cut(2, true),
      () => hosts.cut(2, false),
    );
  });
});

describe.skipIf(reason !== null || hydra === null)('ranks on hosts, by MPICH', () => {
  it('have over two of them the bits that they have on one', async () => {
    const before = hosts.sent(2);
    const over = await launch(hydra!, mpichJob(2, ...node(program, 'train', 'fit')));
    expect(over.status, over.text).toBe(0);
    expect(hosts.sent(2) - before).toBeGreaterThan(10_000);
    const on = await launch(hydra!, ['-n', '2', ...node(program, 'train', 'fit')]);
    expect(bitsOf(over)).toHaveLength(2);
    expect(bitsOf(over)).toEqual(bitsOf(on));
  });

  it('end when one host has died', async () => {
    const { status, seconds } = await launch(
      hydra!,
      mpichJob(2, ...node(program, 'fails', 'cut')),
      when(/"pid"/g, 2, () => hosts.kill(2)),
    );
    expect(status).not.toBe(0);
    expect(seconds).toBeLessThan(20);
    await expectNothingRuns();
  });

  // Its mpiexec does not notice, and waits for the link.
  it('end by the timeout of the group when a link is cut', async () => {
    let cut: () => void = () => {};
    const isCut = new Promise<void>((resolve) => {
      cut = resolve;
    });
    const running = launch(hydra!, mpichJob(2, ...node(program, 'fails', 'cut')), when(/"pid"/g, 2, cut));
    await isCut;
    hosts.cut(2, true);
    try {
      await expectNothingRuns();
    } finally {
      hosts.cut(2, false);
    }
    expect((await running).status).not.toBe(0);
  });
});
