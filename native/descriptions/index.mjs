// All kernels, in the order of the dispatch table, and the enumerations from which their attributes choose.
import { broadcast } from './broadcast.mjs';
import { collective } from './collective.mjs';
import { convolution } from './convolution.mjs';
import { enumerations as own } from './describe.mjs';
import { embedding } from './embedding.mjs';
import { lines } from './lines.mjs';
import { losses } from './losses.mjs';
import { matrices } from './matrices.mjs';
import { movement } from './movement.mjs';
import { norms } from './norms.mjs';
import { optimizers } from './optimizers.mjs';
import { pooling } from './pooling.mjs';
import { products } from './products.mjs';
import { random } from './random.mjs';
import { reductions } from './reductions.mjs';
import { unary, unaryFunctions } from './unary.mjs';

export { elements, lengths, structs } from './describe.mjs';
export { unaryFunctions };

/** [{ family, kernels }]: a family is a file of the public functions. */
export const families = {
  products,
  convolution,
  pooling,
  losses,
  norms,
  unary,
  broadcast,
  reductions,
  lines,
  matrices,
  movement,
  embedding,
  random,
  optimizers,
  collective,
};

export const kernels = Object.values(families).flat();

export const enumerations = {
  ...own,
  Unary: {
    values: ['none', ...Object.keys(unaryFunctions)],
    doc: 'The element-wise functions of one argument. Each can be fused into the epilogue of a matrix product.',
  },
};
