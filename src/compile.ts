// A function of tensors recorded once and replayed natively. The first call with new shapes runs eagerly while
// every kernel call is written down; later calls replay the list in one crossing, over one arena.
import { isGradEnabled } from './autograd';
import { checkInteger, describe, rangeError, typeError, withDefaults } from './errors';
import { atPrecision, checkPrecision, type Float32MatmulPrecision, getFloat32MatmulPrecision } from './precision';
import { type CompiledOutput, isCompiling, type Profile, Recording } from './recording';
import { shapeText } from './shape';
import { refuseLost, Tensor } from './tensor';

/** The options of `compile`. */
export interface CompileOptions {
  /** Keeps `param.grad` readable after each call; by default reading it then is an error. */
  keepGrad?: boolean;
  /** Records again every `check` calls, and throws if the recording differs; 0 (the default): never. */
  check?: number;
  /** The precision of its large products, in place of that of `setFloat32MatmulPrecision`. Inside another recorded function it must be that function's. */
  precision?: Float32MatmulPrecision;
}

/** A compiled function: called like the function itself. */
export interface Compiled<A extends readonly Tensor[], R> {
  (...args: A): R;
  /** The contents of the recordings: every kernel call with its sizes, one table for each recording. */
  toString(): string;
  /**
   * Replays the most recently used recording `n` times (default 100) and measures each kernel call; for matrix products it also gives the share of one thread's
   * peak. It works on copies of all memory, including the last call's arguments, so nothing is trained. It runs the function once more to
   * record it. A RangeError before the first call, and unless n is an integer from 1 to 100,000.
   */
  profile(n?: number): Profile;
  /** Frees all recordings; the next call records again. */
  dispose(): void;
}

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

/**
 * Records the operations of `fn`, a training step or inference, and replays them natively without the cost of their JavaScript.
 *
 * The first call for a signature (shapes and dtypes of the arguments, modes, which parameters require gradients and have one) runs eagerly and is recorded.
 * Later calls replay the recorded kernel calls over one arena and give the same bits. Options in `paramGroups`, step counts and random numbers are read again
 * at each replay, and fields of the modules that run are compared; every other JavaScript value is frozen. Reading a tensor's value inside `fn` throws. The 16
 * most recently used recordings are kept; if more kinds of call than that alternate, those whose recording was dropped run eagerly, with one warning. Arguments
 * are tensors; `fn` must not be async.
 *
 * A TypeError for other arguments and for a function that returns a promise; a SimdnnError with code `"SIMDNN_READ_WHILE_RECORDING"` if a
 * value is read, `"SIMDNN_RECORDING_DIFFERS"` if `check` finds a difference.
 *
 * @example
 * const model = new nn.Linear(4, 3);
 * const criterion = new nn.CrossEntropyLoss();
 * const optimizer = new optim.Adam(model.parameters());
 * const step = compile((x, y) => {
 *   optimizer.zeroGrad();
 *   const loss = criterion.forward(model.forward(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * step(ones([8, 4]), zeros([8], { dtype: "int32" })).shape; // []
 */
export function compile<A extends readonly Tensor[], R extends CompiledOutput>(
  fn: (...args: A) => R,
  options?: CompileOptions,
): Compiled<A, R> {
  if (typeof fn !== 'function') throw typeError('compile', `expected a function, got ${describe(fn)}`);
  const o = withDefaults('compile', options, { keepGrad: false, check: 0, precision: undefined as Float32MatmulPrecision | undefined });
  const { keepGrad, check } = o;
  const precision = checkPrecision('compile', o.precision);
  checkInteger('compile', 'check', check);
  let recordings: { recording: Recording<A, R>; usedAt: number }[] = []; // most recently used first
  let calls = 0;
  let replays = 0;
  const dropped = new Set<string>(); // signatures of recordings that were dropped
  let warned = false;
  let last: A | null = null; // the arguments of the last call

  const record = (args: A): R => {
    const { recording, result } = Recording.make(fn, args, keepGrad);
    const last = recordings.length === mostRecordings ? recordings.pop() : undefined;
    if (last !== undefined) dropped.add(last.recording.signature);
    recordings.unshift({ recording, usedAt: calls });
    return result;
  };

  const comesBack = (args: A): boolean =>
    recordings.length === mostRecordings && calls - recordings.at(-1)!.usedAt < callsUntilStale && dropped.has(signatureOf(args));

  const runEagerly = (args: A): R => {
    if (!warned) warnOfMany(signatureOf(args));
    warned = true;
    return fn(...args);
  };

  const checkAgain = (args: A, found: Recording<A, R>): R => {
    const { recording, result } = Recording.make(fn, args, keepGrad);
    recordings[0] = { recording, usedAt: calls };
    found.refuseDifferent(recording);
    return result;
  };

  const call = (...args: A): R => {
    for (let i = 0; i < args.length; i++) {
      if (!(args[i] instanceof Tensor)) throw typeError('compile', `expected argument ${i} to be a tensor, got ${describe(args[i])}`);
      refuseLost('compile', args[i]!);
    }
    if (isCompiling()) return atPrecision(precision, () => fn(...args)); // a compiled step inside another becomes part of it
    return precision === undefined ? answer(args) : atPrecision(precision, () => answer(args));
  };

  const answer = (args: A): R => {
    const matmulPrecision = getFloat32MatmulPrecision();
    const gradEnabled = isGradEnabled();
    last = args;
    calls++;
    for (let i = 0; i < recordings.length; i++) {
      const known = recordings[i]!;
      if (!known.recording.fits(args, gradEnabled, matmulPrecision)) continue;
      if (i > 0) {
        recordings.splice(i, 1);
        recordings.unshift(known);
      }
      known.usedAt = calls;
      if (check > 0 && ++replays % check === 0) return checkAgain(args, known.recording);
      if (!known.recording.isVerified) known.recording.verify(fn, args);
      return known.recording.replay(args);
    }
    return comesBack(args) ? runEagerly(args) : record(args);
  };
  return Object.assign(call, {
    toString: () => recordings.map(({ recording }) => String(recording)).join('\n\n'),
    profile: (n = 100) => {
      checkInteger('compile.profile', 'n', n, 1, 100_000);
      const [known] = recordings;
      if (known === undefined || last === null) {
        throw rangeError('compile.profile', 'nothing is recorded yet', 'call the compiled function first');
      }
      const given = last;
      return atPrecision(known.recording.trace.precision, () =>
        known.recording.profile(fn as unknown as (...args: Tensor[]) => unknown, given, n),
      );
    },
    dispose: () => {
      recordings = [];
      dropped.clear();
      last = null;
    },
  });
}
