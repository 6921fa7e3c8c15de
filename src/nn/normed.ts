// What the ways to normalise a weight share: the parameter, and a weight that is computed from other fields of the same module.
import { noGrad } from '../autograd';
import { describe, rangeError, typeError } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { defineComputed, dropComputed, makerOf, refuseRecorded } from './computed';
import { Module } from './module';
import { emptyParameter, Parameter, refuseUninitialized } from './parameter';

/** The parameter of a module that is to be normalised; it may be computed already. */
export function weightOf(where: string, module: Module, name: unknown): Tensor {
  if (!(module instanceof Module)) throw typeError(where, `expected a module, got ${describe(module)}`);
  if (typeof name !== 'string') throw typeError(where, `expected name to be a string, got ${describe(name)}`);
  const tensor = noGrad(() => (module as unknown as Record<string, unknown>)[name]);
  if (!Object.hasOwn(module, name) || tensor === undefined || tensor === null) {
    throw rangeError(where, `the module has no parameter ${describe(name)} in a field of its own`);
  }
  refuseUninitialized(where, name, tensor);
  return checkTensor(where, name, tensor, 'float32');
}

/** A parameter with these values. */
export function parameterWith(values: Tensor, requiresGrad: boolean): Parameter {
  const made = emptyParameter(values.shape.slice());
  noGrad(() => made.copy_(values));
  return made.requiresGrad_(requiresGrad) as Parameter;
}

/** The parameter itself; throws if it is computed, or if other fields have the names that are needed. */
export function checkPlain(where: string, module: Module, name: string, fields: readonly string[]): Parameter {
  refuseRecorded(where);
  if (makerOf(module, name) !== undefined) throw rangeError(where, `${name} is already computed of other parameters`);
  for (const field of fields) if (field in module) throw rangeError(where, `the module already has a property "${field}"`);
  const parameter = (module as unknown as Record<string, unknown>)[name];
  if (!(parameter instanceof Parameter)) throw typeError(where, `expected ${name} to be a Parameter, got ${describe(parameter)}`);
  return parameter;
}

/** Makes the field computed by `read` from other fields, as the functions do that are older than parametrizations. */
export function defineNormed(module: Module, name: string, of: string, read: (module: Record<string, Tensor>) => Tensor): void {
  defineComputed<Module>(
    module,
    name,
    'norm',
    (self) => read(self as unknown as Record<string, Tensor>),
    (self) => {
      throw typeError(`${self.constructor.name}.${name}`, `it is computed of ${of}`, 'assign to these, or remove the norm first');
    },
  );
}

/** Makes such a field a parameter again, with its value outside of training, and removes the fields that it was computed from. */
export function dropNormed(where: string, module: Module, name: string, what: string, fields: readonly string[]): void {
  if (!(module instanceof Module)) throw typeError(where, `expected a module, got ${describe(module)}`);
  refuseRecorded(where);
  if (typeof name !== 'string' || makerOf(module, name) !== 'norm' || fields.some((field) => !Object.hasOwn(module, field))) {
    throw rangeError(where, `the module has no ${what} of ${describe(name)}`);
  }
  const tensors = module as unknown as Record<string, Tensor>;
  const { training } = module;
  module.training = false;
  const left = parameterWith(
    noGrad(() => tensors[name]!),
    tensors[fields[0]!]!.requiresGrad,
  );
  module.training = training;
  dropComputed(module, name);
  for (const field of fields) if (!module.takeBuffer(field)) delete tensors[field];
  module.registerParameter(name, left);
}
