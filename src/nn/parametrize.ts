// Parametrizations: parameters that are computed from others, with the names and rules of torch.nn.utils.parametrize.
import { noGrad } from '../autograd';
import { isPromise } from '../brands';
import { checkBoolean, describe, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { computedIn, defineComputed, dropComputed, makerOf, refuseRecorded } from './computed';
import { ModuleDict } from './containers';
import { groupAlike } from './format';
import { Module } from './module';
import { Numbered } from './numbered';
import { emptyParameter, Parameter } from './parameter';

/** A module that computes a tensor from learned ones. `rightInverse` returns, for a tensor, one or several tensors from which `forward` computes it. */
export interface Parametrization extends Module {
  forward(...originals: Tensor[]): Tensor;
  rightInverse?(x: Tensor): Tensor | Tensor[];
}

function checkName(where: string, name: unknown): string {
  if (typeof name !== 'string') throw typeError(where, `expected tensorName to be a string, got ${describe(name)}`);
  return name;
}

// The parameter or buffer of a module with this name, which must be one of the module's own fields.
function tensorAt(where: string, module: Module, name: string): Tensor {
  const field: unknown = Object.getOwnPropertyDescriptor(module, name)?.value;
  if (field instanceof Parameter) return field;
  const buffer = module.namedBuffers({ recurse: false }).find(([own]) => own === name);
  if (buffer !== undefined) return buffer[1];
  const names = [...module.namedParameters({ recurse: false }), ...module.namedBuffers({ recurse: false })].map(([own]) => own);
  throw rangeError(
    where,
    `the module has no parameter or buffer ${describe(name)} in a field of its own`,
    `it has: ${names.join(', ') || 'none'}`,
  );
}

// A parameter in the block of parameters, or a buffer, with these values.
function ownCopy(values: Tensor, parameter: boolean, requiresGrad: boolean): Tensor {
  if (!parameter || values.dtype !== 'float32') {
    const copy = values.detach().clone();
    return parameter ? new Parameter(copy, { requiresGrad }) : copy;
  }
  const copy = emptyParameter(values.shape.slice());
  noGrad(() => copy.copy_(values));
  return copy.requiresGrad_(requiresGrad);
}

// `tensor` with these values, or a new tensor like it if it cannot take them.
function replaced(tensor: Tensor, values: Tensor, same = true): Tensor {
  if (!same || !sameShape(tensor.shape, values.shape) || tensor.dtype !== values.dtype) {
    return ownCopy(values, tensor instanceof Parameter, tensor.requiresGrad);
  }
  if (tensor.values !== values.values) noGrad(() => tensor.copy_(values));
  return tensor;
}

function put(module: Module, name: string, tensor: Tensor): void {
  if (tensor instanceof Parameter) module.registerParameter(name, tensor);
  else module.registerBuffer(name, tensor);
}

function checkLike(where: string, what: string, made: unknown, wanted: Tensor): Tensor {
  const tensor = checkTensor(where, what, made, wanted.dtype);
  if (sameShape(tensor.shape, wanted.shape)) return tensor;
  throw rangeError(
    where,
    `expected ${what} to have the shape ${shapeText(wanted.shape)} of the tensor, got ${shapeText(tensor.shape)}`,
    'unsafe: true allows another shape',
  );
}

const invert = (where: string, list: readonly Parametrization[], value: Tensor): Tensor | Tensor[] =>
  noGrad(() => {
    let made: Tensor | Tensor[] = value;
    for (const one of list.toReversed()) {
      if (one.rightInverse === undefined) continue;
      if (!(made instanceof Tensor)) throw rangeError(where, 'only the first parametrization may make a tensor of several');
      made = one.rightInverse(made);
    }
    if (made instanceof Tensor) return made;
    if (Array.isArray(made) && made.length > 0 && made.every((one) => (one as unknown) instanceof Tensor)) return made;
    throw typeError(where, `expected rightInverse to return a tensor or an array of them, got ${describe(made)}`);
  });

const originalsOf = (list: ParametrizationList): Tensor[] => {
  const fields = list as unknown as Record<string, Tensor>;
  return list.isTensor ? [fields['original']!] : Array.from({ length: list.ntensors }, (_, i) => fields[`original${i}`]!);
};

function checkParametrization(place: string, one: Parametrization): Parametrization {
  if (!((one as unknown) instanceof Module)) throw typeError(place, `expected a module, got ${describe(one)}`);
  return one;
}

/**
 * The parametrizations of one tensor, in the order in which they are applied: `torch.nn.utils.parametrize.ParametrizationList`.
 *
 * The learned parameter is `original`, or `original0`, `original1`, ... if `rightInverse` of the first parametrization returns several tensors.
 * `registerParametrization` makes the list, as `module.parametrizations.weight`; `forward()` computes the tensor. A TypeError or a RangeError for an empty
 * list, for an element that is not a module, and for a `rightInverse` that does not return tensors of the same type.
 *
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * const list = layer.parametrizations.get("weight");
 * list.namedParameters().map(([name]) => name); // ["original0", "original1"]
 * list.forward().shape; // [3, 2]
 */
export class ParametrizationList extends Numbered<Parametrization> {
  /** Whether a parametrization may change the shape or the type of the tensor. */
  unsafe: boolean;
  /** Whether the tensor is computed from a single one, `original`. */
  readonly isTensor: boolean;
  /** The number of tensors that it is computed from. */
  readonly ntensors: number;

  constructor(modules: Iterable<Parametrization>, original: Tensor, options?: { unsafe?: boolean }) {
    super('parametrization', checkParametrization);
    const where = 'ParametrizationList';
    const { unsafe } = withDefaults(where, options, { unsafe: false });
    this.unsafe = checkBoolean(where, 'unsafe', unsafe);
    this.extend(modules);
    checkTensor(where, 'original', original);
    if (this.length === 0) throw rangeError(where, 'expected at least one parametrization');
    const made = invert(where, [...this], original);
    for (const one of [made].flat()) {
      if (one.dtype !== original.dtype) throw typeError(where, `rightInverse made ${one.dtype} of ${original.dtype}`);
    }
    this.isTensor = !Array.isArray(made);
    this.ntensors = [made].flat().length;
    if (!Array.isArray(made)) put(this, 'original', replaced(original, made));
    else made.forEach((one, i) => void put(this, `original${i}`, ownCopy(one, original instanceof Parameter, original.requiresGrad)));
  }

  /** Computes the tensor. */
  override forward(): Tensor {
    const { parts } = this;
    let x = parts[0]!.call(...originalsOf(this));
    for (let i = 1; i < parts.length; i++) x = parts[i]!.call(x);
    return x;
  }

  /** Sets the tensor to `value`, as far as the parametrizations can: their `rightInverse`, from the last to the first, computes the values of the originals. */
  rightInverse(value: Tensor): void {
    const where = 'ParametrizationList.rightInverse';
    checkTensor(where, 'value', value);
    const without = this.parts.find((one) => one.rightInverse === undefined);
    if (without !== undefined) {
      throw rangeError(where, `${without.constructor.name} has no rightInverse, by which a value could be assigned`, 'define one');
    }
    const made = [invert(where, this.parts, value)].flat();
    const originals = originalsOf(this);
    if (made.length !== originals.length) throw rangeError(where, `expected ${originals.length} tensors, got ${made.length}`);
    made.forEach((one, i) => void checkLike(where, 'what rightInverse returns', one, originals[i]!));
    noGrad(() => made.forEach((one, i) => void originals[i]!.copy_(one)));
  }

  /** @internal */
  protected override formatChildren(children: readonly [string, Module][]): [string, string][] {
    return groupAlike(children.map(([, module]) => module.toString()));
  }
}

const listsOf = (module: Module): ModuleDict<ParametrizationList> | undefined => {
  const { parametrizations } = module as { parametrizations?: unknown };
  return parametrizations instanceof ModuleDict ? (parametrizations as ModuleDict<ParametrizationList>) : undefined;
};

function checkModule(where: string, module: unknown): void {
  if (!(module instanceof Module)) throw typeError(where, `expected a module, got ${describe(module)}`);
}

/** A cached tensor is not used in another recording, where it would be a constant. */
let cache: Map<ParametrizationList, { tensor: Tensor; by: unknown }> | null = null;

function compute(module: Module, name: string): Tensor {
  const list = listsOf(module)!.get(name)!;
  if (cache === null) return list.call();
  const known = cache.get(list);
  if (known?.by === recorder && known !== undefined) return known.tensor;
  const tensor = list.call();
  cache.set(list, { tensor, by: recorder });
  return tensor;
}

/**
 * Computes each parametrized tensor only once while `fn` runs, however often it is read: `torch.nn.utils.parametrize.cached()`, which in PyTorch opens a block.
 *
 * For models that use one weight several times. Changes by an optimizer, and assignments to the tensor, are visible only after `fn`. Returns
 * the result of `fn`; a TypeError if that is a promise. Calls may be nested, and may be in a compiled function.
 *
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * nn.utils.parametrize.cached(() => layer.weight === layer.weight); // true
 * layer.weight === layer.weight; // false
 */
export function cached<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw typeError('cached', `expected a function, got ${describe(fn)}`);
  const before = cache;
  cache ??= new Map();
  let result: T;
  try {
    result = fn();
  } finally {
    cache = before;
  }
  if (isPromise(result)) {
    result.catch(() => {});
    throw typeError('cached', 'the function returned a promise', 'await outside, and call cached around the synchronous parts');
  }
  return result;
}

