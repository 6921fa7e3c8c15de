// A prediction of many rows has the bits of the whole, also of models that mix rows.
import { describe, expect, it } from 'vitest';
import { nn, noGrad, randn, type Tensor, tensor, train } from '../../src';

class Own extends nn.Module {
  readonly inner = new nn.Linear(5, 3);
  constructor(private readonly own: (y: Tensor, x: Tensor) => Tensor) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return this.own(this.inner.forward(x), x);
  }
}

const running = (n: number): Tensor => tensor(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => (k <= i ? 1 : 0))));

const models: Record<string, (y: Tensor, x: Tensor) => Tensor> = {
  'rows alone': (y) => y.tanh(),
  'the mean of all': (y) => y.sub(y.mean(0, { keepdim: true })),
  'the last row': (y) => y.add(y.narrow(0, y.shape[0]! - 1, 1)),
  'softmax over rows': (y) => y.softmax(0),
  'products of rows': (y) => y.matmul(y.t()).mean(1, { keepdim: true }),
  'running sums': (y) => running(y.shape[0]!).matmul(y),
  'a place for each row': (y) => y.add(tensor(Array.from({ length: y.shape[0]! }, (_, i) => [i]))),
};

describe.each(Object.keys(models))('%s', (name) => {
  it.each([1, 255, 256, 257, 300, 600])('%i rows', async (rows) => {
    const model = new Own(models[name]!);
    const x = randn([rows, 5]);
    const expected = noGrad(() => model.forward(x)).toArray();
    for (let i = 0; i < 3; i++) expect((await train.predict(model, x)).toArray()).toEqual(expected);
    const other = randn([rows + 7, 5]);
    expect((await train.predict(model, other)).toArray()).toEqual(noGrad(() => model.forward(other)).toArray());
  });
});
