// Appends lines to a file, at most a few times a second, because a system call for each line would take longer than an epoch of a small network.
import { appendFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import * as timers from 'node:timers';

const { setTimeout: later } = timers; // read when this file is loaded, because user tests may replace timers by fake ones

const between = 200; // the most milliseconds until a line is in the file

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

  /**
   * Adds a text. If nothing was written lately, the returned promise settles when this text is written. Otherwise it returns undefined, and an error is
   * reported with a later text.
   */
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

  /** Writes what was added; rejects if that, or an earlier text, could not be written. */
  flush(): Promise<void> {
    const text = this.taken();
    this.writing = this.writing.then(() => (text === '' ? undefined : appendFile(this.path, text)));
    return this.writing;
  }

  /** The same synchronously, for the end of the process, when an error can no longer be reported. */
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
