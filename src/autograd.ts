// Reverse-mode automatic differentiation. After an operation has computed its output, it `record`s a function that passes the output's gradient on to the
// inputs; `backward` calls these functions in the reverse of the order in which they were recorded.
import * as calls from './calls.generated';
import { checkBoolean, rangeError, SimdnnError, withDefaults } from './errors';
import { isGradEnabled, switchGrad } from './grad-mode';
import { type GradientHook, type Hooks, hooked, LeafPass } from './gradient-hooks';
import { refuseHeld } from './holders';
import { recorder } from './recorder';
import { sameShape, shapeText } from './shape';
import { checkTensor, empty, refuseLost, Tensor } from './tensor';

export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from './grad-mode';

/** Adds to the gradients of an operation's inputs, given the gradient of its output, through `open`, `give` or `share`. */
export type Backward = (dy: Tensor) => void;

/** One recorded operation. */
export class Node {
  /** Nodes are recorded in ascending order, so descending order is a valid order of the backward pass. */
  readonly sequence = nextSequence++;
  /** The backward pass that last visited this node. */
  visit = 0;
  /** Hooks, called with the output's gradient before it is passed on. */
  hooks: Hooks<GradientHook> | null = null;
  private readonly versions: number[];

  constructor(
    readonly name: string,
    public output: Tensor,
    public inputs: readonly Tensor[],
    private saved: readonly Tensor[],
    public backward: Backward | null,
  ) {
    this.versions = saved.map((t) => t.version.count);
  }

  /** Throws if this node was freed, or if a saved tensor was changed in place since it was recorded. */
  check(): void {
    if (this.backward === null) {
      throw new SimdnnError(
        'SIMDNN_GRAPH_FREED',
        `[backward] the graph through ${this.name} was freed by an earlier backward()\n  hint: backward(undefined, { retainGraph: true }) keeps it`,
      );
    }
    this.saved.forEach((t, i) => {
      if (t.version.count !== this.versions[i]) {
        throw new SimdnnError(
          'SIMDNN_CHANGED_IN_PLACE',
          `[backward] a tensor ${shapeText(t.shape)} that the gradient of ${this.name} needs was changed in place after it was used` +
            `\n  hint: call backward() before optimizer.step() and before loading weights`,
        );
      }
    });
  }

  free(): void {
    this.backward = null;
    this.inputs = [];
    this.saved = [];
    this.hooks = null;
  }
}

let nextSequence = 0;
let visits = 0;

/**
 * Records how `output` was made, when any of the inputs requires a gradient.
 *
 * @param inputs the tensors that may receive a gradient
 * @param saved the tensors whose values `backward` will read: changing them in place before is then an error
 */
export function record(output: Tensor, name: string, inputs: readonly Tensor[], saved: readonly Tensor[], backward: Backward): Tensor {
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    if (input.version.holder !== null) refuseHeld(name, input);
    refuseLost(name, input); // a view of detached memory would look like an empty tensor
  }
  if (recorder !== null) {
    recorder.operation(name);
    for (const input of inputs) if (input.node === null) recorder.used(input);
  }
  if (!isGradEnabled()) return output;
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i]!.needsGrad) {
      output.needsGrad = true;
      output.node = new Node(name, output, inputs, saved, backward);
      recorder?.recorded(output.node);
      break;
    }
  }
  return output;
}

/** The factors of a product that its gradients read: each factor's gradient reads the other factor. */
export function otherFactors(a: Tensor, b: Tensor): readonly Tensor[] {
  return a.needsGrad ? (b.needsGrad ? [a, b] : [b]) : [a];
}

/** Whether `t` already has a gradient to which the next is to be added. */
export const hasGradient = (t: Tensor | null): boolean => t?.needsGrad === true && t.gradient !== null;

/**
 * The memory of t's gradient, for a kernel that writes it, or adds to it when `hasGradient(t)` was true before; null when t needs none.
 */
export function open(t: Tensor | null): Float32Array | null {
  return t === null || !t.needsGrad ? null : openLeaf(t);
}

