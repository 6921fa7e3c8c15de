// The loss is small if the correct class has a high score, and grows with the confidence in a wrong answer.
import { nn, tensor } from 'simdnn';

const criterion = new nn.CrossEntropyLoss();
const label = tensor([0], { dtype: 'int32' });
export const losses = [4, 0, -4].map((score) => criterion.forward(tensor([[score, 0, 0]]), label).item());
console.log('right and sure, undecided, wrong:', losses.map((loss) => loss.toFixed(3)).join(', '));
