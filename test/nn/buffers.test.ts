// A buffer is a property that recordings watch: a replay notices another tensor in its place, and a recorded function cannot put one there.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, ones, optim, SimdnnError, type Tensor, tensor, train, zeros } from '../../src';
import { expectError, expectSame, flat, thrownBy } from '../helpers';

class Norm extends nn.Module {
  declare mean: Tensor;
  constructor(readonly replaces = false) {
    super();
    this.registerBuffer('mean', tensor([1, 2]));
  }
  forward(x: Tensor): Tensor {
    if (this.replaces) this.mean = this.mean.mul(0.5);
    return x.sub(this.mean);
  }
}

const refusal =
  '[Norm.mean] a buffer cannot be replaced inside a recorded function: the next run would go on with the one before\n' +
  '  hint: change it in place: this.mean.copy_(...)';

// Two epochs of one batch; between them `change`.
async function train2(norm: Norm, how: 'loop' | 'fit', change?: () => void): Promise<number[]> {
  manualSeed(3);
  const model = new nn.Sequential(norm, new nn.Linear(2, 1));
  const [x, y] = [ones([4, 2]), ones([4, 1])];
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const criterion = new nn.MSELoss();
  if (how === 'fit') {
    const basics = { criterion, optimizer, loader: [[x, y]], epochs: 2, progress: false };
    return (await train.fit(model, { ...basics, ...(change && { onEpoch: change }) })).loss;
  }
  return [0, 1].map(() => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    change?.();
    return loss.item();
  });
}

describe('a buffer that is replaced', () => {
  it('by a recorded function is an error with a cure, and stays', async () => {
    const norm = new Norm(true);
    const before = norm.mean;
    const run = compile((x: Tensor) => norm.forward(x));
    expectError(() => run(ones([2])), SimdnnError, refusal);
    expect(thrownBy(() => run(ones([2]))).code).toBe('SIMDNN_NOT_RECORDABLE');
    await expect(train2(norm, 'fit')).rejects.toThrow(refusal);
    await expect(train.predict(norm, ones([3, 2]))).rejects.toThrow(refusal);
    expect(norm.mean).toBe(before);
    expectSame(before, [1, 2]);
    norm.forward(ones([2]));
    expectSame(norm.mean, [0.5, 1]);
  });
  it('by registerBuffer in a recorded function, too', () => {
    const norm = new Norm();
    const run = compile((x: Tensor) => {
      norm.registerBuffer('mean', x.mul(2));
      return norm.forward(x);
    });
    expectError(() => run(ones([2])), SimdnnError, refusal);
    expectSame(norm.mean, [1, 2]);
  });
  it('by itself is none, nor is a module made inside', () => {
    const norm = new Norm();
    const run = compile((x: Tensor) => {
      const { mean } = norm;
      norm.mean = mean;
      norm.registerBuffer('mean', mean);
      return new Norm().forward(norm.forward(x));
    });
    expectSame(run(zeros([2])), [-2, -4]);
    expectSame(run(ones([2])), [-1, -3]);
  });
  it.each([
    ['assignment', (norm: Norm) => Object.assign(norm, { mean: tensor([3, 5]) })],
    ['registerBuffer', (norm: Norm) => norm.registerBuffer('mean', tensor([3, 5]))],
    [
      'deleting it and registering another',
      (norm: Norm) => {
        delete (norm as Partial<Norm>).mean;
        norm.registerBuffer('mean', tensor([3, 5]));
      },
    ],
  ])('between two calls by %s is noticed', (_, replace) => {
    const norm = new Norm();
    let runs = 0;
    const run = compile((x: Tensor) => {
      runs++;
      return norm.forward(x);
    });
    expectSame(run(zeros([2])), [-1, -2]);
    replace(norm);
    for (let i = 0; i < 2; i++) expectSame(run(zeros([2])), [-3, -5]);
    expect(runs).toBe(2);
  });
  it('between two epochs is noticed, as in the loop', async () => {
    const run = (how: 'loop' | 'fit') => {
      const norm = new Norm();
      return train2(norm, how, () => Object.assign(norm, { mean: tensor([7, 7]) }));
    };
    expect(await run('fit')).toEqual(await run('loop'));
    expect(await run('fit')).not.toEqual(await train2(new Norm(), 'fit'));
  });
});

it('a buffer that is changed in place holds what the loop gives, compiled and in a fit', async () => {
  class Running extends Norm {
    override forward(x: Tensor): Tensor {
      this.mean = this.mean.mul_(0.9).add_(x.mean(0).mul(0.1)); // the same tensor
      return x.sub(this.mean);
    }
  }
  const [eager, compiled, fitted] = [new Running(), new Running(), new Running()];
  const run = compile((x: Tensor) => compiled.forward(x));
  for (let i = 0; i < 2; i++) {
    eager.forward(ones([4, 2]));
    run(ones([4, 2]));
  }
  await train2(fitted, 'fit');
  expect(flat(eager.mean)).not.toEqual([1, 2]);
  expectSame(compiled.mean, eager.mean);
  expectSame(fitted.mean, eager.mean);
});

