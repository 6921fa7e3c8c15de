// Indices as users give them: arrays of integers or int32 tensors; negative ones count from the end.
import { isInt32Array, isRangeError } from '../brands';
import * as calls from '../calls.generated';
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, constant, empty, Tensor } from '../tensor';
import { explainIndex } from './indices';

/** What is accepted as indices. */
export type Places = Tensor | readonly number[] | Int32Array;

/**
 * Each index times `stride`, counted from the front, as int32. A kernel looks the indices up in a table, so that an index outside `[-size, size)`, or `[0, size)`
 * if `ends` is `"front"`, is a RangeError in a recorded step too.
 */
export function placesIn(where: string, name: string, given: unknown, size: number, stride = 1, ends: 'both' | 'front' = 'both'): Tensor {
  const index = givenPlaces(where, name, given);
  if (ends === 'front') return lookedUp(where, name, index, size);
  const table = constant([2 * size], 'int32');
  for (let i = 0; i < 2 * size; i++) table.values[i] = (i < size ? i : i - size) * stride;
  const shifted = constant([1], 'int32');
  shifted.values[0] = size;
  const moved = index.add(shifted.reshape([]));
  const out = empty(index.shape.slice(), 'int32');
  try {
    calls.gatherRows({ out: out.ints, x: table.ints, index: moved.ints, outer: 1, rows: 2 * size, columns: 1, count: index.numel });
  } catch (error) {
    const refused = explainIndex(error, where, name, index);
    if (!isRangeError(refused)) throw refused;
    const what = /^(.* = )(-?\d+) is out of range \[0, \d+\)$/.exec(refused.message);
    throw what === null ? refused : new RangeError(`${what[1]}${Number(what[2]) - size} is out of range [${-size}, ${size})`);
  }
  return out;
}

// Returns the indices themselves, which are all in `[0, size)`, or throws.
function lookedUp(where: string, name: string, index: Tensor, size: number): Tensor {
  const table = constant([size], 'int32');
  for (let i = 0; i < size; i++) table.values[i] = i;
  const out = empty(index.shape.slice(), 'int32');
  try {
    calls.gatherRows({ out: out.ints, x: table.ints, index: index.ints, outer: 1, rows: size, columns: 1, count: index.numel });
  } catch (error) {
    throw explainIndex(error, where, name, index);
  }
  return out;
}

function givenPlaces(where: string, name: string, given: unknown): Tensor {
  if (given instanceof Tensor) return checkTensor(where, name, given, 'int32');
  if (!Array.isArray(given) && !isInt32Array(given)) {
    throw typeError(where, `expected ${name} to be an int32 tensor or an array of integers, got ${describe(given)}`);
  }
  const out = constant([given.length], 'int32');
  for (let i = 0; i < given.length; i++) out.values[i] = checkInteger(where, `${name}[${i}]`, given[i], -(2 ** 31), 2 ** 31 - 1);
  return out;
}

/** Throws if an index has more than one dimension. */
export function checkFlat(where: string, index: Tensor): Tensor {
  if (index.shape.length > 1) throw rangeError(where, `expected index [count], got ${shapeText(index.shape)}`);
  return index;
}
