// A linear layer whose input size is determined by its first input.
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { givenIn, refuseRecorded } from './lazy';
import { Linear } from './linear';
import { emptyParameter, UninitializedParameter } from './parameter';
import { initializeFrom, type StateDict } from './state';

/**
 * A `Linear` whose `inFeatures` are those of the first input, when weight and bias are made and drawn: `torch.nn.LazyLinear`.
 *
 * From then on it is a `Linear`, as its class says. A state dict that is loaded has the same effect. Until then weight and bias are without elements: optimizers and
 * files of models refuse them with a RangeError, unlike in PyTorch, where an optimizer takes them. The first call cannot be recorded: in a compiled function, a fit,
 * `train.predict` or `train.evaluate` it is a SimdnnError `"SIMDNN_NOT_RECORDABLE"`.
 *
 * @example
 * const model = new nn.Sequential(new nn.LazyLinear(8), new nn.ReLU(), new nn.LazyLinear(3));
 * model.forward(zeros([1, 4])).shape; // [1, 3]
 * model[0].toString(); // "Linear(in_features=4, out_features=8, bias=True)"
 */
export class LazyLinear extends Linear {
  constructor(outFeatures: number, options?: { bias?: boolean }) {
    const { bias } = withDefaults('LazyLinear', options, { bias: true });
    checkBoolean('LazyLinear', 'bias', bias);
    super(0, checkInteger('LazyLinear', 'outFeatures', outFeatures), { bias: false });
    this.weight = new UninitializedParameter([outFeatures, 'inFeatures']);
    this.bias = bias ? new UninitializedParameter([outFeatures]) : null;
  }

  /** Whether weight and bias are still to be made: `torch.nn.modules.lazy.LazyModuleMixin.has_uninitialized_params`. */
  hasUninitializedParams(): boolean {
    return this.weight instanceof UninitializedParameter;
  }

  /** Makes weight and bias for such an input, and the layer a `Linear`. */
  initializeParameters(x: Tensor): void {
    const where = 'LazyLinear.forward';
    checkTensor(where, 'x', x, 'float32');
    const inFeatures = x.shape.at(-1);
    if (inFeatures === undefined) throw rangeError(where, `expected x [*, inFeatures], got ${shapeText(x.shape)}`);
    refuseRecorded(where, 'weight');
    become(this, inFeatures);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('LazyLinear.forward', arguments.length);
    if (this.weight instanceof UninitializedParameter) this.initializeParameters(x); // this method may still be called after the layer has changed its class
    return super.forward(x);
  }

  /** @internal */
  override [initializeFrom](where: string, dict: Readonly<StateDict>, prefix: string): () => void {
    const [weight, bias] = givenIn(dict, prefix, ['weight', 'bias']);
    if (weight) {
      return () => {
        if (this.hasUninitializedParams()) become(this, weight.shape[1]!); // the layer may occur twice in the model
      };
    }
    if (bias && this.bias !== null)
      throw rangeError(where, `${prefix}bias is for a LazyLinear that has no weight yet, and the state dict has none`);
    return () => {};
  }
}

function become(layer: Linear, inFeatures: number): void {
  const { weight, bias, outFeatures } = layer;
  layer.weight = emptyParameter([outFeatures, inFeatures]).requiresGrad_(weight.requiresGrad);
  (layer as { inFeatures: number }).inFeatures = inFeatures;
  if (bias !== null) layer.bias = emptyParameter([outFeatures]).requiresGrad_(bias.requiresGrad);
  Object.setPrototypeOf(layer, Linear.prototype);
  layer.resetParameters();
}
