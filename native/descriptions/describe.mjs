// The functions by which kernels are described. A description is data, from which scripts/kernels.mjs generates what C++, TypeScript and the tests need.

/** Element types of arrays: their C++ type, their JavaScript classes and Node-API's types. */
export const elements = {
  float32: { c: 'float', arrays: ['Float32Array'], napi: ['napi_float32_array'] },
  int32: { c: 'int32_t', arrays: ['Int32Array'], napi: ['napi_int32_array'] },
  /** Elements that are copied, never computed with. */
  any: { c: 'uint32_t', arrays: ['Float32Array', 'Int32Array'], napi: ['napi_float32_array', 'napi_int32_array'] },
};

// An array. `length`, the number of elements that the kernel uses, is a formula of the sizes and attributes, valid in C++ and in JavaScript.
const operand =
  (role) =>
  (name, length, { type = 'float32', ...more } = {}) => ({ kind: 'array', role, name, length, type, ...more });

/** An array that is completely overwritten and never read. Further properties: { type: 'float32', optional: false, doc }. */
export const out = operand('out');
/** An array that is read and written. */
export const inout = operand('inout');
/** An array that is read. With `unread` this kernel ignores it, and has it only because other kernels of its family read theirs. */
export const read = operand('in');
/** Sizes, strides and offsets of two strided operands, as one Int32Array. */
export const layout = (name) => ({ kind: 'layout', name });

// Attributes. One without a default must be given. An `internal` one is for the library's own calls, a `live` one may differ between replays of a plan.
// `least` and `most` bound the values that the public function accepts.
/** A double. */
export const real = (name, fallback, more = {}) => ({ kind: 'real', name, fallback, ...more });
/** An int32. */
export const integer = (name, fallback, more = {}) => ({ kind: 'integer', name, fallback, ...more });
/** An integer from 0 to 2^53 - 1: a seed, an offset, a number of steps. */
export const counter = (name, fallback, more = {}) => ({ kind: 'counter', name, fallback, ...more });
/** One of an enumeration's names. */
export const choice = (name, enumeration, fallback, more = {}) => ({ kind: 'choice', name, enumeration, fallback, ...more });
/** A boolean with default false; all flags of a call are passed as bits of one number. */
export const flag = (name, more = {}) => ({ kind: 'flag', name, fallback: false, ...more });

/** A struct of attributes that several kernels share, with its fields in order. */
export const attributes = (struct, ...fields) => ({ struct, fields });

/** The fields of shared structs, where the kernels give them other names. */
export const structs = { UnaryAttributes: [real('a', 0), real('b', 0)] };

/** Functions for the formulas of lengths, over non-negative integers. roundUp(n, m) is the least multiple of m that is at least n. */
export const lengths = {
  /** n padded to whole vectors on every target. */
  padded: { parameters: ['n'], formula: 'roundUp(n, 16)' },
  /** Room for a packed weight on every target: panels of up to 32 outputs with one extra row each, and what packing writes behind the last panel. */
  packed: { parameters: ['in', 'out'], formula: 'roundUp(out, 32) * (in + 1) + 480' },
};

/** The values of a choice, numbered from 0. */
export const enumerations = {
  Reduction: {
    values: ['none', 'mean', 'sum'],
    doc: 'How the terms of a loss are reduced to one number: not at all, to their (weighted) mean, or to their sum.',
  },
  SumPhase: {
    values: ['whole', 'begin', 'end'],
    doc: 'Which part of a sum over ranks a call does: all of it, starting it, or waiting until all sums that were started are complete.',
  },
};

/**
 * A kernel: `void name(Run&, operands..., sizes..., const Attributes&)`.
 *
 * - `operands`, `sizes`, `attributes` are in the order of the call.
 * - `flops`: the number of multiplications and additions, for products; `given(x)` is 1 if an optional array was given, else 0.
 * - `doc`, `example`: the comment of the public function in simdnn/kernels; a kernel without them has its public function written by hand in src/kernels/.
 * - `results`: [interface, doc, ...operands] that the public function takes in an object as its first argument.
 * - `options`: [interface, doc, ...operands and attributes] that it takes in an object as its last argument.
 * - `derived`: { size: expression } for sizes that the public function computes, for example `{ n: 'param.length' }`.
 * - `oneType`: arrays of type `any` that must have the same type; the first is an output.
 * - `asks`: [condition, message] pairs; where a condition holds, the public function throws a RangeError with its message.
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