/** The same for a tensor that has a gradient, whether it needs another or not. */
export function openLeaf(t: Tensor): Float32Array {
  if (recorder !== null && t.node === null) recorder.gradient(t, 'use');
  if (t.gradient === null) {
    t.gradient = t.gradientHome ?? t.freshGradient();
  } else if (t.gradientShared) {
    const own = empty(t.shape);
    calls.copyStrided({ out: own.floats, x: t.gradient.floats, layout: Int32Array.of(1, t.numel, 1, 0, 1, 0) });
    t.gradient = own;
    t.gradientShared = false;
  }
  t.gradient.version.count++;
  if (t.rowSet !== null) calls.fillInt({ out: t.rowSet.touched, n: 1, value: -1 });
  return t.gradient.floats;
}

/**
 * The memory of a leaf's gradient for a kernel that writes only some of its rows. All rows that `t.rowSet` does not hold are zero. Must be called after
 * `hasGradient`, like `open`.
 */
export function openRows(t: Tensor): Float32Array {
  const set = t.rowSet!;
  if (t.gradient !== null && t.gradientShared) {
    set.memory = openLeaf(t);
    return set.memory;
  }
  if (recorder !== null) recorder.gradient(t, 'use');
  t.gradient ??= t.gradientHome ?? t.freshGradient();
  t.gradient.version.count++;
  const memory = t.gradient.floats;
  if (set.memory !== memory) {
    set.fill(); // not recorded, because a replay continues with the rows that the replay before has left in the set
    set.memory = memory;
  }
  recorder?.memory(set.touched, 'gradient');
  return memory;
}

/**
 * A tensor for t's next gradient. A kernel must write all of it before it is passed to `give`. If t has no gradient yet this is t's own memory, so that nothing
 * is copied.
 */
export function target(t: Tensor): Tensor {
  if (!t.needsGrad || t.gradient !== null) return empty(t.shape.slice());
  openLeaf(t);
  return t.gradient!;
}

/**
 * Adds `gradient` to that of t. Its memory must be fresh, so that t may keep it, or that of `target`. In a recording the gradient of a leaf is always copied
 * unless it is that of `target`, so that it has the same memory when the function is recorded again.
 */
export function give(t: Tensor, gradient: Tensor): void {
  if (!t.needsGrad || t.gradient === gradient) return;
  const recorded = recorder !== null && t.node === null;
  if (recorded) recorder!.gradient(t, 'use');
  if (t.gradient === null && (t.gradientHome !== null || recorded)) {
    calls.copyStrided({ out: open(t)!, x: gradient.floats, layout: Int32Array.of(1, t.numel, 1, 0, 1, 0) });
  } else if (t.gradient === null) {
    t.gradient = gradient;
  } else {
    calls.accumulate({ out: open(t)!, x: gradient.floats, n: t.numel });
  }
}

/** Adds `gradient` to that of t. Its memory still belongs to another tensor, so that t must not write to it. */
export function share(t: Tensor, gradient: Tensor): void {
  if (!t.needsGrad) return;
  if (t.gradient === null && t.node !== null) {
    t.gradient = gradient;
    t.gradientShared = true;
  } else if (t.gradient === null) {
    calls.copyStrided({ out: open(t)!, x: gradient.floats, layout: Int32Array.of(1, t.numel, 1, 0, 1, 0) });
  } else {
    calls.accumulate({ out: open(t)!, x: gradient.floats, n: t.numel });
  }
}

// The gradient of a loss with respect to itself. Operations that find it (isUnit) need not multiply by it.
const unit = new Tensor(Float32Array.of(1), []);

/** Whether this gradient is known to be the constant 1. */
export const isUnit = (gradient: Tensor): boolean => gradient === unit;

function startGradient(where: string, root: Tensor, gradient: Tensor | null | undefined): Tensor {
  if (gradient !== undefined && gradient !== null) {
    checkTensor(where, 'gradient', gradient, 'float32');
    if (!sameShape(gradient.shape, root.shape)) {
      throw rangeError(where, `expected a gradient ${shapeText(root.shape)}, got ${shapeText(gradient.shape)}`);
    }
    return gradient;
  }
  if (root.numel !== 1) {
    throw rangeError(
      where,
      `expected a scalar, got shape ${shapeText(root.shape)}`,
      `give ${where}() a gradient of that shape, or call mean() or sum() first`,
    );
  }
  return root.shape.length === 0 ? unit : new Tensor(unit.values, root.shape.slice());
}

