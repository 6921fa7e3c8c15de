// A variational autoencoder of handwritten digits: it learns to encode a picture as eight numbers, and to draw a picture from eight numbers.
//   node build/examples/autoencoder.mjs      after `npx tsc -p examples`, in the folder that has `examples`
import { data, manualSeed, nn, noGrad, optim, randn, randnLike, type Tensor, train } from 'simdnn';
import { drawPictures } from './terminal.js';

const latent = 8;
const epochs = 60;

class Autoencoder extends nn.Module {
  body = new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU());
  mean = new nn.Linear(128, latent);
  logVariance = new nn.Linear(128, latent);
  decoder = new nn.Sequential(new nn.Linear(latent, 128), new nn.ReLU(), new nn.Linear(128, 64));

  /** The normal distribution of each picture's code: its mean and the logarithm of its variance. */
  encode(x: Tensor): [mean: Tensor, logVariance: Tensor] {
    const hidden = this.body.forward(x);
    return [this.mean.forward(hidden), this.logVariance.forward(hidden)];
  }

  /** The brightness of each pixel, as logits. */
  decode(z: Tensor): Tensor {
    return this.decoder.forward(z);
  }

  /** The reconstructed pixels, as logits, and for each row KL(N(mean, variance) || N(0, 1)) = -1/2 sum(1 + log variance - mean^2 - variance). */
  override forward(x: Tensor): { pixels: Tensor; kl: Tensor } {
    const [mean, logVariance] = this.encode(x);
    // A sample of N(mean, variance), reparametrized so that gradients reach both; each step has new random numbers. Outside of training: the mean.
    const z = this.training ? logVariance.mul(0.5).exp().mul(randnLike(mean)).add(mean) : mean;
    return { pixels: this.decode(z), kl: logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum(1).mul(-0.5) };
  }
}

manualSeed(1);
const { x, y } = await data.readCsv('examples/data/digits.csv', { target: 'digit' });
const [xTrain, xTest] = data.trainTestSplit(x.div(16), y!, { testSize: 0.2, stratify: y!, seed: 1 });
const loader = new data.DataLoader(new data.TensorDataset(xTrain, xTrain), { batchSize: 64, shuffle: true, dropLast: true });

const model = new Autoencoder();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.002 });

await train.fit(model, {
  criterion: ({ pixels, kl }: ReturnType<Autoencoder['forward']>, pictures) =>
    nn.functional.binaryCrossEntropyWithLogits(pixels, pictures, { reduction: 'sum' }).div(pictures.shape[0]!).add(kl.mean()),
  optimizer,
  loader,
  metrics: { kl: { metric: (kl) => kl.mean(), output: 'kl' } },
  epochs,
  onEpoch({ epoch, loss, metrics }) {
    if (epoch > 1 && epoch % 20 > 0) return;
    console.log(`epoch ${String(epoch).padStart(2)}: loss ${loss.toFixed(2)}, of it KL ${metrics.kl.toFixed(2)}`);
  },
  progress: false,
});

model.eval();
noGrad(() => {
  const again = model.forward(xTest).pixels.sigmoid();
  const left = again.sub(xTest).square().mean().item();
  const all = xTest.sub(xTest.mean(0)).square().mean().item();
  console.log(`eight numbers tell ${(100 * (1 - left / all)).toFixed(0)} % of the variance of ${xTest.shape[0]} held-out pictures`);

  const pictures = (rows: Tensor) => Array.from({ length: 4 }, (_, i) => rows.at(i).mul(16).data);
  console.log(drawPictures(pictures(xTest), ['held out', '', '', '']));
  console.log(drawPictures(pictures(again), ['from eight numbers', '', '', '']));
  console.log(drawPictures(pictures(model.decode(randn([4, latent])).sigmoid()), ['drawn at random', '', '', '']));
});
