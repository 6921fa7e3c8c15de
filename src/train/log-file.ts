// A log file that is appended to at most five times a second, because a system call for each line would take longer than an epoch of a small network.
import { appendFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import * as timers from 'node:timers';

const { setTimeout: later } = timers; // read when this file is loaded, because user tests may replace timers by fake ones

const flushInterval = 200; // in milliseconds

const unflushed = new Set<LogFile>();
const flushAll = (): void => {
  for (const file of unflushed) file.flushSync();
};

export class LogFile {
  private text = '';
  private writtenAt = -Infinity;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly path: string) {}

  /**
   * Appends a text. If nothing was written in the last 200 ms, the text is written at once, and the returned promise settles when it is. Otherwise the text is buffered
   * and the result is undefined; an error in writing it rejects the promise of a later call.
   */
  append(text: string): Promise<void> | undefined {
    this.text += text;
    if (performance.now() - this.writtenAt >= flushInterval) return this.flush();
    if (this.timer === null) {
      if (unflushed.size === 0) process.on('exit', flushAll);
      unflushed.add(this);
      this.timer = later(() => void this.flush().catch(() => {}), flushInterval);
    }
    return undefined;
  }

  /** Writes the buffered text; rejects if that, or an earlier text, could not be written. */
  flush(): Promise<void> {
    const text = this.drain();
    this.writing = this.writing.then(() => (text === '' ? undefined : appendFile(this.path, text)));
    return this.writing;
  }

  /** Writes the buffered text synchronously. For the end of the process, when an error can no longer be reported. */
  flushSync(): void {
    try {
      appendFileSync(this.path, this.drain());
    } catch {}
  }

  private drain(): string {
    const { text, timer } = this;
    this.text = '';
    this.timer = null;
    this.writtenAt = performance.now();
    if (timer === null) return text;
    clearTimeout(timer);
    unflushed.delete(this);
    if (unflushed.size === 0) process.off('exit', flushAll);
    return text;
  }
}
