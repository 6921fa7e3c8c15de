// Adam's `decoupledWeightDecay`.
import { expect, it } from 'vitest';
import { nn, ones, optim, type Tensor, tensor } from '../../src';
import { expectError } from '../helpers';

const { Adam, AdamW } = optim;
type Tested = InstanceType<typeof Adam> | InstanceType<typeof AdamW>;

it('Adam with decoupledWeightDecay is AdamW, and loads that from a dict', () => {
  const stepped = (make: (p: Tensor[]) => Tested): number[] => {
    const p = new nn.Parameter(tensor([1, -2, 3]));
    const optimizer = make([p]);
    for (let i = 0; i < 3; i++) {
      p.grad = tensor([0.5, 0.25, -i]);
      optimizer.step();
    }
    return [...p.data];
  };
  const weightDecay = 0.3;
  const decoupled = stepped((p) => new AdamW(p, { weightDecay }));
  expect(stepped((p) => new Adam(p, { decoupledWeightDecay: true, weightDecay }))).toEqual(decoupled);
  expect(stepped((p) => new Adam(p, { weightDecay }))).not.toEqual(decoupled);
  const optimizer = new Adam([new nn.Parameter(ones([1]))]);
  expect(optimizer.stateDict().param_groups[0]!['decoupled_weight_decay']).toBe(false);
  optimizer.loadStateDict({ state: {}, param_groups: [{ params: [0], decoupled_weight_decay: true }] });
  expect(optimizer.paramGroups[0]!.decoupledWeightDecay).toBe(true);
  expectError(
    () => new Adam([new nn.Parameter(ones([1]))], { decoupledWeightDecay: 1 as never }),
    TypeError,
    '[Adam] expected decoupledWeightDecay to be true or false, got 1',
  );
});
