// The values that the calls of one episode use: tensors, modules and optimizers of earlier calls, and values that suit them.
const mostElements = 600; // of a tensor that later calls may use, so that a product of two is still small

export class World {
  tensors = [];
  modules = [];
  optimizers = [];

  constructor(r, lib) {
    this.r = r;
    this.lib = lib;
  }

  /** Keeps the result of a call if it can be used again. */
  keep(value) {
    const { Tensor, nn, optim } = this.lib;
    const add = (list, one) => {
      list[list.length < 12 ? list.length : this.r.below(12)] = one;
    };
    if (value instanceof Tensor && value.numel <= mostElements) add(this.tensors, value);
    if (value instanceof nn.Module) add(this.modules, value);
    if (value instanceof optim.Optimizer) add(this.optimizers, value);
    if (Array.isArray(value) && value.length < 8) for (const one of value) if (one instanceof Tensor) this.keep(one);
  }

  size() {
    return this.r.pick([1, 2, 3, 3, 4, 5, 7]);
  }
  shape(rank = this.r.below(4)) {
    return this.r.times(rank, () => (this.r.chance(0.03) ? 0 : this.size()));
  }
  float(shape = this.shape()) {
    const t = this.lib.randn(shape);
    return this.r.chance(0.4) ? t.requiresGrad_() : t;
  }
  /** int32 numbers in [0, bound). */
  labels(shape, bound) {
    const n = shape.reduce((product, size) => product * size, 1);
    return this.lib.Tensor.fromTypedArray(
      Int32Array.from({ length: n }, () => this.r.below(bound)),
      shape,
    );
  }
  /** The same, but sometimes one number is far out of range. */
  ints(shape, bound = 5) {
    const t = this.labels(shape, bound);
    if (t.numel > 0 && this.r.chance(0.05)) t.data[this.r.below(t.numel)] = this.r.pick([-1, bound, 2 ** 31 - 1, -(2 ** 31)]);
    return t;
  }
  matrix(rows = this.size(), columns = this.size()) {
    return this.float([rows, columns]);
  }
  /** A tensor of any shape, old or new. */
  tensor() {
    if (this.tensors.length > 0 && this.r.chance(0.4)) return this.r.pick(this.tensors);
    return this.r.chance(0.85) ? this.float() : this.ints(this.shape());
  }
  /** A tensor that broadcasts with t. */
  partner(t) {
    if (this.r.chance(0.25)) return this.r.pick([0, 1, 2, 0.5, -3]);
    const shape = t.shape.slice(this.r.chance(0.3) ? this.r.below(t.shape.length + 1) : 0).map((s) => (this.r.chance(0.2) ? 1 : s));
    return t.dtype === 'int32' ? this.ints(shape) : this.float(shape);
  }
  dim(t) {
    const rank = Math.max(t.shape.length, 1);
    return this.r.below(2 * rank) - rank;
  }
  /** A random part of the options. */
  options(makers) {
    const out = {};
    for (const [name, make] of Object.entries(makers)) if (this.r.chance(0.5)) out[name] = make();
    return this.r.chance(0.3) && Object.keys(out).length === 0 ? undefined : out;
  }
  boolean = () => this.r.chance(0.5);
  reduction = () => this.r.pick(['none', 'mean', 'sum']);
  seed = () => this.r.below(1000);

  linear() {
    return new this.lib.nn.Linear(this.size(), this.size(), this.options({ bias: this.boolean }));
  }
  layer() {
    const { nn } = this.lib;
    return this.r.pick([
      () => new nn.ReLU(),
      () => new nn.GELU(),
      () => new nn.Tanh(),
      () => new nn.Identity(),
      () => new nn.Dropout(0.3),
    ])();
  }
  /** A network and its number of features. */
  network() {
    const { nn } = this.lib;
    const widths = this.r.times(2 + this.r.below(3), () => this.size());
    const parts = widths.slice(1).flatMap((out, i) => [new nn.Linear(widths[i], out), this.layer()]);
    return { model: new nn.Sequential(...parts), features: widths[0], classes: widths.at(-1) };
  }
  module() {
    return this.modules.length > 0 && this.r.chance(0.6) ? this.r.pick(this.modules) : this.network().model;
  }
  parameters() {
    return this.r.times(1 + this.r.below(3), () => new this.lib.nn.Parameter(this.lib.randn(this.shape())));
  }
  adamOptions = () =>
    this.options({
      lr: () => this.r.real(),
      betas: () => [this.r.real() * 0.99, this.r.real() * 0.99],
      eps: () => 1e-8,
      weightDecay: () => this.r.real(),
      amsgrad: this.boolean,
      maximize: this.boolean,
    });
  optimizer() {
    if (this.optimizers.length > 0 && this.r.chance(0.5)) return this.r.pick(this.optimizers);
    const { optim } = this.lib;
    const parameters = this.parameters();
    for (const p of parameters) p.mul(p).sum().backward();
    return this.r.chance(0.5) ? new optim.Adam(parameters, this.adamOptions()) : new optim.SGD(parameters, { lr: 0.1, momentum: 0.9 });
  }
  dataset() {
    const n = 1 + this.r.below(20);
    return new this.lib.data.TensorDataset(this.float([n, this.size()]).detach(), this.ints([n]));
  }
  scaler() {
    const columns = this.size();
    return { scaler: new this.lib.data.StandardScaler().fit(this.matrix(4, columns).detach()), columns };
  }
}
