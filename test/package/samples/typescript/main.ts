// The entry alone: what every module resolution finds, the oldest included.
import { compile, type DType, nn, optim, SimdnnError, Tensor, zeros } from 'simdnn';

class Classifier extends nn.Module {
  readonly hidden = new nn.Linear(3, 4);
  readonly output = new nn.Linear(4, 2);

  override forward(x: Tensor): Tensor {
    return this.output.forward(this.hidden.forward(x).relu());
  }
}

const model = new Classifier();
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
const step = compile((x: Tensor) => {
  optimizer.zeroGrad();
  const loss = model.forward(x).sum();
  loss.backward();
  optimizer.step();
  return loss;
});
const loss: number = step(zeros([4, 3])).item();
const type: DType = 'float32';

// @ts-expect-error: a shape is an array of numbers
const wrong = (): Tensor => zeros('4');
// @ts-expect-error: an option of this name is not known
const unknown = (): optim.Adam => new optim.Adam(model.parameters(), { learningRate: 1 });

const y = model.forward(zeros([4, 3], { dtype: type }));
const silent = [wrong, unknown].length === 2 && Number.isFinite(loss) && !(y instanceof SimdnnError);
console.log(y instanceof Tensor && silent, y.shape.join('x'));
