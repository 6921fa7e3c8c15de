// Recommends articles to readers: two towers, one for readers and one for articles, learn from what was read.
//   node build/examples/recommender.mjs      after `npx tsc -p examples`
import { arange, cat, data, eye, manualSeed, multinomial, nn, noGrad, optim, randint, randn, type Tensor, tensor, train } from 'simdnn';

const readers = 300;
const articles = 200;
const topics = 10;
const perReader = 22; // articles that each reader has read
const heldBack = 2; // of these, to be predicted
const width = 16;

/** The articles that each reader has read, `[readers, perReader]`, by tastes that the model does not see; and the topic of each article. */
function makeReading(): { read: Tensor; topicOf: Tensor } {
  const topicOf = randint(0, topics, [articles]);
  const style = randn([topics, 4])
    .indexSelect(0, topicOf)
    .add(randn([articles, 4]).mul(0.7));
  const liking = randn([readers, 4]).matmul(style.t()); // the preference of each reader for each article
  return { read: multinomial(liking.mul(1.2).softmax(1), perReader), topicOf };
}

/** Unit vectors of `width` numbers, one for each reader and each article; the dot product of two measures how well they match. */
class TwoTowers extends nn.Module {
  reader = new nn.Sequential(new nn.Embedding(readers, 32), new nn.Linear(32, width));
  article = new nn.Embedding(articles, 32);
  topic = new nn.Embedding(topics, 8);
  ofArticle = new nn.Linear(32 + 8, width);

  constructor(readonly topicOf: Tensor) {
    super();
  }

  readersAt(index: Tensor): Tensor {
    return nn.functional.normalize(this.reader.forward(index), { dim: 1 });
  }

  articlesAt(index: Tensor): Tensor {
    const known = cat([this.article.forward(index), this.topic.forward(this.topicOf.indexSelect(0, index))], 1);
    return nn.functional.normalize(this.ofArticle.forward(known), { dim: 1 });
  }

  /** The match of each reader of a batch (rows) with each article of the batch (columns). */
  override forward(reader: Tensor, article: Tensor): Tensor {
    return this.readersAt(reader).matmul(this.articlesAt(article).t()).mul(10);
  }
}

/** Cross-entropy over the batch: reader i has read article i, and the articles of the other readers are the negatives. */
class InBatchLoss extends nn.Module {
  override forward(scores: Tensor, article: Tensor): Tensor {
    const n = scores.shape[0]!;
    const same = article
      .unsqueeze(1)
      .eq(article.unsqueeze(0))
      .sub(eye(n, { dtype: 'int32' })); // the same article again is not a negative
    return nn.functional.crossEntropy(scores.maskedFill(same, -1e9), arange(n, { dtype: 'int32' }));
  }
}

/** The fraction of the held-back articles that are among the `k` recommended to each reader, out of those not read before. */
function recall(model: TwoTowers, seen: Tensor, wanted: Tensor, k: number): number {
  return noGrad(() => {
    const scores = model.readersAt(arange(readers, { dtype: 'int32' })).matmul(model.articlesAt(arange(articles, { dtype: 'int32' })).t());
    const shown = scores.scatter(1, seen, -2).topk(k, 1).indices;
    const found = shown.unsqueeze(2).eq(wanted.unsqueeze(1)).sum().item();
    return found / wanted.numel;
  });
}

manualSeed(1);
const { read, topicOf } = makeReading();
const seen = read.slice(1, 0, perReader - heldBack);
const wanted = read.slice(1, perReader - heldBack);
const reader = tensor(Int32Array.from({ length: seen.numel }, (_, i) => Math.floor(i / (perReader - heldBack))));
const article = seen.reshape([-1]);
const loader = new data.DataLoader(new data.TensorDataset(reader, article, article), { batchSize: 128, shuffle: true, dropLast: true });

const model = new TwoTowers(topicOf);
console.log(
  `recall at 20 before: ${recall(model, seen, wanted, 20).toFixed(3)}, by chance ${(20 / (articles - perReader + heldBack)).toFixed(3)}`,
);
const { loss } = await train.fit(model, {
  criterion: new InBatchLoss(),
  optimizer: new optim.AdamW(model.parameters(), { lr: 0.003, weightDecay: 0.05 }),
  loader,
  epochs: 15,
  progress: false,
});
console.log(`loss ${loss[0]!.toFixed(3)} in the first epoch, ${loss.at(-1)!.toFixed(3)} in the last`);
console.log(`recall at 20 after: ${recall(model, seen, wanted, 20).toFixed(3)}`);
