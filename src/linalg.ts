// The namespace linalg: linear algebra, with the names that it has in torch.linalg.
export { det, type SignedLogarithm, slogdet } from './ops/determinants';
export { cholesky, type OrthogonalFactors, qr } from './ops/factors';
export { matrixExp, matrixPower } from './ops/matrix-functions';
export {
  type MatrixNormOptions,
  type MatrixOrder,
  matrixNorm,
  type NormOptions,
  norm,
  type VectorNormOptions,
  vectorNorm,
} from './ops/matrix-norms';
export { inv, type SolveOptions, solve } from './ops/solve';
