// PyTorch's names that Tensor does not have: each is an accessor that says what to use. This file comes after all that install methods.
import { typeError } from '../errors';
import { Tensor } from '../tensor';

const types = 'the element types are float32 and int32';
const fixed = "a tensor's shape is fixed";

const hints: Record<string, string> = {
  numpy: 'data is a typed array on the memory, toArray() gives nested arrays',
  tolist: 'toArray() gives nested arrays',
  nelement: 'numel is the number of elements',
  device: 'everything is on the CPU',
  cuda: 'everything is on the CPU: leave it out',
  double: `${types}; the numbers of toArray() are JavaScript's, which have 64 bits`,
  half: types,
  bfloat16: types,
  short: `${types}: int() converts`,
  char: `${types}: int() converts`,
  byte: `${types}: int() converts`,
  type: 'dtype is the element type, to(dtype) converts',
  type_as: 'to(other.dtype) converts',
  astype: 'to(dtype) converts',
  grad_fn: 'toString() names it',
  retain_grad: 'autograd.grad(loss, tensor) gives the gradient of a tensor between',
  register_hook: 'autograd.grad(loss, tensor) gives the gradient of a tensor between',
  is_cuda: 'everything is on the CPU',
  expand_dims: 'unsqueeze(dim) puts in a dimension of size 1',
  concat: 'cat([x, y], dim) joins tensors',
  concatenate: 'cat([x, y], dim) joins tensors',
  real: 'there are no complex numbers',
  imag: 'there are no complex numbers',
  conj: 'there are no complex numbers',
  resize_: `${fixed}: reshape(shape) makes another tensor on its memory`,
  t_: `${fixed}: t() makes a transposed copy`,
  transpose_: `${fixed}: transpose(dim0, dim1) makes a copy`,
  squeeze_: `${fixed}: squeeze() makes another tensor on its memory`,
  unsqueeze_: `${fixed}: unsqueeze(dim) makes another tensor on its memory`,
  detach_: 'detach() makes another tensor on its memory',
  index_put_: 'indexAdd_ and maskedFill_ change elements, select(0, i).copy_(row) a row',
};

// What users never call.
const internal = new Set([
  'freshGradient',
  'clearGradient',
  'needsGrad',
  'gradientSeen',
  'gradientHome',
  'gradientHidden',
  'gradientShared',
]);

const own = Object.getOwnPropertyNames(Tensor.prototype);
for (const name of own) {
  if (internal.has(name) || !/^[a-z]+([A-Z][a-z]+)+_?$/.test(name)) continue;
  hints[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = `it is called ${name} here`;
}

// Those whose names are two words, in this library's spelling as well.
for (const [name, hint] of Object.entries(hints)) {
  const here = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  for (const spelling of here === name ? [name] : [name, here]) {
    if (spelling in Tensor.prototype) continue;
    const refuse = (): never => {
      throw typeError(`Tensor.${spelling}`, 'there is no such property', hint);
    };
    Object.defineProperty(Tensor.prototype, spelling, { configurable: true, get: refuse, set: refuse });
  }
}
