import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { manualSeed, nn, rand, type Tensor, tensor } from '../../src';
import { expectError, expectSame, thrownBy } from '../helpers';

const { summary } = nn.utils;

class Model extends nn.Module {
  rows = new nn.Embedding(10, 4);
  body = new nn.Sequential(new nn.Linear(4, 6), new nn.Dropout(0.5), new nn.Sequential(new nn.Linear(6, 6), new nn.ReLU()));
  same = this.body[0] as nn.Linear;
  unused = new nn.Linear(2, 2);
  scale = new nn.Parameter(tensor([1, 2, 3]));

  forward(index: Tensor): Tensor[] {
    const x = this.rows.forward(index);
    return [this.body.forward(x), this.same.forward(x)];
  }
}

const index = tensor(Int32Array.of(1, 2));

describe('summary', () => {
  it('has shapes and numbers of parameters, by whatever way a module is called', () => {
    const model = new Model();
    model.body[2]!.requiresGrad_(false);
    model.same.weight.requiresGrad_(false);
    expect(String(summary(model, index))).toBe(
      `
===========================================================================
Layer (type (name): depth-idx)   Output Shape       Param #       Trainable
===========================================================================
Model                            [[2, 6], [2, 6]]   3             True
├─Embedding (rows): 1-1          [2, 4]             40            True
├─Sequential (body): 1-2         [2, 6]             --            --
│    └─Linear (0): 2-1           [2, 6]             30            Partial
│    └─Dropout (1): 2-2          [2, 6]             --            --
│    └─Sequential (2): 2-3       [2, 6]             --            --
│    │    └─Linear (0): 3-1      [2, 6]             42            False
│    │    └─ReLU (1): 3-2        [2, 6]             --            --
├─Linear (same): 1-3             [2, 6]             (recursive)   Partial
├─Linear (unused): 1-4           --                 6             True
===========================================================================
Total params: 121
Trainable params: 55
Non-trainable params: 66
===========================================================================`.trim(),
    );
    const { rows, totalParams, trainableParams } = summary(model, index, { depth: 1 });
    expect([totalParams, trainableParams]).toEqual([121, 55]);
    expect(rows.map(({ params }) => params)).toEqual([3, 40, 72, 30, 6]);
    expect(rows.map(({ recursive }) => recursive)).toEqual([false, false, false, false, false]); // what is not shown has not stood in a row
    expect(rows[3]).toEqual({
      name: 'same',
      type: 'Linear',
      depth: 1,
      outputShape: [2, 6],
      params: 30,
      trainable: 6,
      recursive: false,
    });
    expect(summary(model, index, { depth: 0 }).rows.map(({ params }) => params)).toEqual([121]);
  });

  it('counts a tied parameter once', () => {
    const [a, b] = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
    b.weight = a.weight;
    const made = summary(new nn.Sequential(a, b), [1, 2]);
    expect(made.totalParams).toBe(8);
    expect(made.rows.map(({ params }) => params)).toEqual([0, 6, 6]);
    expect(inspect(made)).toBe(String(made));
    expect(summary(new nn.Sequential(new nn.Linear(1000, 100)), [1, 1000]).toString()).toContain('100,100');
  });

  it('leaves the model, its modes and the random numbers as they were', () => {
    const model = new Model();
    model.body.eval();
    const modes = model.modules().map(({ training }) => training);
    manualSeed(3);
    const expected = rand([3]);
    manualSeed(3);
    const hook: string[] = [];
    model.body.registerForwardHook((module) => void hook.push(String(module.training)));
    summary(model, [index]);
    expectSame(rand([3]), expected);
    expect(model.modules().map(({ training }) => training)).toEqual(modes);
    expect(model.modules().some((module) => Object.hasOwn(module, 'forward'))).toBe(false);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
    expect(() => summary(model, [1, 2])).toThrow(TypeError); // float32 is no index
    expect(model.modules().map(({ training }) => training)).toEqual(modes);
    expect(model.modules().some((module) => Object.hasOwn(module, 'forward'))).toBe(false);
  });

  it('takes several inputs, and a forward that is a field', () => {
    class Sum extends nn.Module {
      override forward = (x: Tensor, y: Tensor): Tensor => x.add(y);
    }
    const sum = new Sum();
    const { forward } = sum;
    expect(summary(sum, [[2, 1], tensor([1, 2, 3])]).rows[0]!.outputShape).toEqual([2, 3]);
    expect(sum.forward).toBe(forward);
    expect(summary(new nn.Identity(), []).rows[0]!.outputShape).toEqual([]);
  });

  it('refuses what is no model and no shape', () => {
    const where = '[utils.summary]';
    expectError(() => summary(3 as never, [1]), TypeError, `${where} expected a module, got 3`);
    expectError(
      () => summary(new nn.ReLU(), 3 as never),
      TypeError,
      `${where} expected a shape, a tensor or a list of them, got 3\n  hint: summary(model, [1, 13])`,
    );
    expectError(() => summary(new nn.ReLU(), [1], { depth: -1 }), RangeError, `${where} expected depth to be at least 0, got -1`);
    expect(thrownBy(() => summary(new nn.ReLU(), [-1])).message).toContain('expected every size to be at least 0, got -1');
    expect(thrownBy(() => summary(new nn.ReLU(), ['x'] as never)).message).toContain('expected a shape, an array of sizes, got "x"');
  });
});
