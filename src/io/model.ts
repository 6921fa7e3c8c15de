// A model as one file: its architecture, its weights, the preprocessing of its inputs, and the names of its classes.
import { describe, typeError, withDefaults } from '../errors';
import { Module } from '../nn';
import { Tensor } from '../tensor';
import { checkText, refuseRecording } from './container';
import { readDocument, writeDocument } from './document';
import { ModelDecoder, type OwnClasses } from './model-decoder';
import { ModelEncoder } from './model-encoder';
import { pathOf } from './paths';

/** What a model's file can have besides the model. */
export interface SaveModelOptions {
  /** The preprocessing of the inputs: a scaler, an encoder, or several of them in a list or by name. */
  preprocessing?: unknown;
  /** The names of the classes that the outputs are for. */
  classes?: readonly (string | number)[];
  /** An example input, or a list of all inputs if there are several. */
  example?: Tensor | readonly Tensor[];
}

/** The options of `loadModel`. */
export interface LoadModelOptions {
  /** The user's own classes of modules and transformers, by name. */
  modules?: OwnClasses;
}

/** The content of a model's file. */
export interface LoadedModel<M extends Module = Module> {
  /** The model, with each module in the training or evaluation mode in which it was saved. */
  model: M;
  /** The `preprocessing` that was saved, or null. */
  preprocessing: unknown;
  /** The names of the classes, or null. */
  classes: (string | number)[] | null;
  /** The example, or null. */
  example: Tensor | Tensor[] | null;
}

const isClasses = (value: unknown): value is (string | number)[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string' || (typeof one === 'number' && Number.isFinite(one)));
const isExample = (value: unknown): value is Tensor | Tensor[] =>
  value instanceof Tensor || (Array.isArray(value) && value.every((one) => one instanceof Tensor));

/**
 * Writes a model as one file: architecture, weights, preprocessing and class names.
 *
 * The class and the fields of each module are written; an object that occurs several times in the model is written once. The user's own classes can be saved if
 * their fields have modules, tensors and plain values; fields that are private by `#`, hooks and gradients are omitted. The file contains no code. It is a
 * safetensors file with a checksum, in which parameters and buffers have their names in the state dict; it is written as by `saveCheckpoint`.
 *
 * A TypeError, with its path, for a field that cannot be saved, such as a function.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Softmax({ dim: 1 })).eval();
 * const scaler = new data.StandardScaler().fit(randn([10, 4]));
 * await io.saveModel("build/iris.safetensors", model, { preprocessing: scaler, classes: ["setosa", "versicolor", "virginica"] });
 * const loaded = await io.loadModel("build/iris.safetensors");
 * loaded.classes; // ["setosa", "versicolor", "virginica"]
 * loaded.model.forward(loaded.preprocessing.transform(zeros([2, 4]))).shape; // [2, 3]
 */
export async function saveModel(path: string | URL, model: Module, options?: SaveModelOptions): Promise<void> {
  const where = 'io.saveModel';
  refuseRecording(where);
  const file = pathOf(where, path);
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  const { preprocessing, classes, example } = withDefaults<{
    [name in keyof Required<SaveModelOptions>]: SaveModelOptions[name] | undefined;
  }>(where, options, {
    preprocessing: undefined,
    classes: undefined,
    example: undefined,
  });
  if (classes !== undefined && !isClasses(classes))
    throw typeError(where, `expected classes to be a list of names, got ${describe(classes)}`);
  for (const name of classes ?? []) if (typeof name === 'string') checkText(where, 'a class', name);
  if (example !== undefined && !isExample(example))
    throw typeError(where, `expected example to be a tensor or a list of tensors, got ${describe(example)}`);
  const encoder = new ModelEncoder(where);
  const root = encoder.model(model);
  const { writer } = encoder;
  const fields = {
    preprocessing: writer.json(preprocessing ?? null, 'preprocessing'),
    classes: classes ?? null,
    example: writer.json(example ?? null, 'example'),
  };
  await writeDocument(file, 'model', writer, { modules: encoder.nodes, root, shared: encoder.tensors, ...fields });
}

/**
 * Reads a file of `saveModel`: `{ model, preprocessing, classes, example }`.
 *
 * The user's own classes are given by name, `{ modules: { LinearModel } }`; their constructors do not run. Nothing in the file is ever executed.
 *
 * A RangeError for a file that is incomplete or not a model, for a class that is neither the library's nor given, and for fields that a class of the library
 * does not have or that are of another type.
 *
 * @example
 * class LinearModel extends nn.Module {
 *   ly1 = new nn.Linear(13, 30);
 *   ly2 = new nn.Linear(30, 5);
 *   forward(x) {
 *     return this.ly2.forward(this.ly1.forward(x).relu());
 *   }
 * }
 * await io.saveModel("build/own.safetensors", new LinearModel());
 * const { model } = await io.loadModel("build/own.safetensors", { modules: { LinearModel } });
 * model.forward(zeros([1, 13])).shape; // [1, 5]
 */
export async function loadModel<M extends Module = Module>(path: string | URL, options?: LoadModelOptions): Promise<LoadedModel<M>> {
  const where = 'io.loadModel';
  const file = pathOf(where, path);
  const { modules } = withDefaults<{ modules: OwnClasses }>(where, options, { modules: {} });
  if (modules === null || typeof modules !== 'object')
    throw typeError(where, `expected modules to be classes by their names, got ${describe(modules)}`);
  const read = await readDocument(where, file, 'model');
  const decoder = new ModelDecoder(where, file, read, modules);
  const model = decoder.model() as M;
  const { document, fail } = read;
  const preprocessing = decoder.reader.value(document['preprocessing']) ?? null;
  const classes = document['classes'] ?? null;
  if (classes !== null && !isClasses(classes)) return fail('its classes are no list of names');
  const example = decoder.reader.value(document['example']) ?? null;
  if (example !== null && !isExample(example)) return fail('its example is no tensor');
  return { model, preprocessing, classes, example };
}
