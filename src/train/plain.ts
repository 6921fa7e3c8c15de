// Which recordings a fit may postpone: a step that runs only this library's code is the same whenever it is recorded, because its tensors are in use from the
// call on.
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

const prototypes = new Set<object>(
  [...library.values(), ...Object.values(optim)].flatMap((value) => (typeof value === 'function' ? [value.prototype as object] : [])),
);

// Whether none of its fields is a function of the user's, such as a `forward` or a distance.
const isPlain = (object: object): boolean =>
  prototypes.has(Object.getPrototypeOf(object)) && Object.values(object).every((field) => typeof field !== 'function');

const isPlainModule = (module: Module): boolean => isPlain(module) && !module.isHooked();

/**
 * Whether a training step over these tensors runs none of the user's code, which may use tensors that are unknown before it is recorded. A criterion with
 * tensors counts as user code, because these tensors are not in use.
 */
export function isPlainStep(model: Module, { criterion, optimizer, callbacks }: Settings, tensors: Iterable<Tensor>): boolean {
  if (!isGradEnabled() || callbacks.afterStep !== null || !isPlain(optimizer) || !(criterion instanceof Module)) return false;
  if (![...model.modules(), ...criterion.modules()].every(isPlainModule)) return false;
  return criterion.parameters().length + criterion.buffers().length === 0 && ![...tensors].some(hasHooks);
}
