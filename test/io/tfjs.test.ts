import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { io, manualSeed, nn, noGrad, randint, randn, Tensor, zeros } from '../../src';
import { temporaryFolder } from '../temporary';
import { differenceOf, peer } from './onnx-helpers';

interface Tf {
  tensor(values: unknown, shape: readonly number[], dtype: string): unknown;
  setBackend(name: string): Promise<boolean>;
}
interface Layers {
  loadLayersModel(handler: unknown): Promise<{ predict(x: unknown): { shape: number[]; dataSync(): Float32Array } }>;
}

// Loads the files as a web page would: the specification, then the shards one after the other.
async function runTfjs(folder: string, x: Tensor): Promise<Tensor> {
  const tf = peer<Tf>('@tensorflow/tfjs-core');
  peer('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const bytes = Buffer.concat(
    weightsManifest.flatMap(({ paths }: { paths: string[] }) => paths.map((path) => readFileSync(join(folder, path)))),
  );
  const weightData = new Uint8Array(bytes).buffer;
  const weightSpecs = weightsManifest.flatMap(({ weights }: { weights: object[] }) => weights);
  const model = await peer<Layers>('@tensorflow/tfjs-layers').loadLayersModel({
    load: async () => ({ modelTopology, weightSpecs, weightData }),
  });
  const output = model.predict(tf.tensor(x.values, x.shape, x.dtype));
  return Tensor.fromTypedArray(Float32Array.from(output.dataSync()), output.shape);
}

async function expectEqual(model: nn.Module, x: Tensor, bound = 2e-6): Promise<string> {
  const folder = temporaryFolder();
  await io.exportTfjs(folder, model, { example: x });
  model.eval();
  expect(differenceOf(await runTfjs(folder, x), noGrad(() => model.call(...([x] as never[]))) as unknown as Tensor)).toBeLessThanOrEqual(
    bound,
  );
  return folder;
}

describe('exportTfjs', () => {
  it('gives the outputs of a sequence', async () => {
    manualSeed(1);
    const model = new nn.Sequential(
      new nn.Linear(5, 16),
      new nn.BatchNorm1d(16),
      new nn.ReLU(),
      new nn.Dropout(0.5),
      new nn.Sequential(new nn.Linear(16, 8, { bias: false }), new nn.LayerNorm(8), new nn.Identity()),
      new nn.Linear(8, 3),
      new nn.Softmax({ dim: 1 }),
    );
    for (let i = 0; i < 3; i++) model.forward(randn([9, 5]));
    await expectEqual(model, randn([7, 5]));
  });

  it('takes indices', async () => {
    const model = new nn.Sequential(new nn.Embedding(9, 4), new nn.Flatten(), new nn.Linear(12, 2), new nn.LogSoftmax({ dim: -1 }));
    await expectEqual(model, randint(0, 9, [5, 3], { dtype: 'int32' }));
  });

  const activations = [
    new nn.ReLU(),
    new nn.ReLU6(),
    new nn.SELU(),
    new nn.Sigmoid(),
    new nn.SiLU(),
    new nn.Softsign(),
    new nn.Tanh(),
    new nn.Mish(),
    new nn.GELU(),
    new nn.LeakyReLU({ negativeSlope: 0.2 }),
    new nn.ELU(),
    new nn.Softplus(),
  ];
  it.each(activations.map((layer) => [layer.toString(), layer] as const))('%s', async (_, layer) => {
    manualSeed(2);
    await expectEqual(new nn.Sequential(new nn.Linear(3, 20), layer), randn([6, 3]));
  });

  it('writes shards of at most 4 MiB', async () => {
    const folder = await expectEqual(new nn.Linear(1200, 1100), randn([2, 1200]), 1e-5);
    const files = readdirSync(folder).sort();
    expect(files).toEqual(['group1-shard1of2.bin', 'group1-shard2of2.bin', 'model.json']);
    expect(statSync(join(folder, files[0]!)).size).toBe(4 * 1024 * 1024);
    expect(statSync(join(folder, files[1]!)).size).toBe(4 * (1200 * 1100 + 1100) - 4 * 1024 * 1024);
  });

  it('names what has no counterpart', async () => {
    const code = 'SIMDNN_NOT_EXPORTABLE';
    const refused = (model: nn.Module, example: Tensor) => expect(io.exportTfjs(temporaryFolder(), model, { example })).rejects;
    const inner = new nn.Sequential(new nn.Linear(2, 4), new nn.Sequential(new nn.RMSNorm(4)));
    await refused(inner, zeros([1, 2])).toMatchObject({ code, message: expect.stringContaining('no counterpart of RMSNorm at 1.0') });
    await refused(new nn.Softmax({ dim: 0 }), zeros([1, 2])).toMatchObject({
      code,
      message: expect.stringContaining('its dim is not the last'),
    });
    await refused(new nn.LayerNorm([2, 2]), zeros([1, 2, 2])).toThrow('more than one dimension');
    await refused(new nn.Softplus({ beta: 2 }), zeros([1, 2])).toThrow('not the default');
    await refused(new nn.ELU({ alpha: 0.7 }), zeros([1, 2])).toThrow('no alpha but 1');
    await refused(new nn.GELU({ approximate: 'tanh' }), zeros([1, 2])).toThrow('does not load its approximation');
    await refused(new nn.Dropout(), zeros([1, 2])).toThrow('the model has no layers');
    await expect(io.exportTfjs('x', new nn.Linear(2, 1), {} as never)).rejects.toThrow('expected example to be a tensor, got null');
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const over = expect(io.exportTfjs(file, new nn.Linear(2, 1), { example: zeros([1, 2]) })).rejects;
    await over.toMatchObject({ code: 'EEXIST', message: `the folder ${file} cannot be made: there is a file of that name (EEXIST)` });
    await expect(io.exportTfjs('x', 3 as never, { example: zeros([1]) })).rejects.toThrow('expected a module, got 3');
  });
});