/**
 * Whether a tensor of the module, or with `tensorName` that one, is parametrized: `torch.nn.utils.parametrize.is_parametrized`.
 *
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * nn.utils.parametrize.isParametrized(layer, "weight"); // true
 * nn.utils.parametrize.isParametrized(layer, "bias"); // false
 */
export function isParametrized(module: Module, tensorName?: string): boolean {
  const where = 'parametrize.isParametrized';
  checkModule(where, module);
  if (tensorName === undefined) return computedIn(module, 'parametrization').length > 0;
  return makerOf(module, checkName(where, tensorName)) === 'parametrization';
}

// Adds a parametrization to a tensor that already has some.
function append(where: string, list: ParametrizationList, parametrization: Parametrization, unsafe: boolean): void {
  if (!unsafe) {
    const y = list.call();
    const x = checkLike(where, 'what the parametrization returns', parametrization.call(y), y);
    if (parametrization.rightInverse !== undefined) checkLike(where, 'what rightInverse returns', parametrization.rightInverse(x), y);
  }
  list.append(parametrization);
  list.unsafe ||= unsafe;
}

/**
 * Computes a tensor of the module by `parametrization` from another one, which is learned instead: `torch.nn.utils.parametrize.register_parametrization`.
 *
 * From then on `module.weight` is computed whenever it is read: `parametrization.call(original)`, and the gradient flows to the original. The parameter itself
 * becomes `module.parametrizations.weight.original`, changed by `rightInverse` if the parametrization has one. If `rightInverse` returns several tensors, they
 * are new parameters `original0`, `original1`, ..., so make the optimizer afterwards. An assignment to `module.weight` calls `rightInverse`. A second
 * parametrization of a tensor is applied to the result of the first. It works in compiled functions and in fits too.
 *
 * The class of the module does not change, unlike in PyTorch: only the printed name begins with `Parametrized`. If `rightInverse` returns a
 * tensor of another shape, `original` is a new parameter, where PyTorch changes the shape of `original`. Frozen parameters stay parameters.
 *
 * A TypeError for arguments that are not modules, a RangeError for a name that is not a parameter or buffer of the module itself, and, unless `unsafe`, for a
 * result of another shape; the module does not change then. A SimdnnError `"SIMDNN_NOT_RECORDABLE"` inside a compiled function.
 *
 * @example
 * class Symmetric extends nn.Module {
 *   forward(x) {
 *     return x.triu().add(x.triu(1).t());
 *   }
 * }
 * const layer = new nn.Linear(2, 2);
 * nn.utils.parametrize.registerParametrization(layer, "weight", new Symmetric());
 * const [[, b], [c]] = layer.weight.toArray();
 * b === c; // true
 * Object.keys(layer.stateDict()); // ["bias", "parametrizations.weight.original"]
 */
