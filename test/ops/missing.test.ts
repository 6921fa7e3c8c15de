// PyTorch's names that are not there say what to use, and are in nobody's way.
import assert from 'node:assert';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { nn, tensor } from '../../src/index';
import type { Tensor } from '../../src/tensor';
import { expectError } from '../helpers';

const at = (x: Tensor, name: string): unknown => (x as unknown as Record<string, unknown>)[name];

describe('a name of PyTorch that is not there', () => {
  const x = tensor([1, 2]);
  it.each([
    ['cuda', 'everything is on the CPU: leave it out'],
    ['numpy', 'data is a typed array on the memory, toArray() gives nested arrays'],
    ['tolist', 'toArray() gives nested arrays'],
    ['double', "the element types are float32 and int32; the numbers of toArray() are JavaScript's, which have 64 bits"],
    ['requires_grad', 'it is called requiresGrad here'],
    ['index_select', 'it is called indexSelect here'],
    ['masked_fill_', 'it is called maskedFill_ here'],
    ['log_softmax', 'it is called logSoftmax here'],
    ['retainGrad', 'registerHook() is called with the gradient of a tensor between, autograd.grad(loss, tensor) gives it'],
    ['register_hook', 'it is called registerHook here'],
    ['absolute', 'it is called abs here'],
    ['arctan_', 'it is called atan_ here'],
    ['notEqual', 'it is called ne here'],
    ['to_sparse_csr', 'tensors are dense; an Embedding with sparse: true has gradients of rows alone'],
    ['isComplex', 'there are no complex numbers'],
    ['new_zeros', 'zeros(shape), ones(shape), full(shape, value) and tensor(data) make tensors'],
    ['squeeze_', "a tensor's shape is fixed: squeeze() makes another tensor on its memory"],
  ])('%s says what to use', (name, hint) => {
    expectError(() => at(x, name), TypeError, `[Tensor.${name}] there is no such property\n  hint: ${hint}`);
    expectError(() => at(new nn.Parameter(x), name), TypeError, `[Tensor.${name}] there is no such property\n  hint: ${hint}`);
  });
  it('cannot be assigned: it would do nothing', () => {
    expectError(
      () => Object.assign(x, { requires_grad: true }),
      TypeError,
      '[Tensor.requires_grad] there is no such property\n  hint: it is called requiresGrad here',
    );
  });
  it('leads to names that are there, and shows no internals', () => {
    const messages = Object.getOwnPropertyNames(Object.getPrototypeOf(x)).flatMap((name) => {
      try {
        at(x, name);
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    });
    const named = messages.flatMap((message) => /it is called (\w+) here/.exec(message)?.[1] ?? []);
    expect(named).toEqual(
      expect.arrayContaining(['requiresGrad', 'requiresGrad_', 'maskedFill', 'maskedFill_', 'logSoftmax', 'reshapeAs', 'nanToNum']),
    );
    for (const name of named) expect(name in x, name).toBe(true);
    expect(messages.join()).not.toMatch(/needsGrad|gradient(Home|Seen)|(fresh|clear)Gradient/);
  });
  it('breaks no inspection, JSON, copying, comparison or `in`', async () => {
    const y = tensor([1, 2]);
    expect(inspect(y, { showHidden: true, getters: true })).toBe('tensor([1., 2.])');
    expect(inspect(y, { customInspect: false })).toContain('Tensor');
    expect(JSON.stringify([y])).toBe('[[1,2]]');
    expect({ ...y }).toHaveProperty('shape', [2]);
    expect(Object.keys(y).includes('cuda')).toBe(false);
    const enumerated: string[] = [];
    for (const name in y) enumerated.push(name);
    expect(enumerated.filter((name) => ['cuda', 'numpy', 'requires_grad'].includes(name))).toEqual([]);
    expect(['cuda' in y, 'nothing' in y, at(y, 'nothing')]).toEqual([true, false, undefined]);
    expect(() => structuredClone(y)).toThrow(/could not be cloned/);
    expect(tensor([1, 2])).toEqual(tensor([1, 2]));
    expect(tensor([1, 2])).not.toEqual(tensor([1, 3]));
    assert.deepStrictEqual(tensor([1, 2]), tensor([1, 2]));
    expect(await y).toBe(y);
    expect(Object.prototype.toString.call(y)).toBe('[object Object]');
  });
});
