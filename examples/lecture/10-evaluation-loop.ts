// The accuracy of the trained model on rows that it has never seen.
import { metrics, noGrad } from 'simdnn';
import { model } from './02-model';
import { testingLoader } from './08-data';
import './09-training-loop';

export const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 5 });

model.eval();
noGrad(() => {
  for (const [features, labels] of testingLoader) {
    const { indices: predicted } = model.forward(features).max(1);
    console.log(`${predicted}`, `${labels}`);
    accuracy.update(predicted, labels);
  }
});
console.log(`accuracy: ${accuracy.compute().item()}`);
