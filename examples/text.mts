// Classifies messages by topic, in two ways: from a padded list of their words, and from a sparse matrix of word counts.
//   node build/examples/text.mjs      after `npx tsc -p examples`
import { data, manualSeed, metrics, nn, noGrad, optim, rand, type Tensor, tensor, train } from 'simdnn';

const topics: Record<string, string[]> = {
  billing: 'invoice payment card refund charge receipt price bank euro tax'.split(' '),
  delivery: 'parcel courier address late tracking box street customs arrive shipment'.split(' '),
  account: 'password login email reset profile username locked verify settings device'.split(' '),
  repair: 'broken screen battery noise replace warranty part scratch crack technician'.split(' '),
};
const common = 'the a my is was and please help with when why not hello thanks today again number can you it'.split(' ');
const names = Object.keys(topics);

/** `n` messages of 10 to 24 words: half of them are common words, one in six belongs to any topic, the others to the message's own. */
function makeMessages(n: number): { texts: string[]; labels: number[] } {
  const draws = rand([n * 73]).data;
  let at = 0;
  function pick<T>(list: readonly T[]): T {
    return list[Math.floor(draws[at++]! * list.length)]!;
  }
  const labels = Array.from({ length: n }, (_, i) => i % names.length);
  const texts = labels.map((label) => {
    const length = 10 + Math.floor(draws[at++]! * 15);
    const own = topics[names[label]!]!;
    return Array.from({ length }, () => pick(pick([common, common, common, own, own, topics[pick(names)]!]))).join(' ');
  });
  return { texts, labels };
}

/** Word numbers from 1; 0 is padding. */
const vocabulary = new Map([...common, ...Object.values(topics).flat()].map((word, i) => [word, i + 1]));
const indicesOf = (text: string): number[] => text.split(' ').flatMap((word) => vocabulary.get(word) ?? []);

manualSeed(1);
const { texts, labels } = makeMessages(1500);
const held = 300; // the last ones
const y = tensor(Int32Array.from(labels));
const accuracy = () => new metrics.Accuracy({ task: 'multiclass', numClasses: names.length });
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

// 1. The mean of the words' embeddings: messages are rows of one length, padded with 0, which has no embedding.
class WordModel extends nn.Module {
  words = new nn.EmbeddingBag(vocabulary.size + 1, 16, { paddingIdx: 0 });
  out = new nn.Linear(16, names.length);

  override forward(index: Tensor): Tensor {
    return this.out.forward(this.words.forward(index));
  }
}

const longest = Math.max(...texts.map((text) => indicesOf(text).length));
const index = tensor(
  texts.map((text) => [...indicesOf(text), ...Array<number>(longest).fill(0)].slice(0, longest)),
  { dtype: 'int32' },
);
const part = (begin: number, length: number) => new data.TensorDataset(index.narrow(0, begin, length), y.narrow(0, begin, length));

const wordModel = new WordModel();
await train.fit(wordModel, {
  criterion: new nn.CrossEntropyLoss(),
  optimizer: new optim.Adam(wordModel.parameters(), { lr: 0.01 }),
  loader: new data.DataLoader(part(0, texts.length - held), { batchSize: 32, shuffle: true }),
  epochs: 8,
  progress: false,
});
const testing = new data.DataLoader(part(texts.length - held, held), { batchSize: held });
const figures = await train.evaluate(wordModel, testing, { metrics: { accuracy: accuracy() } });
console.log(`lists of words: ${percent(figures.accuracy!)} of ${held} messages`);

// 2. A sparse matrix as scikit-learn's TfidfVectorizer returns it, in CSR form: row i has the columns `columns[begins[i]..begins[i + 1]]` and their
// values. A row times a table of weights is a weighted sum of the table's rows: an embeddingBag.
interface Csr {
  begins: number[];
  columns: number[];
  values: number[];
}

function tfIdf(messages: string[]): Csr {
  const bags = messages.map((text) => {
    const counts = new Map<number, number>();
    for (const word of indicesOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  });
  const documents = new Map<number, number>();
  for (const bag of bags) for (const word of bag.keys()) documents.set(word, (documents.get(word) ?? 0) + 1);
  const csr: Csr = { begins: [0], columns: [], values: [] };
  for (const bag of bags) {
    const row = [...bag].map(([word, count]) => [word, count * (1 + Math.log(messages.length / documents.get(word)!))] as const);
    const norm = Math.hypot(...row.map(([, value]) => value));
    for (const [word, value] of row) {
      csr.columns.push(word);
      csr.values.push(value / norm);
    }
    csr.begins.push(csr.columns.length);
  }
  return csr;
}

/** A linear layer over rows of a sparse matrix. (`nn.SparseLinear` is a ready-made one.) */
class TfIdfModel extends nn.Module {
  weight = new nn.Parameter(
    rand([vocabulary.size + 1, names.length])
      .sub(0.5)
      .mul(0.1),
  );
  bias = new nn.Parameter(tensor(names.map(() => 0)));

  override forward(columns: Tensor, values: Tensor, offsets: Tensor): Tensor {
    return nn.functional.embeddingBag(columns, this.weight, { offsets, mode: 'sum', perSampleWeights: values }).add(this.bias);
  }
}

/** Some rows of the matrix, in the form that the layer takes. */
function rowsOf({ begins, columns, values }: Csr, from: number, to: number): [Tensor, Tensor, Tensor] {
  const [begin, end] = [begins[from]!, begins[to]!];
  return [
    tensor(Int32Array.from(columns.slice(begin, end))),
    tensor(values.slice(begin, end)),
    tensor(Int32Array.from(begins.slice(from, to), (offset) => offset - begin)),
  ];
}

// An explicit loop, because each batch has another number of words. A fit needs rows of one length, as above, or as in reviews.mts.
const csr = tfIdf(texts);
const sparse = new TfIdfModel();
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(sparse.parameters(), { lr: 0.1 });
for (let epoch = 0; epoch < 8; epoch++) {
  for (let i = 0; i < texts.length - held; i += 40) {
    optimizer.zeroGrad();
    criterion.forward(sparse.forward(...rowsOf(csr, i, i + 40)), y.narrow(0, i, 40)).backward();
    optimizer.step();
  }
}
const counted = accuracy();
const first = texts.length - held;
counted.update(
  noGrad(() => sparse.forward(...rowsOf(csr, first, texts.length))),
  y.narrow(0, first, held),
);
console.log(`sparse rows: ${percent(counted.compute().item())} of ${held} messages, ${csr.values.length} numbers in ${texts.length} rows`);

const strongest = sparse.weight.detach().topk(3, 0).indices;
const wordAt = [...vocabulary.keys()];
names.forEach((name, c) => void console.log(`  ${name}: ${[...strongest.select(1, c).data].map((i) => wordAt[i - 1]).join(', ')}`));
