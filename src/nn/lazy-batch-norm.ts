// A batch normalisation whose number of columns is determined by its first input.
import { checkBoolean, rangeError, withDefaults } from '../errors';
import { ones, zeros } from '../ops/create';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { BatchNorm1d, type BatchNorm1dOptions, batchNormDefaults } from './batch-norm';
import { checkInputs } from './inputs';
import { givenIn, refuseRecorded } from './lazy';
import { emptyParameter, UninitializedBuffer, UninitializedParameter } from './parameter';
import { initializeFrom, type StateDict } from './state';

/**
 * A `BatchNorm1d` whose `numFeatures` are those of the first input, when its parameters and buffers are made: `torch.nn.LazyBatchNorm1d`.
 *
 * From then on it is a `BatchNorm1d`, as its class says. A state dict that is loaded has the same effect. Until then weight and bias are without elements: optimizers and files of
 * models refuse them with a RangeError, unlike in PyTorch, where an optimizer takes them. The first call cannot be recorded: in a compiled function, a fit, `train.predict` or
 * `train.evaluate` it is a SimdnnError `"SIMDNN_NOT_RECORDABLE"`.
 *
 * @example
 * const model = new nn.Sequential(new nn.LazyLinear(8), new nn.LazyBatchNorm1d());
 * model.forward(ones([2, 4])).shape; // [2, 8]
 * model[1].numFeatures; // 8
 */
export class LazyBatchNorm1d extends BatchNorm1d {
  constructor(options?: BatchNorm1dOptions) {
    const given = withDefaults<Required<BatchNorm1dOptions>>('LazyBatchNorm1d', options, batchNormDefaults);
    checkBoolean('LazyBatchNorm1d', 'affine', given.affine);
    super(0, { ...given, affine: false });
    this.weight = given.affine ? new UninitializedParameter(['numFeatures']) : null;
    this.bias = given.affine && given.bias ? new UninitializedParameter(['numFeatures']) : null;
    if (given.trackRunningStats) {
      this.runningMean = new UninitializedBuffer(['numFeatures']);
      this.runningVar = new UninitializedBuffer(['numFeatures']);
    }
  }

  /** Whether parameters or buffers are still to be made: `torch.nn.modules.lazy.LazyModuleMixin.has_uninitialized_params`. */
  hasUninitializedParams(): boolean {
    return this.weight !== null || this.runningMean !== null;
  }

  /** Makes parameters and buffers for such an input, and the layer a `BatchNorm1d`. */
  initializeParameters(x: Tensor): void {
    const where = 'LazyBatchNorm1d.forward';
    checkTensor(where, 'x', x, 'float32');
    const numFeatures = x.shape[1];
    if (numFeatures === undefined) throw rangeError(where, `expected x [n, numFeatures, *], got ${shapeText(x.shape)}`);
    refuseRecorded(where, 'size');
    become(this, numFeatures);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('LazyBatchNorm1d.forward', arguments.length);
    if (!isMade(this)) this.initializeParameters(x); // this method may still be called after the layer has changed its class
    return super.forward(x);
  }

  /** @internal */
  override [initializeFrom](where: string, dict: Readonly<StateDict>, prefix: string): () => void {
    const names = ['weight', 'bias', 'running_mean', 'running_var'];
    const sizes = givenIn(dict, prefix, names).flatMap((t, i) => (t === null ? [] : [[names[i], t.numel] as const]));
    const [first] = sizes;
    const other = sizes.find(([, size]) => size !== first![1]);
    if (other !== undefined)
      throw rangeError(where, `${prefix}${first![0]} has ${first![1]} elements, and ${prefix}${other[0]} ${other[1]}`);
    return () => {
      if (first !== undefined && !isMade(this)) become(this, first[1]); // the layer may occur twice in the model
    };
  }
}

const isMade = (layer: BatchNorm1d): boolean => Object.getPrototypeOf(layer) === BatchNorm1d.prototype;

function become(layer: BatchNorm1d, numFeatures: number): void {
  const { weight, bias } = layer;
  (layer as { numFeatures: number }).numFeatures = numFeatures;
  if (weight !== null) layer.weight = emptyParameter([numFeatures]).requiresGrad_(weight.requiresGrad);
  if (bias !== null) layer.bias = emptyParameter([numFeatures]).requiresGrad_(bias.requiresGrad);
  if (layer.runningMean !== null) layer.runningMean = zeros([numFeatures]);
  if (layer.runningVar !== null) layer.runningVar = ones([numFeatures]);
  Object.setPrototypeOf(layer, BatchNorm1d.prototype);
  layer.resetParameters();
}
