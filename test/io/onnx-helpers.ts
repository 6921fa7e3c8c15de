// Runs ONNX files with onnxruntime-node, which is installed into test/io/peers on first use.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type nn, Tensor } from '../../src';
import { type ExportOnnxOptions, exportOnnx } from '../../src/io';
import { temporaryFolder } from '../temporary';

const folder = join(__dirname, 'peers');
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

// One process installs it; the others wait.
function install(): void {
  const done = join(folder, 'node_modules', '.package-lock.json');
  const lock = join(folder, '.installing');
  while (!existsSync(done)) {
    try {
      mkdirSync(lock);
    } catch {
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 300_000) rmdirSync(lock);
      sleep(500);
      continue;
    }
    try {
      const options = { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' } as const;
      const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options);
      if (status !== 0) throw new Error(`npm ci in test/io/peers failed: ${stderr}`);
    } finally {
      rmdirSync(lock);
    }
  }
}

/** A package of test/io/peers. */
export function peer<T>(name: string): T {
  install();
  return createRequire(join(folder, 'package.json'))(name) as T;
}

interface OrtTensor {
  data: Float32Array | Int32Array;
  dims: readonly number[];
}
interface Session {
  inputNames: string[];
  outputNames: string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, OrtTensor>>;
}
interface Ort {
  Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  InferenceSession: { create(path: string, options: object): Promise<Session> };
}

export const temporary = (name: string): string => join(temporaryFolder(), name);

/** The outputs that onnxruntime-node computes with a file. */
export async function runOnnx(path: string, inputs: readonly Tensor[]): Promise<Tensor[]> {
  const ort = peer<Ort>('onnxruntime-node');
  const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3, intraOpNumThreads: 1, executionProviders: ['cpu'] });
  const feeds = Object.fromEntries(
    session.inputNames.map((name, i) => [name, new ort.Tensor(inputs[i]!.dtype, inputs[i]!.values, inputs[i]!.shape)]),
  );
  const outputs = await session.run(feeds);
  return session.outputNames.map((name) => Tensor.fromTypedArray(outputs[name]!.data, [...outputs[name]!.dims]));
}

/** The largest difference relative to the scale of the expected values; NaN and infinities must be equal. */
export function differenceOf(got: Tensor, wanted: Tensor): number {
  if (got.dtype !== wanted.dtype || String(got.shape) !== String(wanted.shape)) {
    throw new Error(`got ${got.dtype} [${got.shape}], wanted ${wanted.dtype} [${wanted.shape}]`);
  }
  let most = 0;
  wanted.values.forEach((x, i) => {
    const y = got.values[i]!;
    if (Object.is(x, y) || x === y) return;
    const difference = Math.abs(x - y) / Math.max(1, Math.abs(x));
    most = difference > most || Number.isNaN(difference) ? difference : most;
  });
  return most;
}

/** Exports a model and runs the file on these inputs. */
export async function throughOnnx(model: nn.Module, inputs: readonly Tensor[], options: ExportOnnxOptions): Promise<Tensor[]> {
  const path = temporary('model.onnx');
  await exportOnnx(path, model, options);
  return runOnnx(path, inputs);
}
