// Hooks: functions that a module calls around its `forward` and around its backward pass.
import { isGradEnabled, type Node, record, share } from '../autograd';
import { describe, rangeError, SimdnnError, typeError } from '../errors';
import { Hooks, hooked } from '../gradient-hooks';
import { sameShape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import type { Module } from './module';
import { countChange } from './watch';

/** Called after `forward` with the module, its arguments and its output; a result that is not undefined replaces the output. */
export type ForwardHook = (module: Module, args: readonly unknown[], output: unknown) => unknown;

/** Called before `forward` with the module and its arguments; a result that is not undefined replaces them: an array all of them, anything else the only one. */
export type ForwardPreHook = (module: Module, args: readonly unknown[]) => unknown;

/** The gradients of a module's arguments or outputs in their order; null where there is none. */
export type Gradients = readonly (Tensor | null)[];

/**
 * Called when the gradients of a module's arguments are known, with those of its outputs; an array that it returns replaces those of the arguments. One
 * tensor stands for an array of one.
 */
export type BackwardHook = (module: Module, gradInput: Gradients, gradOutput: Gradients) => unknown;

/** Called when the gradients of a module's outputs are known; an array that it returns replaces them. A tensor stands for an array of one. */
export type BackwardPreHook = (module: Module, gradOutput: Gradients) => unknown;

// Views of tensors with consecutive nodes on the tape. Since no other node is between them, the gradients of all of them are known when the backward pass reaches the first one.
class Passage {
  private readonly nodes: (Node | null)[];
  private visit = 0;
  readonly views: Tensor[];

  constructor(
    tensors: readonly Tensor[],
    name: string,
    private readonly change: (gradients: Gradients) => Gradients,
  ) {
    this.views = tensors.map((x) => this.view(x, name));
    this.nodes = this.views.map(({ node }) => node);
  }

  private view(x: Tensor, name: string): Tensor {
    const made = new Tensor(x.values, x.shape.slice(), x.version);
    if (!x.needsGrad) return made;
    return record(made, name, [x], [], () => {
      const node = made.node!;
      if (this.visit !== node.visit) this.arrive(node.visit);
      const { gradient } = node.output;
      if (gradient !== null) share(x, new Tensor(gradient.values, x.shape.slice(), gradient.version));
    });
  }

  private arrive(visit: number): void {
    this.visit = visit;
    const outputs = this.nodes.map((node) => (node?.visit === visit ? node.output : null));
    const changed = this.change(outputs.map((output) => output?.gradient ?? null));
    outputs.forEach((output, i) => {
      if (output !== null && changed[i] !== output.gradient) {
        output.gradient = changed[i] ?? null;
        output.gradientShared = true;
      }
    });
  }
}

// The gradients that a hook has returned in place of `gradients`.
function replaced(where: string, gradients: Gradients, given: unknown): Gradients {
  if (given === undefined) return gradients;
  const list: readonly unknown[] = given instanceof Tensor ? [given] : (given as unknown[]);
  if (!Array.isArray(list)) throw typeError(where, `expected the hook to return gradients, an array or a tensor, got ${describe(given)}`);
  if (list.length !== gradients.length) {
    throw rangeError(where, `expected the hook to return ${gradients.length} gradients, got ${list.length}`);
  }
  return list.map((one, i) => {
    const was = gradients[i]!;
    if (was === null) {
      if (one === null) return null;
      throw rangeError(where, `the hook returned gradient ${i}, where there is none`, 'null stands for none');
    }
    if (!(one instanceof Tensor) || one.dtype !== 'float32' || !sameShape(one.shape, was.shape)) {
      const got = one instanceof Tensor ? `${one.dtype} ${shapeText(one.shape)}` : describe(one);
      throw rangeError(where, `expected gradient ${i} that the hook returns to be float32 ${shapeText(was.shape)}, got ${got}`);
    }
    return one;
  });
}

const own = (gradients: Gradients): Gradients => gradients.map((gradient) => gradient && hooked([], gradient));

/** The hooks of a module. */
export class ModuleHooks {
  readonly forward = new Hooks<ForwardHook>(countChange);
  readonly forwardPre = new Hooks<ForwardPreHook>(countChange);
  readonly backward = new Hooks<BackwardHook>(countChange);
  readonly backwardPre = new Hooks<BackwardPreHook>(countChange);

  constructor(private readonly module: Module) {}

  /** The lists themselves, which recordings compare. */
  get lists(): readonly (readonly unknown[])[] {
    return [this.forward.all, this.forwardPre.all, this.backward.all, this.backwardPre.all];
  }

  /** The same hooks for another module. */
  of(module: Module): ModuleHooks {
    const copy = new ModuleHooks(module);
    copy.forward.all = this.forward.all;
    copy.forwardPre.all = this.forwardPre.all;
    copy.backward.all = this.backward.all;
    copy.backwardPre.all = this.backwardPre.all;
    return copy;
  }

  /** Runs `forward` between its hooks. */
  around(args: readonly unknown[], forward: (args: readonly unknown[]) => unknown): unknown {
    let given = args;
    for (const hook of this.forwardPre.all) {
      const other = hook(this.module, given);
      if (other !== undefined) given = Array.isArray(other) ? other : [other];
    }
    const hears = isGradEnabled() && this.backward.all.length + this.backwardPre.all.length > 0;
    let output = hears ? this.heard(given, forward) : forward(given);
    for (const hook of this.forward.all) {
      const other = hook(this.module, given, output);
      if (other !== undefined) output = other;
    }
    return output;
  }

  // Runs `forward` between two groups of views: the gradients of its outputs pass through the second group, those of its arguments through the first.
  private heard(args: readonly unknown[], forward: (args: readonly unknown[]) => unknown): unknown {
    const { module } = this;
    const [backward, backwardPre] = [this.backward.all, this.backwardPre.all];
    const name = module.constructor.name;
    let gradOutput: Gradients = [];
    const call = (gradInput: Gradients): Gradients => {
      const where = `${name}.registerFullBackwardHook`;
      const first = own(gradInput);
      return backward.reduce<Gradients>((now, hook) => replaced(where, now, hook(module, now, gradOutput)), first);
    };
    const tensors = args.filter((arg): arg is Tensor => arg instanceof Tensor);
    const hasInput = tensors.some(({ needsGrad }) => needsGrad);
    const inputs = hasInput ? new Passage(tensors, 'registerFullBackwardHook', spread(args, call)).views : tensors;
    let next = 0;
    const result = forward(args.map((arg) => (arg instanceof Tensor ? inputs[next++] : arg)));
    const outputs = outputsOf(name, result);
    const passage = new Passage(outputs, 'registerFullBackwardHook', (gradients) => {
      const where = `${name}.registerFullBackwardPreHook`;
      gradOutput = backwardPre.reduce<Gradients>((now, hook) => replaced(where, now, hook(module, now)), own(gradients));
      const sent = gradOutput;
      if (!hasInput) call(args.map(() => null));
      return sent;
    });
    return result instanceof Tensor ? passage.views[0] : passage.views;
  }
}

// Converts gradients of the tensors among the arguments to gradients of all arguments, for `call`, and back.
const spread =
  (args: readonly unknown[], call: (gradInput: Gradients) => Gradients) =>
  (gradients: Gradients): Gradients => {
    let next = 0;
    const all = call(args.map((arg) => (arg instanceof Tensor ? gradients[next++]! : null)));
    return all.filter((_, i) => args[i] instanceof Tensor);
  };

function outputsOf(name: string, output: unknown): readonly Tensor[] {
  if (output instanceof Tensor) return [output];
  if (Array.isArray(output) && output.every((one) => one instanceof Tensor)) return output;
  throw new SimdnnError(
    'SIMDNN_HOOK_OUTPUT',
    `[${name}.call] a module with a backward hook must return a tensor or an array of tensors, got ${describe(output)}`,
  );
}