export function registerParametrization<M extends Module>(
  module: M,
  tensorName: string,
  parametrization: Parametrization,
  options?: { unsafe?: boolean },
): M {
  const where = 'parametrize.registerParametrization';
  checkModule(where, module);
  checkModule(where, parametrization);
  const { unsafe } = withDefaults(where, options, { unsafe: false });
  checkBoolean(where, 'unsafe', unsafe);
  refuseRecorded(where);
  if (makerOf(module, checkName(where, tensorName)) === 'parametrization') {
    parametrization.train(module.training);
    append(where, listsOf(module)!.get(tensorName)!, parametrization, unsafe);
    return module;
  }
  const original = tensorAt(where, module, tensorName);
  const lists = listsOf(module) ?? new ModuleDict<ParametrizationList>();
  if (listsOf(module) === undefined && 'parametrizations' in module) {
    throw rangeError(where, 'the module has a property "parametrizations", where they would be kept');
  }
  parametrization.train(module.training);
  const before = noGrad(() => original.clone());
  const list = new ParametrizationList([parametrization], original, { unsafe });
  try {
    if (!unsafe) checkLike(where, 'what the parametrization returns', list.call(), original);
    lists.set(tensorName, list);
  } catch (error) {
    noGrad(() => original.copy_(before));
    throw error;
  }
  module.takeBuffer(tensorName);
  (module as { parametrizations?: unknown }).parametrizations = lists;
  defineComputed<Module>(
    module,
    tensorName,
    'parametrization',
    (self) => compute(self, tensorName),
    (self, value) =>
      listsOf(self)!
        .get(tensorName)!
        .rightInverse(value as Tensor),
  );
  return module;
}

