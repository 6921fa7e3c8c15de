// Checks that a batch has as many tensors as a model takes, because JavaScript silently ignores extra arguments.
import { rangeError } from '../errors';
import type { Module } from '../nn';
import { asWritten } from '../nn/forwards';
import { type Layout, layoutText } from './batch';

const opening = '([{';
const closing = ')]}';

// The parameters in the source text of a function; null if the text does not show them plainly. The library's layers read `arguments.length` to refuse
// arguments that they do not take.
function parametersOf(fn: (...args: never[]) => unknown): string[] | null {
  const text = Function.prototype.toString.call(fn).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
  if (/\[native code\]|\barguments\b(?!\.length\b)/.test(text)) return null;
  const alone = /^(?:async\s+)?([\w$]+)\s*=>/.exec(text);
  if (alone !== null) return [alone[1]!];
  const parameters = [''];
  let depth = 0;
  for (const c of text.slice(text.indexOf('('))) {
    if (`"'\``.includes(c)) return null;
    if (closing.includes(c) && --depth === 0) break;
    if (c === ',' && depth === 1) parameters.push('');
    else if (depth > 0) parameters[parameters.length - 1] += c;
    if (opening.includes(c)) depth++;
  }
  return parameters.map((parameter) => parameter.trim()).filter((parameter) => parameter !== '');
}

/** The largest number of arguments that a function uses, as far as its source text shows: Infinity if it may be any number. */
export function mostArguments(fn: (...args: never[]) => unknown): number {
  const parameters = parametersOf(fn);
  return parameters === null || parameters.some((parameter) => parameter.startsWith('...')) ? Infinity : parameters.length;
}

/** Throws for a batch with another number of tensors than the model takes. */
export function checkInputs(where: string, model: Module, layout: Layout, tensors: number): void {
  const { targets } = layout;
  const inputs = tensors - targets - (layout.sampleWeights ? 1 : 0);
  const most = mostArguments(asWritten(model.forward));
  const name = `${model.constructor.name}.forward`;
  const batch = `a batch is ${layoutText(layout)}`;
  if (inputs > most) {
    throw rangeError(
      where,
      `a batch has ${tensors} tensors: the model gets ${inputs} and the criterion ${targets}, but ${name} takes ${most}`,
      layout.sampleWeights
        ? batch
        : `${batch}; of several targets say targets: ${targets + inputs - most}, of weights of the samples sampleWeights: true`,
    );
  }
  if (inputs === 0 && model.forward.length > 0) {
    throw rangeError(
      where,
      `a batch has ${tensors} tensor${tensors === 1 ? '' : 's'}: none is left for ${name}, which takes ${model.forward.length}`,
      `${batch}: new data.TensorDataset(x, ${targets === 1 ? 'y' : '...'}${layout.sampleWeights ? ', w' : ''})`,
    );
  }
}

/** The number of a batch's tensors that are inputs of the model in a prediction. Throws for a batch that does not fit the model. */
export function checkPredicted(where: string, model: Module, { targets, sampleWeights }: Layout, tensors: number): number {
  const behind = targets + (sampleWeights ? 1 : 0);
  const inputs = tensors - behind;
  const most = mostArguments(asWritten(model.forward));
  const name = `${model.constructor.name}.forward`;
  const given = `${tensors} tensor${tensors === 1 ? '' : 's'}`;
  if (inputs < 1) throw rangeError(where, `a batch has ${given}, ${behind} of them behind the inputs: ${name} gets none`);
  if (inputs > most) {
    const hint = `of ${inputs - most === 1 ? 'a target' : 'targets'} behind the inputs say targets: ${targets + inputs - most}`;
    throw rangeError(
      where,
      `a batch has ${given}${behind > 0 ? `, ${behind} of them behind the inputs` : ''}, and ${name} takes ${most}`,
      hint,
    );
  }
  return inputs;
}
