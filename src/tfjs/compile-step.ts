// Records and replays training steps of the core API.
import { type Optimizer, type Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, typeError } from '../errors';
import { lastStep, RecordedStep } from './recorded-step';
import type { StepFunction } from './replay';

function checkArguments(fn: unknown, optimizer: Optimizer, variables: readonly Variable[]): void {
  if (typeof fn !== 'function') throw typeError('compileStep', `expected a function, got ${describe(fn)}`);
  if (typeof optimizer?.minimize !== 'function') throw typeError('compileStep', `expected an optimizer, got ${describe(optimizer)}`);
  const areVariables = Array.isArray(variables) && variables.every((v) => v instanceof Variable);
  if (!areVariables)
    throw typeError('compileStep', `expected a list of variables, got ${describe(variables)}`, 'tf.variable, or the val of weights');
}

/**
 * Makes a training step of the core API one call, which does what `optimizer.minimize(() => fn(...args), true, variables)` does, with the same bits.
 *
 * The first three calls with tensors of certain shapes run operation by operation. The second and third are recorded and compared, and later calls replay the
 * recording natively. `fn` returns a scalar and reads only its arguments and variables. JavaScript numbers in it are frozen, and its side effects, such as counting or
 * printing, no longer happen. The learning rate, the step count and the values of variables are read before each step.
 *
 * A step that cannot be replayed runs operation by operation, and `simdnnInfo().reason` says why: the optimizer is none of `tf.train`, an operation has no kernel in
 * this library, `fn` makes a tensor of more than one number (dropout does too) or reads a tensor that is neither an argument nor a variable, or another backend is active.
 *
 * Throws a TypeError for other arguments, and the returned function for arguments that are not tensors.
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
  const run: StepFunction = (args) => [optimizer.minimize(() => fn(...(args as unknown as A)), true, own)!];
  return (...args) => {
    const other = args.findIndex((t) => !(t instanceof Tensor));
    if (other >= 0) throw typeError('compileStep', `expected argument ${other} to be a tensor, got ${describe(args[other])}`);
    return step.call(run, args)[0] as Scalar;
  };
}
