import { type ElementwiseForward, reluForward } from 'simdnn/kernels';

const relu: ElementwiseForward = reluForward;
const out = new Float32Array(2);
relu(out, Float32Array.of(-1, 1), 2);
console.log(out.join(' '));
