// CrossEntropyLoss applies softmax itself. A model that ends in Softmax has it applied twice, which flattens the gradients; without
// its Softmax, the same network learns more in the same time. Predictions stay the same, because softmax does not change which score is highest.
import { metrics, nn, noGrad, optim } from 'simdnn';
import { testingLoader, trainingLoader } from './08-data';

const sizes = [13, 30, 25, 20, 15, 10, 5];
const model = new nn.Sequential(...sizes.slice(1).map((size, i) => new nn.Linear(sizes[i]!, size)));
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });

for (let epoch = 1; epoch <= 200; epoch++) {
  for (const [features, labels] of trainingLoader) {
    optimizer.zeroGrad();
    criterion.forward(model.forward(features), labels).backward();
    optimizer.step();
  }
}

export const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 5 });
noGrad(() => {
  for (const [features, labels] of testingLoader) accuracy.update(model.forward(features), labels);
});
console.log(`accuracy from logits: ${accuracy.compute().item()}`);