// The error for a tensor that got a new history by a change in place: operations that used it before would pass their gradients to the new history.
const changedAfterUse = (shape: readonly number[], user: string): SimdnnError =>
  new SimdnnError(
    'SIMDNN_CHANGED_IN_PLACE',
    `[backward] a tensor ${shapeText(shape)} was changed in place after ${user} had used it\n  hint: the function without _ (add for add_) makes a new tensor instead`,
  );

// The nodes from which these roots were calculated, in descending order of recording.
function tapeOf(roots: readonly Tensor[]): Node[] {
  const visit = ++visits;
  const tape: Node[] = [];
  const pending: (Node | null)[] = roots.map((root) => root.node);
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (node === null || node.visit === visit) continue;
    node.visit = visit;
    tape.push(node);
    for (const input of node.inputs) {
      if (input.node === null) continue;
      if (input.node.sequence > node.sequence) throw changedAfterUse(input.shape, node.name);
      pending.push(input.node);
    }
  }
  return tape.sort((a, b) => b.sequence - a.sequence);
}

function checkGraph(where: string, root: Tensor): void {
  if (!root.needsGrad) {
    throw new SimdnnError(
      'SIMDNN_NO_GRAPH',
      `[${where}] this tensor does not require a gradient and has no history\n  hint: was it made inside noGrad(), or from tensors without requiresGrad?`,
    );
  }
}

function backward(root: Tensor, gradient: Tensor | undefined, retainGraph: boolean): void {
  checkGraph('backward', root);
  const start = startGradient('backward', root, gradient);
  const tape = tapeOf([root]);
  for (const node of tape) node.check();
  const due = waiting.size === 0 ? [] : dueOf(tape);
  walk(tape, [[root, start]], retainGraph, null);
  for (const one of due) one.reached();
}

/** Waits for the backward pass that reaches one of its leaves. */
export interface Waiting {
  readonly leaves: ReadonlySet<Tensor>;
  /** Called at the end of that pass. */
  reached(): void;
}

const waiting = new Set<Waiting>();

/** Has the next backward pass that reaches one of its leaves notify it, once. */
export const awaitBackward = (one: Waiting): void => void waiting.add(one);

function dueOf(tape: readonly Node[]): Waiting[] {
  const due = [...waiting].filter(({ leaves }) => tape.some(({ inputs }) => inputs.some((t) => leaves.has(t))));
  for (const one of due) waiting.delete(one);
  return due;
}

// For a pass that is not for the leaves: the nodes whose gradients are wanted, and those of them that pass their gradients on.
interface Asked {
  reaches(node: Node): boolean;
  enter(node: Node, dy: Tensor): boolean;
}

// Passes the gradients of the roots back through the tape. Hooks are called before a gradient is used otherwise, those of leaves at the end.
function walk(tape: readonly Node[], starts: readonly (readonly [Tensor, Tensor])[], retainGraph: boolean, asked: Asked | null): void {
  const leaves = new LeafPass(leavesOf(starts, tape), openLeaf);
  const wasEnabled = switchGrad(false);
  try {
    leaves.begin();
    for (const [root, start] of starts) share(root, start);
    for (const node of tape) {
      const arrived = node.output.gradient;
      if (arrived !== null && (asked === null || asked.reaches(node))) {
        const dy = node.hooks === null || node.hooks.all.length === 0 ? arrived : hooked(node.hooks.all, arrived);
        if (asked === null || asked.enter(node, dy)) {
          node.backward!(dy);
          recorder?.operation(`the gradient of ${node.name}`, node);
        }
      }
      dropGradient(node.output);
      if (!retainGraph) node.free();
    }
    leaves.end(asked === null);
  } finally {
    switchGrad(wasEnabled);
    leaves.abandon();
    for (const node of tape) dropGradient(node.output);
  }
}

function* leavesOf(starts: readonly (readonly [Tensor, Tensor])[], tape: readonly Node[]): Iterable<Tensor> {
  for (const [root] of starts) yield root;
  for (const { inputs } of tape) yield* inputs;
}

