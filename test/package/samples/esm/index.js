import { createRequire } from 'node:module';
import { nn, Tensor, zeros } from 'simdnn';
import { reluForward } from 'simdnn/kernels';

const { zeros: required } = createRequire(import.meta.url)('simdnn');
const y = new nn.Linear(3, 2).forward(required([4, 3]));
const out = new Float32Array(2);
reluForward(out, Float32Array.of(-1, 1), 2);
console.log(y instanceof Tensor && zeros === required, y.shape.join('x'), out.join(' '));
