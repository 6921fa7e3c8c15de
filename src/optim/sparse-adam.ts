// Adam that steps only the rows of tables that a batch has named.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, rangeError, SimdnnError } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkBetas } from './checks';
import { type Definition, Optimizer, type Params } from './optimizer';
import type { Run, Slot } from './runs';

/** The options of `SparseAdam`. */
export interface SparseAdamOptions {
  /** The learning rate; default 1e-3. */
  lr: number;
  /** How much of the mean of the gradients, and of their squares, each step keeps; default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  eps: number;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

function stepTable(run: Run, slot: Slot, { lr, betas, eps, maximize }: SparseAdamOptions, step: number): void {
  const { parameter, position, gradient } = slot;
  const { rowMarks, numel: n } = parameter;
  if (rowMarks === null || rowMarks.memory !== gradient!.floats) {
    throw new SimdnnError(
      'SIMDNN_DENSE_GRADIENT',
      `[SparseAdam] a parameter ${shapeText(parameter.shape)} has a dense gradient\n  hint: Adam steps those; tables with sparse: true give sparse ones`,
    );
  }
  const begin = position - run.slots[0]!.position;
  const part = (array: Float32Array): Float32Array => (array.length === n ? array : array.subarray(begin, begin + n));
  const [rows, columns] = parameter.shape as [number, number];
  recorder?.memory(rowMarks.touched, 'gradient');
  calls.sparseAdamStep({
    param: part(run.values),
    expAvg: part(run.state[0]!),
    expAvgSq: part(run.state[1]!),
    grad: part(run.gradient),
    touched: rowMarks.touched,
    rows,
    columns,
    step,
    lr,
    beta1: betas[0],
    beta2: betas[1],
    eps,
    maximize,
  });
}

const sparseAdam: Definition<SparseAdamOptions> = {
  name: 'SparseAdam',
  defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, maximize: false },
  check(where, { lr, betas, eps, maximize }) {
    checkNumber(where, 'lr', lr, 0);
    checkBetas(where, betas);
    checkNumber(where, 'eps', eps, 0);
    checkBoolean(where, 'maximize', maximize);
  },
  checkParameter(where, { shape }) {
    if (shape.length !== 2) throw rangeError(where, `expected tables [rows, columns], got a parameter ${shapeText(shape)}`);
  },
  allKeys: ['exp_avg', 'exp_avg_sq'],
  stateKeys: () => sparseAdam.allKeys,
  countsSteps: true,
  linear: true,
  step(run, options, count) {
    for (const slot of run.slots) stepTable(run, slot, options, count);
  },
};

/**
 * Adam for tables of which a batch names few rows: these are stepped, the others and their moments stay as they are: `torch.optim.SparseAdam`.
 *
 * With g the gradient of such a row: `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`, `w -= lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)`, where t
 * counts the steps of the table. Parameters are the weights of `Embedding`, `EmbeddingBag` and `SparseLinear` with `sparse: true`; an error for a dense
 * gradient.
 *
 * @example
 * const words = new nn.Embedding(50000, 16, { sparse: true });
 * const optimizer = new optim.SparseAdam(words.parameters(), { lr: 0.01 });
 * optimizer.zeroGrad();
 * words.forward(tensor([7, 7, 31], { dtype: 'int32' })).sum().backward();
 * optimizer.step();
 */
export class SparseAdam extends Optimizer<SparseAdamOptions> {
  constructor(params: Params<SparseAdamOptions>, options?: Partial<SparseAdamOptions>) {
    super(sparseAdam, params, options);
  }
}