// A tensor between the leaves and the loss keeps its gradient only until the gradient was passed on.
function dropGradient(output: Tensor): void {
  output.gradient = null;
  output.gradientShared = false;
}

// Sets the present gradient of a leaf aside, and turns off `needsGrad` if its gradient is not wanted. Returns a function that restores both.
function setAside(leaf: Tensor, isWanted: boolean): () => void {
  const { gradient, gradientHome, gradientSeen, gradientShared, gradientHidden, rowSet } = leaf;
  Object.assign(leaf, { needsGrad: isWanted, gradient: null, gradientHome: null, gradientShared: false, rowSet: null });
  return () => void Object.assign(leaf, { needsGrad: true, gradient, gradientHome, gradientSeen, gradientShared, gradientHidden, rowSet });
}

function ownCopy(gradient: Tensor): Tensor {
  const copy = empty(gradient.shape.slice());
  calls.copyStrided({ out: copy.floats, x: gradient.floats, layout: Int32Array.of(1, copy.numel, 1, 0, 1, 0) });
  return copy;
}

/** @internal The gradients of the sum of the roots, each times its start, with respect to these tensors; null for a tensor that the roots do not depend on. */
export function gradientsOf(
  where: string,
  roots: readonly Tensor[],
  starts: readonly (Tensor | null | undefined)[],
  wanted: readonly Tensor[],
  retainGraph: boolean,
): (Tensor | null)[] {
  if (recorder !== null) {
    throw new SimdnnError('SIMDNN_NOT_RECORDABLE', `[${where}] cannot be recorded\n  hint: backward() can, and gathers gradients in grad`);
  }
  for (const root of roots) checkGraph(where, root);
  const begin = roots.map((root, i) => [root, startGradient(where, root, starts[i])] as const);
  const tape = tapeOf(roots);
  for (const node of tape) node.check();
  const leaves = new Set([...roots, ...tape.flatMap(({ inputs }) => inputs)].filter((t) => t.node === null && t.needsGrad));
  const asked = new Set(wanted);
  // The nodes that depend on one of the wanted tensors. The first recorded nodes are last in the tape.
  const leading = new Set<Node>();
  for (const node of tape.toReversed()) {
    if (node.inputs.some((t) => asked.has(t) || (t.node !== null && leading.has(t.node)))) leading.add(node);
  }
  const found = new Map<Tensor, Tensor>();
  const back = [...leaves].map((leaf) => setAside(leaf, asked.has(leaf)));
  try {
    walk(tape, begin, retainGraph, {
      reaches: (node) => leading.has(node) || asked.has(node.output),
      enter(node, dy) {
        if (asked.has(node.output)) found.set(node.output, ownCopy(dy));
        return leading.has(node);
      },
    });
    for (const leaf of leaves) if (leaf.gradient !== null) found.set(leaf, leaf.gradientShared ? ownCopy(leaf.gradient) : leaf.gradient);
  } finally {
    for (const restore of back) restore();
  }
  return wanted.map((t) => found.get(t) ?? null);
}

const keepsGraph = (options: { retainGraph?: boolean }): boolean =>
  checkBoolean('backward', 'retainGraph', withDefaults('backward', options, { retainGraph: false }).retainGraph);

declare module './tensor' {
  interface Tensor {
    /**
     * Computes the gradients of this scalar with respect to every leaf it was made from and adds them to their `grad`.
     *
     * `gradient` (default 1, for a scalar) has this tensor's shape. The tape is freed unless `retainGraph` is true; a second backward
     * through a freed tape, or after an in-place change of a value that the gradient needs, is an error.
     *
     * @example
     * const x = tensor([1, 2, 3], { requiresGrad: true });
     * x.mul(x).sum().backward();
     * x.grad!.toArray(); // [2, 4, 6]
     */
    backward(gradient?: Tensor, options?: { retainGraph?: boolean }): void;
  }
}

Tensor.prototype.backward = function (this: Tensor, gradient, options) {
  backward(this, gradient, options === undefined ? false : keepsGraph(options));
};
