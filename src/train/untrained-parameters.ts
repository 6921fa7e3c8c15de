// Checks that a training step trains the model's parameters. A plain loop would silently leave a parameter untrained; a fit throws or warns.
import { rangeError } from '../errors';
import { overlap } from '../memory';
import type { Module } from '../nn';
import type { RecordedStep } from '../recording';
import type { Tensor } from '../tensor';

type Groups = readonly { readonly params: readonly Tensor[] }[];

const warned = new WeakSet<Module>();

const writes = ({ trace }: RecordedStep, tensor: Tensor): boolean =>
  trace.written.some(({ base, array }) => base.role !== 'gradient' && overlap(array, tensor.values));

/**
 * Throws if one of the new recordings `fresh` changes no parameter of the optimizer. Warns once for each model of parameters that none of `kinds` changes. `inUse` has
 * the tensors of model, optimizer and recordings.
 */
export function checkTrainedParameters(
  where: string,
  model: Module,
  groups: Groups,
  fresh: readonly RecordedStep[],
  kinds: readonly RecordedStep[],
  inUse: Iterable<Tensor>,
): void {
  if (fresh.length === 0) return;
  const isTrained = (parameter: Tensor): boolean => kinds.some((kind) => writes(kind, parameter));
  const optimized = groups.flatMap(({ params }) => params);
  const changesNone = fresh.some((kind) => !optimized.some((parameter) => writes(kind, parameter)));
  if (!changesNone && [...inUse].every((tensor) => !tensor.requiresGrad || isTrained(tensor))) return;
  const named = model.namedParameters();
  if (changesNone) {
    if (!named.some(([, parameter]) => optimized.includes(parameter))) {
      throw rangeError(where, 'the optimizer has no parameter of this model', 'new optim.SGD(model.parameters(), ...)');
    }
    throw rangeError(
      where,
      'a training step changes no parameter of the optimizer',
      'every batch must be a step: what a counter in JavaScript decides is frozen when the step is recorded, and parameters without a gradient are not stepped',
    );
  }
  if (warned.has(model)) return;
  const unlisted = ({ shape }: Tensor): string => `a parameter [${shape.join(', ')}] that model.parameters() does not find`;
  const names = new Map<Tensor, string>([
    ...fresh.flatMap(({ leaves }) => leaves).map((leaf): [Tensor, string] => [leaf, unlisted(leaf)]),
    ...groups.flatMap(({ params }, g) => params.map((p, i): [Tensor, string] => [p, `paramGroups[${g}].params[${i}]`])),
    ...named.map(([name, parameter]): [Tensor, string] => [parameter, name]),
  ]);
  const left = [...names].filter(([parameter]) => parameter.requiresGrad && !isTrained(parameter));
  const listOf = (has: boolean): string =>
    left.flatMap(([parameter, name]) => (optimized.includes(parameter) === has ? [name] : [])).join(', ');
  const [unreached, unknown] = [listOf(true), listOf(false)];
  if (left.length === 0) return;
  warned.add(model);
  const reasons = [
    ...(unknown === '' ? [] : [`the optimizer does not have ${unknown}`]),
    ...(unreached === '' ? [] : [`the loss sends no gradient to ${unreached}`]),
  ];
  process.emitWarning(
    `[${where}] some parameters are not trained: ${reasons.join('; ')}. Where that is meant, requiresGrad_(false) says so.`,
    {
      code: 'SIMDNN_NOT_TRAINED',
    },
  );
}
