// The words in which kernels are described. A description is data: scripts/kernels.mjs makes from it what C++, TypeScript and the tests need.

/** Element types of arrays: in C++, in JavaScript, and what an error calls such an array. */
export const elements = {
  float32: { c: 'float', arrays: ['Float32Array'], napi: ['napi_float32_array'] },
  int32: { c: 'int32_t', arrays: ['Int32Array'], napi: ['napi_int32_array'] },
  /** Moved, not calculated with. */
  any: { c: 'uint32_t', arrays: ['Float32Array', 'Int32Array'], napi: ['napi_float32_array', 'napi_int32_array'] },
};

// An array: how many elements of it are used is a formula of the sizes and attributes, in C++ and in JavaScript alike.
const operand =
  (role) =>
  (name, length, { type = 'float32', ...more } = {}) => ({ kind: 'array', role, name, length, type, ...more });

/** An array that is written whole and never read; more: { type: 'float32', optional: false, doc }. */
export const out = operand('out');
/** An array that is read and written. */
export const inout = operand('inout');
/** An array that is read, or with `unread` only there for others of its kind. */
export const read = operand('in');
/** Sizes, strides and offsets of two strided operands, as one Int32Array. */
export const layout = (name) => ({ kind: 'layout', name });

// Attributes. Without a default they must be given; `internal` ones are for the library's own calls; `live` ones may differ from replay to replay;
// `least` and `most` are what the public function asks of them.
/** A double. */
export const real = (name, fallback, more = {}) => ({ kind: 'real', name, fallback, ...more });
/** An int32. */
export const integer = (name, fallback, more = {}) => ({ kind: 'integer', name, fallback, ...more });
/** An integer from 0 to 2^53 - 1: a seed, an offset, a number of steps. */
export const counter = (name, fallback, more = {}) => ({ kind: 'counter', name, fallback, ...more });
/** One of an enumeration's names. */
export const choice = (name, enumeration, fallback, more = {}) => ({ kind: 'choice', name, enumeration, fallback, ...more });
/** True or false, false unless given; all flags of a call travel as one number. */
export const flag = (name, more = {}) => ({ kind: 'flag', name, fallback: false, ...more });

/** A struct of attributes that several kernels share, with the fields in its order. */
export const attributes = (struct, ...fields) => ({ struct, fields });

/** The fields of shared structs that have other names in their kernels. */
export const structs = { UnaryAttributes: [real('a', 0), real('b', 0)] };

/** Lengths that formulas use by name: formulas themselves, of non-negative integers, where roundUp(n, m) is the least multiple of m from n on. */
export const lengths = {
  /** n filled up to whole vectors of any target. */
  padded: { parameters: ['n'], formula: 'roundUp(n, 16)' },
  /** Room for a packed weight of any target: panels of up to 32 outputs with a row more than they have, and what packing writes behind the last. */
  packed: { parameters: ['in', 'out'], formula: 'roundUp(out, 32) * (in + 1) + 480' },
};

/** The values of a choice, numbered from 0. */
export const enumerations = {
  Reduction: {
    values: ['none', 'mean', 'sum'],
    doc: 'How a loss is brought to one number: not at all, by the (weighted) mean, or by the sum.',
  },
  SumPhase: {
    values: ['whole', 'begin', 'end'],
    doc: 'What a call does of a sum over ranks: all of it, its begin, or waiting until all sums that have begun are done.',
  },
};

/**
 * A kernel: `void name(Run&, operands..., sizes..., const Attributes&)`.
 *
 * - `operands`, `sizes`, `attributes` in the order of the call.
 * - `flops`: multiplications and additions, for products; `given(x)` is 1 where an optional array is there, else 0.
 * - `doc`, `example`: of the public function `simdnn/kernels` has of it; a kernel without them has one written by hand in src/kernels/.
 * - `results`: [interface, doc, ...operands] that the public function takes as its first argument, an object.
 * - `options`: [interface, doc, ...operands and attributes] that it takes as its last one, an object.
 * - `derived`: { size: expression } of sizes that it finds by itself; `{ n: 'param.length' }` counts an array.
 * - `oneType`: arrays of any type that must be of one; the first is called out.
 * - `asks`: [condition, message] that it refuses.
 */
export function kernel(name, description) {
  const { attributes: given = [], sizes = [], operands } = description;
  const struct = Array.isArray(given) ? null : given.struct;
  return {
    name,
    flops: null,
    results: null,
    options: null,
    derived: {},
    asks: [],
    ...description,
    operands,
    sizes,
    struct,
    attributes: struct ? given.fields : given,
  };
}
