// The names of PyTorch's that Tensor does not have: each becomes an accessor whose error says what to use instead. Imported after all files that install methods.
import { hintsOf, refuse, spelledHere } from '../hints';
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
};

// Many names with one answer.
const complex = 'there are no complex numbers';
const sparse = 'tensors are dense; an Embedding with sparse: true has gradients of rows alone';
const quantized = types;
const cpu = 'everything is on the CPU: leave it out';
const memory = "tensors are contiguous, and data is the typed array on a tensor's memory";
const algebra = 'there are no eigenvalues and no singular values: inverse(), det(), cholesky() and qr() are there, and linalg.solve(A, B)';
const bits = 'there are no bitwise operations: logicalAnd(), logicalOr(), logicalXor() and logicalNot() are for masks';
const special = 'this function is not there: put it together from exp(), log(), erf() and others';
const many = hintsOf([
  [complex, 'H mH adjoint angle cdouble cfloat chalf conj_physical conj_physical_ is_complex is_conj isreal resolve_conj resolve_neg'],
  [
    sparse,
    'ccol_indices coalesce col_indices crow_indices dense_dim indices is_coalesced is_sparse is_sparse_csr resize_as_sparse_ row_indices smm sparse_dim sparse_mask sparse_resize_ sparse_resize_and_clear_ sspaddmm to_dense to_mkldnn to_padded_tensor to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr',
  ],
  [
    quantized,
    'dequantize int_repr is_quantized q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qscheme',
  ],
  [
    cpu,
    'get_device ipu is_cpu is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_vulkan is_xla is_xpu mtia pin_memory is_pinned record_stream xpu',
  ],
  [
    memory,
    'as_strided as_strided_ as_strided_scatter const_data_ptr data_ptr dim_order element_size is_contiguous is_set_to is_shared itemsize layout nbytes set_ share_memory_ storage storage_offset storage_type stride untyped_storage',
  ],
  [
    algebra,
    'cholesky_inverse cholesky_solve eig geqrf lstsq lu lu_solve orgqr ormqr pinverse slice_inverse solve svd symeig triangular_solve',
  ],
  [
    bits,
    'bitwise_and bitwise_and_ bitwise_left_shift bitwise_left_shift_ bitwise_not bitwise_not_ bitwise_or bitwise_or_ bitwise_right_shift bitwise_right_shift_ bitwise_xor bitwise_xor_ gcd gcd_ lcm lcm_',
  ],
  [
    special,
    'digamma digamma_ erfinv erfinv_ i0 i0_ igamma igamma_ igammac igammac_ lgamma lgamma_ mvlgamma mvlgamma_ polygamma polygamma_ frexp ldexp ldexp_ nextafter nextafter_',
  ],
  ['bernoulli(p) and multinomial(weights, n) are functions', 'bernoulli multinomial'],
  [
    'zeros(shape), ones(shape), full(shape, value) and tensor(data) make tensors',
    'new new_empty new_empty_strided new_full new_ones new_tensor new_zeros',
  ],
  [
    'split(sizes, dim) and chunk(n, dim) divide a tensor',
    'dsplit hsplit split_with_sizes unsafe_chunk unsafe_split unsafe_split_with_sizes vsplit',
  ],
  ['sort(dim), unique() and cumsum(dim) are there', 'nonzero_static'],
  ['map over toArray(), or use an operation', 'apply_ map_ map2_'],
  [fixed, 'resize resize_as resize_as_ swapaxes_ swapdims_'],
]);
const called: readonly (readonly [here: string, names: string])[] = [
  ['abs', 'absolute'],
  ['acos', 'arccos'],
  ['acosh', 'arccosh'],
  ['asin', 'arcsin'],
  ['asinh', 'arcsinh'],
  ['atan', 'arctan'],
  ['atanh', 'arctanh'],
  ['atan2', 'arctan2'],
  ['div', 'divide true_divide'],
  ['trunc', 'fix'],
  ['mul', 'multiply'],
  ['sub', 'subtract'],
  ['neg', 'negative'],
  ['sign', 'sgn'],
  ['gt', 'greater'],
  ['ge', 'greater_equal'],
  ['lt', 'less'],
  ['le', 'less_equal'],
  ['ne', 'not_equal'],
  ['swapaxes', 'swapdims'],
  ['movedim', 'moveaxis'],
];
for (const name in many) hints[name] ??= many[name]!;
for (const [here, names] of called) {
  for (const name of names.split(' ')) {
    hints[name] ??= `it is called ${here} here`;
    if (`${here}_` in Tensor.prototype) hints[`${name}_`] ??= `it is called ${here}_ here`;
  }
}
Object.assign(hints, {
  ger: 'it is called outer here',
  unfold: 'narrow(dim, start, length) and stack(tensors) make windows',
  is_leaf: 'a leaf is what no operation made',
  is_nested: 'there are no nested tensors',
  is_inference: 'noGrad(() => ...) records nothing',
  is_neg: complex,
  is_distributed: cpu,
  hardshrink: 'nn.functional.hardshrink(x)',
  prelu: 'nn.functional.prelu(x, weight)',
  ndimension: 'dim() is the number of dimensions',
  is_floating_point: 'dtype is "float32" or "int32"',
  is_signed: 'both element types are signed',
  is_nonzero: 'item() !== 0 asks it',
  narrow_copy: 'narrow(dim, start, length) is it',
  positive: 'a tensor is its own',
  sum_to_size: 'sum(dims, { keepdim: true }) is it',
  is_same_size: 'compare the shapes',
  retains_grad: 'registerHook() is called with the gradient of a tensor between',
  stft: 'there are no Fourier transforms',
  istft: 'there are no Fourier transforms',
});

// The properties that users never need.
const internal = ['freshGradient', 'clearGradient', 'needsGrad', 'gradientSeen', 'gradientHome'];

/** The names that users know, collected before the accessors for missing names are added. */
export const tensorNames = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => !internal.includes(name));

/** What to use in place of each missing name. */
export const tensorHints = { ...spelledHere(tensorNames.filter((name) => !['mT', 'toJSON'].includes(name))), ...hints };

refuse(Tensor.prototype, () => 'Tensor', tensorHints);
