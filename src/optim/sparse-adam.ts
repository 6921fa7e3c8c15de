// SparseAdam: Adam that updates only the rows of tables that a batch has selected.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, rangeError, SimdnnError } from '../errors';
import { shapeText } from '../shape';
import { checkBetas } from './checks';
import { namedRows } from './flat-parameters';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `SparseAdam`. */
export interface SparseAdamOptions {
  /** The learning rate; default 1e-3. */
  lr: number;
  /** The decay of the running means of the gradients and of their squares; default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  eps: number;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
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
  step(flat, { lr, betas, eps, maximize }, count) {
    const rows = namedRows(flat);
    if (rows === null) {
      throw new SimdnnError(
        'SIMDNN_DENSE_GRADIENT',
        `[SparseAdam] a parameter ${shapeText(flat.slots[0].parameter.shape)} has a dense gradient\n  hint: Adam steps those; tables with sparse: true give sparse ones`,
      );
    }
    calls.sparseAdamStep({
      param: flat.values,
      expAvg: flat.state[0]!,
      expAvgSq: flat.state[1]!,
      grad: flat.gradient,
      touched: rows.touched,
      rows: rows.rows,
      columns: rows.columns,
      step: count,
      lr,
      beta1: betas[0],
      beta2: betas[1],
      eps,
      maximize,
    });
  },
};

/**
 * Adam for tables of which a batch selects few rows: only these are updated, the others and their moments stay as they are: `torch.optim.SparseAdam`.
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
