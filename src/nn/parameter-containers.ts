// Parameters in lists and by name.
import { describe, typeError } from '../errors';
import { Tensor } from '../tensor';
import { Keyed, type NamedParts } from './keyed';
import { Numbered } from './numbered';
import { Parameter } from './parameter';

function parameterOf(place: string, given: Tensor): Parameter {
  if (given instanceof Parameter) return given;
  if (!(given instanceof Tensor)) throw typeError(place, `expected a parameter or a tensor, got ${describe(given)}`);
  return new Parameter(given, { requiresGrad: given.dtype === 'float32' });
}

// As PyTorch prints the entries of each of the two.
const line = (name: string | number, type: string, { shape }: Tensor): string =>
  `  (${name}): Parameter containing: [${type} of size ${shape.join('x')}]`;

/**
 * A list of parameters, so that a module finds them: `torch.nn.ParameterList`.
 *
 * A tensor that is no parameter becomes one on its memory. The parts are `list[0]`, `list[1]`, ... and can be replaced by assignment. It has no `forward`.
 *
 * @example
 * const list = new nn.ParameterList([ones([2]), zeros([3])]);
 * list.namedParameters().map(([name]) => name); // ["0", "1"]
 * list[1].shape; // [3]
 */
export class ParameterList extends Numbered<Parameter, Tensor> {
  constructor(parameters: Iterable<Tensor> = []) {
    super('parameter', parameterOf);
    this.extend(parameters);
  }

  override forward(): never {
    throw typeError('ParameterList.forward', 'a list of parameters has no forward');
  }

  /** A list of the parameters from `start` to before `end`, which it shares; both as `Array.slice` takes them. */
  slice(start?: number, end?: number): ParameterList {
    return new ParameterList(this.range(start, end));
  }

  override extraRepr(): string {
    return [...this].map((parameter, i) => line(i, `torch.${parameter.dtype}`, parameter)).join('\n');
  }
}

/**
 * Parameters by name, so that a module finds them: `torch.nn.ParameterDict`.
 *
 * It is used like a Map and keeps the order in which the names came, where PyTorch sorts those of a plain dict; a tensor that is no parameter becomes one
 * on its memory. A name is not empty, has no dot and is not that of a method. It has no `forward`.
 *
 * @example
 * const dict = new nn.ParameterDict({ scale: ones([2]) });
 * dict.set("shift", zeros([2]));
 * [...dict.keys()]; // ["scale", "shift"]
 * dict.get("scale").requiresGrad; // true
 */
export class ParameterDict extends Keyed<Parameter, Tensor> {
  constructor(parameters: NamedParts<Tensor> = {}) {
    super('parameter', parameterOf);
    this.update(parameters);
  }

  override forward(): never {
    throw typeError('ParameterDict.forward', 'parameters by name have no forward');
  }

  override extraRepr(): string {
    const type = (parameter: Parameter): string => (parameter.dtype === 'float32' ? 'torch.FloatTensor' : 'torch.IntTensor');
    return [...this].map(([name, parameter]) => line(name, type(parameter), parameter)).join('\n');
  }
}
