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
  retain_grad: 'registerHook() is called with the gradient of a tensor between, autograd.grad(loss, tensor) gives it',
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
const internal = ['freshGradient', 'clearGradient', 'needsGrad', 'gradientSeen', 'gradientHome'];

function refuse(name: string, hint: string): void {
  const throws = (): never => {
    throw typeError(`Tensor.${name}`, 'there is no such property', hint);
  };
  Object.defineProperty(Tensor.prototype, name, { configurable: true, get: throws, set: throws });
}

// Every name of two words in Python's spelling. The names are read before the first is added.
for (const name of Object.getOwnPropertyNames(Tensor.prototype)) {
  const python = name.replace(/[A-Z]/g, '_$&').toLowerCase();
  if (python !== name && !['T', 'mT', 'toJSON'].includes(name) && !internal.includes(name)) refuse(python, `it is called ${name} here`);
}

for (const name in hints) {
  if (!(name in Tensor.prototype)) refuse(name, hints[name]!);
  const at = name.indexOf('_');
  if (at < 0 || at === name.length - 1) continue;
  const here = name.slice(0, at) + name[at + 1]!.toUpperCase() + name.slice(at + 2); // two words, in this library's spelling
  if (!(here in Tensor.prototype)) refuse(here, hints[name]!);
}
