// Lines at the end of a file, written some times a second however many there are: a call of the system for each takes longer than an epoch of a small network.
import { appendFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import * as timers from 'node:timers';

const { setTimeout: later } = timers; // as it is when this is loaded: tests put clocks that stand still in its place

const between = 200; // milliseconds: whoever follows the file sees a line within them

const waiting = new Set<Lines>();
const writeAll = (): void => {
  for (const lines of waiting) lines.writeNow();
};

export class Lines {
  private text = '';
  private wrote = -Infinity;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly path: string) {}

  /** Adds a text. Where none was written lately it resolves when this one is, or rejects; else at once, and a text that cannot be written is told of with a later one. */
  add(text: string): Promise<void> | undefined {
    this.text += text;
    if (performance.now() - this.wrote >= between) return this.flush();
    if (this.timer === null) {
      if (waiting.size === 0) process.on('exit', writeAll);
      waiting.add(this);
      this.timer = later(() => void this.flush().catch(() => {}), between);
    }
    return undefined;
  }

  /** Writes what was added; rejects where that, or what was added before, could not be written. */
  flush(): Promise<void> {
    const text = this.taken();
    this.writing = this.writing.then(() => (text === '' ? undefined : appendFile(this.path, text)));
    return this.writing;
  }

  /** The same at once, where the process ends and nobody is left who could be told. */
  writeNow(): void {
    try {
      appendFileSync(this.path, this.taken());
    } catch {}
  }

  private taken(): string {
    const { text, timer } = this;
    this.text = '';
    this.timer = null;
    this.wrote = performance.now();
    if (timer === null) return text;
    clearTimeout(timer);
    waiting.delete(this);
    if (waiting.size === 0) process.off('exit', writeAll);
    return text;
  }
}
