// Predicts which customers leave: categories and numbers with missing values, and classes of which one is rare.
//   node build/examples/tabular.mjs      after `npx tsc -p examples`
import { cat, data, manualSeed, metrics, nn, optim, rand, randint, randn, stack, type Tensor, train, where } from 'simdnn';

const classes = ['stays', 'complains', 'leaves'];
const sizes = { region: 12, plan: 4, device: 6 }; // the number of values of each category
const missing = Number.NaN;

/**
 * `n` customers: categories `[n, 3]` int32, numbers `[n, 4]` (age, income, hours of use a week, calls to the hotline), class `[n]` int32. A fifth of
 * the incomes is missing, and the hours of one customer in ten, twice as often for those who are about to leave.
 */
function makeCustomers(n: number): { categories: Tensor; numbers: Tensor; y: Tensor } {
  const region = randint(0, sizes.region, [n]);
  const plan = randint(0, sizes.plan, [n]);
  const device = randint(0, sizes.device, [n]);
  const age = rand([n]).mul(60).add(18);
  const income = randn([n]).mul(0.4).exp().mul(30);
  const hours = randn([n]).mul(5).add(20).clamp({ min: 0 });
  const calls = rand([n]).log().mul(-2).floor();

  const ofRegion = randn([sizes.region]).indexSelect(0, region);
  const ofPlan = randn([sizes.plan * sizes.device]).indexSelect(0, plan.mul(sizes.device).add(device)); // some plans and devices do not fit together
  const mood = ofRegion
    .add(ofPlan.mul(1.5))
    .add(calls.mul(0.5))
    .sub(hours.sub(20).mul(0.15))
    .sub(income.sub(30).mul(0.02))
    .add(randn([n]).mul(0.8));
  const y = mood.gt(1.6).add(mood.gt(3.8)); // int32: 0, 1 or 2

  const unknownIncome = rand([n]).lt(0.2);
  const unknownHours = rand([n]).lt(where(y.eq(2), 0.2, 0.1).float());
  const numbers = stack([age, income.maskedFill(unknownIncome, missing), hours.maskedFill(unknownHours, missing), calls], 1);
  return { categories: stack([region, plan, device], 1), numbers, y };
}

/** Replaces missing values by the mean of the column, and adds a column for each that says whether its value was known. */
class Gaps {
  private mean: Tensor | null = null;

  fit(x: Tensor): this {
    this.mean = x.nanmean(0);
    return this;
  }

  transform(x: Tensor): Tensor {
    const unknown = x.isnan();
    return cat([where(unknown, this.mean!, x), unknown.float()], 1);
  }
}

/** A learned vector for each value of a category, joined with the numbers. */
class Customers extends nn.Module {
  tables = new nn.ModuleList(Object.values(sizes).map((size) => new nn.Embedding(size, 4)));
  body = new nn.Sequential(
    new nn.Linear(3 * 4 + 2 * 4, 64),
    new nn.ReLU(),
    new nn.Dropout(0.1),
    new nn.Linear(64, 32),
    new nn.ReLU(),
    new nn.Linear(32, classes.length),
  );

  override forward(categories: Tensor, numbers: Tensor): Tensor {
    const looked = [...this.tables].map((table, j) => table.forward(categories.select(1, j)));
    return this.body.forward(cat([...looked, numbers], 1));
  }
}

manualSeed(2);
const { categories, numbers, y } = makeCustomers(4000);
const rows = new data.TensorDataset(categories, numbers, y);
const [forTraining, heldOut] = data.randomSplit(rows, [0.8, 0.2], { seed: 1 });

// Statistics of the numbers come from the training set only.
const known = numbers.index([[...forTraining!.indices]]);
const gaps = new Gaps().fit(known);
const scaler = new data.StandardScaler().fit(gaps.transform(known));
const prepared = new data.TensorDataset(categories, scaler.transform(gaps.transform(numbers)), y);
const [training, testing] = [forTraining!, heldOut!].map(({ indices }) => new data.Subset(prepared, indices));

// The rarer a class, the larger its weight: n / (classes * rows of the class).
const counts = y.index([[...forTraining!.indices]]).bincount({ minlength: classes.length });
const weight = counts
  .float()
  .reciprocal()
  .mul(training!.length / classes.length);
console.log(`${training!.length} customers to learn from: ${classes.map((name, c) => `${counts.data[c]} ${name}`).join(', ')}`);

const tasks = { task: 'multiclass', numClasses: classes.length } as const;
for (const [name, criterion] of [
  ['all rows alike', new nn.CrossEntropyLoss()],
  ['rare classes weigh more', new nn.CrossEntropyLoss({ weight })],
] as const) {
  manualSeed(3);
  const model = new Customers();
  await train.fit(model, {
    criterion,
    optimizer: new optim.AdamW(model.parameters(), { lr: 0.003, weightDecay: 0.01 }),
    loader: new data.DataLoader(training!, { batchSize: 64, shuffle: true }),
    epochs: 15,
    progress: false,
  });
  const figures = await train.evaluate(model, new data.DataLoader(testing!, { batchSize: 256 }), {
    metrics: {
      accuracy: new metrics.Accuracy(tasks),
      recall: new metrics.Recall({ ...tasks, average: 'macro' }),
      auroc: new metrics.AUROC(tasks),
    },
  });
  const [accuracy, recall] = [figures.accuracy!, figures.recall!].map((share) => `${(100 * share).toFixed(1)} %`);
  console.log(`${name}: accuracy ${accuracy}, recall of the three classes ${recall}, AUROC ${figures.auroc!.toFixed(3)}`);
}
