// Many jobs, some at a time, whose outcome does not depend on how many that are.
import { isAbortSignal } from '../brands';
import { checkInteger, describe, typeError } from '../errors';

/** Jobs of which so many at a time are under way, begun in their order. */
export class Jobs {
  constructor(
    where: string,
    private readonly concurrency: number,
    private readonly outer: AbortSignal | undefined,
  ) {
    checkInteger(where, 'concurrency', concurrency, 1);
    if (outer !== undefined && !isAbortSignal(outer)) {
      throw typeError(where, `expected signal to be an AbortSignal, got ${describe(outer)}`);
    }
    if (outer?.aborted) throw outer.reason;
  }

  /**
   * Does `count` jobs, each given a signal that ends it. Where one throws, those behind it are ended or not begun, those before it are done: the error of the lowest
   * number is thrown, which is the same one for any concurrency. Throws the outer signal's reason where that ends them.
   */
  async all(count: number, job: (i: number, signal: AbortSignal) => Promise<void>): Promise<void> {
    const { outer } = this;
    const running = new Map<number, AbortController>();
    const endBehind = (at: number, reason: unknown): void => {
      for (const [i, ender] of running) if (i > at) ender.abort(reason);
    };
    const end = (): void => endBehind(-1, outer!.reason);
    const failed: unknown[] = []; // the last has the lowest number
    let next = 0;
    const row = async (): Promise<void> => {
      while (next < count && failed.length === 0 && !outer?.aborted) {
        const at = next++;
        const ender = new AbortController();
        running.set(at, ender);
        try {
          await job(at, ender.signal);
        } catch (error) {
          if (ender.signal.aborted) continue; // it was ended for one before it
          failed.push(error);
          endBehind(at, error);
        } finally {
          running.delete(at);
        }
      }
    };
    outer?.addEventListener('abort', end);
    await Promise.all(Array.from({ length: Math.min(this.concurrency, count) }, row));
    outer?.removeEventListener('abort', end);
    if (outer?.aborted) throw outer.reason;
    if (failed.length > 0) throw failed.at(-1);
  }
}
