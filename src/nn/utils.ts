// Functions over all gradients or parameters, with the names and formulas of torch.nn.utils.
import { noGrad, openLeaf } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { cat, stack } from '../ops';
import { flatLayout, scalar } from '../ops/broadcast';
import { recorder } from '../recorder';
import { layoutOf } from '../shape';
import { changed, checkTensor, Tensor } from '../tensor';

export { fuseLinearBnEval } from './fuse';
/** Functions that normalize weights. */
export * as parametrizations from './parametrizations';
/** Parametrizations. */
export * as parametrize from './parametrize';
export { skipInit } from './skip-init';
export { removeSpectralNorm, type SpectralNormOptions, spectralNorm } from './spectral-norm';
export { type Summary, type SummaryInputs, type SummaryRow, summary } from './summary';
export { removeWeightNorm, type WeightNormOptions, weightNorm } from './weight-norm';

/** The options of `clipGradNorm_` and `getTotalNorm`. */
export interface ClipGradNormOptions {
  /** The p of the norm; default 2. Infinity is the largest magnitude, -Infinity the smallest, and 0 the number of tensors that are not all 0. */
  normType?: number;
  /** Whether a norm that is not finite is an error, before anything is changed; default false. Not in compiled functions, because the norm is read. */
  errorIfNonfinite?: boolean;
}

function checkOptions(where: string, options: ClipGradNormOptions | undefined): Required<ClipGradNormOptions> {
  const checked = withDefaults(where, options, { normType: 2, errorIfNonfinite: false });
  checkBoolean(where, 'errorIfNonfinite', checked.errorIfNonfinite);
  checkNumber(where, 'normType', checked.normType);
  return checked;
}

function listOf(where: string, parameters: Tensor | Iterable<Tensor>, what = 'parameter'): Tensor[] {
  const single = parameters instanceof Tensor;
  if (!single && typeof (parameters as Iterable<Tensor> | null | undefined)?.[Symbol.iterator] !== 'function') {
    throw typeError(where, `expected a tensor or a list of them, got ${describe(parameters)}`, 'give it model.parameters()');
  }
  const list = single ? [parameters] : [...parameters];
  for (const parameter of list) checkTensor(where, `every ${what}`, parameter, 'float32');
  return list;
}

// The parameters that have a gradient. The getter throws for a gradient that a compiled step keeps in its own memory.
function withGradient(where: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  const list = listOf(where, parameters);
  for (const parameter of list) {
    if (recorder !== null) recorder.gradient(parameter, 'use');
    else if (parameter.gradientHidden) parameter.grad;
  }
  return list.filter(({ gradient }) => gradient !== null);
}

const normOf = (tensors: readonly Tensor[], order: number): Tensor => {
  if (order === Infinity || order === -Infinity) {
    const some = tensors.filter(({ numel }) => numel > 0); // an empty tensor has no largest element
    const name = order > 0 ? 'max' : 'min';
    return some.length === 0 ? scalar(0) : stack(some.map((t) => t.abs()[name]()))[name]();
  }
  // In PyTorch this is the norm of the norms, so that order 0 counts the tensors, not the elements.
  if (order === 0) return stack(tensors.map((t) => t.ne(0).any().to('float32'))).sum();
  const sizes = tensors.map((t) => t.abs());
  return stack(sizes.map((t) => t.pow(order).sum()))
    .sum()
    .pow(1 / order);
};

// The existing gradients of the parameters, as vectors on their memory.
const gradientsOf = (where: string, parameters: Tensor | Iterable<Tensor>): Tensor[] =>
  withGradient(where, parameters).map((parameter) => new Tensor(openLeaf(parameter), [parameter.numel]));

function totalNorm(where: string, what: string, tensors: readonly Tensor[], options: Required<ClipGradNormOptions>): Tensor {
  if (tensors.length === 0) return scalar(0);
  const norm = normOf(tensors, options.normType);
  if (options.errorIfNonfinite && !Number.isFinite(norm.item())) throw rangeError(where, `the norm of the ${what} is ${norm.item()}`);
  return norm;
}

