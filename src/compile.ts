// A function of tensors recorded once and replayed natively. The first call with new shapes runs eagerly while
// every kernel call is written down; later calls replay the list in one crossing, over one arena.
import { checkInteger, describe, typeError, withDefaults } from './errors';
import { atPrecision, checkPrecision, type Float32MatmulPrecision } from './precision';
import { type CompiledOutput, isCompiling, KeptRecordings, type Profile } from './recording';
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
  const kept = new KeptRecordings(fn, keepGrad, check);

  const call = (...args: A): R => {
    for (let i = 0; i < args.length; i++) {
      if (!(args[i] instanceof Tensor)) throw typeError('compile', `expected argument ${i} to be a tensor, got ${describe(args[i])}`);
      refuseLost('compile', args[i]!);
    }
    if (isCompiling()) return atPrecision(precision, () => fn(...args)); // a compiled step inside another becomes part of it
    return precision === undefined ? kept.call(args) : atPrecision(precision, () => kept.call(args));
  };
  return Object.assign(call, {
    toString: () => String(kept),
    profile: (n = 100) => kept.profile(n),
    dispose: () => kept.dispose(),
  });
}
