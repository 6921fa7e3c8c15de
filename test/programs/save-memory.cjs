// Saves 128 MB and more, and prints by how many bytes that raised the most memory that the process ever had. Usage: node save-memory.cjs PATH WHAT
const { io, nn, ones, optim } = require('simdnn');

const wide = 4096; // 4096 x 8192 numbers take 128 MB

function checkpointed() {
  const model = new nn.Linear(wide, wide / 2);
  const optimizer = new optim.Adam(model.parameters());
  model.weight.grad = ones(model.weight.shape);
  optimizer.step();
  return { model, optimizer }; // 32 MB of weights, 64 MB of moments, and 32 MB of gradients, which are not saved
}

const savers = {
  tensors() {
    const large = ones([wide, 2 * wide]);
    return (path) => io.saveSafetensors(path, { large });
  },
  model() {
    const model = new nn.Linear(wide, 2 * wide);
    return (path) => io.saveModel(path, model);
  },
  checkpoint() {
    const parts = checkpointed();
    return (path) => io.saveCheckpoint(path, parts);
  },
};

async function run(path, what) {
  const save = savers[what]();
  const small = new nn.Linear(2, 1);
  for (let i = 0; i < 20; i++) await io.saveCheckpoint(path, { model: small }); // whatever the first calls load
  const before = process.resourceUsage().maxRSS;
  await save(path);
  console.log((process.resourceUsage().maxRSS - before) * 1024);
}

run(process.argv[2], process.argv[3]);
