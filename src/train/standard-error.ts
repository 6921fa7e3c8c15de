// stderr for output that may be lost: a closed terminal, a pipe without a reader or a full disk must not end a training.
import * as timers from 'node:timers';

// Taken when this file is loaded, because tests replace it by a clock that stands still.
const { setImmediate: inNextTurn } = timers;

/** The part of a stream that a progress bar needs. */
export interface Display {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string): boolean;
}

const ignore = (): void => {};

/**
 * `process.stderr`, which is no longer written to after the first error. Errors of other writes stay with their callers: the listener is
 * there only for these writes, as in Node's `console`.
 */
export function standardError(): Display {
  let stream: NodeJS.WriteStream | null = null;
  try {
    stream = process.stderr;
  } catch {} // it is opened when it is first read
  const fail = (): void => {
    stream = null;
  };
  return {
    get isTTY() {
      return stream?.isTTY ?? false;
    },
    get columns() {
      return stream?.columns;
    },
    write(text) {
      const to = stream;
      if (to === null) return true;
      to.on('error', ignore);
      try {
        // Some errors are emitted while `write` runs, others right after this function returns.
        to.write(text, (error) => {
          if (!error) return;
          fail();
          to.on('error', ignore);
          inNextTurn(() => to.off('error', ignore));
        });
      } catch {
        fail(); // for a file, in Node 20
      } finally {
        to.off('error', ignore);
      }
      return true;
    },
  };
}
