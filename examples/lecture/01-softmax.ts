// Softmax turns any scores into shares of one: all positive, the largest score the largest share.
import { tensor } from 'simdnn';

const scores = tensor([1, 2, 4]);
export const shares = scores.softmax(0);
console.log(`${scores} becomes ${shares}, in sum ${shares.sum().item().toFixed(2)}`);
