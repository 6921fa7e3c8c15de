// Normed weights and further layers, beside PyTorch's.
import { expect } from 'vitest';
import { nn, optim } from '../../src/index';
import { type Case, describeFixture, meets, tensorOf, trajectory } from './parity';

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

const linearCrossEntropyLoss = (golden: Case): void => {
  const { x: xs, target, weight, ...state } = golden.inputs;
  const x = tensorOf(xs!, true);
  const [rows, columns] = state['linear.weight']!.shape as [number, number];
  const given = weight === undefined ? {} : { weight: tensorOf(weight) };
  const criterion = new nn.LinearCrossEntropyLoss(columns, rows, { ...golden.options, ...given });
  criterion.loadStateDict(Object.fromEntries(Object.entries(state).map(([name, array]) => [name, tensorOf(array)])), { strict: false });
  const loss = criterion.forward(x, tensorOf(target!));
  meets(golden, 'loss', loss);
  loss.sum().backward();
  meets(golden, 'gradX', x.grad);
  expect(criterion.namedParameters().map(([name]) => name)).toEqual(Object.keys(state));
  for (const [name, parameter] of criterion.namedParameters()) meets(golden, `grad ${name}`, parameter.grad);
};

describeFixture('names', {
  LinearCrossEntropyLoss: linearCrossEntropyLoss,
  pdist: (golden) => {
    const x = tensorOf(golden.inputs.x!, true);
    const y = nn.functional.pdist(x, { p: Number(golden.options.p) });
    meets(golden, 'y', y);
    y.backward(tensorOf(golden.inputs.grad!));
    meets(golden, 'gradX', x.grad);
  },
  ASGD: trajectory(optim.ASGD),
  Rprop: trajectory(optim.Rprop),
  Adafactor: trajectory(optim.Adafactor),
  weightNorm: normed(nn.utils.weightNorm),
  spectralNorm: normed(nn.utils.spectralNorm),
  'parametrizations.weightNorm': normed(nn.utils.parametrizations.weightNorm),
  'parametrizations.spectralNorm': normed(nn.utils.parametrizations.spectralNorm),
  'parametrizations.orthogonal': normed(nn.utils.parametrizations.orthogonal),
});
