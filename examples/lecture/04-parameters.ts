// What training changes: a weight matrix and a bias for each layer.
import { model } from './02-model';

for (const [name, parameter] of model.namedParameters()) {
  if (parameter.requiresGrad) console.log(name, `${parameter.detach()}`);
}
