// A model as a table: its layers, their outputs, and the number of parameters.
import { noGrad } from '../autograd';
import { checkInteger, describe, typeError, withDefaults } from '../errors';
import { zeros } from '../ops/create';
import { atRandomPosition, randomPosition } from '../random';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { Module } from './module';
import type { Parameter } from './parameter';

/** One module of a summary. */
export interface SummaryRow {
  /** Its name in its parent module; `""` for the model itself. */
  name: string;
  /** Its class. */
  type: string;
  /** Its depth: how many modules contain it. */
  depth: number;
  /** The shape of its first output, a list of shapes if that is an array of tensors; null if it did not run or its output is something else. */
  outputShape: number[] | number[][] | null;
  /** The number of elements of its own parameters; at the last depth shown, including those of its submodules. */
  params: number;
  /** How many of them require gradients. */
  trainable: number;
  /** Whether an earlier row has the same module; its parameters are counted there. */
  recursive: boolean;
}

/** The result of `summary`: numbers to read, and a table to print. */
export interface Summary {
  /** The modules, each before its submodules. */
  rows: SummaryRow[];
  /** The elements of all parameters, each counted once. */
  totalParams: number;
  /** How many of them require gradients. */
  trainableParams: number;
  /** The table. */
  toString(): string;
}

/** The shape of an input, the input itself, or a list of either. */
export type SummaryInputs = readonly number[] | Tensor | readonly (readonly number[] | Tensor)[];

const where = 'utils.summary';

function inputsOf(given: SummaryInputs): Tensor[] {
  const one = (input: unknown): Tensor => (input instanceof Tensor ? input : zeros(input as number[]));
  if (given instanceof Tensor) return [given];
  if (!Array.isArray(given))
    throw typeError(where, `expected a shape, a tensor or a list of them, got ${describe(given)}`, 'summary(model, [1, 13])');
  return given.every((size) => typeof size === 'number') ? [one(given)] : given.map(one);
}

function shapeOf(output: unknown): number[] | number[][] | null {
  if (output instanceof Tensor) return output.shape.slice();
  return Array.isArray(output) && output.every((t) => t instanceof Tensor) ? output.map((t) => t.shape.slice()) : null;
}

// Runs the model with every `forward` wrapped, however it is called, and restores all of them.
function shapesOf(model: Module, inputs: readonly Tensor[]): Map<Module, number[] | number[][] | null> {
  const shapes = new Map<Module, number[] | number[][] | null>();
  const undo: (() => void)[] = [];
  try {
    for (const module of model.modules()) {
      const own = Object.getOwnPropertyDescriptor(module, 'forward');
      const { training } = module;
      const forward = module.forward as (...args: unknown[]) => unknown;
      const value = (...args: unknown[]): unknown => {
        const output = forward.apply(module, args);
        if (!shapes.has(module)) shapes.set(module, shapeOf(output));
        return output;
      };
      Object.defineProperty(module, 'forward', { value, configurable: true, writable: true });
      undo.push(() => {
        if (own === undefined) delete (module as { forward?: unknown }).forward;
        else Object.defineProperty(module, 'forward', own);
        module.training = training;
      });
      module.training = false;
    }
    const call = model.call as (...args: unknown[]) => unknown;
    atRandomPosition(randomPosition(), () => noGrad(() => void call.apply(model, [...inputs])));
  } finally {
    for (const back of undo) back();
  }
  return shapes;
}

const sizeOf = (parameters: readonly Parameter[]): number => parameters.reduce((n, { numel }) => n + numel, 0);
const trainableOf = (parameters: readonly Parameter[]): number => sizeOf(parameters.filter(({ requiresGrad }) => requiresGrad));

function rowsOf(model: Module, shapes: ReadonlyMap<Module, number[] | number[][] | null>, most: number): SummaryRow[] {
  const seen = new Set<Module>();
  const places = model
    .namedModules({ removeDuplicate: false })
    .map(([path, module]) => ({ path: path === '' ? [] : path.split('.'), module }));
  return places.flatMap(({ path, module }): SummaryRow[] => {
    const depth = path.length;
    if (depth > most) return [];
    const recursive = seen.has(module);
    seen.add(module);
    const parameters = module.parameters({ recurse: depth === most });
    return [
      {
        name: path.at(-1) ?? '',
        type: module.constructor.name,
        depth,
        outputShape: shapes.get(module) ?? null,
        params: sizeOf(parameters),
        trainable: trainableOf(parameters),
        recursive,
      },
    ];
  });
}

const grouped = (n: number): string => n.toLocaleString('en-US');

function cellsOf({ rows }: Summary): string[][] {
  const counts: number[] = [];
  return rows.map(({ name, type, depth, outputShape, params, trainable, recursive }) => {
    counts[depth] = (counts[depth] ?? 0) + 1;
    const label =
      depth === 0 ? type : `${'│    '.repeat(depth - 1)}${depth === 1 ? '├─' : '└─'}${type} (${name}): ${depth}-${counts[depth]}`;
    const shape = outputShape === null ? '--' : shapeText(outputShape.map((size) => (Array.isArray(size) ? shapeText(size) : size)));
    const part = trainable === params ? 'True' : trainable === 0 ? 'False' : 'Partial';
    return [label, shape, recursive ? '(recursive)' : params === 0 ? '--' : grouped(params), params === 0 ? '--' : part];
  });
}

function tableOf(summary: Summary): string {
  const cells = [['Layer (type (name): depth-idx)', 'Output Shape', 'Param #', 'Trainable'], ...cellsOf(summary)];
  const widths = [0, 1, 2, 3].map((c) => Math.max(...cells.map((row) => row[c]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c]!))
      .join('   ')
      .trimEnd(),
  );
  const rule = '='.repeat(widths.reduce((sum, width) => sum + width, 9));
  const { totalParams, trainableParams } = summary;
  return [
    rule,
    lines[0],
    rule,
    ...lines.slice(1),
    rule,
    `Total params: ${grouped(totalParams)}`,
    `Trainable params: ${grouped(trainableParams)}`,
    `Non-trainable params: ${grouped(totalParams - trainableParams)}`,
    rule,
  ].join('\n');
}

/**
 * The layers of a model with the shapes of their outputs and the numbers of their parameters, after one run in evaluation mode: as `torchinfo.summary`.
 *
 * `inputs` is the whole shape of an input, a tensor where it must not be float32 zeros, or a list of either. Modules more than `depth` (default 3) below
 * the model count in the last row shown. A module that stands in several places counts once.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * const { rows, totalParams } = nn.utils.summary(model, [1, 4]);
 * totalParams; // 67
 * rows[1].outputShape; // [1, 8]
 */
export function summary(model: Module, inputs: SummaryInputs, options?: { depth?: number }): Summary {
  const { depth } = withDefaults(where, options, { depth: 3 });
  checkInteger(where, 'depth', depth);
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  const rows = rowsOf(model, shapesOf(model, inputsOf(inputs)), depth);
  const parameters = model.parameters();
  const made: Summary = {
    rows,
    totalParams: sizeOf(parameters),
    trainableParams: trainableOf(parameters),
    toString: () => tableOf(made),
  };
  Object.defineProperty(made, 'toString', { enumerable: false });
  Object.defineProperty(made, Symbol.for('nodejs.util.inspect.custom'), { value: made.toString });
  return made;
}
