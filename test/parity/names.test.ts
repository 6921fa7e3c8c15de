// Normed weights and further layers, beside PyTorch's.
import { expect } from 'vitest';
import { nn, optim } from '../../src/index';
import { type Case, describeFixture, meets, tensorOf } from './parity';

type Norm = (module: nn.Linear, options: object) => nn.Linear;

const normed =
  (norm: Norm) =>
  (golden: Case): void => {
    const { x: xs, target: targets, ...state } = golden.inputs;
    const [x, target] = [tensorOf(xs!), tensorOf(targets!)];
    const layer = norm(new nn.Linear(x.shape[1]!, target.shape[1]!), golden.options);
    layer.loadStateDict(Object.fromEntries(Object.entries(state).map(([name, array]) => [name, tensorOf(array)])));
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      nn.functional.mseLoss(layer.forward(x), target).backward();
      optimizer.step();
    }
    layer.eval();
    expect(Object.keys(layer.stateDict())).toEqual(Object.keys(state));
    for (const [name, tensor] of Object.entries(layer.stateDict())) meets(golden, name, tensor, { times: 2 });
    meets(golden, 'y', layer.forward(x), { times: 2 });
  };

describeFixture('names', {
  weightNorm: normed(nn.utils.weightNorm),
  spectralNorm: normed(nn.utils.spectralNorm),
  'parametrizations.weightNorm': normed(nn.utils.parametrizations.weightNorm),
  'parametrizations.spectralNorm': normed(nn.utils.parametrizations.spectralNorm),
});
