// Functions that a backward pass calls with gradients, and lists of hooks in general.
import * as calls from './calls.generated';
import { describe, rangeError, typeError } from './errors';
import { recorder } from './recorder';
import { sameShape, shapeText } from './shape';
import { checkTensor, empty, Tensor } from './tensor';

/** Removes a hook. */
export interface HookHandle {
  /** Removes the hook, which is not called any more; a second call has no effect. */
  remove(): void;
}

/** Called with a tensor's gradient; what it returns, unless undefined, replaces the gradient. */
export type GradientHook = (gradient: Tensor) => unknown;

/** Called with a leaf when a backward pass has added to its `grad`. */
export type AccumulatedHook = (leaf: Tensor) => void;

/** Hooks of one kind, called in the order of `all`. */
export class Hooks<H extends (...args: never[]) => unknown> {
  /** The hooks; another list after each change. */
  all: readonly H[] = [];

  /** `changed` is called after each change. */
  constructor(private readonly changed: () => void = () => {}) {}

  /** Adds a hook at the end, or with `prepend` in front. A TypeError unless it is a function. */
  add(where: string, hook: H, prepend = false): HookHandle {
    if (typeof hook !== 'function') throw typeError(where, `expected a function, got ${describe(hook)}`);
    const own = ((...args: never[]) => hook(...args)) as H; // the same function twice is two hooks
    this.set(prepend ? [own, ...this.all] : [...this.all, own]);
    return {
      remove: () => {
        if (this.all.includes(own)) this.set(this.all.filter((other) => other !== own));
      },
    };
  }

  private set(all: readonly H[]): void {
    this.all = all;
    this.changed();
  }
}

function copyOf(x: Tensor): Tensor {
  const y = empty(x.shape.slice());
  calls.copyStrided({ out: y.floats, x: x.floats, layout: Int32Array.of(1, x.numel, 1, 0, 1, 0) });
  return y;
}

/** The gradient that results from the hooks. They get a copy, so that they may change and keep it. */
export function hooked(hooks: readonly GradientHook[], gradient: Tensor): Tensor {
  let result = copyOf(gradient);
  for (const hook of hooks) {
    const replaced: unknown = hook(result);
    if (replaced === undefined) continue;
    const given = checkTensor('Tensor.registerHook', 'what the hook returns', replaced, 'float32');
    if (!sameShape(given.shape, gradient.shape)) {
      throw rangeError(
        'Tensor.registerHook',
        `expected the hook to return a gradient ${shapeText(gradient.shape)}, got ${shapeText(given.shape)}`,
      );
    }
    result = given;
  }
  return result;
}

interface LeafHooks {
  gradient: Hooks<GradientHook>;
  accumulated: Hooks<AccumulatedHook>;
}

const ofLeaves = new WeakMap<Tensor, LeafHooks>();
let changes = 0; // the number of changes of leaves' hooks

/** The lists of a leaf's hooks, which are created empty. */
export function leafHooks(leaf: Tensor): LeafHooks {
  const known = ofLeaves.get(leaf);
  if (known !== undefined) return known;
  const count = (): void => void changes++;
  const own: LeafHooks = { gradient: new Hooks(count), accumulated: new Hooks(count) };
  ofLeaves.set(leaf, own);
  return own;
}

const listsOf = (leaf: Tensor) => {
  const own = ofLeaves.get(leaf);
  return { gradient: own?.gradient.all, accumulated: own?.accumulated.all };
};

/** Whether a leaf has any hooks. */
export function hasHooks(leaf: Tensor): boolean {
  const { gradient = [], accumulated = [] } = listsOf(leaf);
  return gradient.length + accumulated.length > 0;
}

// The current recording is valid only while its leaves have the same hooks.
function watch(leaves: readonly Tensor[]): void {
  const lists = leaves.map(listsOf);
  let seen = changes;
  recorder!.guard(() => {
    if (seen === changes) return true;
    const same = leaves.every((leaf, i) => {
      const { gradient, accumulated } = listsOf(leaf);
      const [g, a] = [lists[i]!.gradient, lists[i]!.accumulated];
      // A missing list is equivalent to an empty one.
      return (gradient === g || !(gradient?.length || g?.length)) && (accumulated === a || !(accumulated?.length || a?.length));
    });
    if (same) seen = changes;
    return same;
  });
}

/** The gradients of leaves with hooks in one backward pass. They are accumulated apart from earlier gradients until the hooks were called. */
export class LeafPass {
  private readonly pending: { leaf: Tensor; before: Tensor | null; count: number }[] = [];

  /** `open` returns the memory of a leaf's gradient, which is about to be changed. */
  constructor(
    leaves: Iterable<Tensor>,
    private readonly open: (leaf: Tensor) => Float32Array,
  ) {
    if (changes === 0 && recorder === null) return;
    const all = [...new Set(leaves)].filter((leaf) => leaf.node === null && leaf.needsGrad);
    if (recorder !== null) watch(all);
    for (const leaf of all) {
      const { gradient = [], accumulated = [] } = listsOf(leaf);
      if (gradient.length + accumulated.length > 0) this.pending.push({ leaf, before: null, count: -1 });
    }
  }

