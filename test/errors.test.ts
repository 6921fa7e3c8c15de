import { expect, describe as group, test } from 'vitest';
import {
  checkAttached,
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  describe,
  rangeError,
  SimdnnError,
  typeError,
  withDefaults,
} from '../src/errors';
import { tensor } from '../src/ops';
import { expectError } from './helpers';

test('the style: where, what, and the cure', () => {
  expect(typeError('f', 'expected this, got that')).toBeInstanceOf(TypeError);
  expect(typeError('f', 'expected this, got that').message).toBe('[f] expected this, got that');
  expect(rangeError('f', 'too far', 'come back')).toBeInstanceOf(RangeError);
  expect(rangeError('f', 'too far', 'come back').message).toBe('[f] too far\n  hint: come back');
  const error = new SimdnnError('SIMDNN_CODE', 'text');
  expect([error.code, error.message, error.name, error instanceof Error]).toEqual(['SIMDNN_CODE', 'text', 'SimdnnError', true]);
});

test.each([
  [null, 'null'],
  [undefined, 'undefined'],
  [3, '3'],
  [Number.NaN, 'NaN'],
  [true, 'true'],
  ['text', '"text"'],
  ['x'.repeat(50), `"${'x'.repeat(40)}..."`],
  [[1], 'an array'],
  [{}, 'an Object'],
  [Object.create(null), 'an object'],
  [new Map(), 'a Map'],
  [new Int32Array(1), 'an Int32Array'],
  [Math.max, 'a function (max)'],
  [() => {}, 'a function'],
])('describe %#', (value, text) => {
  expect(describe(value)).toBe(text);
});

test('a tensor is described by its class', () => {
  expect(describe(tensor([1]))).toBe('a Tensor');
});

group('withDefaults', () => {
  const defaults = { lr: 1e-3, betas: [0.9, 0.999], weightDecay: 0 };

  test('fills in what is missing or undefined', () => {
    expect(withDefaults('Adam', undefined, defaults)).toEqual(defaults);
    expect(withDefaults('Adam', {}, defaults)).toEqual(defaults);
    expect(withDefaults('Adam', { lr: 1, weightDecay: undefined }, defaults)).toEqual({ ...defaults, lr: 1 });
    expect(withDefaults('Adam', undefined, defaults)).not.toBe(defaults);
  });

  test.each([
    ['learningRate', ', did you mean "lr"?'],
    ['weight_decay', ', did you mean "weightDecay"?'],
    ['weightdecay', ', did you mean "weightDecay"?'],
    ['beta', ', did you mean "betas"?'],
    ['weight', ', did you mean "weightDecay"?'],
    ['', ' (known: lr, betas, weightDecay)'],
    ['LR', ', did you mean "lr"?'],
    ['momentum', ' (known: lr, betas, weightDecay)'],
    ['toString', ' (known: lr, betas, weightDecay)'],
  ])('an unknown name: %s', (name, end) => {
    expectError(() => withDefaults('Adam', { [name]: 1 } as never, defaults), TypeError, `[Adam] unknown option "${name}"${end}`);
  });

  test.each([null, 0.1, 'lr', [1]])('no object: %j', (options) => {
    expectError(
      () => withDefaults('Adam', options as never, defaults),
      TypeError,
      `[Adam] expected an options object, got ${describe(options)}\n  hint: Adam(..., { lr, betas, weightDecay })`,
    );
  });
});

group('checks', () => {
  test('checkNumber', () => {
    expect(checkNumber('f', 'p', 0.5, 0, 1)).toBe(0.5);
    expect(checkNumber('f', 'p', Infinity)).toBe(Infinity);
    expectError(() => checkNumber('f', 'p', '1'), TypeError, '[f] expected p to be a number, got "1"');
    expectError(() => checkNumber('f', 'p', Number.NaN), RangeError, '[f] expected p to be a number, got NaN');
    expectError(() => checkNumber('f', 'p', -1, 0), RangeError, '[f] expected p to be at least 0, got -1');
    expectError(() => checkNumber('f', 'p', 2, 0, 1), RangeError, '[f] expected p to be from 0 to 1, got 2');
    expectError(() => checkNumber('f', 'p', Number.NaN, 0, 1), RangeError, '[f] expected p to be from 0 to 1, got NaN');
  });

  test('checkInteger', () => {
    expect(checkInteger('f', 'n', 3)).toBe(3);
    expectError(() => checkInteger('f', 'n', 1.5), RangeError, '[f] expected n to be an integer, got 1.5');
    expectError(() => checkInteger('f', 'n', -1), RangeError, '[f] expected n to be at least 0, got -1');
    expectError(() => checkInteger('f', 'n', 5, 1, 4), RangeError, '[f] expected n to be from 1 to 4, got 5');
  });

  test('checkBoolean', () => {
    expect(checkBoolean('f', 'b', false)).toBe(false);
    expectError(() => checkBoolean('f', 'b', 0), TypeError, '[f] expected b to be true or false, got 0');
  });

  test('checkOneOf', () => {
    expect(checkOneOf('f', 'mode', 'a', ['a', 'b'])).toBe('a');
    expectError(() => checkOneOf('f', 'mode', 'c', ['a', 'b']), RangeError, '[f] expected mode to be one of "a", "b", got "c"');
  });

  test('checkAttached', () => {
    checkAttached('f', new Float32Array(0));
    const array = new Float32Array(2);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expectError(() => checkAttached('f', array), TypeError, '[f] the array is detached: its buffer was transferred elsewhere');
  });
});
