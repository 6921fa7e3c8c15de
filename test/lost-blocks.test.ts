// Memory of the library that was detached nevertheless, as `ArrayBuffer.prototype.transfer` could in Node 22, is replaced: in a process of its own, where no array
// was shown to JavaScript, so that the buffers can be transferred.
import { expect, it } from 'vitest';
import { nn, ones, optim, type Tensor } from '../src';
import { expectError, expectSame } from './helpers';

const take = ({ values }: Tensor): void => {
  structuredClone(values.buffer, { transfer: [values.buffer as ArrayBuffer] });
  expect(values.length).toBe(0);
};

it('for small tensors', () => {
  for (const t of [ones([2]), ones([500])]) take(t);
  const none = ones([0]);
  structuredClone(none.values.buffer, { transfer: [none.values.buffer as ArrayBuffer] });
  expect(ones([0]).numel).toBe(0);
  expectSame(ones([2]).add(1), [2, 2]);
  expect(ones([500]).sum().item()).toBe(500);
});

it('for parameters and their gradients', () => {
  const lost = new nn.Linear(2, 2);
  take(lost.bias!);
  expectError(() => lost.weight.toArray(), TypeError, '[Tensor.toArray] the array is detached: its buffer was transferred elsewhere');

  const [a, b] = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
  const optimizer = new optim.SGD([...a.parameters(), ...b.parameters()], { lr: 0.5 });
  const step = (): void => {
    a.forward(b.forward(ones([1, 2])))
      .sum()
      .backward();
    optimizer.step();
  };
  step();
  take(a.weight.grad!);
  expectError(
    () => optimizer.step(),
    TypeError,
    '[SGD] the memory of a parameter or of its gradient is detached: its buffer was transferred elsewhere',
  );
  for (const p of [...a.parameters(), ...b.parameters()]) p.grad = null;
  step();
  expect(a.bias!.grad!.toArray()).toEqual([1, 1]);
  expect(b.weight.grad!.toArray()).not.toEqual([
    [0, 0],
    [0, 0],
  ]);
});
