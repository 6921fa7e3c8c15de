// Errors and the checks of options, in one style for the whole library.
import { isPromise } from './brands';

/**
 * An error that is neither a wrong type (`TypeError`) nor a wrong value (`RangeError`), identified by its `code`.
 *
 * @example
 * let code = "";
 * try {
 *   ones([2]).sum().backward();
 * } catch (error) {
 *   if (error instanceof SimdnnError) code = error.code;
 * }
 * code; // "SIMDNN_NO_GRAPH"
 */
export class SimdnnError extends Error {
  /** A stable name of what went wrong, e.g. `"SIMDNN_GRAPH_FREED"`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SimdnnError';
    this.code = code;
  }
}

const withHint = (message: string, hint?: string): string => (hint ? `${message}\n  hint: ${hint}` : message);

// Some public functions have a last parameter `where`, for the library's own calls. If a user passes something else there, such as options, the message has no name.
const named = (where: string, message: string): string => (typeof where === 'string' ? `[${where}] ${message}` : message);

/** A value of the wrong type: `[where] message`, with what to do about it as a hint, if it is known. */
export function typeError(where: string, message: string, hint?: string): TypeError {
  return new TypeError(withHint(named(where, message), hint));
}

/** A wrong value or shape: `[where] message`, with what to do about it as a hint, if it is known. */
export function rangeError(where: string, message: string, hint?: string): RangeError {
  return new RangeError(withHint(named(where, message), hint));
}

// Each loaded copy of the package has its own, because tensors of another copy are not tensors of this one.
const mark = Symbol.for('simdnn.copy');
const copy = { folder: typeof __dirname === 'string' ? __dirname : 'a bundle' };

/** Marks a class as belonging to this copy of the package. */
export function markOwn(ownClass: abstract new (...args: never[]) => object): void {
  Object.defineProperty(ownClass.prototype, mark, { value: copy });
}

function ofOtherCopy(value: object): string {
  const of = (value as { [mark]?: typeof copy })[mark];
  return of === undefined || of === copy ? '' : ` of another copy of simdnn (one is loaded from ${of.folder}, one from ${copy.folder})`;
}

/** Describes a value in an error message: `null`, `"text"`, `3`, `an Int32Array`, `Tensor [2, 3]`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === 'function') return `a function${value.name ? ` (${value.name})` : ''}`;
  if (Array.isArray(value)) return 'an array';
  const name = (value as object).constructor?.name;
  if (!name) return 'an object';
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}${ofOtherCopy(value as object)}`;
}

// Names of other libraries that an edit distance would not find.
const otherNames: Record<string, string> = {
  learningRate: 'lr',
  learning_rate: 'lr',
  epsilon: 'eps',
  weight_decay: 'weightDecay',
  batch_size: 'batchSize',
  axis: 'dim',
  keepdims: 'keepdim',
  classes: 'numClasses',
  testRatio: 'testSize',
  randomState: 'seed',
  // Of fits in Keras and Lightning.
  validationData: 'validation',
  valDataloaders: 'validation',
  sampleWeight: 'sampleWeights',
  accumulateGradBatches: 'accumulate',
  gradientAccumulationSteps: 'accumulate',
  gradientClipVal: 'clipGradNorm',
  globalClipnorm: 'clipGradNorm',
  clipvalue: 'clipGradValue',
  verbose: 'progress',
  enableProgressBar: 'progress',
  restoreBestWeights: 'restoreBest',
};

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1]!.toLowerCase() === b[j - 1]!.toLowerCase() ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}

// Options of PyTorch's that there is nothing to choose for here.
const leftOut: Record<string, string> = {
  ...Object.fromEntries(['foreach', 'fused', 'capturable', 'differentiable'].map((name) => [name, 'steps run in one way'])),
  device: 'everything is on the CPU',
  inplace: 'results have memory of their own',
};

function suggestion(name: string, known: readonly string[]): string {
  if (Object.hasOwn(leftOut, name)) return `: ${leftOut[name]}, leave it out`;
  const other = otherNames[name];
  if (other !== undefined && known.includes(other)) return `, did you mean "${other}"?`;
  const beginsWithIt = known.filter((k) => k.startsWith(name));
  if (name !== '' && beginsWithIt.length === 1) return `, did you mean "${beginsWithIt[0]}"?`;
  const [best] = known.map((k) => [editDistance(name.replaceAll('_', ''), k), k] as const).sort((a, b) => a[0] - b[0]);
  if (best && best[0] <= Math.max(1, Math.floor(name.length / 3))) return `, did you mean "${best[1]}"?`;
  return ` (known: ${known.join(', ')})`;
}

/**
 * Fills in the defaults of an options object and refuses a name that is not one of them:
 * `[Adam] unknown option "learningRate", did you mean "lr"?`
 *
 * `defaults` names every option; an option given as `undefined` takes its default.
 */
export function withDefaults<T extends object>(where: string, options: Partial<T> | undefined, defaults: T): T {
  if (options === undefined) return { ...defaults };
  if (options === null || typeof options !== 'object' || Array.isArray(options) || mark in options) {
    const names = Object.keys(defaults).join(', ');
    const call = typeof where === 'string' && !where.includes(': ') ? `${where}(..., { ${names} })` : `{ ${names} }`; // behind a colon stands the option whose options these are
    throw typeError(where, `expected an options object, got ${describe(options)}`, call);
  }
  const filled: T = { ...defaults };
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(defaults, name)) {
      throw typeError(where, `unknown option "${name}"${suggestion(name, Object.keys(defaults))}`);
    }
    if (value !== undefined) (filled as Record<string, unknown>)[name] = value;
  }
  return filled;
}

