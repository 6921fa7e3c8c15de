// Sequences of layers as files that tfjs loads with `loadLayersModel`: model.json, and the weights in shards.
import { join } from 'node:path';
import { describe, rangeError, typeError, withDefaults } from '../errors';
import type { Module } from '../nn';
import type { Tensor } from '../tensor';
import { checkModel, evaluating, examplesOf } from './examples';
import { notExportable } from './onnx-error';
import { pathOf } from './paths';
import { makeFolder } from './places';
import { type KerasLayer, type LayerWeight, layerOf, sequence } from './tfjs-layers';
import { writeWhole } from './write';

/** The options of `exportTfjs`. */
export interface ExportTfjsOptions {
  /** An example input; its sizes behind the first are those of the model's input. */
  example: Tensor;
}

const where = 'io.exportTfjs';
const shardBytes = 4 * 1024 * 1024;

function layersOf(model: Module, example: Tensor): KerasLayer[] {
  let x = example;
  return sequence(model).flatMap(({ path, module }, i) => {
    const name = `${module.constructor.name}${path === '' ? '' : ` at ${path}`}`;
    const made = layerOf(module, x.shape.length);
    if (made === null) throw notExportable(where, `a layers model has no counterpart of ${name}`, 'io.exportOnnx exports whatever runs');
    if (made !== 'nothing' && 'refused' in made)
      throw notExportable(where, `${name}: ${made.refused}`, 'io.exportOnnx exports whatever runs');
    x = module.call(...([x] as never[])) as unknown as Tensor;
    return made === 'nothing' ? [] : [named(made, `layer_${i}`)];
  });
}

const named = ({ className, config, weights }: KerasLayer, name: string): KerasLayer => ({
  className,
  config: { name, trainable: true, dtype: 'float32', ...config },
  weights: weights.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })),
});

const topologyOf = (layers: readonly KerasLayer[], example: Tensor): object => ({
  class_name: 'Sequential',
  config: {
    name: 'simdnn',
    layers: layers.map(({ className, config }, i) => ({
      class_name: className,
      config: i === 0 ? { batch_input_shape: [null, ...example.shape.slice(1)], ...config } : config,
    })),
  },
  keras_version: 'tfjs-layers 4.22.0',
  backend: 'tensor_flow.js',
});

function shardsOf(weights: readonly LayerWeight[]): Uint8Array[] {
  const all = Buffer.concat(weights.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));
  const count = Math.ceil(all.length / shardBytes);
  return Array.from({ length: count }, (_, i) => all.subarray(i * shardBytes, (i + 1) * shardBytes));
}

/**
 * Writes a sequence of layers as a layers model of TensorFlow.js: `model.json` and shards of at most 4 MiB in `directory`, which is created if it is missing.
 * `tf.loadLayersModel` reads it; PyTorch has no counterpart.
 *
 * The model is a layer or a `Sequential` of layers, which may be nested: `Linear`, `Embedding`, `LayerNorm`, `BatchNorm1d` (in evaluation mode), `Flatten`, `Softmax`,
 * `LogSoftmax` and activations; `Dropout` and `Identity` are omitted. `example` is an input, which is passed through the layers. Hooks are not exported.
 *
 * Rejects with a SimdnnError `SIMDNN_NOT_EXPORTABLE` for any other module, which it names; for other models use `exportOnnx`. `directory` may be a `file:` URL.
 * The shards are written before `model.json`, each to a temporary file that is synced and renamed.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * await io.exportTfjs("build/web", model, { example: zeros([1, 4]) });
 */
export async function exportTfjs(directory: string | URL, model: Module, options: ExportTfjsOptions): Promise<void> {
  const folder = pathOf(where, directory);
  checkModel(where, model);
  const { example } = withDefaults<{ example: Tensor | null }>(where, options, { example: null });
  if (example === null || Array.isArray(example)) {
    throw typeError(where, `expected example to be a tensor, got ${describe(example)}`, '{ example: zeros([1, features]) }');
  }
  const [x] = examplesOf(where, example) as [Tensor];
  if (x.shape.length < 2) throw rangeError(where, `expected example [1, ...], rows of inputs, got [${x.shape.join(', ')}]`);
  const layers = evaluating(model, () => layersOf(model, x));
  if (layers.length === 0) throw notExportable(where, 'the model has no layers');
  const weights = layers.flatMap((layer) => layer.weights);
  const shards = shardsOf(weights);
  const paths = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
  const manifest = weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const json = JSON.stringify({
    format: 'layers-model',
    generatedBy: 'simdnn',
    convertedBy: null,
    modelTopology: topologyOf(layers, x),
    weightsManifest: [{ paths, weights: manifest }],
  });
  await makeFolder(folder);
  for (const [i, shard] of shards.entries()) await writeWhole(join(folder, paths[i]!), [shard]);
  await writeWhole(join(folder, 'model.json'), [Buffer.from(json)]);
}
