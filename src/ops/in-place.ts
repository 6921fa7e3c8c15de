// Changes of a tensor's own memory: PyTorch's methods whose names end in _. Without a record for the backward pass they write to the tensor's memory.
// With one, the tensor's former values and history move to a tensor of their own, and the changed tensor gets the history of the same operation on that one.
import { give, isGradEnabled, type Node, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkNumber, describe, rangeError, SimdnnError, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { overlap } from '../memory';
import { kernels } from '../native';
import { draw } from '../random';
import { live, recorder } from '../recorder';
import { layoutOf, sameShape, shapeText, stridesOf } from '../shape';
import { changed, checkTensor, empty, isShared, Tensor } from '../tensor';
import { type AlphaOptions, type DivOptions, multiplied, roundingOf } from './arithmetic';
import './between';
import { type BinaryKernel, flatLayout, giveSummed, type Operand, operand, repeatStrides } from './broadcast';
import { type ClampLimits, clampLimits } from './clamp';
import { copyOf } from './convert';

/**
 * Whether a change of x by `others` has to be recorded for the backward pass. Throws for what autograd forbids: leaves, as in PyTorch, and tensors on
 * shared memory, because the other tensors on it would keep a history that is no longer true.
 */
export function isRecorded(where: string, x: Tensor, ...others: readonly (Tensor | null)[]): boolean {
  if (x.version.holder !== null) refuseHeld(where, x);
  if (recorder !== null) {
    if (x.node === null) recorder.used(x);
    for (const other of others) if (other !== null && other.node === null) recorder.used(other);
  }
  if (!isGradEnabled() || x.dtype !== 'float32' || !(x.needsGrad || others.some((other) => other?.needsGrad))) return false;
  if (x.needsGrad && x.node === null) {
    throw new SimdnnError(
      'SIMDNN_LEAF_IN_PLACE',
      `[${where}] a leaf tensor that requires grad is being used in an in-place operation\n  hint: noGrad(() => ...) around it changes the values alone`,
    );
  }
  if (isShared(x)) {
    throw new SimdnnError(
      'SIMDNN_VIEW_IN_PLACE',
      `[${where}] the change would be recorded for the backward pass, and the tensor shares its memory with others (views of it, or what it is a view of)` +
        `\n  hint: change a clone() of it, or use ${where.slice(7, -1)}() if there is one; noGrad(() => ...) around it changes the values alone`,
    );
  }
  return true;
}

/** x as it was before a change, with its history, and with its values, on other memory, if they are needed. */
export function former(x: Tensor, withValues: boolean): Tensor {
  const before = withValues ? copyOf(x) : new Tensor(x.values, x.shape.slice());
  before.needsGrad = x.needsGrad;
  before.node = x.node;
  return before;
}

/** Makes x the output of `node`, and `before` the output of x's former node. */
function takeHistory(x: Tensor, node: Node, before: Tensor): void {
  if (x.node !== null) x.node.output = before;
  else x.gradient = null; // x is no longer a leaf
  x.node = node;
  node.output = x;
  x.needsGrad = true;
}

/** Counts a change of x by the method of this name. */
export function done(x: Tensor, name: string): Tensor {
  changed(x);
  recorder?.operation(name);
  return x;
}

/** Gives x the values and the history of `result`, in which `before` is x as it was. If `result` has no history but x has one, x is overwritten. */
export function become(x: Tensor, name: string, result: Tensor, before: Tensor): Tensor {
  calls.copyStrided({ out: x.values, x: result.values, layout: flatLayout(x.numel) });
  if (result.node !== null) takeHistory(x, result.node, before);
  else if (before.node !== null && before !== x) recordOverwritten(x, name, null, before);
  return done(x, name);
}

/** Records that x is overwritten: its former value gets a gradient of 0, and `source`, from whose elements x is made, gets x's gradient. */
function recordOverwritten(x: Tensor, name: string, source: Tensor | null, before = former(x, false)): void {
  const after = new Tensor(x.values, x.shape.slice());
  record(after, name, source === null ? [before] : [before, source], [], (dy) => {
    if (before.needsGrad) {
      const zero = empty(x.shape.slice());
      calls.fill({ out: zero.floats, n: zero.numel, value: 0 });
      give(before, zero);
    }
    if (source !== null) giveSummed(source, dy, false);
  });
  takeHistory(x, after.node!, before);
}

/** The result of an operation, if it has the element type of x, where it is to be stored. */
export function inOwnType(where: string, x: Tensor, result: Tensor): Tensor {
  if (result.dtype === x.dtype) return result;
  const hint = `${where.slice('Tensor.'.length, -1)}() makes a new tensor`;
  throw typeError(where, `the result is ${result.dtype}, and this tensor is ${x.dtype}`, hint);
}

/** Throws unless the other operand broadcasts to x's shape. */
export function checkBroadcasts(where: string, name: string, x: Tensor, other: Tensor): void {
  const missing = x.shape.length - other.shape.length;
  if (missing >= 0 && other.shape.every((size, d) => size === 1 || size === x.shape[d + missing])) return;
  throw rangeError(where, `expected ${name} to broadcast to ${shapeText(x.shape)}, got ${shapeText(other.shape)}`);
}

/**
 * `other` in x's element type; a copy if x's memory overlaps it, unless each element overlaps itself, because a kernel must not read what it has
 * changed. While a function is recorded it is a copy of any memory but x's own: at a later replay an argument may overlap what the function captured.
 */
function apart(x: Tensor, other: Tensor): Tensor {
  if (other.dtype !== x.dtype) return other.to(x.dtype);
  if (other.values === x.values) return other;
  return recorder !== null || overlap(x.values, other.values) ? copyOf(other) : other;
}

// The layout of x with an operand that is repeated to x's shape.
const layoutBeside = (where: string, x: Tensor, other: Tensor): Int32Array =>
  sameShape(x.shape, other.shape)
    ? flatLayout(x.numel)
    : layoutOf(where, x.shape, { strides: stridesOf(x.shape) }, { strides: repeatStrides(other.shape, x.shape) });

type Name = 'add' | 'sub' | 'mul' | 'div';

const intKernels: Partial<Record<Name, BinaryKernel>> = { add: 'addInt', sub: 'subInt', mul: 'mulInt' };

function arithmetic(name: Name, x: Tensor, right: unknown, options?: AlphaOptions): Tensor {
  const where = `Tensor.${name}_`;
  const given = operand(where, x, right);
  checkBroadcasts(where, 'other', x, given);
  const other = options === undefined ? given : operand(where, x, multiplied(where, x, given, options));
  const kernel = x.dtype === 'float32' ? name : intKernels[name];
  if (x.dtype === 'int32' && (kernel === undefined || other.dtype !== 'int32')) {
    throw typeError(
      where,
      'the result is float32, and this tensor is int32',
      `${name}() makes a new tensor, to("float32") converts this one`,
    );
  }
  if (isRecorded(where, x, given)) {
    const before = former(x, true);
    const apply = before[name] as (other: Tensor, options?: AlphaOptions) => Tensor;
    return become(x, `${name}_`, apply.call(before, given === x ? before : given, options), before);
  }
  const from = right === other ? apart(x, other) : other.to(x.dtype); // the tensor of a number is new and overlaps nothing
  const call = kernels[kernel!] as (out: unknown, a: unknown, b: unknown, layout: Int32Array) => void;
  call(x.values, x.values, from.values, layoutBeside(where, x, from));
  return done(x, `${name}_`);
}

function roundedQuotient(rounding: 'trunc' | 'floor', x: Tensor, right: unknown): Tensor {
  const where = 'Tensor.div_';
  const other = operand(where, x, right);
  checkBroadcasts(where, 'other', x, other);
  if (x.dtype === 'int32' && other.dtype !== 'int32') throw typeError(where, 'the result is float32, and this tensor is int32');
  const before = isRecorded(where, x, other) ? former(x, true) : x;
  return become(x, 'div_', before.div(other === x ? before : other, { roundingMode: rounding }), before);
}

function copy(x: Tensor, source: unknown): Tensor {
  const where = 'Tensor.copy_';
  const src = checkTensor(where, 'src', source);
  checkBroadcasts(where, 'src', x, src);
  const isChange = src.values !== x.values || src.numel !== x.numel;
  if (isRecorded(where, x, src) && isChange) recordOverwritten(x, 'copy_', src);
  if (!isChange) return x;
  const from = apart(x, src);
  calls.copyStrided({ out: x.values, x: from.values, layout: layoutBeside(where, x, from) });
  return done(x, 'copy_');
}

function fill(where: string, x: Tensor, value: number): Tensor {
  if (typeof value !== 'number') throw typeError(where, `expected value to be a number, got ${describe(value)}`);
  if (x.dtype === 'int32' && (value | 0) !== value) throw rangeError(where, `${value} is not an int32`);
  if (isRecorded(where, x, null)) recordOverwritten(x, where.slice(7), null);
  if (x.dtype === 'int32') calls.fillInt({ out: x.ints, n: x.numel, value });
  else calls.fill({ out: x.floats, n: x.numel, value });
  return done(x, where.slice(7));
}

function fillRandom(where: string, kernel: 'fillUniform' | 'fillNormal', x: Tensor, first: number, second: number): Tensor {
  if (isRecorded(where, x, null)) recordOverwritten(x, where.slice(7), null);
  const drawn = draw(x.numel);
  live(() => kernels[kernel](x.floats, x.numel, drawn.seed, drawn.offset, first, second));
  return done(x, where.slice(7));
}

declare module '../tensor' {
  interface Tensor {
    /**
     * Copies the elements of `src`, which is broadcast to this shape and converted to this element type, to this tensor, and returns it.
     *
     * Like all methods whose names end in `_`, it changes the tensor's own memory, so its views (`reshape`, `detach`, `narrow(0, ...)`) change as
     * well; if `src` overlaps this memory, the elements before the change are copied. A SimdnnError for a leaf that requires a gradient (outside `noGrad`), for
     * a change of memory that other tensors share if it would have to be recorded, and for a tensor that a `train.fit` uses.
     *
     * @example
     * const x = zeros([2, 2]);
     * x.copy_(tensor([1, 2])).toArray(); // [[1, 2], [1, 2]]
     * x.narrow(0, 1, 1).copy_(tensor([3, 4]));
     * x.toArray(); // [[1, 2], [3, 4]]
     */
    copy_(src: Tensor): this;
    /**
     * `add` in place: adds `other`, a tensor that broadcasts to this shape or a number, and returns this tensor; see `copy_`.
     *
     * A TypeError if a float32 result would have to be stored in int32.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).add_(tensor([10, 20])).toArray(); // [[11, 22], [13, 24]]
     */
    add_(other: Tensor | number, options?: AlphaOptions): this;
    /**
     * `sub` in place, with the rules of `add_`.
     *
     * @example
     * tensor([1, 2]).sub_(1).toArray(); // [0, 1]
     */
    sub_(other: Tensor | number, options?: AlphaOptions): this;
    /**
     * `mul` in place, with the rules of `add_`.
     *
     * @example
     * const mean = tensor([10, 20]);
     * mean.mul_(0.5).add_(tensor([1, 2])).toArray(); // [6, 12]
     */
    mul_(other: Tensor | number): this;
    /**
     * `div` in place, with the rules of `add_`. A TypeError for int32, unless the quotient is rounded: it is float32.
     *
     * @example
     * tensor([1, 3]).div_(2).toArray(); // [0.5, 1.5]
     */
    div_(other: Tensor | number, options?: DivOptions): this;
    /**
     * Moves this float32 tensor towards `end`: `x + weight * (end - x)`, or `end - (1 - weight) * (end - x)` for weights of at least 0.5, as in
     * PyTorch; `weight` is a number or a tensor; see `copy_`.
     *
     * @example
     * tensor([0, 10]).lerp_(tensor([10, 20]), 0.25).toArray(); // [2.5, 12.5]
     */
    lerp_(end: Tensor, weight: number | Tensor): this;
    /**
     * `clamp` in place: limits the elements to `[min, max]`, numbers or tensors, either of which may be omitted; see `copy_`.
     *
     * @example
     * tensor([-2, 0.5, 2]).clamp_({ min: 0 }).toArray(); // [0, 0.5, 2]
     */
    clamp_(limits: ClampLimits): this;
    /** Limits the elements to `[min, max]`; see `clamp_`. */
    clamp_(min: number | Tensor | null, max?: number | Tensor | null): this;
    /**
     * Sets every element to `value`, a number or a scalar tensor; see `copy_`. A RangeError if int32 cannot represent the number and the tensor is int32.
     *
     * @example
     * zeros([2]).fill_(7).toArray(); // [7, 7]
     */
    fill_(value: number | Tensor): this;
    /**
     * Sets every element to 0; see `copy_`.
     *
     * @example
     * ones([2]).zero_().toArray(); // [0, 0]
     */
    zero_(): this;
    /**
     * Replaces the elements by random numbers, uniformly distributed in `[from, to)`, by default [0, 1), from the sequence that `manualSeed` starts;
     * see `copy_`. float32 only.
     *
     * @example
     * zeros([2, 3]).uniform_(-1, 1).abs().max().item() <= 1; // true
     */
    uniform_(from?: number, to?: number): this;
    /**
     * Replaces the elements by random numbers, normally distributed with the given mean and standard deviation (0 and 1), from the sequence that
     * `manualSeed` starts; see `copy_`. float32 only.
     *
     * @example
     * zeros([2, 3]).normal_(5, 0).toArray(); // [[5, 5, 5], [5, 5, 5]]
     */
    normal_(mean?: number, std?: number): this;
  }
}

Tensor.prototype.copy_ = function (this: Tensor, src) {
  return copy(this, src);
};
Tensor.prototype.add_ = function (this: Tensor, other: Operand, options?: AlphaOptions) {
  return arithmetic('add', this, other, options);
};
Tensor.prototype.sub_ = function (this: Tensor, other: Operand, options?: AlphaOptions) {
  return arithmetic('sub', this, other, options);
};
Tensor.prototype.mul_ = function (this: Tensor, other: Operand) {
  return arithmetic('mul', this, other);
};
Tensor.prototype.div_ = function (this: Tensor, other: Operand, options?: DivOptions) {
  const rounding = options === undefined ? null : roundingOf('Tensor.div_', options);
  return rounding === null ? arithmetic('div', this, other) : roundedQuotient(rounding, this, other);
};
Tensor.prototype.lerp_ = function (this: Tensor, end, weight) {
  const where = 'Tensor.lerp_';
  checkTensor(where, 'x', this, 'float32');
  checkTensor(where, 'end', end, 'float32');
  checkBroadcasts(where, 'end', this, end);
  const weights = weight instanceof Tensor ? checkTensor(where, 'weight', weight, 'float32') : null;
  if (weights === null) checkNumber(where, 'weight', weight);
  else checkBroadcasts(where, 'weight', this, weights);
  const before = isRecorded(where, this, end, weights) ? former(this, true) : this;
  const [to, share] = [end, weight].map((given) => (given === this ? before : given)) as [Tensor, number | Tensor];
  return become(this, 'lerp_', before.lerp(to, share), before);
};
Tensor.prototype.clamp_ = function (this: Tensor, first: ClampLimits | number | Tensor | null, second?: number | Tensor | null) {
  const where = 'Tensor.clamp_';
  checkTensor(where, 'x', this);
  const { min, max } = clampLimits(where, first, second);
  const tensors = Object.entries({ min, max }).filter((entry): entry is [string, Tensor] => entry[1] instanceof Tensor);
  for (const [name, limit] of tensors) checkBroadcasts(where, name, this, limit);
  const records = isRecorded(where, this, ...tensors.map(([, limit]) => limit));
  if (this.dtype === 'int32') return become(this, 'clamp_', inOwnType(where, this, this.clamp({ min, max })), this);
  if (records || typeof min !== 'number' || typeof max !== 'number') {
    const before = records ? former(this, true) : this;
    const [low, high] = [min, max].map((limit) => (limit === this ? before : limit)) as [number | Tensor, number | Tensor];
    return become(this, 'clamp_', before.clamp({ min: low, max: high }), before);
  }
  calls.clampForward({ y: this.floats, x: this.floats, n: this.numel, low: min, high: max });
  return done(this, 'clamp_');
};
Tensor.prototype.fill_ = function (this: Tensor, value) {
  if (!(value instanceof Tensor)) return fill('Tensor.fill_', this, value);
  if (value.shape.length > 0)
    throw rangeError('Tensor.fill_', `expected value to be a number or a scalar tensor, got ${shapeText(value.shape)}`);
  return copy(this, value);
};
Tensor.prototype.zero_ = function (this: Tensor) {
  return fill('Tensor.zero_', this, 0);
};
Tensor.prototype.uniform_ = function (this: Tensor, from = 0, to = 1) {
  const where = 'Tensor.uniform_';
  checkTensor(where, 'x', this, 'float32');
  checkNumber(where, 'to', to, checkNumber(where, 'from', from));
  return fillRandom(where, 'fillUniform', this, from, to);
};
Tensor.prototype.normal_ = function (this: Tensor, mean = 0, std = 1) {
  const where = 'Tensor.normal_';
  checkTensor(where, 'x', this, 'float32');
  checkNumber(where, 'mean', mean);
  return fillRandom(where, 'fillNormal', this, mean, checkNumber(where, 'std', std, 0));
};
