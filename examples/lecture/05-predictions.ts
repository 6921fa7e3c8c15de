// A row of the output has a probability for each class; the prediction is the class with the highest.
import { randn } from 'simdnn';
import { model } from './02-model';

const outputs = model.forward(randn([8, 13]));
export const { values, indices: predicted } = outputs.max(1);
console.log(`${values}`, `${predicted}`);
