// Two hundred passes over the training data: output, loss, gradients, step.
import { nn, optim } from 'simdnn';
import { model } from './02-model';
import { trainingLoader } from './08-data';

const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });

model.train();
for (let epoch = 1; epoch <= 200; epoch++) {
  let total = 0;
  for (const [features, labels] of trainingLoader) {
    optimizer.zeroGrad();
    const output = model.forward(features);
    const loss = criterion.forward(output, labels);
    loss.backward();
    optimizer.step();
    total += loss.item();
  }
  if (epoch % 10 === 0) console.log(`epoch ${epoch}: average loss ${total / trainingLoader.length}`);
}
