// Which steps a fit may record later than at its call: a step that runs only this library's code gives the same recording at any time, because the fit holds its
// tensors from the call on.
import { isGradEnabled } from '../autograd';
import { hasHooks } from '../gradient-hooks';
import { library } from '../io/library';
import { Module } from '../nn';
import { isLibraryGetter } from '../nn/library-getters';
import * as optim from '../optim';
import type { Tensor } from '../tensor';
import type { Settings } from './options';

/** The tensors of a model and of its optimizer. */
export const tensorsOf = (model: Module, optimizer: Settings['optimizer']): Tensor[] => [
  ...model.parameters(),
  ...model.buffers(),
  ...(optimizer as optim.Optimizer<object>).paramGroups.flatMap(({ params }) => params),
];

const libraryPrototypes = new Set<object>(
  [...library.values(), ...Object.values(optim)].flatMap((value) => (typeof value === 'function' ? [value.prototype as object] : [])),
);

// Whether a property runs no user code: a function would be the user's, such as a `forward` or a distance, and so would a getter that the library has not defined.
function isPlain(object: object, name: string): boolean {
  const { get, value } = Object.getOwnPropertyDescriptor(object, name)!;
  return get === undefined ? typeof value !== 'function' : isLibraryGetter(get);
}

// Whether an object has a class of the library, and no user code in its properties.
const isLibraryObject = (object: object): boolean =>
  libraryPrototypes.has(Object.getPrototypeOf(object)) && Object.getOwnPropertyNames(object).every((name) => isPlain(object, name));

const isLibraryModule = (module: Module): boolean => isLibraryObject(module) && !module.isHooked();

/**
 * Whether a training step over these tensors runs no user code. User code may use tensors that are unknown before it is recorded. A criterion with tensors counts as
 * user code, because the fit does not hold these tensors before the recording.
 */
export function runsOnlyLibraryCode(model: Module, { criterion, optimizer, callbacks }: Settings, tensors: Iterable<Tensor>): boolean {
  if (!isGradEnabled() || callbacks.afterStep !== null || !isLibraryObject(optimizer) || !(criterion instanceof Module)) return false;
  if (![...model.modules(), ...criterion.modules()].every(isLibraryModule)) return false;
  return criterion.parameters().length + criterion.buffers().length === 0 && ![...tensors].some(hasHooks);
}
