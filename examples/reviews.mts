// Classifies reviews as good or bad by their words and pairs of words: text to sparse rows to a linear layer, saved as one file.
//   node build/examples/reviews.mjs      after `npx tsc -p examples`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { data, io, manualSeed, metrics, nn, noGrad, optim, rand, type Tensor, tensor, train } from 'simdnn';

const good = 'good great lovely clever funny warm'.split(' ');
const bad = 'awful dull poor stupid boring cold'.split(' ');
const other = 'the film was a story with actors and music in it we saw this on monday evening they play their parts really'.split(' ');

/** `n` reviews of 8 to 17 words, and 1 for positive ones. Each has two opinions; one word in three is negated by a "not" before it. */
function makeReviews(n: number): { texts: string[]; labels: number[] } {
  const draws = rand([n * 40]).data;
  let at = 0;
  const draw = (): number => draws[at++]!;
  const pick = (list: readonly string[]): string => list[Math.floor(draw() * list.length)]!;
  const opinion = (praise: boolean): string => (draw() < 1 / 3 ? `not ${pick(praise ? bad : good)}` : pick(praise ? good : bad));
  const labels = Array.from({ length: n }, (_, i) => i % 2);
  const texts = labels.map((label) => {
    const words = Array.from({ length: 6 + Math.floor(draw() * 8) }, () => pick(other));
    for (let i = 0; i < 2; i++) words.splice(Math.floor(draw() * words.length), 0, opinion(label === 1));
    return words.join(' ');
  });
  return { texts, labels };
}

/** One linear layer over sparse rows: each term has a weight for each class. */
class Reviewer extends nn.Module {
  terms: nn.SparseLinear;

  constructor(terms: number) {
    super();
    this.terms = new nn.SparseLinear(terms, 2);
  }

  override forward(columns: Tensor, values: Tensor): Tensor {
    return this.terms.forward(columns, { values });
  }
}

manualSeed(1);
const { texts, labels } = makeReviews(2000);
const [trainTexts, testTexts, yTrain, yTest] = data.trainTestSplit(texts, tensor(Int32Array.from(labels)), { testSize: 0.25, seed: 1 });

/** Rows padded to one length, which a loader accepts and a fit gathers on its own thread. */
function loaderOf(rows: data.CsrArray, y: Tensor, shuffle: boolean) {
  const { columns, values } = rows.padded();
  return new data.DataLoader(new data.TensorDataset(columns, values, y), { batchSize: 50, shuffle });
}

async function learn(ngramRange: [number, number]) {
  const vectorizer = new data.TfidfVectorizer({ ngramRange, minDf: 2, sublinearTf: true });
  const rows = vectorizer.fitTransform(trainTexts);
  const model = new Reviewer(rows.shape[1]);
  await train.fit(model, {
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.02 }),
    loader: loaderOf(rows, yTrain, true),
    epochs: 10,
    progress: false,
  });
  const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 2 });
  const found = await train.evaluate(model, loaderOf(vectorizer.transform(testTexts), yTest, false), { metrics: { accuracy } });
  const [, most] = ngramRange;
  const percent = (100 * found.accuracy!).toFixed(1);
  console.log(`terms of up to ${most} words: ${rows.shape[1]} terms, ${rows.nnz} numbers in ${rows.shape[0]} rows, ${percent} % right`);
  return { vectorizer, model };
}

await learn([1, 1]);
const { vectorizer, model } = await learn([1, 2]);

// The evidence for a class: the terms with the largest difference of weights.
const terms = vectorizer.getFeatureNamesOut();
const weight = model.terms.weight.detach();
const praise = weight.select(1, 1).sub(weight.select(1, 0));
for (const [name, sign] of [
  ['praise', 1],
  ['blame', -1],
] as const) {
  console.log(`${name}: ${[...praise.mul(sign).topk(6).indices.data].map((c) => terms[c]).join(', ')}`);
}

// One file has everything that is needed to classify another text.
const folder = mkdtempSync(join(tmpdir(), 'reviews-'));
const path = join(folder, 'reviews.safetensors');
await io.saveModel(path, model, { preprocessing: vectorizer, classes: ['blame', 'praise'] });
const loaded = await io.loadModel(path, { modules: { Reviewer } });
rmSync(folder, { recursive: true });
const asked = ['not boring at all, a lovely evening', 'The actors were not funny. Dull!'];
const { columns, values } = (loaded.preprocessing as data.TfidfVectorizer).transform(asked).padded();
const answers = noGrad(() => (loaded.model as Reviewer).forward(columns, values)).argmax(1);
asked.forEach((text, i) => void console.log(`"${text}": ${loaded.classes![answers.data[i]!]}`));
