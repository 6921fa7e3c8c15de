// stderr for what may as well not be shown: a terminal that is gone, a pipe that nobody reads or a full disk must not end a training.
import * as timers from 'node:timers';

// As it is when this is loaded: tests put a clock that stands still in its place.
const { setImmediate: inNextTurn } = timers;

/** As much of a stream as a progress bar asks for. */
export interface Display {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string): boolean;
}

const ignore = (): void => {};

/**
 * `process.stderr`, of which nothing is written any more after the first error. Errors of other writes are left to who writes: a listener
 * is there only for the errors of these, as in Node's `console`.
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
        // Some errors are emitted while `write` runs, others right behind the call of this function.
        to.write(text, (error) => {
          if (!error) return;
          fail();
          to.on('error', ignore);
          inNextTurn(() => to.off('error', ignore));
        });
      } catch {
        fail(); // of a file, in Node 20
      } finally {
        to.off('error', ignore);
      }
      return true;
    },
  };
}
