// Computes the running statistics of batch normalization for averaged weights, which no batch went through during training.
import { noGrad } from '../../autograd';
import { describe, SimdnnError, typeError } from '../../errors';
import { Module } from '../../nn';
import { recorder } from '../../recorder';
import { Tensor } from '../../tensor';

/** A module with running statistics: batch normalization, or the user's own module with the same fields. */
interface Statistics {
  runningMean: Tensor;
  runningVar: Tensor;
  numBatchesTracked?: Tensor | null;
  momentum: number | null;
}

const keepsStatistics = (module: Module): module is Module & Statistics => {
  const { runningMean, runningVar } = module as unknown as Partial<Statistics>;
  return runningMean instanceof Tensor && runningVar instanceof Tensor && 'momentum' in module;
};

/**
 * Recomputes the running statistics of batch normalization as means over all batches of a loader: `torch.optim.swa_utils.update_bn`.
 *
 * Resets the statistics of every module that has `runningMean`, `runningVar` and `momentum`, then runs the model in training mode on each batch (on its first
 * tensor if it is a list) with a momentum of null, which gives the mean of all batches. Afterwards momenta and modes are restored. Without such a module the
 * model is not run. An error inside a compiled function.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
 * optim.swaUtils.updateBn([ones([4, 2])], model); // undefined
 */
export function updateBn(loader: Iterable<Tensor | readonly Tensor[]>, model: Module): void {
  const where = 'swaUtils.updateBn';
  if (recorder !== null) {
    throw new SimdnnError(
      'SIMDNN_NOT_RECORDABLE',
      `[${where}] statistics cannot be found inside a compiled function\n  hint: call it after the training`,
    );
  }
  if (typeof (loader as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw typeError(where, `expected the batches to be iterable, got ${describe(loader)}`);
  if (!((model as unknown) instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  const modules = model.modules();
  const found = modules.filter(keepsStatistics);
  if (found.length === 0) return;
  const momenta = found.map(({ momentum }) => momentum);
  const modes = modules.map(({ training }) => training);
  try {
    noGrad(() => {
      for (const { runningMean, runningVar, numBatchesTracked } of found) {
        runningMean.fill_(0);
        runningVar.fill_(1);
        numBatchesTracked?.fill_(0);
      }
      model.train();
      for (const module of found) module.momentum = null;
      for (const batch of loader) model.call(...([Array.isArray(batch) ? batch[0] : batch] as never[]));
    });
  } finally {
    found.forEach((module, i) => {
      module.momentum = momenta[i]!;
    });
    modules.forEach((module, i) => {
      module.training = modes[i]!;
    });
  }
}
