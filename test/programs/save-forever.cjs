// Saves a checkpoint again and again, each epoch with other values, and says so before and after each. Usage: node save-forever.cjs PATH FIRST
const { writeSync } = require('node:fs');
const { io, nn, optim } = require('simdnn');

async function run(path, first) {
  const model = new nn.Linear(200, 100);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  for (let epoch = first; ; epoch++) {
    nn.init.constant_(model.weight, epoch);
    nn.init.constant_(model.bias, epoch);
    writeSync(1, `begin ${epoch}\n`);
    await io.saveCheckpoint(path, { model, optimizer, epoch });
    writeSync(1, `end ${epoch}\n`);
  }
}

run(process.argv[2], Number(process.argv[3]));
