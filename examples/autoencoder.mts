// A variational autoencoder of handwritten digits: it learns to describe a picture by eight numbers, and to draw one from eight numbers.
//   node build/examples/autoencoder.mjs      after `npx tsc -p examples`, in the folder that has `examples`
import { compile, data, manualSeed, nn, noGrad, optim, randn, randnLike, type Tensor } from 'simdnn';
import { drawPictures } from './terminal.js';

const latent = 8;
const epochs = 60;

class Autoencoder extends nn.Module {
  body = new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU());
  mean = new nn.Linear(128, latent);
  logVariance = new nn.Linear(128, latent);
  decoder = new nn.Sequential(new nn.Linear(latent, 128), new nn.ReLU(), new nn.Linear(128, 64));

  /** The normal distribution of what may describe each picture: its mean and the logarithm of its variance. */
  encode(x: Tensor): [mean: Tensor, logVariance: Tensor] {
    const hidden = this.body.forward(x);
    return [this.mean.forward(hidden), this.logVariance.forward(hidden)];
  }

  /** How bright each pixel is, as logits. */
  decode(z: Tensor): Tensor {
    return this.decoder.forward(z);
  }

  override forward(x: Tensor): Tensor {
    return this.decode(this.encode(x)[0]);
  }
}

/** KL(N(mean, variance) || N(0, 1)) = -1/2 sum(1 + log variance - mean^2 - variance), on average over the rows. */
const divergence = (mean: Tensor, logVariance: Tensor): Tensor =>
  logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum(1).mul(-0.5).mean();

manualSeed(1);
const { x, y } = await data.readCsv('examples/data/digits.csv', { target: 'digit' });
const [xTrain, xTest] = data.trainTestSplit(x.div(16), y!, { testSize: 0.2, stratify: y!, seed: 1 });
const loader = new data.DataLoader(new data.TensorDataset(xTrain), { batchSize: 64, shuffle: true, dropLast: true });

const model = new Autoencoder();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.002 });

const step = compile((pictures: Tensor) => {
  optimizer.zeroGrad();
  const [mean, logVariance] = model.encode(pictures);
  // A draw of N(mean, variance), written so that gradients reach both: other random numbers in each replay.
  const z = logVariance.mul(0.5).exp().mul(randnLike(mean)).add(mean);
  const reconstruction = nn.functional
    .binaryCrossEntropyWithLogits(model.decode(z), pictures, { reduction: 'sum' })
    .div(pictures.shape[0]!);
  const kl = divergence(mean, logVariance);
  const loss = reconstruction.add(kl);
  loss.backward();
  optimizer.step();
  return { loss, kl };
});

for (let epoch = 1; epoch <= epochs; epoch++) {
  let total = 0;
  let ofKl = 0;
  for (const [pictures] of loader) {
    const { loss, kl } = step(pictures);
    total += loss.item();
    ofKl += kl.item();
  }
  if (epoch === 1 || epoch % 20 === 0) {
    console.log(
      `epoch ${String(epoch).padStart(2)}: loss ${(total / loader.length).toFixed(2)}, of it KL ${(ofKl / loader.length).toFixed(2)}`,
    );
  }
}

model.eval();
noGrad(() => {
  const again = model.forward(xTest).sigmoid();
  const left = again.sub(xTest).square().mean().item();
  const all = xTest.sub(xTest.mean(0)).square().mean().item();
  console.log(`eight numbers tell ${(100 * (1 - left / all)).toFixed(0)} % of the variance of ${xTest.shape[0]} held-out pictures`);

  const pictures = (rows: Tensor) => Array.from({ length: 4 }, (_, i) => rows.at(i).mul(16).data);
  console.log(drawPictures(pictures(xTest), ['held out', '', '', '']));
  console.log(drawPictures(pictures(again), ['from eight numbers', '', '', '']));
  console.log(drawPictures(pictures(model.decode(randn([4, latent])).sigmoid()), ['drawn at random', '', '', '']));
});
