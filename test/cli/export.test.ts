// simdnn export: the files answer as predict does, in runtimes of others.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { data, Tensor, tensor } from '../../src';
import { folder } from '../io/files';
import { peer, runOnnx } from '../io/onnx-helpers';
import { digits, json, simdnn, train, writeFlats } from './cli';

const at = folder();
let flats: string;
beforeAll(() => {
  flats = writeFlats(at('flats.csv'));
  train(digits, 'digit', '--model', at('digits.model'), '--epochs', '5', '--drop', 'p01');
  train(flats, 'rent', '--model', at('flats.model'));
  train(flats, 'city', '--model', at('cities.model'), '--epochs', '30', '--text', 'rooms', '--column', 'rooms');
});

interface Exported {
  inputs: { name: string; type: string; columns: string[]; categories?: Record<string, (string | null)[]> }[];
  gives: string;
}
interface Predicted {
  classes: string[] | null;
  predictions: number[];
  probabilities: number[][] | null;
}

// Rows of a file as the inputs of an exported model.
async function inputsFor(file: string, { inputs }: Exported): Promise<Tensor[]> {
  const text = inputs.flatMap(({ categories }) => Object.keys(categories ?? {}));
  const table = await data.readTable(file, { naValues: 'NA', ...(text.length > 0 && { text }) });
  return inputs.map(({ type, columns, categories }) => {
    const cells = Array.from({ length: table.length }, (_, row) =>
      columns.map((name) => (type === 'float32' ? table.numbers(name)[row]! : categories![name]!.indexOf(table.texts(name)[row]!))),
    );
    return tensor(cells, { dtype: type as 'float32' | 'int32' });
  });
}

describe('to ONNX', () => {
  it.each([17, 20])('classes, opset %i', async (opset) => {
    const file = at('digits.onnx');
    const exported = json<Exported>('export', at('digits.model'), file, '--opset', String(opset));
    expect(exported.gives).toBe('probabilities');
    const [probabilities] = await runOnnx(file, await inputsFor(digits, exported));
    const wanted = json<Predicted>('predict', at('digits.model'), digits);
    expect(probabilities!.shape).toEqual([1797, 10]);
    expect(Array.from(probabilities!.argmax(1).data)).toEqual(wanted.predictions);
    const difference = probabilities!.sub(tensor(wanted.probabilities!)).abs().amax().item();
    expect(difference).toBeLessThan(2e-6);
  });

  it('a quantity, with gaps and texts', async () => {
    const file = at('flats.onnx');
    const exported = json<Exported>('export', at('flats.model'), file);
    expect(exported.inputs.map(({ name, columns }) => [name, columns])).toEqual([
      ['numbers', ['rooms', 'area']],
      ['texts', ['city']],
    ]);
    const [values] = await runOnnx(file, await inputsFor(flats, exported));
    const { predictions } = json<Predicted>('predict', at('flats.model'), flats);
    const largest = Math.max(...predictions);
    predictions.forEach((wanted, i) => {
      expect(Math.abs(values!.data[i]! - wanted)).toBeLessThan(2e-6 * largest);
    });
  });

  it('texts alone, one that the model has not met among them', async () => {
    const file = at('cities.onnx');
    const exported = json<Exported>('export', at('cities.model'), file);
    expect(exported.inputs).toEqual([
      { name: 'texts', type: 'int32', columns: ['rooms'], categories: { rooms: ['1', '2', '3', '4', '5', null] } },
    ]);
    const [probabilities] = await runOnnx(file, [tensor([[0], [5], [-1], [99]], { dtype: 'int32' })]);
    const rows = probabilities!.toArray() as number[][];
    expect(rows[2]).toEqual(rows[3]);
    expect(rows[0]).not.toEqual(rows[2]);
  });
});

interface Tf {
  tensor(values: unknown, shape: readonly number[]): unknown;
  setBackend(name: string): Promise<boolean>;
}
interface Layers {
  loadLayersModel(handler: unknown): Promise<{ predict(x: unknown): { dataSync(): Float32Array } }>;
}

async function runTfjs(path: string, x: Tensor): Promise<number[]> {
  const tf = peer<Tf>('@tensorflow/tfjs-core');
  peer('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8'));
  const [{ paths, weights }] = weightsManifest as [{ paths: string[]; weights: object[] }];
  const weightData = new Uint8Array(Buffer.concat(paths.map((name) => readFileSync(join(path, name))))).buffer;
  const load = async (): Promise<object> => ({ modelTopology, weightSpecs: weights, weightData });
  const model = await peer<Layers>('@tensorflow/tfjs-layers').loadLayersModel({ load });
  return [...model.predict(tf.tensor(x.values, x.shape)).dataSync()];
}

describe('to TensorFlow.js', () => {
  it('a quantity, whose texts are columns of zeros and ones', async () => {
    const path = at('web');
    const { inputs } = json<Exported>('export', at('flats.model'), path);
    expect(inputs[0]!.columns).toEqual(['rooms', 'area', 'city_Bonn', 'city_Oslo', 'city_Rome', 'city_null']);
    const table = await data.readTable(flats, { naValues: 'NA' });
    const whole = [...table.numbers('rooms').keys()].filter((row) => !Number.isNaN(table.numbers('rooms')[row]!));
    const cities = ['Bonn', 'Oslo', 'Rome', null];
    const x = tensor(
      whole.map((row) => [
        table.numbers('rooms')[row]!,
        table.numbers('area')[row]!,
        ...cities.map((city) => (table.texts('city')[row] === city ? 1 : 0)),
      ]),
    );
    const values = await runTfjs(path, x);
    const { predictions } = json<Predicted>('predict', at('flats.model'), flats);
    whole.forEach((row, i) => {
      expect(Math.abs(values[i]! - predictions[row]!)).toBeLessThan(5e-6 * Math.max(...predictions));
    });
  });

  it('classes', async () => {
    const path = at('web-digits');
    expect(simdnn('export', at('digits.model'), path).status).toBe(0);
    const { inputs } = json<Exported>('export', at('digits.model'), path);
    const table = await data.readTable(digits);
    const x = tensor(Array.from({ length: 50 }, (_, row) => inputs[0]!.columns.map((name) => table.numbers(name)[row]!)));
    const found = Tensor.fromTypedArray(Float32Array.from(await runTfjs(path, x)), [50, 10]);
    const wanted = json<Predicted>('predict', at('digits.model'), digits).probabilities!.slice(0, 50);
    expect(found.sub(tensor(wanted)).abs().amax().item()).toBeLessThan(5e-6);
  });

  it('tells two columns of one name apart', () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${['Oslo', 'Bonn'][i % 2]},${i % 7},${(i % 2) + (i % 7)}`);
    writeFileSync(at('twice.csv'), `city,city_Oslo,y\n${rows.join('\n')}\n`);
    train(at('twice.csv'), 'y', '--model', at('twice.model'), '--epochs', '1', '--task', 'regression');
    const { inputs } = json<Exported>('export', at('twice.model'), at('twice'));
    expect(inputs[0]!.columns).toEqual(['numbers__city_Oslo', 'city_Bonn', 'texts__city_Oslo']);
  });
});
