// What both exports need: an example of the model's inputs, and the model in evaluation mode.
import { noGrad } from '../autograd';
import { describe, rangeError, typeError } from '../errors';
import { Module } from '../nn';
import { checkTensor, type Tensor } from '../tensor';

/** The tensors of an example. */
export function examplesOf(place: string, example: unknown): Tensor[] {
  const list = Array.isArray(example) ? example : [example];
  if (list.length === 0) throw rangeError(place, 'expected example to have a tensor, got none');
  return list.map((t, i) => checkTensor(place, Array.isArray(example) ? `example[${i}]` : 'example', t));
}

export function checkModel(place: string, model: unknown): Module {
  if (!(model instanceof Module)) throw typeError(place, `expected a module, got ${describe(model)}`);
  return model;
}

/** Runs `fn` while the model is in evaluation mode, without gradients. */
export function evaluating<R>(model: Module, fn: () => R): R {
  const modes = [...model.modules()].map((module) => ({ module, training: module.training }));
  model.eval();
  try {
    return noGrad(fn);
  } finally {
    for (const { module, training } of modes) module.training = training;
  }
}