  /** Called before the first gradient is accumulated: sets the leaves' present gradients aside. */
  begin(): void {
    for (const one of this.pending) {
      if (one.leaf.gradient === null) continue;
      one.before = copyOf(one.leaf.gradient);
      calls.fill({ out: this.open(one.leaf), n: one.leaf.numel, value: 0 });
      one.count = one.leaf.gradient.version.count;
    }
  }

  /** Called after the last gradient: calls the hooks. Hooks that are called after accumulation run only if the pass `accumulates`. */
  end(accumulates: boolean): void {
    while (this.pending.length > 0) {
      const { leaf, before, count } = this.pending[0]!;
      const arrived = leaf.gradient !== null && leaf.gradient.version.count !== count;
      if (arrived) {
        const gradient = hooked(leafHooks(leaf).gradient.all, leaf.gradient!);
        const { numel: n } = leaf;
        const out = this.open(leaf);
        const layout = Int32Array.of(1, n, 1, 0, 1, 0);
        if (before === null) calls.copyStrided({ out, x: gradient.floats, layout });
        else calls.add({ out, a: before.floats, b: gradient.floats, layout });
      } else {
        this.restoreGradient(leaf, before);
      }
      this.pending.shift();
      if (arrived && accumulates) for (const hook of leafHooks(leaf).accumulated.all) hook(leaf);
    }
    recorder?.operation('the hooks of gradients');
  }

  /** Called after an error: restores the leaves' former gradients. */
  abandon(): void {
    for (const { leaf, before } of this.pending) this.restoreGradient(leaf, before);
    this.pending.length = 0;
  }

  private restoreGradient(leaf: Tensor, before: Tensor | null): void {
    if (before === null || leaf.gradient === null) return;
    calls.copyStrided({ out: this.open(leaf), x: before.floats, layout: Int32Array.of(1, leaf.numel, 1, 0, 1, 0) });
  }
}

declare module './tensor' {
  interface Tensor {
    /**
     * Adds a hook: `hook(gradient)` is called with this tensor's gradient in every backward pass that reaches the tensor, and what it returns, unless
     * undefined, replaces the gradient. As `torch.Tensor.register_hook`.
     *
     * A leaf's hook is called once in a pass, at its end, with what this pass adds to `grad`; the hook of another tensor is called before the gradient is
     * passed on. The hook may keep its argument. In a compiled function and in a fit it is recorded: each replay repeats its tensor operations, but not its
     * other JavaScript. A TypeError for a tensor that requires no gradient.
     *
     * @example
     * const w = tensor([1, 2], { requiresGrad: true });
     * const handle = w.registerHook((gradient) => gradient.mul(10));
     * w.mul(3).sum().backward();
     * w.grad!.toArray(); // [30, 30]
     * handle.remove();
     */
    registerHook(hook: GradientHook): HookHandle;
    /**
     * Adds a hook: `hook(leaf)` is called when a backward pass has added to this leaf's `grad`. As `torch.Tensor.register_post_accumulate_grad_hook`.
     *
     * It is recorded as hooks of gradients are: in a compiled function and in a fit `grad` cannot be read there, but an optimizer can step. A TypeError
     * for a tensor that requires no gradient or that an operation made.
     *
     * @example
     * const w = new nn.Parameter(tensor([1, 2]));
     * const optimizer = new optim.SGD([w], { lr: 0.5 });
     * w.registerPostAccumulateGradHook(() => {
     *   optimizer.step();
     *   optimizer.zeroGrad();
     * });
     * w.mul(2).sum().backward();
     * w.toArray(); // [0, 1]
     */
    registerPostAccumulateGradHook(hook: AccumulatedHook): HookHandle;
  }
}

function checkHooked(where: string, t: Tensor): void {
  if (!t.needsGrad) throw typeError(where, 'this tensor requires no gradient', 'requiresGrad_() has it require one');
}

Tensor.prototype.registerHook = function (this: Tensor, hook) {
  const where = 'Tensor.registerHook';
  checkHooked(where, this);
  if (this.node === null) return leafHooks(this).gradient.add(where, hook);
  this.node.hooks ??= new Hooks();
  return this.node.hooks.add(where, hook);
};

Tensor.prototype.registerPostAccumulateGradHook = function (this: Tensor, hook) {
  const where = 'Tensor.registerPostAccumulateGradHook';
  checkHooked(where, this);
  if (this.node !== null)
    throw typeError(
      where,
      `this tensor was made by ${this.node.name}: it has no grad to add to`,
      'registerHook() is called with its gradient',
    );
  return leafHooks(this).accumulated.add(where, hook);
};
