// A linear layer of rows in compressed form.
import { describe, expect, it } from 'vitest';
import { nn, noGrad, Tensor, tensor } from '../../src/index';
import { expectClose } from '../helpers';

const int = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);

describe('SparseLinear', () => {
  it('is Linear of the dense rows, with its gradients', () => {
    const layer = new nn.SparseLinear(7, 3);
    const columns = int([0, 3, 3, 6]);
    const values = tensor([1, 2, 3, 4]).requiresGrad_();
    const y = layer.forward(columns, { offsets: int([0, 3, 3]), values });
    const x = tensor([
      [1, 0, 0, 5, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 4],
    ]);
    const weight = layer.weight.detach().clone().requiresGrad_();
    const expected = x.matmul(weight).add(layer.bias!.detach());
    expectClose(y, expected, 1e-6);
    const weights = tensor([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    y.mul(weights).sum().backward();
    expected.mul(weights).sum().backward();
    expectClose(layer.weight.grad!, weight.grad!, 1e-5);
    expect(layer.bias!.grad!.toArray()).toEqual([12, 15, 18]);
    const rows = noGrad(() => layer.weight.indexSelect(0, columns));
    const dy = [0, 0, 0, 2].map((row) => [...weights.narrow(0, row, 1).data]);
    expectClose(
      values.grad!,
      dy.map((g, i) => g.reduce((sum, v, c) => sum + v * rows.data[i * 3 + c]!, 0)),
      1e-5,
    );
  });

  it('takes rows that are filled up, and says what is wrong', () => {
    const layer = new nn.SparseLinear(7, 2, { bias: false });
    const y = layer.forward(int([1, 2, 0, 4, 0, 0], [2, 3]), {
      values: tensor([
        [1, 1, 0],
        [2, 0, 0],
      ]),
    });
    const { weight } = layer;
    expectClose(
      y,
      noGrad(() => weight.at(1).add(weight.at(2)).toArray() as number[]).concat(noGrad(() => weight.at(4).mul(2).toArray() as number[])),
      1e-6,
    );
    expect(() => layer.forward(int([7]), { offsets: int([0]) })).toThrow('[SparseLinear.forward] index[0] = 7 is out of range [0, 7)');
    expect(() => layer.forward(int([1]))).toThrow('needs offsets');
    expect(String(layer)).toBe('SparseLinear(in_features=7, out_features=2, bias=False, sparse=False)');
  });
});
