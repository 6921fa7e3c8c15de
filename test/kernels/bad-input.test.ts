// Every public kernel with every argument spoilt in every way: always an error that names the kernel, never a crash.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as K from '../../src/kernels';
import { type Argument, arraysOf, type Call, invoke, resizable, type Typed, valuesOf } from './call';
import { calls } from './calls';

function refused(call: Call, replaced: Record<string, unknown>, kind: ErrorConstructor | null, message: string): void {
  let error: unknown = null;
  try {
    invoke(call, valuesOf(call.args, replaced));
  } catch (thrown) {
    error = thrown;
  }
  const what = `${call.name} with ${Object.keys(replaced)}`;
  expect(error, what).toBeInstanceOf(kind ?? Error);
  expect(error instanceof TypeError || error instanceof RangeError, what).toBe(true);
  expect((error as Error).message, what).toContain(message);
  // The binding calls a kernel by its own name: softmaxCrossEntropySoft is also reached through softmaxCrossEntropy.
  expect((error as Error).message, what).toMatch(new RegExp(`^\\[${call.name.replace(/Soft$/, '')}(Soft)?\\] `));
}

function detached(array: Typed): Typed {
  const gone = array.slice();
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  return gone;
}

// Views whose resizable buffer has shrunk below them: of fixed length, and following the buffer's.
function shrunk(array: Typed, length?: number): Typed {
  const buffer = resizable(array.byteLength, Math.max(4096, array.byteLength));
  const view = new (array.constructor as Float32ArrayConstructor)(buffer, 0, length as number);
  buffer.resize(array.byteLength - 4);
  return view;
}

const numbersOf = (args: Argument[]): [string, Exclude<Argument, { is: 'array' | 'object' | 'other' }>][] =>
  args.flatMap((argument, i) => {
    const fields: [string, Argument][] =
      argument.is === 'object' ? Object.entries(argument.fields).map(([name, a]) => [`${i}.${name}`, a]) : [[String(i), argument]];
    return fields.filter(
      (pair): pair is [string, Extract<Argument, { is: 'size' | 'number' }>] => pair[1].is === 'size' || pair[1].is === 'number',
    );
  });

calls.forEach((call, i) => {
  describe(`${call.name} (${i})`, () => {
    const arrays = [...arraysOf(call.args)];

    it('refuses what is no array of the right kind', () => {
      for (const [path, argument] of arrays) {
        const wrong: unknown[] = [
          [1, 2, 3],
          'abc',
          7,
          {},
          true,
          Symbol('a'),
          1n,
          () => 0,
          new Float64Array(99),
          new Uint8Array(99),
          new DataView(new ArrayBuffer(99)),
          new ArrayBuffer(99),
        ];
        if (!argument.optional) wrong.push(null, undefined);
        for (const value of wrong) refused(call, { [path]: value }, TypeError, 'expected');
        if (argument.either) continue;
        const otherKind = argument.value instanceof Int32Array ? new Float32Array(99) : new Int32Array(99);
        refused(call, { [path]: otherKind }, TypeError, 'expected');
      }
    });

    it('refuses arrays that are too short', () => {
      for (const [path, argument] of arrays) {
        if (argument.extends) continue;
        refused(call, { [path]: argument.value.slice(1) }, RangeError, 'expected at least');
        refused(call, { [path]: argument.value.slice(0, 0) }, RangeError, 'elements, got 0');
        refused(call, { [path]: shrunk(argument.value) }, RangeError, 'expected at least');
        refused(call, { [path]: shrunk(argument.value, argument.value.length) }, RangeError, 'expected at least');
      }
    });

    it('refuses detached arrays', () => {
      for (const [path, argument] of arrays) refused(call, { [path]: detached(argument.value) }, TypeError, 'the array is detached');
    });

    it('refuses what is no number', () => {
      for (const [path, argument] of numbersOf(call.args)) {
        const wrong: unknown[] = ['1', null, {}, [], true, 1n, Symbol('a'), new Number(1)];
        if (argument.is === 'size' || !argument.optional) wrong.push(undefined);
        for (const value of wrong) refused(call, { [path]: value }, TypeError, 'a number');
      }
    });

    it('refuses sizes that are no integers or larger than the arrays', () => {
      for (const [path, argument] of numbersOf(call.args)) {
        if (argument.is !== 'size') continue;
        for (const value of [Number.NaN, -1, 0.5, 2 ** 53, Infinity, -Infinity, 1e300]) {
          refused(call, { [path]: value }, RangeError, `expected an integer from 0 to 9007199254740991, got ${value}`);
        }
      }
    });
  });
});

