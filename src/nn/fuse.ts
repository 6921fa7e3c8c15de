// Fuses layers that are one layer in evaluation mode.
import { noGrad } from '../autograd';
import { describe, rangeError, typeError } from '../errors';
import { BatchNorm1d } from './batch-norm';
import { Linear } from './linear';

const where = 'utils.fuseLinearBnEval';

/**
 * One linear layer that gives what a linear layer and the batch norm after it give in evaluation mode: `torch.nn.utils.fuse_linear_bn_eval`.
 *
 * With `s = weight / sqrt(running_var + eps)` of the norm, row by row, its weight is `s W` and its bias `s (b - running_mean) + bias`. It is a new layer, in evaluation mode;
 * the two stay as they are.
 *
 * A TypeError for other layers; a RangeError where one of them is in training mode, the norm has no running statistics, or as many features as the layer has outputs, or one, are
 * not there.
 *
 * @example
 * const [linear, norm] = [new nn.Linear(2, 3).eval(), new nn.BatchNorm1d(3).eval()];
 * nn.utils.fuseLinearBnEval(linear, norm).toString(); // "Linear(in_features=2, out_features=3, bias=True)"
 */
export function fuseLinearBnEval(linear: Linear, batchNorm: BatchNorm1d): Linear {
  if (!(linear instanceof Linear)) throw typeError(where, `expected a Linear, got ${describe(linear)}`);
  if (!(batchNorm instanceof BatchNorm1d)) throw typeError(where, `expected a BatchNorm1d, got ${describe(batchNorm)}`);
  if (linear.training || batchNorm.training) throw rangeError(where, 'expected both in evaluation mode', 'model.eval() does it');
  const { runningMean, runningVar, numFeatures, weight, bias, eps } = batchNorm;
  if (runningMean === null || runningVar === null) throw rangeError(where, 'expected a norm with running statistics, it has none');
  if (numFeatures !== linear.outFeatures && numFeatures !== 1) {
    throw rangeError(where, `expected ${linear.outFeatures} features or one, the norm has ${numFeatures}`);
  }
  return noGrad(() => {
    const inverse = runningVar.add(eps).rsqrt();
    const scale = (weight === null ? inverse : inverse.mul(weight)).expand([linear.outFeatures]);
    const centred = linear.bias === null ? runningMean.neg() : linear.bias.sub(runningMean);
    const shifted = centred.mul(scale);
    const fused = new Linear(linear.inFeatures, linear.outFeatures).eval();
    fused.weight.copy_(linear.weight.mul(scale.unsqueeze(1)));
    fused.bias!.copy_(bias === null ? shifted : shifted.add(bias));
    return fused;
  });
}
