// Batch statistics of weights that no batch has gone through while they were learned.
import { noGrad } from '../../autograd';
import { describe, SimdnnError, typeError } from '../../errors';
import { Module } from '../../nn';
import { recorder } from '../../recorder';
import { Tensor } from '../../tensor';

/** What keeps running statistics: batch normalisation, and modules of the user's with the same fields. */
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
 * Finds the running statistics of batch normalisation anew, as means over all batches of a loader: `torch.optim.swa_utils.update_bn`.
 *
 * The statistics of every module that has `runningMean`, `runningVar` and `momentum` are set back; then the model runs on each batch in training mode, of a
 * batch that is a list on its first tensor, with a momentum of null, which is the mean of all. Momenta and modes are as before afterwards. Without such a
 * module nothing is done. An error inside a compiled function.
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
