// Every operation with valid arguments. `operationNames` finds operations without a case here.
import * as linalg from '../../src/linalg';
import * as nn from '../../src/nn';
import * as ops from '../../src/ops';
import { Tensor } from '../../src/tensor';
import { type Case, chosen, float, int, made, madeAlone, one, positive, two } from './case-makers';
import { denseCases, drawnCases } from './dense-cases';
import { functionalCases } from './functional-cases';
import { layerCases } from './layer-cases';
import { moreLossCases } from './more-loss-cases';

const F = nn.functional;

export const cases: Record<string, Case[]> = {
  ...denseCases,
  ...drawnCases,
  ...moreLossCases,
  ...layerCases,
  'Tensor.add': two((x, y) => x.add(y)),
  'Tensor.sub': two((x, y) => x.sub(y)),
  'Tensor.mul': two((x, y) => x.mul(y)),
  'Tensor.div': two((x, y) => x.div(y)),
  'Tensor.pow': [...two((x, y) => y.pow(x)), one((x) => x.pow(3))],
  'Tensor.eq': two((x, y) => x.eq(y)),
  'Tensor.ne': two((x, y) => x.ne(y)),
  'Tensor.lt': two((x, y) => x.lt(y)),
  'Tensor.le': two((x, y) => x.le(y)),
  'Tensor.gt': two((x, y) => x.gt(y)),
  'Tensor.ge': two((x, y) => x.ge(y)),
  'Tensor.clone': [one((x) => x.clone())],
  'Tensor.to': [one((x) => x.mul(2).to('float32')), one((x) => x.to('int32'))],
  'Tensor.detach': [one((x) => x.detach())],
  'Tensor.max': [one((x) => x.max()), one((x) => Object.values(x.max(1))), one((x) => Object.values(x.max(0, { keepdim: true })))],
  'Tensor.min': [one((x) => x.min()), one((x) => Object.values(x.min(1))), one((x) => Object.values(x.min(0, { keepdim: true })))],
  'Tensor.argmax': [one((x) => x.argmax(1))],
  'Tensor.argmin': [one((x) => x.argmin())],
  'Tensor.matmul': [
    ...[
      () => [float([3, 4]), float([4, 2])],
      () => [float([4]), float([4, 2])],
      () => [float([2, 3, 4]), float([4])],
      () => [float([2, 3, 4]), float([2, 4, 1])],
    ].map((inputs): Case => ({ inputs, call: (x, y) => x.matmul(y!) })),
    one(
      (x) => x.matmul(x),
      () => [float([3, 3])],
    ),
  ],
  'Tensor.narrow': [one((x) => x.narrow(0, 1, 2)), one((x) => x.narrow(1, 1, 2))],
  'Tensor.sum': [one((x) => x.sum()), one((x) => x.sum(0)), one((x) => x.sum([]))],
  'Tensor.mean': [one((x) => x.mean()), one((x) => x.mean(1, { keepdim: true }))],
  'Tensor.indexSelect': [
    chosen(
      (x, index) => x.indexSelect(1, index),
      () => int([2, 2, 0]),
    ),
  ],
  'Tensor.gather': [
    chosen(
      (x, index) => x.gather(1, index),
      () => int([2, 1, 0, 1, 0, 0], [3, 2]),
    ),
    chosen(
      (x, index) => x.gather(1, index),
      () => int([2, 1], [1, 2]),
    ),
  ],
  'Tensor.softmax': [one((x) => x.softmax(1)), one((x) => x.softmax(0))],
  'Tensor.logSoftmax': [one((x) => x.logSoftmax(1)), one((x) => x.logSoftmax(0))],
  'Tensor.t': [
    one((x) => x.t()),
    one(
      (x) => x.t(),
      () => [float([4])],
    ),
  ],
  'Tensor.transpose': [one((x) => x.transpose(0, 1))],
  'Tensor.permute': [one((x) => x.permute([1, 0]))],
  'Tensor.reshape': [one((x) => x.reshape([2, 6]))],
  'Tensor.flatten': [one((x) => x.flatten())],
  'Tensor.squeeze': [
    one(
      (x) => x.squeeze(),
      () => [float([3, 1])],
    ),
  ],
  'Tensor.unsqueeze': [one((x) => x.unsqueeze(1))],
  'Tensor.neg': [one((x) => x.neg())],
  'Tensor.exp': [one((x) => x.exp())],
  'Tensor.log': [
    one(
      (x) => x.log(),
      () => [positive([5])],
    ),
  ],
  'Tensor.sqrt': [
    one(
      (x) => x.sqrt(),
      () => [positive([5])],
    ),
  ],
  'Tensor.abs': [one((x) => x.abs())],
  ...Object.fromEntries(
    (['square', 'reciprocal', 'sign', 'floor', 'ceil', 'round', 'trunc'] as const).map((name) => [
      `Tensor.${name}`,
      [one((x) => x[name]())],
    ]),
  ),
  'Tensor.rsqrt': [
    one(
      (x) => x.rsqrt(),
      () => [positive([3, 4])],
    ),
  ],
  ...Object.fromEntries(
    (['sin', 'cos', 'tan', 'atan', 'sinh', 'cosh', 'asinh', 'exp2', 'expm1', 'erf', 'erfc'] as const).map((name) => [
      `Tensor.${name}`,
      [one((x) => x[name]())],
    ]),
  ),
  ...Object.fromEntries(
    (['log1p', 'log2', 'log10'] as const).map((name) => [
      `Tensor.${name}`,
      [
        one(
          (x) => x[name](),
          () => [positive([3, 4])],
        ),
      ],
    ]),
  ),
  ...Object.fromEntries(
    (['asin', 'acos', 'atanh'] as const).map((name) => [
      `Tensor.${name}`,
      [
        one(
          (x) => x[name](),
          () => [float([3, 4], -0.9, 0.15)],
        ),
      ],
    ]),
  ),
  'Tensor.acosh': [
    one(
      (x) => x.acosh(),
      () => [float([3, 4], 1.1)],
    ),
  ],
  ...Object.fromEntries(
    (['maximum', 'minimum', 'remainder', 'fmod', 'floorDivide', 'atan2'] as const).map((name) => [
      `Tensor.${name}`,
      [...two((x, y) => x[name](y)), one((x) => x[name](0.7))],
    ]),
  ),
  'Tensor.where': [
    { inputs: () => [float([3, 4]), float([4]), int([1, 0, 0, 1])], call: (x, y, mask) => x.where(mask!, y!) },
    one((x) => x.where(x.gt(0), 2)),
  ],
  ...Object.fromEntries(
    (['sin', 'cos', 'tan', 'atan', 'sinh', 'cosh', 'asinh', 'exp2', 'expm1', 'erf', 'erfc'] as const).map((name) => [
      `Tensor.${name}_`,
      madeAlone((x) => x[`${name}_`]()),
    ]),
  ),
  ...Object.fromEntries(
    (['log1p', 'log2', 'log10'] as const).map((name) => [`Tensor.${name}_`, madeAlone((x) => x.abs().add(0.5)[`${name}_`]())]),
  ),
  ...Object.fromEntries(
    (['asin', 'acos', 'atanh'] as const).map((name) => [`Tensor.${name}_`, madeAlone((x) => x.mul(0.2)[`${name}_`]())]),
  ),
  'Tensor.acosh_': madeAlone((x) => x.abs().add(1.5).acosh_()),
  ...Object.fromEntries(
    (['remainder', 'fmod', 'floorDivide', 'atan2'] as const).map((name) => [`Tensor.${name}_`, made((x, y) => x[`${name}_`](y))]),
  ),
  'Tensor.cumsum_': madeAlone((x) => x.cumsum_(1)),
  'Tensor.cumprod_': madeAlone((x) => x.cumprod_(0)),
  'Tensor.scatter_': [
    chosen(
      (x, index) => x.clone().scatter_(1, index, 7),
      () => int([2, 1, 0, 1], [2, 2]),
    ),
  ],
  'Tensor.scatterAdd_': [
    {
      inputs: () => [float([3, 4]), int([1, 1, 3, 2], [2, 2]), positive([2, 3])],
      call: (x, index, y) => x.clone().scatterAdd_(1, index!, y!),
    },
  ],
  'Tensor.bmm': [{ inputs: () => [float([2, 3, 4]), float([2, 4, 2])], call: (x, y) => x.bmm(y!) }],
  'Tensor.baddbmm': [
    { inputs: () => [float([2]), float([2, 3, 4]), float([2, 4, 2])], call: (x, y, z) => x.baddbmm(y!, z!, { beta: 2, alpha: 0.5 }) },
  ],
  'Tensor.sort': [one((x) => Object.values(x.sort())), one((x) => Object.values(x.sort(0, { descending: true })))],
  'Tensor.argsort': [one((x) => x.argsort(0))],
  'Tensor.topk': [one((x) => Object.values(x.topk(2))), one((x) => Object.values(x.topk(2, 0, { largest: false })))],
  'Tensor.kthvalue': [one((x) => Object.values(x.kthvalue(2)))],
  'Tensor.median': [one((x) => x.median()), one((x) => Object.values(x.median(1, { keepdim: true })))],
  'Tensor.quantile': [one((x) => x.quantile(0.3)), one((x) => x.quantile(0.6, 1, { interpolation: 'midpoint' }))],
  'Tensor.cumsum': [one((x) => x.cumsum(1)), one((x) => x.cumsum(0))],
  'Tensor.cumprod': [one((x) => x.cumprod(1)), one((x) => x.cumprod(0))],
  'Tensor.prod': [one((x) => x.prod()), one((x) => x.prod(0, { keepdim: true }))],
  'Tensor.scatter': [
    { inputs: () => [float([3, 4]), int([1, 0, 3, 2], [2, 2]), positive([2, 3])], call: (x, index, y) => x.scatter(1, index!, y!) },
    chosen(
      (x, index) => x.scatter(0, index, 7),
      () => int([2, 1, 0, 1], [1, 4]),
    ),
  ],
  'Tensor.scatterAdd': [
    { inputs: () => [float([3, 4]), int([1, 1, 3, 2], [2, 2]), positive([2, 3])], call: (x, index, y) => x.scatterAdd(1, index!, y!) },
  ],
  'ops.where': [{ inputs: () => [int([1, 0, 0, 1]), float([3, 4]), float([4])], call: (mask, x, y) => ops.where(mask, x!, y!) }],
  'ops.einsum': [
    { inputs: () => [float([3, 4]), float([4, 2])], call: (x, y) => ops.einsum('ij,jk->ki', x, y!) },
    { inputs: () => [float([2, 3, 4]), float([2, 4])], call: (x, y) => ops.einsum('bij,bj->bi', x, y!) },
    one((x) => ops.einsum('ij->j', x)),
    one((x) => ops.einsum('ij,ij->', x, x)),
  ],
  'Tensor.relu': [one((x) => x.relu())],
  'Tensor.sigmoid': [one((x) => x.sigmoid())],
  'Tensor.tanh': [one((x) => x.tanh())],
  'Tensor.clamp': [one((x) => x.clamp({ min: -0.5, max: 1 }))],

  'Tensor.copy_': made((x, y) => x.copy_(y)),
  'Tensor.add_': made((x, y) => x.add_(y)),
  'Tensor.sub_': made((x, y) => x.sub_(y)),
  'Tensor.mul_': made((x, y) => x.mul_(y)),
  'Tensor.div_': made((x, y) => x.div_(y)),
  'Tensor.lerp_': [...made((x, y) => x.lerp_(y, 0.3)), ...made((x, y) => x.lerp_(y, 0.7))],
  'Tensor.clamp_': madeAlone((x) => x.clamp_({ min: -0.5, max: 1 })),
  'Tensor.fill_': madeAlone((x) => x.fill_(2)),
  'Tensor.zero_': madeAlone((x) => x.zero_()),
  'Tensor.uniform_': madeAlone((x) => x.uniform_()),
  'Tensor.bernoulli_': madeAlone((x) => x.bernoulli_(0.25)),
  'Tensor.exponential_': madeAlone((x) => x.exponential_(2)),
  'Tensor.geometric_': madeAlone((x) => x.geometric_(0.25)),
  'Tensor.cauchy_': madeAlone((x) => x.cauchy_()),
  'Tensor.logNormal_': madeAlone((x) => x.logNormal_()),
  'Tensor.random_': madeAlone((x) => x.random_(-3, 7)),
  'Tensor.eq_': two((x, y) => x.clone().eq_(y)),
  'Tensor.ne_': two((x, y) => x.clone().ne_(y)),
  'Tensor.lt_': two((x, y) => x.clone().lt_(y)),
  'Tensor.le_': two((x, y) => x.clone().le_(y)),
  'Tensor.gt_': two((x, y) => x.clone().gt_(y)),
  'Tensor.ge_': two((x, y) => x.clone().ge_(y)),
  'Tensor.logicalAnd_': two((x, y) => x.clone().logicalAnd_(y)),
  'Tensor.logicalOr_': two((x, y) => x.clone().logicalOr_(y)),
  'Tensor.logicalXor_': two((x, y) => x.clone().logicalXor_(y)),
  'Tensor.logicalNot_': [one((x) => x.clone().logicalNot_())],
  'Tensor.fillDiagonal_': [one((x) => x.clone().fillDiagonal_(7))],
  'Tensor.put': [one((x) => x.put([1, -1, 1], x.detach().select(0, 0).narrow(0, 0, 3), { accumulate: true }))],
  'Tensor.put_': [one((x) => x.clone().put_([1, -1], x.detach().select(0, 1).narrow(0, 0, 2)))],
  'Tensor.normal_': madeAlone((x) => x.normal_()),

  'ops.cat': [
    ...two((x, y) => ops.cat([x, y.reshape([-1, 4])])),
    { inputs: () => [float([3, 4]), float([3, 2])], call: (x, y) => ops.cat([x, y!], 1) },
  ],
  'ops.stack': [{ inputs: () => [float([3, 4]), positive([3, 4])], call: (x, y) => ops.stack([x, y!], 1) }],
  ...functionalCases,
};