it('refuses every size for which there is no memory', () => {
  // Seeds and offsets of random numbers are sizes only by their range.
  const counters = new Set(['fillUniform', 'fillNormal', 'dropout', 'randomPermutation']);
  for (const call of calls) {
    const sizes = numbersOf(call.args).filter(([, argument]) => argument.is === 'size');
    // The windows of a pooling, its fifth and sixth size, may be larger than its images.
    const bounded = sizes.filter((_, i) => !call.name.includes('Pool2d') || (i !== 4 && i !== 5));
    for (const [path] of counters.has(call.name) ? sizes.slice(0, 1) : bounded) {
      for (const value of [1000, 2 ** 31, 2 ** 32, 2 ** 33 + 1, 2 ** 52, 2 ** 53 - 1]) {
        refused(call, { [path]: value }, RangeError, 'expected at least');
      }
    }
    if (counters.has(call.name) || sizes.length === 0) continue;
    refused(call, Object.fromEntries(sizes.map(([path]) => [path, 2 ** 53 - 1])), RangeError, 'expected at least');
    refused(call, Object.fromEntries(sizes.map(([path]) => [path, 2 ** 32])), RangeError, 'expected at least');
  }
});

it('takes no time for any number of empty rows', () => {
  // In a process of its own: a call that did not return could not be stopped here.
  const run = spawnSync(process.execPath, [join(__dirname, 'empty-rows.cjs')], { timeout: 50_000, encoding: 'utf8' });
  expect({ status: run.status, signal: run.signal, last: run.stdout.trim().split('\n').at(-1), stderr: run.stderr }).toEqual({
    status: 0,
    signal: null,
    last: 'done',
    stderr: '',
  });
});

describe('options', () => {
  const [a, b, c, d] = [0, 0, 0, 0].map(() => new Float32Array(4)) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const labels = new Int32Array(2);

  it('refuses names that are none', () => {
    expect(() => K.adamStep(a, b, c, d, { step: 1, learningRate: 1 } as never)).toThrow(
      '[adamStep] unknown option "learningRate", did you mean "lr"?',
    );
    expect(() => K.sgdStep(a, b, d, { momentom: 1 } as never)).toThrow('[sgdStep] unknown option "momentom", did you mean "momentum"?');
    expect(() => K.matmul(a, b, c, 2, 2, 2, { transpose: true } as never)).toThrow('[matmul] unknown option "transpose"');
    expect(() => K.softmaxCrossEntropy({ loss: a, dx: b } as never, c, labels, 2, 2)).toThrow('[softmaxCrossEntropy] unknown option "dx"');
    expect(() => K.linearBackward({ dW: a } as never, a, b, c, 2, 2, 2)).toThrow('[linearBackward] unknown option "dW"');
    expect(() => K.nllLoss({ loss: a }, b, labels, 2, 2, { labelSmoothing: 0.1 } as never)).toThrow(
      '[nllLoss] unknown option "labelSmoothing"',
    );
  });

  it('refuses values that are none', () => {
    expect(() => K.adamStep(a, b, c, d, {} as never)).toThrow('[adamStep] expected step to be a number, got undefined');
    expect(() => K.adamStep(a, b, c, d, { step: 0 })).toThrow('[adamStep] expected step to be at least 1, got 0');
    expect(() => K.adamStep(a, b, c, d, { step: 1, decoupled: 1 } as never)).toThrow(
      '[adamStep] expected decoupled to be true or false, got 1',
    );
    expect(() => K.adamStep(a, b, c, d, undefined as never)).toThrow('[adamStep] expected step');
    expect(() => K.sgdStep(a, null, d, { momentum: 0.9 })).toThrow('[sgdStep] momentum and nesterov need a momentum buffer');
    expect(() => K.sgdStep(a, b, d, 3 as never)).toThrow('[sgdStep] expected an options object, got 3');
    expect(() => K.matmul(a, b, c, 2, 2, 2, { transA: 1 } as never)).toThrow('[matmul] expected transA to be true or false, got 1');
    expect(() => K.softmaxCrossEntropy({ loss: a }, b, labels, 2, 2, { reduction: 'avg' } as never)).toThrow(
      '[softmaxCrossEntropy] expected reduction to be one of "none", "mean", "sum", got "avg"',
    );
    expect(() => K.softmaxCrossEntropy({ loss: a }, b, labels, 2, 2, { labelSmoothing: 2 })).toThrow(
      '[softmaxCrossEntropy] expected labelSmoothing to be from 0 to 1, got 2',
    );
    expect(() => K.softmaxCrossEntropy({ loss: a }, b, labels, 2, 2, { labelSmoothing: Number.NaN })).toThrow(RangeError);
    expect(() => K.softmaxCrossEntropy({ loss: a }, b, labels, 2, 2, { ignoreIndex: 2 ** 31 })).toThrow(
      '[softmaxCrossEntropy] expected ignoreIndex to be from -2147483648 to 2147483647',
    );
    expect(() => K.dropout(a, b, 4, 1.5, 0, 0)).toThrow('[dropout] expected p to be from 0 to 1, got 1.5');
    expect(() => K.fillInt(labels, 2, 2 ** 31)).toThrow(
      '[fillInt] value: expected an integer from -2147483648 to 2147483647, got 2147483648',
    );
  });
});