function scaleTo(where: string, gradients: readonly Tensor[], maxNorm: number, norm: Tensor): void {
  const scale = scalar(maxNorm).div(norm.add(1e-6)).clamp({ max: 1 });
  for (const { floats, shape } of gradients) {
    calls.mul({ out: floats, a: floats, b: scale.floats, layout: layoutOf(where, shape, { strides: [1] }, { strides: [0] }) });
  }
}

/**
 * Scales all gradients together, in place, so that their norm is at most `maxNorm`: `torch.nn.utils.clip_grad_norm_` (Pascanu et al., 2013).
 *
 * With `n = (sum |g|^p)^(1/p)` over every element of every gradient: `g *= min(1, maxNorm / (n + 1e-6))`; `normType` is p. Returns n from before the scaling, a
 * scalar; 0 if there is no gradient. Parameters without a gradient are skipped; a norm that is NaN makes every gradient NaN. Call it between `backward()` and
 * `step()`, in compiled functions too.
 *
 * A RangeError unless maxNorm is at least 0, and with `errorIfNonfinite` for a norm that is NaN or infinite.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * w.mul(tensor([3, 4])).sum().backward();
 * nn.utils.clipGradNorm_([w], 1).item(); // 5
 * w.grad.toArray(); // [0.6, 0.8]
 */
export function clipGradNorm_(parameters: Tensor | Iterable<Tensor>, maxNorm: number, options?: ClipGradNormOptions): Tensor {
  const where = 'utils.clipGradNorm_';
  const checked = checkOptions(where, options);
  checkNumber(where, 'maxNorm', maxNorm, 0);
  const gradients = gradientsOf(where, parameters);
  const norm = totalNorm(where, 'gradients', gradients, checked);
  if (gradients.length > 0) scaleTo(where, gradients, maxNorm, norm);
  return norm;
}

/**
 * The norm of all elements of all tensors together: `torch.nn.utils.get_total_norm`.
 *
 * `(sum |x|^p)^(1/p)`, where p is `normType`, a scalar; 0 without tensors. It has no gradient. A RangeError with
 * `errorIfNonfinite` for a norm that is NaN or infinite.
 *
 * @example
 * nn.utils.getTotalNorm([tensor([3]), tensor([[0, 4]])]).item(); // 5
 * nn.utils.getTotalNorm(tensor([3, -4]), { normType: Infinity }).item(); // 4
 */
export function getTotalNorm(tensors: Tensor | Iterable<Tensor>, options?: ClipGradNormOptions): Tensor {
  const where = 'utils.getTotalNorm';
  const checked = checkOptions(where, options);
  return noGrad(() => totalNorm(where, 'tensors', listOf(where, tensors, 'tensor'), checked));
}

/**
 * Scales all gradients together, in place, as `clipGradNorm_` does, by a known norm: `torch.nn.utils.clip_grads_with_norm_`.
 *
 * `g *= min(1, maxNorm / (totalNorm + 1e-6))`, so that gradients of several models may be scaled by the norm of all. Parameters without one are skipped. In
 * compiled functions too. A RangeError unless maxNorm is at least 0 and totalNorm one element.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * w.mul(tensor([3, 4])).sum().backward();
 * nn.utils.clipGradsWithNorm_([w], 1, tensor(10));
 * w.grad.toArray().map((g) => g.toFixed(4)); // ["0.3000", "0.4000"]
 */
export function clipGradsWithNorm_(parameters: Tensor | Iterable<Tensor>, maxNorm: number, totalNorm: Tensor): void {
  const where = 'utils.clipGradsWithNorm_';
  checkNumber(where, 'maxNorm', maxNorm, 0);
  checkTensor(where, 'totalNorm', totalNorm, 'float32');
  if (totalNorm.numel !== 1) throw rangeError(where, `expected totalNorm to have one element, got shape [${totalNorm.shape.join(', ')}]`);
  const gradients = gradientsOf(where, parameters);
  if (gradients.length > 0) scaleTo(where, gradients, maxNorm, totalNorm.detach().reshape([]));
}

/**
 * Clamps every element of every gradient to [-clipValue, clipValue], in place: `torch.nn.utils.clip_grad_value_`.
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
 * The elements of all parameters, concatenated: `torch.nn.utils.parameters_to_vector`. Gradients flow back to the parameters.
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
