// Out-of-fold predictions: for each row the output of a model that was not trained on it, in the order of the dataset.
import { isPlainObject } from '../brands';
import { DataLoader, type Dataset } from '../data';
import { describe, rangeError, typeError } from '../errors';
import type { Module } from '../nn';
import { sameShape, shapeText } from '../shape';
import { empty, Tensor } from '../tensor';
import type { Layout } from './batch';
import type { Batches } from './batches';
import { Engine } from './engine';
import { segmentMilliseconds } from './inference';
import { gathered, outputBytes } from './measures';
import type { Task } from './task';
import { evaluationTask } from './tasks';

/** A model's outputs for some rows: one tensor, or several by position or name. */
export interface Outputs {
  /** The keys of a list or an object; null: one tensor. */
  names: readonly string[] | null;
  isList: boolean;
  tensors: readonly Tensor[];
}

function outputsOf(where: string, output: unknown): Outputs {
  if (output instanceof Tensor) return { names: null, isList: false, tensors: [output] };
  if (!Array.isArray(output) && !isPlainObject(output)) {
    throw typeError(where, `expected the model to give a tensor, or several in a list or an object, got ${describe(output)}`);
  }
  const entries = Object.entries(output as Record<string, unknown>);
  for (const [name, tensor] of entries) {
    if (!(tensor instanceof Tensor)) throw typeError(where, `expected the model's output ${name} to be a tensor, got ${describe(tensor)}`);
  }
  return { names: entries.map(([name]) => name), isList: Array.isArray(output), tensors: entries.map(([, tensor]) => tensor as Tensor) };
}

/** A model's outputs for the rows of a dataset, `[...inputs, ...targets]`, in evaluation mode and off the JavaScript thread. */
export async function outputsFor(
  where: string,
  model: Module,
  rows: Dataset<unknown>,
  layout: Layout,
  precision: Task['precision'],
): Promise<Outputs> {
  const loader = new DataLoader(rows, { batchSize: 256 }) as unknown as Batches;
  let recorded: Outputs | null = null;
  const selectOutputs = (output: unknown): readonly Tensor[] => {
    recorded = outputsOf(where, output);
    return recorded.tensors.map((tensor) => tensor.detach());
  };
  const task = evaluationTask(where, { model, criterion: null, layout, selectOutputs, classes: 0, precision });
  const engine = new Engine(where, [{ task, loader }], { forFits: false, mayChange: false, callsBackWithinEpochs: false });
  const parts: ArrayBuffer[][] = [];
  try {
    for (;;) {
      const segment = await engine.segment(0, { epochs: 1, milliseconds: segmentMilliseconds, outputBytes, finite: false });
      if (segment.outputs.length > 0) parts.push([...segment.outputs]);
      if (segment.losses.length > 0) break;
    }
  } finally {
    await engine.close();
  }
  const { names, isList, tensors } = recorded!;
  const all = tensors.map((like, i) => {
    const output = gathered(concatenate(parts.map((part) => part[i]!)), like);
    if (like.shape.length > 0 && output.shape[0] === rows.length) return output;
    throw rangeError(where, `expected an output for each of ${rows.length} rows, got shape ${shapeText(like.shape)} for a batch of them`);
  });
  return { names, isList, tensors: all };
}

function concatenate(buffers: readonly ArrayBuffer[]): ArrayBuffer {
  if (buffers.length === 1) return buffers[0]!;
  const all = new Uint8Array(buffers.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const buffer of buffers) {
    all.set(new Uint8Array(buffer), at);
    at += buffer.byteLength;
  }
  return all.buffer;
}

/** The outputs of all folds, in the order of the dataset and in the structure that the models return. */
export function inOrder(where: string, length: number, folds: readonly { rows: Int32Array; outputs: Outputs }[]): unknown {
  const [{ outputs: first }] = folds as [(typeof folds)[number]];
  const tensors = first.tensors.map((like, i) => {
    const shape = like.shape.slice(1);
    const width = shape.reduce((a, b) => a * b, 1);
    const all = empty([length, ...shape], like.dtype);
    for (const { rows, outputs } of folds) {
      const part = outputs.tensors[i];
      if (
        part === undefined ||
        outputs.names?.[i] !== first.names?.[i] ||
        part.dtype !== like.dtype ||
        !sameShape(part.shape.slice(1), shape)
      ) {
        throw rangeError(where, `the models' predictions differ in form: ${describeOutputs(first)} and ${describeOutputs(outputs)}`);
      }
      for (const [j, row] of rows.entries()) all.values.set(part.values.subarray(j * width, (j + 1) * width), row * width);
    }
    return all;
  });
  if (first.names === null) return tensors[0];
  return first.isList ? tensors : Object.fromEntries(first.names.map((name, i) => [name, tensors[i]]));
}

const describeOutputs = ({ names, tensors }: Outputs): string =>
  tensors
    .map(
      ({ dtype, shape }, i) =>
        `${names === null ? '' : `${names[i]} `}${dtype} [rows${shape
          .slice(1)
          .map((n) => `, ${n}`)
          .join('')}]`,
    )
    .join('; ');
