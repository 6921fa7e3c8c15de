// Which steps a fit may record later than at its call: a step that runs only this library's code gives the same recording at any time, because the fit holds its
// tensors from the call on.
import { isGradEnabled } from '../autograd';
import { hasHooks } from '../gradient-hooks';
import { library } from '../io/library';
import { Module } from '../nn';
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

// Whether an object has a class of the library, and no field that is a function: that would be a user function, such as a `forward` or a distance.
const isLibraryObject = (object: object): boolean =>
  libraryPrototypes.has(Object.getPrototypeOf(object)) && Object.values(object).every((field) => typeof field !== 'function');

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
