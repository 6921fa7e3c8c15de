// Runs many jobs, a limited number at a time. The results do not depend on that number.
import { isAbortSignal } from '../brands';
import { checkInteger, describe, typeError } from '../errors';

/** Runs jobs in their order, at most `concurrency` at a time. */
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
   * Runs `count` jobs, each of which is given a signal that aborts it. If a job throws, those with higher numbers are aborted or never begun, and those with
   * lower numbers are finished: the error of the lowest number is thrown, which is the same for any concurrency. Throws the outer signal's reason if that
   * aborts them.
   */
  async all(count: number, job: (i: number, signal: AbortSignal) => Promise<void>): Promise<void> {
    const { outer } = this;
    const running = new Map<number, AbortController>();
    const abortAfter = (at: number, reason: unknown): void => {
      for (const [i, controller] of running) if (i > at) controller.abort(reason);
    };
    const abortAll = (): void => abortAfter(-1, outer!.reason);
    const failed: unknown[] = []; // the last one is that of the job with the lowest number, because a failure aborts only jobs with higher numbers
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count && failed.length === 0 && !outer?.aborted) {
        const at = next++;
        const ender = new AbortController();
        running.set(at, ender);
        try {
          await job(at, ender.signal);
        } catch (error) {
          if (ender.signal.aborted) continue; // it was aborted because an earlier job failed
          failed.push(error);
          abortAfter(at, error);
        } finally {
          running.delete(at);
        }
      }
    };
    outer?.addEventListener('abort', abortAll);
    await Promise.all(Array.from({ length: Math.min(this.concurrency, count) }, worker));
    outer?.removeEventListener('abort', abortAll);
    if (outer?.aborted) throw outer.reason;
    if (failed.length > 0) throw failed.at(-1);
  }
}
