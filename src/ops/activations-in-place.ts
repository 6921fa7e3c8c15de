// Activations in place, as functions: each calculates the activation and writes it to the tensor's own memory.
import { checkTensor, type Tensor } from '../tensor';
import { celu, elu, hardtanh, leakyRelu, relu, selu, threshold } from './activations';
import { become, former, isRecorded } from './in-place';
import { inNameOf } from './in-place-forms';
import { type RReLUOptions, rrelu } from './prelu';

function inPlace(name: string, x: Tensor, activation: (x: Tensor) => Tensor): Tensor {
  const where = `${name}_`;
  checkTensor(where, 'x', x, 'float32');
  const before = isRecorded(where, x) ? former(x, true) : x;
  return become(
    x,
    where,
    inNameOf(name, () => activation(before)),
    before,
  );
}

/**
 * `relu` in place; see `Tensor.copy_`: `torch.nn.functional.relu_`.
 *
 * @example
 * const x = tensor([-1, 2]);
 * nn.functional.relu_(x) === x; // true
 * x.toArray(); // [0, 2]
 */
export const relu_ = (x: Tensor): Tensor => inPlace('relu', x, relu);

/**
 * `leakyRelu` in place; see `Tensor.copy_`: `torch.nn.functional.leaky_relu_`.
 *
 * @example
 * nn.functional.leakyRelu_(tensor([-2, 2]), { negativeSlope: 0.5 }).toArray(); // [-1, 2]
 */
export const leakyRelu_ = (x: Tensor, options?: { negativeSlope?: number }): Tensor =>
  inPlace('leakyRelu', x, (before) => leakyRelu(before, options));

/**
 * `elu` in place; see `Tensor.copy_`: `torch.nn.functional.elu_`.
 *
 * @example
 * nn.functional.elu_(tensor([-Infinity, 2]), { alpha: 3 }).toArray(); // [-3, 2]
 */
export const elu_ = (x: Tensor, options?: { alpha?: number }): Tensor => inPlace('elu', x, (before) => elu(before, options));

/**
 * `celu` in place; see `Tensor.copy_`: `torch.nn.functional.celu_`.
 *
 * @example
 * nn.functional.celu_(tensor([-Infinity, 2]), { alpha: 3 }).toArray(); // [-3, 2]
 */
export const celu_ = (x: Tensor, options?: { alpha?: number }): Tensor => inPlace('celu', x, (before) => celu(before, options));

/**
 * `selu` in place; see `Tensor.copy_`: `torch.nn.functional.selu_`.
 *
 * @example
 * nn.functional.selu_(tensor([0])).toArray(); // [0]
 */
export const selu_ = (x: Tensor): Tensor => inPlace('selu', x, selu);

/**
 * `hardtanh` in place; see `Tensor.copy_`: `torch.nn.functional.hardtanh_`.
 *
 * @example
 * nn.functional.hardtanh_(tensor([-3, 0.5, 3]), { maxVal: 2 }).toArray(); // [-1, 0.5, 2]
 */
export const hardtanh_ = (x: Tensor, options?: { minVal?: number; maxVal?: number }): Tensor =>
  inPlace('hardtanh', x, (before) => hardtanh(before, options));

/**
 * `threshold` in place; see `Tensor.copy_`: `torch.nn.functional.threshold_`.
 *
 * @example
 * nn.functional.threshold_(tensor([0.1, 2]), 1, 20).toArray(); // [20, 2]
 */
export const threshold_ = (x: Tensor, limit: number, value: number): Tensor =>
  inPlace('threshold', x, (before) => threshold(before, limit, value));

/**
 * `rrelu` in place; see `Tensor.copy_`: `torch.nn.functional.rrelu_`.
 *
 * @example
 * nn.functional.rrelu_(tensor([-2, 3]), { lower: 0.25, upper: 0.75 }).toArray(); // [-1, 3]
 */
export const rrelu_ = (x: Tensor, options?: RReLUOptions): Tensor => inPlace('rrelu', x, (before) => rrelu(before, options));
