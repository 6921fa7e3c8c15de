// Gradients as results; `backward` accumulates them in leaves instead.
import { gradientsOf } from './autograd';
import { checkBoolean, describe, rangeError, SimdnnError, typeError, withDefaults } from './errors';
import { shapeText } from './shape';
import { checkTensor, Tensor } from './tensor';

const where = 'autograd.grad';

function listOf(name: string, given: unknown): Tensor[] {
  if (given instanceof Tensor) return [given];
  if (!Array.isArray(given)) throw typeError(where, `expected ${name} to be a tensor or an array of them, got ${describe(given)}`);
  if (given.length === 0) throw rangeError(where, `expected ${name} to have a tensor, got none`);
  return given.map((t, i) => checkTensor(where, `${name}[${i}]`, t));
}

/** The options of `autograd.grad`. */
export interface GradOptions {
  /** One gradient for each output, of its shape; null or left out: 1, for a scalar. */
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null;
  /** Whether the tape is kept for another backward pass. Default false. */
  retainGraph?: boolean;
  /** Whether an input that the outputs do not depend on gives null instead of an error. Default false. */
  allowUnused?: boolean;
}

/**
 * The gradients of the sum of `outputs` with respect to `inputs`, leaves or tensors between, in their order: `torch.autograd.grad`. No `grad` changes.
 *
 * Hooks of `registerHook` run for the tensors between outputs and inputs and for the inputs themselves, whose gradients are then what the hooks return. Hooks of
 * `registerPostAccumulateGradHook` do not run.
 *
 * First derivatives only: the results have no history (there is no `createGraph`). A SimdnnError for an input that the outputs do not depend on,
 * unless `allowUnused`, for outputs without history, and inside `compile`.
 *
 * @example
 * const x = tensor([1, 2, 3], { requiresGrad: true });
 * const [dx] = autograd.grad(x.square().sum(), x);
 * dx.toArray(); // [2, 4, 6]
 * x.grad; // null
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options?: GradOptions): Tensor[];
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options?: GradOptions): (Tensor | null)[] {
  const [roots, wanted] = [listOf('outputs', outputs), listOf('inputs', inputs)];
  const { gradOutputs, retainGraph, allowUnused } = withDefaults<Required<GradOptions>>(where, options, {
    ...{ gradOutputs: null, retainGraph: false, allowUnused: false },
  });
  checkBoolean(where, 'retainGraph', retainGraph);
  checkBoolean(where, 'allowUnused', allowUnused);
  const starts = gradOutputs === null ? [] : gradOutputs instanceof Tensor ? [gradOutputs] : gradOutputs;
  if (!Array.isArray(starts))
    throw typeError(where, `expected gradOutputs to be a tensor or an array of them, got ${describe(gradOutputs)}`);
  if (gradOutputs !== null && starts.length !== roots.length) {
    throw rangeError(where, `expected as many gradOutputs as outputs, got ${starts.length} and ${roots.length}`);
  }
  wanted.forEach((t, i) => {
    if (!t.needsGrad) throw new SimdnnError('SIMDNN_NO_GRAPH', `[${where}] inputs[${i}] does not require a gradient`);
  });
  const gradients = gradientsOf(where, roots, starts, wanted, retainGraph);
  gradients.forEach((gradient, i) => {
    if (gradient !== null || allowUnused) return;
    throw new SimdnnError(
      'SIMDNN_UNUSED',
      `[${where}] the outputs were not made from inputs[${i}] ${shapeText(wanted[i]!.shape)}\n  hint: grad(outputs, inputs, { allowUnused: true }) gives null for it`,
    );
  });
  return gradients;
}
