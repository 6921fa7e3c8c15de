// Quick predictions are done at once, on the calling thread.
import { beforeEach, describe, expect, it } from 'vitest';
import { manualSeed, nn, ones, optim, randn, Tensor, train, zeros } from '../../src';
import { eagerly } from './pair';
import { digest, quiet } from './runs';

beforeEach(() => manualSeed(5));

// Whether a promise is settled before the event loop turns, with what it gives.
async function atOnce<T>(promise: Promise<T>): Promise<{ isDone: boolean; value: T }> {
  let isDone = false;
  const value = promise.then((given) => {
    isDone = true;
    return given;
  });
  for (let i = 0; i < 20; i++) await null;
  return { isDone, value: await value };
}

const chain = (...widths: number[]): nn.Sequential =>
  new nn.Sequential(...widths.slice(1).flatMap((width, i) => [new nn.Linear(widths[i]!, width), new nn.ReLU()]));

async function expectAtOnce(model: nn.Module, x: Tensor, expected: boolean): Promise<void> {
  const output = digest(eagerly(model, () => (model as nn.Sequential).call(x)));
  await train.predict(model, x);
  for (let again = 0; again < 3; again++) {
    const { isDone, value } = await atOnce(train.predict(model, x));
    expect(isDone).toBe(expected);
    expect(digest(value as Tensor)).toBe(output);
  }
}

describe('predictions that take', () => {
  it('less than a millisecond are done at once', async () => {
    await expectAtOnce(chain(13, 30, 5), randn([1, 13]), true);
    await expectAtOnce(chain(784, 512, 512, 10), randn([32, 784]), true);
  });

  it('longer are handed to a thread, whatever makes them long', async () => {
    await expectAtOnce(chain(784, 512, 512, 10), randn([100, 784]), false);
    class Gram extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.matmul(x.transpose(0, 1)).matmul(x);
      }
    }
    await expectAtOnce(new Gram(), randn([256, 512]), false); // without a parameter
    await expectAtOnce(new nn.ReLU(), randn([4, 1 << 20]), false); // without a product
  });
});

describe('a prediction at once', () => {
  it('is in evaluation mode, and leaves each module’s mode', async () => {
    const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Dropout(0.5), new nn.BatchNorm1d(4));
    const x = randn([3, 4]);
    const expected = digest(eagerly(model, () => model.call(x)));
    for (const mode of [true, false, true, false]) {
      for (let again = 0; again < 3; again++) {
        model.train(mode);
        model.modules()[1]!.train(!mode);
        expect(digest(await train.predict(model, x))).toBe(expected);
        expect(model.modules().map(({ training }) => training)).toEqual([mode, !mode, mode, mode]);
      }
    }
  });

  it('takes inputs that require gradients, and the same tensor twice', async () => {
    class Sum extends nn.Module {
      scale = new nn.Linear(4, 4);
      forward(a: Tensor, b: Tensor): Tensor {
        return this.scale.call(a).sub(b);
      }
    }
    const model = new Sum();
    const [a, b] = [randn([2, 4], { requiresGrad: true }), randn([2, 4])];
    for (const inputs of [
      [a, b],
      [a, a],
      [b, a],
      [b, b],
      [a, b],
    ] as [Tensor, Tensor][]) {
      for (let again = 0; again < 2; again++) {
        const output = await train.predict(model, inputs);
        expect(output.requiresGrad).toBe(false);
        expect(digest(output)).toBe(digest(eagerly(model, () => model.call(...inputs))));
      }
    }
  });

  it('has outputs that are copies of what the model gives out twice, of its own and of its input', async () => {
    class All extends nn.Module {
      bias = new nn.Parameter(zeros([2, 4]));
      forward(x: Tensor): Tensor[] {
        const y = x.mul(2);
        return [x, this.bias, y, y];
      }
    }
    const model = new All();
    const x = ones([2, 4]);
    for (let again = 0; again < 4; again++) {
      const outputs = (await train.predict(model, x)) as unknown as Tensor[];
      for (const output of outputs) output.data.fill(7);
      expect([x, model.bias].map((t) => t.toArray())).toEqual([ones([2, 4]).toArray(), zeros([2, 4]).toArray()]);
      expect(outputs[2]!.data).not.toBe(outputs[3]!.data);
    }
  });

  it('notices hooks, parameters that were replaced or stepped, and memory that was transferred', async () => {
    const model = new nn.Linear(4, 2);
    const x = randn([2, 4]);
    await expectAtOnce(model, x, true);
    const handle = model.registerForwardHook((_, __, output) => (output as Tensor).mul(3));
    await expectAtOnce(model, x, true);
    handle.remove();
    await expectAtOnce(model, x, true);
    model.weight = new nn.Parameter(randn([2, 4]));
    await expectAtOnce(model, x, true);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader: [[x, zeros([2, 2])]], epochs: 2, ...quiet });
    await expectAtOnce(model, x, true);
    const memory = new Float32Array(8);
    const lost = Tensor.fromTypedArray(memory, [2, 4]);
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    await expect(train.predict(model, lost)).rejects.toThrow(/train\.predict/);
  });
});
