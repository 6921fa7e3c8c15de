// Conversions between element types, under the names of PyTorch's methods.
import { Tensor } from '../tensor';
import './compare';
import './convert';

declare module '../tensor' {
  interface Tensor {
    /**
     * `to("float32")`: `torch.Tensor.float`.
     *
     * @example
     * tensor([1], { dtype: "int32" }).float().dtype; // "float32"
     */
    float(): Tensor;
    /**
     * `to("int32")`, which cuts off fractions: `torch.Tensor.int`.
     *
     * @example
     * tensor([1.7, -1.7]).int().toArray(); // [1, -1]
     */
    int(): Tensor;
    /**
     * `to("int32")`: integers have 32 bits here, where `torch.Tensor.long` has 64.
     *
     * @example
     * tensor([1.7]).long().dtype; // "int32"
     */
    long(): Tensor;
    /**
     * 1 where x is not 0, else 0, as an int32 tensor like those of comparisons: `torch.Tensor.bool`.
     *
     * @example
     * tensor([0, 2, -1]).bool().toArray(); // [0, 1, 1]
     */
    bool(): Tensor;
    /**
     * Returns this tensor, as all tensors are on the CPU. As `torch.Tensor.cpu`.
     *
     * @example
     * tensor([1, 2]).cpu().toArray(); // [1, 2]
     */
    cpu(): this;
  }
}

Tensor.prototype.float = function (this: Tensor) {
  return this.to('float32');
};
Tensor.prototype.int = function (this: Tensor) {
  return this.to('int32');
};
Tensor.prototype.long = function (this: Tensor) {
  return this.to('int32');
};
Tensor.prototype.bool = function (this: Tensor) {
  return this.ne(0);
};
Tensor.prototype.cpu = function (this: Tensor) {
  return this;
};
