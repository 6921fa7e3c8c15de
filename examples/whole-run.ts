// From a CSV file to a model that other runtimes run, as commands: train, report, predict, export. Then a training that is killed and resumed, and the same
// training as a loop in TypeScript, bit for bit.
//   npm install simdnn echarts onnxruntime-node
//   node build/examples/whole-run.js                after `npx tsc -p examples`: students drawn at random
//   node build/examples/whole-run.js --csv FILE     the students of a file with the columns of student-data.ts
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { data, io, type nn } from 'simdnn';
import { target, writeStudents } from './student-data';
import { trainWrittenOut } from './written-out';

const { csv, modules } = parseArgs({
  options: { csv: { type: 'string' }, modules: { type: 'string', default: process.cwd() } }, // where onnxruntime-node is installed
}).values;
const seed = 5;
const epochs = 60;

const folder = mkdtempSync(join(tmpdir(), 'whole-run-'));
const at = (name: string): string => join(folder, name);
// The command that `npx simdnn` starts.
const program = join(dirname(require.resolve('simdnn/package.json')), 'bin/simdnn.js');

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `npx simdnn ...`. The process is killed as soon as `kill` returns true. */
function simdnn(args: string[], kill: () => boolean = () => false): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const watch = setInterval(() => {
      if (kill()) child.kill('SIGKILL');
    }, 1);
    child.on('error', fail);
    child.on('close', (code) => {
      clearInterval(watch);
      done({ code, stdout, stderr });
    });
  });
}

/** The JSON output of a command that must succeed. */
async function answer<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await simdnn([...args, '--json']);
  if (code !== 0) throw new Error(`simdnn ${args[0]} ended with ${code}: ${stderr.trim()}`);
  return JSON.parse(stdout) as T;
}

interface Summary {
  history: { loss: number[]; validationLoss: number[]; metrics: { accuracy: number[] } };
  bestEpoch: number;
  metrics: { accuracy: number; f1: number };
}
interface Predictions {
  classes: number[];
  predictions: number[];
  probabilities: number[][];
}

/** A training with the options that all share; `more` adds those for its output. */
const trainArgs = (file: string, ...more: string[]): string[] => [
  ...['train', file, '--target', target, '--seed', String(seed), '--epochs', String(epochs), '--patience', '0'],
  ...more,
];

const wrong: string[] = [];
function told(claim: string, holds: boolean): void {
  console.log(`${claim}: ${holds ? 'yes' : 'NO'}`);
  if (!holds) wrong.push(claim);
}

/** Predicts for students that the model has not seen, by the command line and by ONNX Runtime, and compares. */
async function predictElsewhere(model: string): Promise<void> {
  const file = at('new-students.csv');
  writeStudents(file, 300, seed + 1);
  const { predictions, probabilities } = await answer<Predictions>('predict', model, file);
  const { x, y } = await data.readCsv(file, { target, drop: ['StudentID'] });
  const right = predictions.filter((grade, i) => grade === y!.data[i]).length;
  console.log(`predict: ${right} of ${predictions.length} new students as they were drawn`);

  const exported = await answer<{ inputs: { columns: string[] }[] }>('export', model, at('grades.onnx'));
  const ort = createRequire(join(resolve(modules), 'package.json'))('onnxruntime-node');
  const session = await ort.InferenceSession.create(at('grades.onnx'));
  const table = await data.readTable(file);
  const { columns } = exported.inputs[0]!;
  const numbers = Float32Array.from({ length: x.shape[0]! * columns.length }, (_, i) =>
    Number(table.numbers(columns[i % columns.length]!)[Math.floor(i / columns.length)]),
  );
  const found = await session.run({ numbers: new ort.Tensor('float32', numbers, [x.shape[0], columns.length]) });
  const answers: ArrayLike<number> = found.probabilities.data;
  const apart = Math.max(...probabilities.flat().map((share, i) => Math.abs(share - answers[i]!)));
  console.log(`ONNX Runtime: the same probabilities, at most ${apart.toExponential(1)} apart`);
  // Logits of 30 are rounded to 2e-6, and the two programs sum in different orders.
  told('which is rounding', apart < 1e-5);
}

/** Whether the checkpoint has been written this many times since the call. */
function written(path: string, times: number): () => boolean {
  const now = (): number => (existsSync(path) ? statSync(path).ino : 0);
  let [last, count] = [now(), 0];
  return () => {
    const ino = now();
    if (ino !== last) [last, count] = [ino, count + 1];
    return count >= times;
  };
}

/** Trains again, is killed twice in the middle, and resumes until the end. */
async function trainKilled(file: string, model: string): Promise<Summary> {
  const checkpoint = at('run.safetensors');
  const args = trainArgs(file, '--model', model, '--checkpoint', checkpoint, '--resume');
  for (const times of [4, 6]) {
    const { code } = await simdnn(args, written(checkpoint, times));
    if (code !== null) throw new Error(`the training ended with ${code} before it was killed`);
    const { epoch } = await io.loadCheckpoint(checkpoint, {});
    console.log(`killed with SIGKILL; the checkpoint is of epoch ${epoch} of ${epochs}`);
  }
  return answer<Summary>(...args);
}

const sameFigures = (a: Summary['history'], b: Summary['history']): boolean =>
  [
    [a.loss, b.loss],
    [a.validationLoss, b.validationLoss],
    [a.metrics.accuracy, b.metrics.accuracy],
  ].every(([one, other]) => one!.length === epochs && one!.every((figure, i) => figure === other![i]));

/** Whether two state dicts have the same bits. */
function sameWeights(a: nn.StateDict, b: nn.StateDict): boolean {
  const bytes = ({ data: { buffer, byteOffset, byteLength } }: nn.StateDict[string]) => Buffer.from(buffer, byteOffset, byteLength);
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => bytes(a[name]!).equals(bytes(b[name]!)));
}

async function main(): Promise<void> {
  const file = csv ?? at('students.csv');
  if (csv === undefined) writeStudents(file, 2392);
  const [model, page] = [at('grades.safetensors'), at('grades.html')];
  const whole = await answer<Summary>(...trainArgs(file, '--model', model, '--report', page));
  const { accuracy, f1 } = whole.metrics;
  console.log(`train: best epoch ${whole.bestEpoch} of ${epochs}, accuracy ${(100 * accuracy).toFixed(1)} %, f1 ${f1.toFixed(3)}`);
  const html = readFileSync(page, 'utf8');
  console.log(`report: ${html.split('<svg').length - 1} figures in ${Math.round(html.length / 1024)} KB`);
  await predictElsewhere(model);

  const other = at('killed.safetensors');
  const killed = await trainKilled(file, other);
  told('killed twice and resumed, the model has the same bits', readFileSync(other).equals(readFileSync(model)));
  told('and its losses and accuracies are the same', sameFigures(killed.history, whole.history));

  const { best, weights, ...own } = await trainWrittenOut(file, { target, epochs, seed });
  told('the loop written out has the same losses and accuracies', sameFigures({ ...own, metrics: own }, whole.history));
  const { model: loaded } = await io.loadModel(model);
  told('and the same weights', best === whole.bestEpoch && sameWeights(weights, loaded.stateDict()));
}

main()
  .catch((error: Error) => {
    console.error(`whole-run: ${error.message.replaceAll(/\s*\n\s*/g, '; ')}`);
    process.exitCode = 1;
  })
  .finally(() => {
    rmSync(folder, { recursive: true });
    if (wrong.length > 0) process.exitCode = 1;
  });
