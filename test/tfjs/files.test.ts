// Models in folders, by addresses that begin with file://.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterAll, describe, expect, it } from 'vitest';
import { io, nn } from '../../src';
import '../../src/tfjs';
import { zeros } from '../../src/ops/create';
import { randomly } from './step-programs';

const folder = mkdtempSync(join(tmpdir(), 'simdnn-tfjs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const x = tf.tensor2d(randomly(1).floats(60), [20, 3]);
const y = tf.tensor2d(randomly(2).floats(20), [20, 1]);

async function trained(): Promise<layers.LayersModel> {
  const model = layers.sequential({
    layers: [layers.layers.dense({ units: 4, activation: 'tanh', inputShape: [3] }), layers.layers.dense({ units: 1 })],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  await model.fit(x, y, { epochs: 5, verbose: 0 });
  return model;
}

const predicted = (model: layers.LayersModel): number[] => tf.tidy(() => Array.from((model.predict(x) as tf.Tensor).dataSync()));

describe('file://', () => {
  it('keeps a model with its optimizer, so that training goes on', async () => {
    const model = await trained();
    const own = join(folder, 'a', 'b');
    const { modelArtifactsInfo } = await model.save(`file://${own}`, { includeOptimizer: true });
    expect(modelArtifactsInfo.weightDataBytes).toBe(4 * (3 * 21 + 1)); // weights, two means of each, the number of steps
    expect(readdirSync(own).sort()).toEqual(['model.json', 'weights.bin']);
    const loaded = await layers.loadLayersModel(`file://${own}/model.json`);
    expect(predicted(loaded)).toEqual(predicted(model));
    for (const one of [model, loaded]) await one.fit(x, y, { epochs: 3, verbose: 0, shuffle: false });
    const expected = predicted(model); // TensorFlow.js calculates the powers of the betas anew: the last bits differ
    for (const [i, value] of predicted(loaded).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
  });

  it('reads what exportTfjs wrote', async () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU());
    const own = join(folder, 'exported');
    await io.exportTfjs(own, model, { example: zeros([1, 3]) });
    const loaded = await layers.loadLayersModel(`file://${own}/model.json`);
    expect((loaded.predict(x) as tf.Tensor).shape).toEqual([20, 2]);
  });

  it('refuses what is not whole, and weights outside of the folder', async () => {
    const own = join(folder, 'broken');
    await (await trained()).save(`file://${own}`);
    const [model, weights] = [join(own, 'model.json'), join(own, 'weights.bin')];
    const json = readFileSync(model, 'utf8');
    writeFileSync(weights, readFileSync(weights).subarray(0, 40));
    await expect(layers.loadLayersModel(`file://${model}`)).rejects.toThrow();
    writeFileSync(model, json.replace('"weights.bin"', '"../a/b/weights.bin"'));
    await expect(layers.loadLayersModel(`file://${model}`)).rejects.toThrow('outside of its folder');
    writeFileSync(model, json.slice(0, 100));
    await expect(layers.loadLayersModel(`file://${model}`)).rejects.toThrow('JSON');
    await expect(layers.loadLayersModel(`file://${folder}/none/model.json`)).rejects.toThrow('ENOENT');
  });

  it("leaves addresses to another package's handler, whenever that is registered", async () => {
    const saved: string[] = [];
    let isThere = true;
    tf.io.registerSaveRouter((url) =>
      isThere && typeof url === 'string' && url.startsWith('file://')
        ? { save: async () => ({ modelArtifactsInfo: { dateSaved: new Date(saved.push(url)), modelTopologyType: 'JSON' } }) }
        : (null as never),
    );
    await (await trained()).save(`file://${folder}/other`);
    isThere = false;
    expect(saved).toEqual([`file://${folder}/other`]);
    expect(readdirSync(folder)).not.toContain('other');
  });
});
