// The loss is small when the right class scores high, and grows the surer a wrong answer is.
import { nn, tensor } from 'simdnn';

const criterion = new nn.CrossEntropyLoss();
const label = tensor([0], { dtype: 'int32' });
export const losses = [4, 0, -4].map((score) => criterion.forward(tensor([[score, 0, 0]]), label).item());
console.log('right and sure, undecided, wrong:', losses.map((loss) => loss.toFixed(3)).join(', '));
