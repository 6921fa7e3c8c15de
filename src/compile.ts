// A function of tensors recorded once and replayed natively. The first call with new shapes runs eagerly while
// every kernel call is written down; later calls replay the list in one crossing, over one arena.
import { isGradEnabled } from './autograd';
import { checkInteger, describe, rangeError, SimdnnError, typeError, withDefaults } from './errors';
import { type CompiledOutput, isCompiling, type Profile, Recording } from './recording';
import { Tensor } from './tensor';

/** The options of `compile`. */
export interface CompileOptions {
  /** Keeps `param.grad` readable after each call; by default reading it then is an error. */
  keepGrad?: boolean;
  /** Records again every `check` calls and throws when the recording differs; 0 (the default): never. */
  check?: number;
}

/** A compiled function: called like the function itself. */
export interface Compiled<A extends readonly Tensor[], R> {
  (...args: A): R;
  /** What the recordings hold: every kernel call with its sizes, one table a recording. */
  toString(): string;
  /**
   * The recording used last, replayed `n` times (default 100) with a clock: the time of each kernel call, and of products the share of what one
   * thread can do at most. Works on copies of all memory, the last call's arguments included: nothing is trained. Runs the function once more to
   * record it. A RangeError before the first call, and unless n is an integer from 1 to 100,000.
   */
  profile(n?: number): Profile;
  /** Frees all recordings; the next call records anew. */
  dispose(): void;
}

const mostRecordings = 16;

/**
 * Records what `fn` calculates and replays it natively: a training step, or inference, without the cost of its JavaScript.
 *
 * The first call for a signature (shapes and dtypes of the arguments, modes, which parameters require gradients and have one) runs
 * eagerly and is recorded; later ones replay the recorded kernel calls over one arena and give the same bits. Options in `paramGroups`,
 * step counts and random numbers are read anew at each replay; every other JavaScript value is frozen. Reading a tensor's value inside `fn`
 * throws. The 16 recordings used last are kept. Arguments are tensors; `fn` must not be async.
 *
 * A TypeError for other arguments and for a function that returns a promise; a SimdnnError with code `"SIMDNN_READ_WHILE_RECORDING"` where a
 * value is read, `"SIMDNN_RECORDING_DIFFERS"` where `check` finds a difference.
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
  const { keepGrad, check } = withDefaults('compile', options, { keepGrad: false, check: 0 });
  checkInteger('compile', 'check', check);
  let recordings: Recording<A, R>[] = []; // used last first
  let calls = 0;
  let last: A | null = null; // the arguments of the last call

  const record = (args: A): R => {
    const { recording, result } = Recording.make(fn, args, keepGrad);
    recordings = [recording, ...recordings].slice(0, mostRecordings);
    return result;
  };

  const checkAgain = (args: A, found: Recording<A, R>): R => {
    const { recording, result } = Recording.make(fn, args, keepGrad);
    const difference = found.differenceFrom(recording);
    recordings[0] = recording;
    if (difference !== null) {
      throw new SimdnnError(
        'SIMDNN_RECORDING_DIFFERS',
        `[compile] the function no longer does what was recorded: ${difference}\n  hint: a branch or a number in it depends on something that a recording freezes`,
      );
    }
    return result;
  };

  const call = (...args: A): R => {
    for (let i = 0; i < args.length; i++) {
      if (!(args[i] instanceof Tensor)) throw typeError('compile', `expected argument ${i} to be a tensor, got ${describe(args[i])}`);
    }
    if (isCompiling()) return fn(...args); // a compiled step inside another is part of it
    const gradEnabled = isGradEnabled();
    last = args;
    for (let i = 0; i < recordings.length; i++) {
      const recording = recordings[i]!;
      if (!recording.fits(args, gradEnabled)) continue;
      if (i > 0) {
        recordings.splice(i, 1);
        recordings.unshift(recording);
      }
      if (check > 0 && ++calls % check === 0) return checkAgain(args, recording);
      return recording.replay(args);
    }
    return record(args);
  };
  return Object.assign(call, {
    toString: () => recordings.map(String).join('\n\n'),
    profile: (n = 100) => {
      checkInteger('compile.profile', 'n', n, 1, 100_000);
      const [recording] = recordings;
      if (recording === undefined || last === null) {
        throw rangeError('compile.profile', 'nothing is recorded yet', 'call the compiled function first');
      }
      return recording.profile(fn as unknown as (...args: Tensor[]) => unknown, last, n);
    },
    dispose: () => {
      recordings = [];
      last = null;
    },
  });
}
