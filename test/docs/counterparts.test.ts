// What docs/parity.md takes from a doc comment.
import { describe, expect, it } from 'vitest';
import { counterpartOf, differencesOf } from './counterparts';

describe('the counterpart', () => {
  it.each([
    ['* A layer: `torch.nn.Linear`. As `torch.nn.Bilinear` but for one.', 'torch.nn.Linear'],
    ['* Runs `fn`, as `torch.no_grad()` does.', 'torch.no_grad'],
    ['* The part there: `x[i]`, `x[i, j]` in Python.', 'x[i]'],
    ['* As `torch.masked_select`, and `x[mask]` in Python.', 'torch.masked_select'],
    ['* Calls `tensor.add`.\n *\n * @example\n * f(); // as `torch.add`', null],
  ])('of %j is %j', (doc, name) => {
    expect(counterpartOf(doc)).toBe(name);
  });
});

describe('the difference', () => {
  it.each([
    ['* The sum: `torch.sum`. int32 gives int32\n * (PyTorch widens to int64). More.', 'int32 gives int32 (PyTorch widens to int64).'],
    ['* The mean; unlike PyTorch, this does not broadcast.', 'Unlike PyTorch, this does not broadcast.'],
    ['* As `torch.utils.data.DataLoader`, without worker processes.', 'As `torch.utils.data.DataLoader`, without worker processes.'],
    ['* 32 bits here, where `torch.Tensor.long` has 64.', '32 bits here, where `torch.Tensor.long` has 64.'],
  ])('of %j is %j', (doc, difference) => {
    expect(differencesOf(doc)).toBe(difference);
  });
  it.each([
    '* A layer: `torch.nn.Linear`.',
    "* Rounded as in PyTorch. As torchmetrics has it. The state has PyTorch's keys: `exp_avg`.",
    '* Prints.\n *\n * @example\n * f(); // where PyTorch throws',
  ])('of %j is none', (doc) => {
    expect(differencesOf(doc)).toBe('');
  });
});
