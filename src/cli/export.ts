// simdnn export: writes a model for other runtimes.
import { extname } from 'node:path';
import { io, type Tensor, zeros } from '../index';
import { CliError } from './errors';
import { loadModel, type TrainedModel } from './model-file';
import { checkFolder, checkPlaces, say, sayJson } from './output';
import { categoriesOf } from './predict';
import { layersOf, WholeModel } from './whole-model';

/** The options of the command. */
export interface ExportOptions {
  model: string;
  output: string;
  format: 'onnx' | 'tfjs' | undefined;
  opset: 17 | 20;
  json: boolean;
}

/** An input of an exported model: its columns in order, and the texts that its numbers stand for. */
interface InputRecord {
  name: string;
  type: 'float32' | 'int32';
  columns: string[];
  categories?: Record<string, (string | number | null)[]>;
}

async function toOnnx(model: TrainedModel, path: string, opset: 17 | 20): Promise<InputRecord[]> {
  const { numbers, texts, task } = model.description;
  const inputs: InputRecord[] = [];
  if (numbers.length > 0) inputs.push({ name: 'numbers', type: 'float32', columns: numbers });
  const categories = Object.fromEntries(texts.map((name) => [name, [...categoriesOf(model, name)]]));
  if (texts.length > 0) inputs.push({ name: 'texts', type: 'int32', columns: texts, categories });
  const example: Tensor[] = inputs.map(({ type, columns }) => zeros([1, columns.length], { dtype: type }));
  const outputNames = [task === 'classification' ? 'probabilities' : 'value'];
  await io.exportOnnx(path, new WholeModel(model).eval(), { example, opset, inputNames: inputs.map(({ name }) => name), outputNames });
  return inputs;
}

async function toTfjs(model: TrainedModel, folder: string): Promise<InputRecord[]> {
  // A column of numbers may have the same name as the column of one text value; names that occur twice get the name of the part that they come from.
  const names = model.inputs.getFeatureNamesOut();
  const short = names.map((name) => name.replace(/^(numbers|texts)__/, ''));
  const columns = short.map((name, i) => (short.indexOf(name) === short.lastIndexOf(name) ? name : names[i]!));
  await io.exportTfjs(folder, layersOf(model).eval(), { example: zeros([1, columns.length]) });
  return [{ name: 'input', type: 'float32', columns }];
}

// The format that a name asks for. A name of another kind of file is refused, because a folder of that name is hardly what was meant.
function formatOf(output: string): 'onnx' | 'tfjs' {
  const ending = extname(output).toLowerCase();
  if (ending === '.onnx') return 'onnx';
  if (/^\.(safetensors|json|pb|pt|pth|h5|hdf5|keras|tflite|bin|simdnn)$/.test(ending)) {
    throw new CliError(
      `${output}: there is no export to ${ending} files`,
      'a name that ends in .onnx is an ONNX file, one without an ending a folder for TensorFlow.js; --format says which it is',
    );
  }
  return 'tfjs';
}

/** Runs the command. */
export async function exportCommand({ model: path, output, format, opset, json }: ExportOptions): Promise<number> {
  const model = await loadModel(path);
  const kind = format ?? formatOf(output);
  if (kind === 'onnx') await checkPlaces([output], [path]);
  else await checkFolder(output);
  const inputs = kind === 'onnx' ? await toOnnx(model, output, opset) : await toTfjs(model, output);
  const { task, target } = model.description;
  const gives = task === 'classification' ? 'probabilities' : 'value';
  if (json) {
    sayJson({ model: path, output, format: kind, inputs, gives, target, classes: model.classes });
    return 0;
  }
  say(`wrote ${output} (${kind === 'onnx' ? `ONNX, opset ${opset}` : 'TensorFlow.js layers model'})`);
  for (const { name, type, columns, categories } of inputs) {
    say(`input ${name}: ${type} [batch, ${columns.length}]: ${columns.join(', ')}`);
    for (const [column, values] of Object.entries(categories ?? {})) {
      say(`  ${column}: ${values.map((value, code) => `${code} ${value ?? '(missing)'}`).join(', ')}; any other number: unknown`);
    }
  }
  say(`output: ${gives} of ${target}${model.classes === null ? '' : `: ${model.classes.join(', ')}`}`);
  return 0;
}
