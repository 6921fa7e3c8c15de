// A small network that trains, eager and compiled, and what the tests of compile read from it.
import { compile, manualSeed, nn, optim, randn, type Tensor, tensor } from '../src';

export const labels = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });
export const valuesOf = (model: nn.Module): number[][] => model.parameters().map((p) => [...p.data]);

/** The number of recordings that a compiled function holds. */
export const recordingsOf = (step: { toString(): string }): number => (String(step).match(/^\(/gm) ?? []).length;

/** A classifier, its optimizer, and a step that trains it. */
export function training(options?: { keepGrad?: boolean }) {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters());
  const eager = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, criterion, optimizer, eager, step: compile(eager, options), x: randn([4, 3]), y: labels(0, 1, 1, 0) };
}