describe('the property of a buffer', () => {
  it('is listed like a field', () => {
    const norm = new Norm();
    expect(Object.keys(norm)).toEqual(['replaces', 'mean']);
    expect(Object.entries(norm)[1]![1]).toBe(norm.mean);
    expect('mean' in norm && Object.hasOwn(norm, 'mean')).toBe(true);
    expect({ ...norm }.mean).toBe(norm.mean);
    expect(Object.keys(norm.stateDict())).toEqual(['mean']);
    norm.loadStateDict({ mean: tensor([8, 9]) });
    expectSame(norm.mean, [8, 9]);
  });
  it('is the new tensor everywhere once it is assigned', () => {
    const norm = new Norm();
    const other = tensor([3, 4]);
    norm.mean = other;
    expect(norm.buffers()).toEqual([other]);
    expectSame(norm.stateDict()['mean']!, [3, 4]);
  });
  it('can be deleted, and be taken by another', () => {
    const norm = new Norm();
    delete (norm as Partial<Norm>).mean;
    expect(norm.namedBuffers()).toEqual([]);
    expect(Object.keys(norm)).toEqual(['replaces']);
    norm.registerBuffer('mean', null);
    expect(norm.mean).toBeNull();
    expect(norm.namedBuffers()).toEqual([]);
  });

  // Class fields are defined when super() has returned, over whatever the constructor before has made.
  it('is watched where the class has a field of that name without a value', () => {
    class Own extends nn.Module {
      mean!: Tensor;
      constructor() {
        super();
        this.registerBuffer('mean', tensor([1, 2]));
      }
      forward(x: Tensor): Tensor {
        this.mean = this.mean.mul(0.5);
        return x.sub(this.mean);
      }
    }
    const own = new Own();
    expect(own.buffers().flatMap(flat)).toEqual([1, 2]);
    expect(thrownBy(() => compile((x: Tensor) => own.forward(x))(ones([2]))).code).toBe('SIMDNN_NOT_RECORDABLE');
  });
  it('is watched where a class below declares it', () => {
    class Below extends Norm {
      declare mean: Tensor;
      scale = 2;
    }
    const below = new Below(true);
    expect(Object.keys(below)).toEqual(['replaces', 'mean', 'scale']);
    expect(thrownBy(() => compile((x: Tensor) => below.forward(x))(ones([2]))).code).toBe('SIMDNN_NOT_RECORDABLE');
  });
  it('is a plain field, but still a buffer, where a class below has a field of that name with a value', () => {
    class Below extends Norm {
      override mean = tensor([5, 6]);
    }
    const below = new Below();
    expect(below.buffers()).toEqual([below.mean]);
    expectSame(below.stateDict()['mean']!, [5, 6]);
  });
});

describe('nn.Buffer', () => {
  class Centre extends nn.Module {
    mean: Tensor = new nn.Buffer(tensor([1, 2]));
    count: Tensor = new nn.Buffer(zeros([1]), { persistent: false });
    forward(x: Tensor): Tensor {
      return x.sub(this.mean);
    }
  }

  it('is a buffer of the module whose field it is', () => {
    expect(new Centre().buffers({ recurse: false }).length).toBe(2);
    expect(new Centre().getBuffer('mean').shape).toEqual([2]);
    const model = new nn.Sequential(new Centre());
    expect(model.namedBuffers().map(([name]) => name)).toEqual(['0.mean', '0.count']);
    expect(Object.keys(model.stateDict())).toEqual(['0.mean']);
    expect(model.parameters()).toEqual([]);
    const data = tensor([3]);
    expect(new nn.Buffer(data).values).toBe(data.values);
    expect(() => new nn.Buffer(3 as never)).toThrow('[Buffer] expected data to be a tensor, got 3');
    expect(() => new nn.Buffer(data, { persistent: 1 as never })).toThrow('[Buffer] expected persistent');
  });

  it('is copied with the module, replaced by registerBuffer and loaded', () => {
    const [module, copy] = [new Centre(), new Centre().clone()];
    expect(copy.namedBuffers().map(([name]) => name)).toEqual(['mean', 'count']);
    copy.loadStateDict({ mean: tensor([5, 6]) });
    expect(flat(copy.mean)).toEqual([5, 6]);
    expect(flat(module.mean)).toEqual([1, 2]);
    module.registerBuffer('mean', tensor([7, 8]));
    expect(flat(module.forward(zeros([2])))).toEqual([-7, -8]);
  });

  it('is watched by a recording, which follows what is written into it', () => {
    const module = new Centre();
    const run = compile((x: Tensor) => module.forward(x));
    expect(flat(run(zeros([2])))).toEqual([-1, -2]);
    module.mean.add_(1);
    expect(flat(run(zeros([2])))).toEqual([-2, -3]);
    module.mean = tensor([5, 5]);
    expect(flat(run(zeros([2])))).toEqual([-5, -5]);
    expect(module.buffers().includes(module.mean)).toBe(true);
  });
});
