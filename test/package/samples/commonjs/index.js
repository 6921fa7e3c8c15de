'use strict';
const { nn, Tensor, zeros } = require('simdnn');
const { reluForward } = require('simdnn/kernels');

const y = new nn.Linear(3, 2).forward(zeros([4, 3]));
const out = new Float32Array(2);
reluForward(out, Float32Array.of(-1, 1), 2);
console.log(y instanceof Tensor, y.shape.join('x'), out.join(' '));