// Members of Tensor that are not operations, and functions without tensors.
const notOperations = new Set([
  ...[
    'constructor',
    'unique',
    'bincount',
    'requiresGrad_',
    'item',
    'toArray',
    'toString',
    'valueOf',
    'toJSON',
    'backward',
    'freshGradient',
    'clearGradient',
    'size',
    'dim',
    'allclose',
    'equal',
  ].map((name) => `Tensor.${name}`),
  ...['arange', 'empty', 'eye', 'full', 'linspace', 'logspace', 'ones', 'rand', 'randint', 'randn', 'randperm', 'tensor', 'zeros'].map(
    (name) => `ops.${name}`,
  ),
  ...['registerHook', 'registerPostAccumulateGradHook'].map((name) => `Tensor.${name}`),
]);

// Accessors are not read, because on a prototype they have no tensor.
const functionsOf = (prefix: string, object: object): string[] =>
  Object.getOwnPropertyNames(object)
    .filter((name) => {
      const { value, get } = Object.getOwnPropertyDescriptor(object, name)!;
      return typeof (object === Tensor.prototype ? value : (value ?? get?.())) === 'function';
    })
    .map((name) => `${prefix}.${name}`);

/** The names of all operations of the library: the methods of Tensor, the functions and the losses. */
export function operationNames(): string[] {
  const functional = functionsOf('functional', F);
  const plain = functionsOf('ops', ops).filter((name) => !functional.includes(name.replace('ops.', 'functional.')));
  const losses = functionsOf('nn', nn).filter((name) => name.endsWith('Loss'));
  return [...functionsOf('Tensor', Tensor.prototype), ...plain, ...functional, ...functionsOf('linalg', linalg), ...losses].filter(
    (name) => !notOperations.has(name),
  );
}