describe('indices and layouts', () => {
  it('refuses indices and labels out of range, and says where', () => {
    const [out, x] = [new Float32Array(3), new Float32Array(3)];
    for (const bad of [-1, 3, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(() => K.gatherRows(out, x, Int32Array.of(0, bad, 1), 3, 1)).toThrow(`[gatherRows] index[1] = ${bad} is out of range [0, 3)`);
      expect(() => K.scatterAddRows(out, x, Int32Array.of(0, bad, 1), 3, 1)).toThrow(
        `[scatterAddRows] index[1] = ${bad} is out of range [0, 3)`,
      );
      expect(() => K.gather(out, x, Int32Array.of(0, 1, bad), 1, 3, 1, 3)).toThrow(`[gather] index[2] = ${bad} is out of range [0, 3)`);
      expect(() => K.scatterAdd(out, x, Int32Array.of(0, 1, bad), 1, 3, 1, 3)).toThrow(
        `[scatterAdd] index[2] = ${bad} is out of range [0, 3)`,
      );
      expect(() => K.softmaxCrossEntropy({ loss: out }, x, Int32Array.of(bad), 1, 3)).toThrow(
        `[softmaxCrossEntropy] labels[0] = ${bad} is out of range [0, 3)`,
      );
      expect(() => K.nllLoss({ loss: out }, x, Int32Array.of(bad), 1, 3)).toThrow(`[nllLoss] labels[0] = ${bad} is out of range [0, 3)`);
    }
    expect(() => K.max(out, new Int32Array(1), x, 1, 0, 1)).toThrow('[max] x[0] is out of range');
  });

  it('refuses to move the bits of one kind into the other', () => {
    const [floats, ints] = [new Float32Array(2), new Int32Array(2)];
    expect(() => K.gatherRows(floats, ints, Int32Array.of(0), 2, 1)).toThrow(
      '[gatherRows] expected out and x of one kind, got a Float32Array and an Int32Array',
    );
    expect(() => K.gather(ints, floats, ints, 1, 2, 1, 2)).toThrow('[gather] expected out and x of one kind');
    expect(() => K.copyStrided(ints, floats, Int32Array.of(1, 2, 1, 0, 1, 0))).toThrow('[copyStrided] expected out and x of one kind');
  });

  it('refuses layouts that are none', () => {
    const a = new Float32Array(4);
    const add = (...layout: number[]) => K.add(a, a, a, Int32Array.from(layout));
    expect(() => add()).toThrow('[add] layout: expected a rank of 0 to 8');
    expect(() => add(-1)).toThrow('expected a rank of 0 to 8');
    expect(() => add(9, 1, 1, 1)).toThrow('expected a rank of 0 to 8');
    expect(() => add(1, 4, 1)).toThrow('[add] layout: too short for its rank');
    expect(() => add(1, -4, 1, 0, 1, 0)).toThrow('[add] layout: sizes, strides and offsets cannot be negative');
    expect(() => add(1, 4, -1, 0, 1, 0)).toThrow('cannot be negative');
    expect(() => add(1, 5, 1, 0, 1, 0)).toThrow('[add] out: expected at least layout.count() = 5 elements, got 4');
    expect(() => add(1, 4, 2, 0, 1, 0)).toThrow('[add] a: expected at least layout.extent(0) = 7 elements, got 4');
    expect(() => add(1, 4, 1, 0, 1, 1)).toThrow('[add] b: expected at least layout.extent(1) = 5 elements, got 4');
    const most = 2 ** 31 - 1;
    expect(() => add(3, most, most, most, most, most, most, most, most, most, most, most)).toThrow(
      '[add] out: expected at least layout.count() = more than 2^53',
    );
    for (const bad of [null, 'a', 3, [1, 4, 1, 0, 1, 0], new Float32Array(6)])
      expect(() => K.add(a, a, a, bad as never)).toThrow('[add] layout: expected an Int32Array');
  });

  it('refuses to write one place more than once', () => {
    const [out, x] = [new Float32Array(8), new Float32Array(8)];
    const most = 2 ** 31 - 1;
    const repeated = Int32Array.of(2, most, most, 0, 0, 0, 0, 0, 0);
    expect(() => K.copyStrided(out, x, repeated)).toThrow('[copyStrided] layout[0] is out of range');
    expect(() => K.copyStrided(out, x, K.layout([2, 2], { strides: [1, 1] }, { strides: [2, 1] }))).toThrow(RangeError);
  });

  it('makes layouts of operands that fit', () => {
    expect(() => K.layout([2, 3], { strides: [1] }, { strides: [3, 1] })).toThrow('[layout] expected 2 strides, got 1');
    expect(() => K.layout([2], { strides: [-1] }, { strides: [1] })).toThrow('[layout] expected every stride to be at least 0, got -1');
    expect(() => K.layout([2], { strides: [1], offset: 0.5 }, { strides: [1] })).toThrow(
      '[layout] expected offset to be an integer, got 0.5',
    );
    expect(() => K.layout([2], {} as never, { strides: [1] })).toThrow('[layout] expected an operand { strides, offset }, got an Object');
    expect(() => K.layout([2.5], { strides: [1] }, { strides: [1] })).toThrow('[layout] expected every size to be an integer, got 2.5');
    expect(() => K.layout([2], { strides: [2 ** 31] }, { strides: [1] })).toThrow('[layout]');
  });
});
