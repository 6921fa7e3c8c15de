// The models of the random programs of train-programs.test.ts.
import { nn, noGrad, randn, type Tensor, tensor, zeros } from '../src';
import { Block } from './compile-programs';
import type { extras, Program, refusedExtras } from './train-programs';

class Extra extends nn.Module {
  declare mean: Tensor;
  /** A tensor that only JavaScript can see. */
  kept: Tensor | null = null;
  factor = 1;
  offset = zeros([1]);

  constructor(
    readonly kind: (typeof extras)[number] | (typeof refusedExtras)[number],
    width: number,
    readonly series: { tensor: Tensor },
  ) {
    super();
    if (kind === 'field') this.mean = zeros([width]);
    else this.registerBuffer('mean', zeros([width]));
  }

  forward(x: Tensor): Tensor {
    const { kind, mean, training, series } = this;
    switch (kind) {
      case 'lerp': {
        if (training) noGrad(() => mean.lerp_(x.mean(0), 0.1));
        return x.sub(mean);
      }
      case 'copy': {
        if (training) noGrad(() => mean.copy_(mean.mul(0.9).add(x.mean(0).mul(0.1))));
        return x.mul(mean.add(1));
      }
      case 'count':
        if (training) noGrad(() => mean.add_(1));
        return x.div(mean.add(10));
      case 'uses': // in evaluation mode as well
        noGrad(() => mean.add_(0.25));
        return x.add(mean.mul(0.01));
      case 'assigned':
      case 'field':
        if (training) this.mean = noGrad(() => mean.mul(0.9).add(x.mean(0).mul(0.1)));
        return x.sub(this.mean);
      case 'kept':
        this.kept = x.mul(2).detach();
        return x;
      case 'captured':
        return x.add(series.tensor.narrow(0, 0, 1).mean());
      case 'captured changed':
        noGrad(() => series.tensor.mul_(0.99));
        return x.add(series.tensor.narrow(0, 1, 1).mean());
      case 'noise':
        return training ? x.add(randn(x.shape).mul(0.1)) : x;
      case 'plain':
        return x.mul(this.factor).add(this.offset);
      case 'softmax': // changed in place after a gradient has kept it
        return noGrad(() => x.softmax(1).clamp_({ min: 1e-3 })).add(x);
    }
  }
}

export class Net extends nn.Module {
  readonly body: nn.ModuleList;
  private readonly outputs: number;

  constructor(
    p: Program,
    classes: number,
    readonly series: { tensor: Tensor },
  ) {
    super();
    const parts: nn.Module[] = [];
    p.layers.forEach((spec, i) => {
      const width = i === 0 ? p.width : p.layers[i - 1]!.out;
      const extra = p.extras[i]!;
      if (extra !== 'none') parts.push(new Extra(extra, width, series));
      parts.push(new Block(width, i === p.layers.length - 1 ? { ...spec, out: classes } : spec));
    });
    this.body = new nn.ModuleList(parts);
    this.outputs = p.outputs;
  }
  forward(x: Tensor, second?: Tensor): Tensor | Tensor[] {
    let y = second === undefined ? x : x.add(second.mul(0.5));
    for (const part of this.body) y = (part as nn.Layer).call(y);
    return this.outputs === 1 ? y : [y, y.mul(0.5)];
  }
  get blocks(): Block[] {
    return this.modules().filter((m) => m instanceof Block);
  }
  get kept(): (Tensor | null)[] {
    return this.modules().flatMap((m) => (m instanceof Extra ? [m.kept] : []));
  }
  /** Replaces the last part. */
  renew(): void {
    const { linear, spec } = this.body.pop() as Block;
    this.body.append(new Block(linear.weight.shape[1]!, spec));
  }
  /** Sets other values in plain fields. */
  change(of: number): void {
    for (const m of this.modules()) {
      if (!(m instanceof Extra)) continue;
      if (of % 2 === 0) m.factor = 1 - of / 500;
      else m.offset = tensor([of / 500]);
    }
  }
  forget(): void {
    for (const m of this.modules()) if (m instanceof Extra) m.kept = null;
  }
  /** Whether a row's output depends on the other rows, of which `predict` splits more than 256. */
  get mixesRows(): boolean {
    return this.blocks.some(({ spec }) => spec.more === 'row' || spec.more === 'gram');
  }
}
