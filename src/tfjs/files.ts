// Saves models of TensorFlow.js to folders and loads them, by addresses that begin with file://. A folder has model.json and weights.bin.
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { io } from '@tensorflow/tfjs-core';
import { isAnyArrayBuffer } from '../brands';
import { rangeError, typeError } from '../errors';
import { writeWhole } from '../io/write';

const scheme = 'file://';
const weightsName = 'weights.bin';

async function save(folder: string, artifacts: io.ModelArtifacts): Promise<io.SaveResult> {
  const { weightSpecs, weightData, ...model } = artifacts;
  if (isAnyArrayBuffer(model.modelTopology))
    throw typeError('save', 'expected the topology of a model as JSON, got bytes', 'tf.layers models');
  await mkdir(folder, { recursive: true });
  const weightsManifest = weightSpecs === undefined ? [] : [{ paths: [weightsName], weights: weightSpecs }];
  if (weightData !== undefined) await writeWhole(join(folder, weightsName), [new Uint8Array(io.CompositeArrayBuffer.join(weightData))]);
  await writeWhole(join(folder, 'model.json'), [Buffer.from(JSON.stringify({ ...model, weightsManifest }))]);
  return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
}

async function load(path: string): Promise<io.ModelArtifacts> {
  const folder = dirname(path);
  const bytesOf = (name: string): Promise<Buffer> => {
    const file = join(folder, name);
    if (relative(folder, file).startsWith('..')) throw rangeError('load', `${path} names weights outside of its folder: ${name}`);
    return readFile(file);
  };
  const model = JSON.parse(await readFile(path, 'utf8')) as io.ModelJSON;
  return io.getModelArtifactsForJSON(model, async (manifest) => {
    const parts = await Promise.all(manifest.flatMap(({ paths }) => paths).map(bytesOf));
    return [manifest.flatMap(({ weights }) => weights), new Uint8Array(Buffer.concat(parts)).buffer];
  });
}

let isAsking = false;

// Handlers of another package come first: TensorFlow.js does not choose between two.
function areOthers(handlers: () => unknown[]): boolean {
  isAsking = true;
  try {
    return handlers().length > 0;
  } finally {
    isAsking = false;
  }
}

const pathOf = (url: string | string[], handlersOf: (url: string) => unknown[]): string | null =>
  isAsking || typeof url !== 'string' || !url.startsWith(scheme) || areOthers(() => handlersOf(url)) ? null : url.slice(scheme.length);

/** Makes `model.save('file://folder')` and `tf.loadLayersModel('file://folder/model.json')` write and read files, as with tfjs-node. */
export function installFiles(): void {
  io.registerSaveRouter((url) => {
    const folder = pathOf(url, io.getSaveHandlers);
    return folder === null ? (null as never) : { save: (artifacts) => save(folder, artifacts) };
  });
  io.registerLoadRouter((url) => {
    const path = pathOf(url, (one) => io.getLoadHandlers(one));
    return path === null ? (null as never) : { load: () => load(path) };
  });
}
