// The recordings of a compiled function, one for each kind of call, the most recently used first.
import { isGradEnabled } from '../autograd';
import { checkInteger, rangeError } from '../errors';
import { atPrecision, getFloat32MatmulPrecision } from '../precision';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import type { CompiledOutput } from './outputs';
import type { Profile } from './profile';
import { Recording } from './recording';

const mostRecordings = 16;

// A recording costs as much as some seventy eager calls of a small step. If more kinds of call alternate than recordings are kept, each recording would be made
// for a single call. So a kind that was dropped runs eagerly, unless the recording that it would replace has not been used for that many calls.
const callsUntilStale = 4 * mostRecordings;

const signatureOf = (args: readonly Tensor[]): string => args.map(({ dtype, shape }) => `${dtype} ${shapeText(shape)}`).join(', ');

function warnOfMany(signature: string): void {
  process.emitWarning(
    `[compile] more than ${mostRecordings} kinds of call are used in turn: those beyond, now (${signature}), run eagerly. Give batches fewer shapes, or compile a function for each kind.`,
    { code: 'SIMDNN_MANY_SHAPES' },
  );
}

export class KeptRecordings<A extends readonly Tensor[], R extends CompiledOutput> {
  private recordings: { recording: Recording<A, R>; usedAt: number }[] = [];
  private calls = 0;
  private replays = 0;
  /** Signatures of recordings that were dropped. */
  private readonly dropped = new Set<string>();
  private hasWarned = false;
  /** The arguments of the last call. */
  private last: A | null = null;

  /** Records again every `check` calls, unless it is 0. */
  constructor(
    private readonly fn: (...args: A) => R,
    private readonly keepGrad: boolean,
    private readonly check: number,
  ) {}

  /** Replays the recording for these arguments, or makes it. */
  call(args: A): R {
    const { recordings } = this;
    const precision = getFloat32MatmulPrecision();
    const gradEnabled = isGradEnabled();
    this.last = args;
    this.calls++;
    for (let i = 0; i < recordings.length; i++) {
      const known = recordings[i]!;
      if (!known.recording.fits(args, gradEnabled, precision)) continue;
      if (i > 0) {
        recordings.splice(i, 1);
        recordings.unshift(known);
      }
      known.usedAt = this.calls;
      if (this.check > 0 && ++this.replays % this.check === 0) return this.recordAgain(args, known.recording);
      if (!known.recording.isVerified) known.recording.verify(this.fn, args);
      return known.recording.replay(args);
    }
    return this.comesBack(args) ? this.runEagerly(args) : this.record(args);
  }

  private record(args: A): R {
    const { recording, result } = Recording.make(this.fn, args, this.keepGrad);
    const oldest = this.recordings.length === mostRecordings ? this.recordings.pop() : undefined;
    if (oldest !== undefined) this.dropped.add(oldest.recording.signature);
    this.recordings.unshift({ recording, usedAt: this.calls });
    return result;
  }

  // Throws if the recording that is made now differs from the one that was found.
  private recordAgain(args: A, found: Recording<A, R>): R {
    const { recording, result } = Recording.make(this.fn, args, this.keepGrad);
    this.recordings[0] = { recording, usedAt: this.calls };
    found.refuseDifferent(recording);
    return result;
  }

  private comesBack(args: A): boolean {
    const { recordings, calls, dropped } = this;
    return recordings.length === mostRecordings && calls - recordings.at(-1)!.usedAt < callsUntilStale && dropped.has(signatureOf(args));
  }

  private runEagerly(args: A): R {
    if (!this.hasWarned) warnOfMany(signatureOf(args));
    this.hasWarned = true;
    return this.fn(...args);
  }

  /** Measures the calls of the most recently used recording. */
  profile(n: number): Profile {
    checkInteger('compile.profile', 'n', n, 1, 100_000);
    const [known] = this.recordings;
    const given = this.last;
    if (known === undefined || given === null)
      throw rangeError('compile.profile', 'nothing is recorded yet', 'call the compiled function first');
    const fn = this.fn as unknown as (...args: Tensor[]) => unknown;
    return atPrecision(known.recording.trace.precision, () => known.recording.profile(fn, given, n));
  }

  toString(): string {
    return this.recordings.map(({ recording }) => String(recording)).join('\n\n');
  }

  dispose(): void {
    this.recordings = [];
    this.dropped.clear();
    this.last = null;
  }
}