/** Refuses an option that is not a number inside `[low, high]`; NaN is never inside. */
export function checkNumber(where: string, name: string, value: unknown, low = -Infinity, high = Infinity): number {
  if (typeof value !== 'number') throw typeError(where, `expected ${name} to be a number, got ${describe(value)}`);
  if (!(value >= low && value <= high)) {
    const range = high === Infinity ? (low === -Infinity ? 'a number' : `at least ${low}`) : `from ${low} to ${high}`;
    throw rangeError(where, `expected ${name} to be ${range}, got ${value}`);
  }
  return value;
}

/** Refuses a value that is not an integer inside `[low, high]`. */
export function checkInteger(where: string, name: string, value: unknown, low = 0, high = Number.MAX_SAFE_INTEGER): number {
  checkNumber(where, name, value, low, high < Number.MAX_SAFE_INTEGER ? high : Infinity);
  if (!Number.isSafeInteger(value)) throw rangeError(where, `expected ${name} to be an integer, got ${value}`);
  return value as number;
}

/** Throws for a promise where none is awaited. Its own rejection is ignored, because nobody else could handle it. */
export function refusePromise(where: string, what: string, why: string, value: unknown): void {
  if (!isPromise(value)) return;
  value.catch(() => {});
  throw typeError(where, `expected ${what} to return nothing, got a promise: ${why}`);
}

/** Refuses an option that is neither true nor false. */
export function checkBoolean(where: string, name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw typeError(where, `expected ${name} to be true or false, got ${describe(value)}`);
  return value;
}

/** Refuses an option that is not one of the listed strings. */
export function checkOneOf<T extends string>(where: string, name: string, value: unknown, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) {
    const list = allowed.map((a) => `"${a}"`).join(', ');
    throw rangeError(where, `expected ${name} to be one of ${list}, got ${describe(value)}`);
  }
  return value as T;
}

/** Throws for a typed array whose buffer was transferred, because it would seem to be empty. */
export function checkAttached(where: string, array: ArrayBufferView): void {
  if (array.byteLength > 0) return;
  try {
    new Uint8Array(array.buffer, 0, 0); // the only operation on a buffer with which Node 20 reveals that, by throwing
  } catch {
    throw typeError(where, 'the array is detached: its buffer was transferred elsewhere');
  }
}
