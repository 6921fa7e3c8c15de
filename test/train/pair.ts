// A model of one or two inputs and several outputs.
import { nn, noGrad, type Tensor } from '../../src';

export class Pair extends nn.Module {
  body = new nn.Linear(4, 6);
  drop = new nn.Dropout(0.5);
  kind = new nn.Linear(6, 3);
  size = new nn.Linear(6, 1);
  forward(a: Tensor, b?: Tensor): { kind: Tensor; rest: [Tensor, Tensor]; none: null } {
    const h = this.drop.call(this.body.call(b === undefined ? a : a.add(b)).relu());
    const kind = this.kind.call(h);
    return { kind, rest: [this.size.call(h), kind.argmax(1)], none: null };
  }
}

/** The result of `fn` in evaluation mode, without gradients. */
export const eagerly = <T>(model: nn.Module, fn: () => T): T => {
  model.eval();
  const output = noGrad(fn);
  model.train();
  return output;
};
