// Gradients and parameters taken together: names and formulas of torch.nn.utils.
import { openLeaf } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { cat, stack } from '../ops';
import { flatLayout, scalar } from '../ops/broadcast';
import { recorder } from '../recorder';
import { layoutOf } from '../shape';
import { changed, checkTensor, Tensor } from '../tensor';

export { type Summary, type SummaryInputs, type SummaryRow, summary } from './summary';

/** The options of `clipGradNorm_`. */
export interface ClipGradNormOptions {
  /** The p of the norm, above 0; default 2. Infinity: the largest element counts. */
  normType?: number;
  /** Whether a norm that is not finite is an error, before anything is changed; default false. Not in compiled functions: the norm is read. */
  errorIfNonfinite?: boolean;
}

function listOf(where: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  const single = parameters instanceof Tensor;
  if (!single && typeof (parameters as Iterable<Tensor> | null | undefined)?.[Symbol.iterator] !== 'function') {
    throw typeError(where, `expected a tensor or a list of them, got ${describe(parameters)}`, 'give it model.parameters()');
  }
  const list = single ? [parameters] : [...parameters];
  for (const parameter of list) checkTensor(where, 'every parameter', parameter, 'float32');
  return list;
}

// The parameters that have a gradient. One that a compiled step kept to itself is refused by its getter.
function withGradient(where: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  const list = listOf(where, parameters);
  for (const parameter of list) {
    if (recorder !== null) recorder.gradient(parameter, 'use');
    else if (parameter.gradientHidden) parameter.grad;
  }
  return list.filter(({ gradient }) => gradient !== null);
}

const normOf = (tensors: readonly Tensor[], order: number): Tensor => {
  const sizes = tensors.map((t) => t.abs());
  if (order === Infinity) return stack(sizes.map((t) => t.max())).max();
  return stack(sizes.map((t) => t.pow(order).sum()))
    .sum()
    .pow(1 / order);
};

/**
 * Scales all gradients together, in place, so that their norm is at most `maxNorm`: `torch.nn.utils.clip_grad_norm_` (Pascanu et al., 2013).
 *
 * With `n = (sum |g|^p)^(1/p)` over every element of every gradient: `g *= min(1, maxNorm / (n + 1e-6))`; `normType` is p. Returns n as
 * it was before, a scalar; 0 when there is no gradient. Parameters without one are skipped; a norm that is NaN makes every gradient NaN. Between
 * `backward()` and `step()`, in compiled functions too.
 *
 * A RangeError unless maxNorm is at least 0 and normType above 0, and with `errorIfNonfinite` for a norm that is NaN or infinite.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * w.mul(tensor([3, 4])).sum().backward();
 * nn.utils.clipGradNorm_([w], 1).item(); // 5
 * w.grad.toArray(); // [0.6, 0.8]
 */
export function clipGradNorm_(parameters: Tensor | Iterable<Tensor>, maxNorm: number, options?: ClipGradNormOptions): Tensor {
  const where = 'utils.clipGradNorm_';
  const { normType, errorIfNonfinite } = withDefaults(where, options, { normType: 2, errorIfNonfinite: false });
  checkBoolean(where, 'errorIfNonfinite', errorIfNonfinite);
  checkNumber(where, 'maxNorm', maxNorm, 0);
  checkNumber(where, 'normType', normType, 0);
  if (normType === 0) throw rangeError(where, 'expected normType to be above 0, got 0');
  const clipped = withGradient(where, parameters);
  if (clipped.length === 0) return scalar(0);
  const gradients = clipped.map((parameter) => new Tensor(openLeaf(parameter), [parameter.numel]));
  const norm = normOf(gradients, normType);
  if (errorIfNonfinite && !Number.isFinite(norm.item())) throw rangeError(where, `the norm of the gradients is ${norm.item()}`);
  const scale = scalar(maxNorm).div(norm.add(1e-6)).clamp({ max: 1 });
  for (const { floats, shape } of gradients) {
    calls.mul({ out: floats, a: floats, b: scale.floats, layout: layoutOf(where, shape, { strides: [1] }, { strides: [0] }) });
  }
  return norm;
}

/**
 * Limits every element of every gradient to [-clipValue, clipValue], in place: `torch.nn.utils.clip_grad_value_`.
 *
 * Parameters without a gradient are skipped; NaN stays. In compiled functions too. A RangeError unless clipValue is at least 0.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * w.mul(tensor([3, -0.25])).sum().backward();
 * nn.utils.clipGradValue_([w], 0.5);
 * w.grad.toArray(); // [0.5, -0.25]
 */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  const where = 'utils.clipGradValue_';
  checkNumber(where, 'clipValue', clipValue, 0);
  for (const parameter of withGradient(where, parameters)) {
    const gradient = openLeaf(parameter);
    calls.clampForward({ y: gradient, x: gradient, n: parameter.numel, low: -clipValue, high: clipValue });
  }
}

/**
 * All elements of the parameters, one after the other: `torch.nn.utils.parameters_to_vector`. Gradients flow back to the parameters.
 *
 * A RangeError for an empty list.
 *
 * @example
 * nn.utils.parametersToVector([tensor([[1, 2], [3, 4]]), tensor([5])]).toArray(); // [1, 2, 3, 4, 5]
 */
export function parametersToVector(parameters: Tensor | Iterable<Tensor>): Tensor {
  const where = 'utils.parametersToVector';
  const list = listOf(where, parameters);
  if (list.length === 0) throw rangeError(where, 'got an empty list of parameters');
  return cat(list.map((parameter) => parameter.reshape([-1])));
}

/**
 * Copies the elements of a vector into the parameters, in place and in their order: `torch.nn.utils.vector_to_parameters`.
 *
 * A RangeError unless the vector has exactly as many elements as the parameters together; nothing is changed then.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * nn.utils.vectorToParameters(tensor([1, 2, 3]), model.parameters());
 * model.weight.toArray(); // [[1, 2]]
 * model.bias.toArray(); // [3]
 */
export function vectorToParameters(vector: Tensor, parameters: Tensor | Iterable<Tensor>): void {
  const where = 'utils.vectorToParameters';
  checkTensor(where, 'the vector', vector, 'float32');
  const list = listOf(where, parameters);
  const total = list.reduce((n, { numel }) => n + numel, 0);
  if (vector.shape.length !== 1 || vector.numel !== total) {
    throw rangeError(where, `expected a vector of ${total} elements, got shape [${vector.shape}]`);
  }
  let begin = 0;
  for (const parameter of list) {
    const end = begin + parameter.numel;
    calls.copyStrided({ out: parameter.floats, x: vector.floats.subarray(begin, end), layout: flatLayout(parameter.numel) });
    changed(parameter);
    begin = end;
  }
}
