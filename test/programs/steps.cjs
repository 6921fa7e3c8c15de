// Trains the lecture's network and prints how the resident memory grew, in bytes, from step 1,000 to the last.
// Usage: node steps.cjs STEPS eager|compiled
const { compile, manualSeed, nn, optim, randn, rand } = require('simdnn');

const [steps, mode] = [Number(process.argv[2]), process.argv[3]];
manualSeed(1);
const layers = [13, 30, 25, 20, 15, 10, 5];
const model = new nn.Sequential(...layers.slice(1).map((out, i) => new nn.Linear(layers[i], out)));
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters());
const eager = (x, y) => {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(x), y);
  loss.backward();
  optimizer.step();
  return loss;
};
const step = mode === 'compiled' ? compile(eager) : eager;
const x = randn([32, 13]);
const y = rand([32]).mul(5).to('int32');

let after1000 = 0;
for (let i = 1; i <= steps; i++) {
  step(x, y);
  if (i === 1000) after1000 = process.memoryUsage.rss();
}
console.log(process.memoryUsage.rss() - after1000);
