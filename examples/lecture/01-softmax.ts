// Softmax turns scores into positive numbers that sum to 1; the largest score gets the largest.
import { tensor } from 'simdnn';

const scores = tensor([1, 2, 4]);
export const shares = scores.softmax(0);
console.log(`${scores} becomes ${shares}, in sum ${shares.sum().item().toFixed(2)}`);
