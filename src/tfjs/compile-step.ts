// Training steps of the core API that are recorded and replayed.
import { type Optimizer, type Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, typeError } from '../errors';
import type { Run } from './recorded';
import { lastStep, RecordedStep } from './recorded-step';

function checkArguments(fn: unknown, optimizer: Optimizer, variables: readonly Variable[]): void {
  if (typeof fn !== 'function') throw typeError('compileStep', `expected a function, got ${describe(fn)}`);
  if (typeof optimizer?.minimize !== 'function') throw typeError('compileStep', `expected an optimizer, got ${describe(optimizer)}`);
  const areVariables = Array.isArray(variables) && variables.every((v) => v instanceof Variable);
  if (!areVariables)
    throw typeError('compileStep', `expected a list of variables, got ${describe(variables)}`, 'tf.variable, or the val of weights');
}

/**
 * Makes a training step of the core API one call: what `optimizer.minimize(() => fn(...args), true, variables)` does, with the same bits.
 *
 * The first three calls with tensors of certain shapes run operation by operation, the second and third of them are recorded and compared, and later ones
 * replay the recording natively. `fn` gives a scalar, and reads nothing but its arguments and variables: numbers of JavaScript in it are frozen, and what it does
 * besides (counting, printing) no longer happens. The learning rate, the step count and the values of variables are read anew. Where a step cannot be replayed it runs
 * operation by operation, and `simdnnInfo().reason` says why: another optimizer than those of `tf.train`; an operation that is none of this
 * library's kernels; a tensor of more than one number made inside, dropout's included; a tensor read that is no argument and no variable; another backend.
 *
 * A TypeError for other arguments, and for a call with anything but tensors.
 *
 * @example
 * const w = tf.variable(tf.zeros([2, 1]));
 * const loss = (x, y) => tf.losses.meanSquaredError(y, tf.matMul(x, w));
 * const step = compileStep(loss, tf.train.sgd(0.1), [w]);
 * step(tf.ones([4, 2]), tf.ones([4, 1])).dataSync()[0]; // 1
 */
export function compileStep<A extends readonly Tensor[]>(
  fn: (...args: A) => Scalar,
  optimizer: Optimizer,
  variables: readonly Variable[],
): (...args: A) => Scalar {
  checkArguments(fn, optimizer, variables);
  const own = [...variables];
  const step = new RecordedStep(lastStep, optimizer, own, false);
  const run: Run = (args) => [optimizer.minimize(() => fn(...(args as unknown as A)), true, own)!];
  return (...args) => {
    const other = args.findIndex((t) => !(t instanceof Tensor));
    if (other >= 0) throw typeError('compileStep', `expected argument ${other} to be a tensor, got ${describe(args[other])}`);
    return step.call(run, args)[0] as Scalar;
  };
}
