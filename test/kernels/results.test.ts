// Every public kernel: within float32's rounding of its formula, with the same bits wherever the memory comes from.
import { describe, expect, it } from 'vitest';
import * as K from '../../src/kernels';
import { kernelNames } from '../../src/kernels.generated';
import { arraysOf, type Call, invoke, resizable, type Typed, valuesOf } from './call';
import { calls } from './calls';

it('has a function for every kernel', () => {
  for (const name of kernelNames) expect(typeof (K as Record<string, unknown>)[name], name).toBe('function');
});

it('has a call here for every function', () => {
  const functions = Object.keys(K).filter((name) => name !== 'layout' && name !== 'linearPackedLength');
  expect([...new Set(calls.map((call) => call.name as string))].sort()).toEqual(functions.sort());
});

const field = (values: unknown[], path: string): Typed => {
  const [at, name] = path.split('.');
  const value = values[Number(at)];
  return (name === undefined ? value : (value as Record<string, unknown>)[name]) as Typed;
};

// A handful of roundings, in units of the largest value expected.
const bound = (expected: number[]): number => 8 * 2 ** -23 * Math.max(...expected.map(Math.abs), 2 ** -20);

const label = (call: Call, i: number): string => `${call.name} (${i})`;

describe('results', () => {
  calls.forEach((call, i) => {
    it(label(call, i), () => {
      const values = valuesOf(call.args);
      invoke(call, values);
      for (const [path, expected] of Object.entries(call.gives)) {
        const got = field(values, path);
        expect(got.length).toBe(expected.length);
        expected.forEach((value, at) => {
          const distance = Math.abs(got[at]! - value);
          expect(distance <= bound(expected), `${path}[${at}] is ${got[at]}, expected ${value}`).toBe(true);
        });
      }
    });
  });
});

// Other memory for an array: the view, and all of its memory to see whether something else was touched.
const memories: Record<string, (array: Typed) => { view: Typed; around?: Int32Array }> = {
  'an offset view': (array) => {
    const around = new Int32Array(array.length + 6).fill(0x5a5a5a5a);
    const view = new (array.constructor as Float32ArrayConstructor)(around.buffer, 12, array.length);
    view.set(array);
    return { view, around };
  },
  'shared memory': (array) => {
    const view = new (array.constructor as Float32ArrayConstructor)(new SharedArrayBuffer(array.byteLength) as unknown as ArrayBuffer);
    view.set(array);
    return { view };
  },
  'resizable memory': (array) => {
    const buffer = resizable(array.byteLength, array.byteLength + 64);
    const view = new (array.constructor as Float32ArrayConstructor)(buffer);
    view.set(array);
    return { view };
  },
  'a longer array': (array) => {
    const around = new Int32Array(array.length + 3).fill(0x5a5a5a5a);
    const view = new (array.constructor as Float32ArrayConstructor)(around.buffer);
    view.set(array);
    return { view };
  },
};

for (const [kind, make] of Object.entries(memories)) {
  describe(`the same bits in ${kind}`, () => {
    calls.forEach((call, i) => {
      it(label(call, i), () => {
        const plain = valuesOf(call.args);
        invoke(call, plain);
        const arrays = [...arraysOf(call.args)].filter(([, argument]) => !(kind === 'a longer array' && argument.extends));
        const made = arrays.map(([path, argument]) => [path, make(argument.value)] as const);
        const values = valuesOf(call.args, Object.fromEntries(made.map(([path, { view }]) => [path, view])));
        invoke(call, values);
        for (const [path, { view, around }] of made) {
          const expected = field(plain, path);
          expect(Array.from(view.subarray(0, expected.length))).toEqual(Array.from(expected));
          // NaN and -0 count in bits; what lies beyond the array must be as it was.
          if (around !== undefined)
            expect([...around.subarray(0, 3), ...around.subarray(3 + view.length)]).toEqual(new Array(6).fill(0x5a5a5a5a));
          for (let at = expected.length; at < view.length; at++) expect(new Int32Array(view.buffer, view.byteOffset)[at]).toBe(0x5a5a5a5a);
        }
      });
    });
  });
}
