// The state of L-BFGS, and its form in state dicts.
import { checkAttached, checkInteger, describe, rangeError, typeError } from '../errors';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import type { Vector } from './vectors';

export interface LbfgsState {
  funcEvals: number;
  nIter: number;
  /** The last direction and the step length along it; null before the first iteration, as is the gradient at its beginning. */
  d: Vector | null;
  t: number;
  prevFlatGrad: Vector | null;
  prevLoss: number;
  /** The last changes of the gradients and of the values, and the reciprocals of their inner products. */
  oldDirs: Vector[];
  oldStps: Vector[];
  ro: number[];
  /** The scale of the initial inverse Hessian. */
  hDiag: number;
}

/** Before the first evaluation of the loss. */
export const newLbfgsState = (): LbfgsState => ({
  funcEvals: 0,
  nIter: 0,
  d: null,
  t: 0,
  prevFlatGrad: null,
  prevLoss: 0,
  oldDirs: [],
  oldStps: [],
  ro: [],
  hDiag: 1,
});

const scalarOf = (value: number): Tensor => new Tensor(Float32Array.of(value), []);
const countOf = (value: number): Tensor => new Tensor(Int32Array.of(value), []);
const vectorOf = (values: Vector): Tensor => new Tensor(values.slice(), [values.length]);

function rowsOf(rows: readonly Vector[], columns: number): Tensor {
  const all = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) all.set(row, i * columns);
  return new Tensor(all, [rows.length, columns]);
}

export function writeLbfgsState(state: LbfgsState): Record<string, Tensor> {
  const { d, prevFlatGrad } = state;
  const counts = { func_evals: countOf(state.funcEvals), n_iter: countOf(state.nIter) };
  if (d === null || prevFlatGrad === null) return counts;
  return {
    ...counts,
    d: vectorOf(d),
    t: scalarOf(state.t),
    old_dirs: rowsOf(state.oldDirs, d.length),
    old_stps: rowsOf(state.oldStps, d.length),
    ro: vectorOf(Float32Array.from(state.ro)),
    H_diag: scalarOf(state.hDiag),
    prev_flat_grad: vectorOf(prevFlatGrad),
    prev_loss: scalarOf(state.prevLoss),
  };
}

const keys = ['func_evals', 'n_iter', 'd', 't', 'old_dirs', 'old_stps', 'ro', 'H_diag', 'prev_flat_grad', 'prev_loss', 'al'];

/** Reads the state that `writeLbfgsState` has written, or PyTorch's, which has lists of tensors, and numbers; null if there is no state. */
export function readLbfgsState(where: string, saved: unknown, numel: number): LbfgsState | null {
  if (saved === undefined || saved === null) return null;
  if (typeof saved !== 'object') throw typeError(where, `expected the state of parameter 0 to be an object, got ${describe(saved)}`);
  const entries = saved as Record<string, unknown>;
  const unknown = Object.keys(entries).filter((key) => !keys.includes(key));
  if (unknown.length > 0) {
    throw rangeError(
      where,
      `the state of parameter 0 has ${unknown.join(', ')}, which LBFGS does not keep`,
      'the state is that of another kind of optimizer',
    );
  }
  const numberOf = (key: string, value = entries[key]): number => {
    const number: unknown = value instanceof Tensor && value.numel === 1 ? value.values[0] : value;
    if (typeof number !== 'number') throw typeError(where, `expected ${key} to be a number, got ${describe(value)}`);
    return number;
  };
  const vector = (key: string, value = entries[key]): Vector => {
    if (!(value instanceof Tensor) || value.dtype !== 'float32')
      throw typeError(where, `expected ${key} to be a float32 tensor, got ${describe(value)}`);
    if (value.numel !== numel)
      throw rangeError(where, `expected ${key} to have ${numel} elements, as the parameters have, got ${shapeText(value.shape)}`);
    checkAttached(where, value.values);
    return value.floats.slice();
  };
  // A tensor with a row for each vector, or a list of vectors.
  const listOf = (key: string): unknown[] => {
    const value = entries[key];
    if (Array.isArray(value)) return value;
    if (!(value instanceof Tensor) || value.dtype !== 'float32')
      throw typeError(where, `expected ${key} to be a float32 tensor or a list, got ${describe(value)}`);
    const [rows = 0, ...rest] = value.shape;
    const columns = rest.reduce((product, size) => product * size, 1);
    return Array.from({ length: rows }, (_, i) => new Tensor(value.floats.slice(i * columns, (i + 1) * columns), rest));
  };
  const counts = {
    funcEvals: checkInteger(where, 'func_evals', numberOf('func_evals')),
    nIter: checkInteger(where, 'n_iter', numberOf('n_iter')),
  };
  if ((entries['d'] ?? null) === null) return { ...newLbfgsState(), ...counts };
  const oldDirs = listOf('old_dirs').map((value) => vector('old_dirs', value));
  const oldStps = listOf('old_stps').map((value) => vector('old_stps', value));
  const ro = listOf('ro').map((value) => numberOf('ro', value));
  if (oldStps.length !== oldDirs.length || ro.length !== oldDirs.length)
    throw rangeError(where, `expected as many old_dirs, old_stps and ro, got ${oldDirs.length}, ${oldStps.length} and ${ro.length}`);
  return {
    ...counts,
    d: vector('d'),
    t: Math.fround(numberOf('t')),
    oldDirs,
    oldStps,
    ro: ro.map(Math.fround),
    hDiag: Math.fround(numberOf('H_diag')),
    prevFlatGrad: vector('prev_flat_grad'),
    prevLoss: numberOf('prev_loss'),
  };
}