/**
 * Removes all parametrizations of a tensor: `torch.nn.utils.parametrize.remove_parametrizations`.
 *
 * With `leaveParametrized` (default) the tensor keeps its current value, else it becomes the original. It is a parameter or buffer of the module
 * again: the same one that was the original, so that an optimizer continues with it, unless it was computed from several tensors or had another shape.
 *
 * A RangeError for a tensor that is not parametrized, and with `leaveParametrized: false` for one computed from several. A SimdnnError
 * `"SIMDNN_NOT_RECORDABLE"` inside a compiled function.
 *
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * nn.utils.parametrize.removeParametrizations(layer, "weight");
 * Object.keys(layer.stateDict()); // ["bias", "weight"]
 */
export function removeParametrizations<M extends Module>(module: M, tensorName: string, options?: { leaveParametrized?: boolean }): M {
  const where = 'parametrize.removeParametrizations';
  checkModule(where, module);
  const { leaveParametrized } = withDefaults(where, options, { leaveParametrized: true });
  checkBoolean(where, 'leaveParametrized', leaveParametrized);
  refuseRecorded(where);
  if (makerOf(module, checkName(where, tensorName)) !== 'parametrization')
    throw rangeError(where, `the module has no parametrized tensor ${describe(tensorName)}`);
  const lists = listsOf(module)!;
  const list = lists.get(tensorName)!;
  if (!list.isTensor && !leaveParametrized) {
    throw rangeError(where, 'a tensor that is made of several has no original to go back to', 'leave leaveParametrized out');
  }
  const [original] = originalsOf(list) as [Tensor];
  const left = leaveParametrized
    ? replaced(
        original,
        noGrad(() => list.call()),
        list.isTensor,
      )
    : original;
  dropComputed(module, tensorName);
  lists.delete(tensorName);
  if (lists.size === 0) delete (module as { parametrizations?: unknown }).parametrizations;
  put(module, tensorName, left);
  return module;
}
