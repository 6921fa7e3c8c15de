// Trains two classifiers and shows their progress: the lecture's students, then handwritten digits.
//   npm run demo                     students drawn at random
//   npm run demo -- --csv FILE       the students of a CSV file with the columns of student-data.ts
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { data, info, nn, type Tensor } from 'simdnn';
import { Stopwatch } from './stopwatch';
import { makeStudents, readStudents } from './student-data';
import { bold, drawConfusion, drawPictures, drawTimes, isTerminal } from './terminal';
import { fit, predict, prepare, type Split, startOver } from './training';

const stopwatch = new Stopwatch();
let samples = 0;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The lecture's network; without its Softmax it gives logits. */
class StudentPerformanceModel extends nn.Module {
  ly1 = new nn.Linear(13, 30);
  ly2 = new nn.Linear(30, 25);
  ly3 = new nn.Linear(25, 20);
  ly4 = new nn.Linear(20, 15);
  ly5 = new nn.Linear(15, 10);
  ly6 = new nn.Linear(10, 5);
  act: nn.Softmax | nn.Identity;

  constructor(options: { softmax: boolean }) {
    super();
    this.act = options.softmax ? new nn.Softmax({ dim: 1 }) : new nn.Identity();
  }

  override forward(x: Tensor): Tensor {
    for (const layer of [this.ly1, this.ly2, this.ly3, this.ly4, this.ly5, this.ly6]) x = layer.forward(x);
    return this.act.forward(x);
  }
}

/** Trains, prints the average loss of every tenth epoch and the accuracy on the held-out rows, and returns the predictions. */
async function classify(makeModel: () => nn.Layer, rows: Split, epochs: number): Promise<Tensor> {
  const [xTrain, xTest, yTrain, yTest] = rows;
  startOver();
  const model = makeModel();
  stopwatch.lap('data and set-up');
  const { loss } = await fit(model, new data.TensorDataset(xTrain, yTrain), epochs, isTerminal);
  stopwatch.lap('training');
  for (let epoch = 10; epoch <= epochs; epoch += 10) {
    console.log(`  epoch ${String(epoch).padStart(3)}: average loss ${loss[epoch - 1]!.toFixed(4)}`);
  }
  samples += epochs * yTrain.numel;
  const predicted = predict(model, xTest);
  const right = predicted.eq(yTest).sum().item();
  console.log(bold(`  accuracy on the ${yTest.numel} held-out rows: ${percent(right / yTest.numel)}\n`));
  stopwatch.lap('evaluation');
  return predicted;
}

async function classifyStudents(rows: Split): Promise<void> {
  console.log(bold("The lecture's StudentPerformanceModel, from logits"));
  await classify(() => new StudentPerformanceModel({ softmax: false }), rows, 200);
  console.log(bold('The same as the lecture writes it: Softmax under CrossEntropyLoss'));
  await classify(() => new StudentPerformanceModel({ softmax: true }), rows, 200);
}

async function classifyDigits(): Promise<void> {
  const { x, y } = await data.readCsv(join(__dirname, '../../examples/data/digits.csv'), { target: 'digit' });
  const { rows, scaler } = prepare(x, y!);
  console.log(bold(`${x.shape[0]} handwritten digits, 64-128-10 with ReLU`));
  const predicted = await classify(() => new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU(), new nn.Linear(128, 10)), rows, 40);

  const [, xTest, , yTest] = rows;
  const wrong = Array.from(yTest.data.keys()).filter((i) => yTest.data[i] !== predicted.data[i]);
  const shown = [...[0, 1, 2].filter((i) => !wrong.includes(i)), ...wrong].slice(0, 4);
  const pictures = shown.map((i) => scaler.inverseTransform(xTest.narrow(0, i, 1)).data);
  const captions = shown.map((i) => `${predicted.data[i]}${wrong.includes(i) ? ` (it is ${yTest.data[i]})` : ''}`);
  console.log(`${drawPictures(pictures, captions)}\n`);
  console.log(`  predicted (columns) for each digit (rows)\n${drawConfusion(yTest.data, predicted.data, 10)}\n`);
  stopwatch.lap('evaluation');
}

function summarize(): void {
  const training = stopwatch.seconds.get('training')!;
  const { target, threads } = info();
  console.log(bold('Where the time went'));
  console.log(drawTimes(stopwatch.seconds, stopwatch.total));
  console.log(
    `\n${Math.round(samples / training).toLocaleString('en')} samples a second in training; instruction set ${target}, threads ${threads}`,
  );
}

/** The students, a fifth held out, with standardized features. */
async function loadStudents(): Promise<Split> {
  const { csv } = parseArgs({ options: { csv: { type: 'string' } } }).values;
  const { x, y } = csv === undefined ? makeStudents(2392) : await readStudents(csv);
  const { rows } = prepare(x, y);
  console.log(`${x.shape[0]} students ${csv === undefined ? 'drawn at random' : `of ${csv}`}\n`);
  return rows;
}

async function main(): Promise<void> {
  let students: Split;
  try {
    students = await loadStudents();
  } catch (error) {
    console.error(`demo: ${(error as Error).message.replaceAll(/\s*\n\s*/g, '; ')}`);
    process.exitCode = 1;
    return;
  }
  await classifyStudents(students);
  await classifyDigits();
  summarize();
}

void main();
