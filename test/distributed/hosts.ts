// Network namespaces as hosts: each has an address of its own on one bridge, and a launcher's agent enters them.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../temporary';

const ip = (...args: string[]): string => {
  const { status, stdout, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
};

/** Hosts of one network. They are gone after `remove`, with all that runs on them. */
export class Hosts {
  readonly names: string[] = [];
  /** What a launcher calls with a host and a command. */
  readonly agent = join(temporaryFolder(), 'agent.sh');
  readonly network: string;
  private readonly prefix = `sd${process.pid}`;

  constructor(count: number) {
    const begin = `10.77.${process.pid % 256}`;
    this.network = `${begin}.0/24`;
    // As ssh has it: the words are a shell's.
    const enter = `exec ip netns exec ${this.prefix}h\${host##*.} unshare --uts sh -c "hostname host\${host##*.}; $*"`;
    writeFileSync(this.agent, `#!/bin/sh\nhost=$1\nshift\n${enter}\n`, { mode: 0o755 });
    try {
      ip('link', 'add', this.bridge, 'type', 'bridge');
      ip('addr', 'add', `${begin}.254/24`, 'dev', this.bridge);
      ip('link', 'set', this.bridge, 'up');
      for (let i = 1; i <= count; i++) {
        const space = this.space(i);
        ip('netns', 'add', space);
        this.names.push(`${begin}.${i}`);
        ip('link', 'add', this.link(i), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
        ip('link', 'set', this.link(i), 'master', this.bridge, 'up');
        ip('-n', space, 'addr', 'add', `${begin}.${i}/24`, 'dev', 'eth0');
        for (const link of ['eth0', 'lo']) ip('-n', space, 'link', 'set', link, 'up');
      }
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** The launcher's own place in the network. */
  get bridge(): string {
    return `${this.prefix}br`;
  }

  /** Host i, from 1, loses its link, or has it again. */
  cut(i: number, isCut: boolean): void {
    ip('link', 'set', this.link(i), isCut ? 'down' : 'up');
  }

  /** What runs on host i. */
  processes(i: number): number[] {
    return (ip('netns', 'pids', this.space(i)).match(/\d+/g) ?? []).map(Number);
  }

  kill(i: number): void {
    for (const pid of this.processes(i)) process.kill(pid, 'SIGKILL');
  }

  /** Bytes that have come from host i. */
  sent(i: number): number {
    return Number(readFileSync(`/sys/class/net/${this.link(i)}/statistics/rx_bytes`, 'utf8'));
  }

  remove(): void {
    rmSync(dirname(this.agent), { recursive: true, force: true }); // nothing else removes it where all tests of a file are skipped
    for (const [i] of this.names.entries()) {
      this.kill(i + 1);
      ip('netns', 'del', this.space(i + 1));
    }
    spawnSync('ip', ['link', 'del', this.bridge]);
  }

  private space(i: number): string {
    return `${this.prefix}h${i}`;
  }

  private link(i: number): string {
    return `${this.prefix}v${i}`;
  }
}

/** Why there can be none; null: there can. */
export function refused(): string | null {
  try {
    const hosts = new Hosts(1);
    const { status, stderr, error } = spawnSync(hosts.agent, [hosts.names[0]!, 'true'], { encoding: 'utf8' });
    hosts.remove();
    return status === 0 ? null : (error?.message ?? stderr);
  } catch (error) {
    return (error as Error).message;
  }
}
