// A cell: a driver on a trial, in its own process, which lives until all its blocks are timed.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The event of a cell whose time limit was exceeded. */
const OUT_OF_TIME = { event: 'unavailable', reason: 'left out: no time' };

export class Cell {
  #child;
  #lines;
  #errors = '';

  constructor(command, job, cpus) {
    const [program, ...args] = [...pinned(cpus), ...command, JSON.stringify(job)];
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => {
      this.#errors += error.message;
    });
    this.#child.stdin.on('error', () => {}); // a process that has ended reports the reason on its other streams
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The first event of the process: ready, unavailable or failed. */
  ready(milliseconds) {
    return this.#event(milliseconds);
  }

  /** Sends a command of protocol.mjs: time a block, restart, time a number of epochs. */
  tell(line, milliseconds) {
    this.#child.stdin.write(`${line}\n`);
    return this.#event(milliseconds);
  }

  end() {
    this.#child.kill('SIGKILL');
  }

  async #event(milliseconds) {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, Math.max(0, milliseconds), OUT_OF_TIME);
    });
    const event = await Promise.race([this.#next(), late]);
    clearTimeout(timer);
    if (event.reason === undefined) return event;
    this.end();
    return { ...event, reason: anonymous(event.reason) };
  }

  /** The next line that is an event; other lines come from libraries. */
  async #next() {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) return { event: 'failed', reason: cause(this.#errors) };
      try {
        const message = JSON.parse(value);
        if (message?.event) return message;
      } catch {}
    }
  }
}

/** The line of the error output that names the error, or its last line. */
function cause(errors) {
  const lines = errors.trim().split('\n');
  return lines.find((line) => /^\s*\w*(Error|Exception)\b.*:/.test(line))?.trim() ?? (lines.at(-1) || 'the process ended');
}

/** Removes this machine's paths, because reasons are published with the figures. */
const anonymous = (text) => text.replaceAll(ROOT, '').replaceAll(homedir(), '~').split('\n')[0];

/** The CPUs that this process may use; null if unknown. */
export function allowedCpus() {
  try {
    const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    return list.split(',').flatMap((range) => {
      const [low, high = low] = range.split('-').map(Number);
      return Array.from({ length: high - low + 1 }, (_, i) => low + i);
    });
  } catch {
    return null;
  }
}

let taskset;

/** The command prefix that binds a process to these CPUs; empty without taskset. */
export function pinned(cpus) {
  taskset ??= spawnSync('taskset', ['--version']).status === 0;
  return cpus && taskset ? ['taskset', '-c', cpus.join()] : [];
}
