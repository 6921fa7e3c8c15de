// A process that no launcher has started.
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compile, data, distributed, manualSeed, nn, ones, optim, SimdnnError, type Tensor, tensor } from '../../src';
import { root } from './launch';

describe('a process alone', () => {
  it('is a group of one, and loads nothing of MPI', async () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        '-e',
        `const { distributed, tensor } = require('./dist/index.js');
        distributed.initProcessGroup();
        const t = tensor([1, 2]);
        distributed.allReduce(t, { op: 'mean' });
        const maps = process.platform === 'linux' ? require('node:fs').readFileSync('/proc/self/maps', 'utf8') : '';
        console.log(JSON.stringify([distributed.getRank(), distributed.getWorldSize(), t.toArray(), /mpi/i.test(maps.replaceAll(process.cwd(), ''))]));`,
      ],
      { cwd: root, encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual([0, 1, [1, 2], false]);
  });

  it('refuses what needs a group', () => {
    for (const call of [distributed.getRank, distributed.getWorldSize, distributed.barrier, distributed.destroyProcessGroup]) {
      expect(call).toThrow(SimdnnError);
    }
    expect(() => distributed.allReduce(tensor([1]))).toThrow(/there is no group\n {2}hint: distributed.initProcessGroup/);
    expect(() => distributed.broadcast(tensor([1]))).toThrow(/there is no group/);
    expect(() => new nn.parallel.DistributedDataParallel(new nn.Linear(1, 1))).toThrow(/there is no group/);
    expect(() => new data.DistributedSampler(4)).toThrow(/there is no group/);
    distributed.initProcessGroup();
    try {
      const capped = (bucketCapMb: number) => () => new nn.parallel.DistributedDataParallel(new nn.Linear(1, 1), { bucketCapMb });
      for (const megabytes of [0, -1, Number.NaN]) expect(capped(megabytes)).toThrow(/expected bucketCapMb to be at least/);
    } finally {
      distributed.destroyProcessGroup();
    }
    expect(() => distributed.initProcessGroup({ timeout: 0 })).toThrow(/expected timeout to be from 0.1/);
    expect(() => distributed.initProcessGroup({ library: 3 as never })).toThrow(/expected library to be a path/);
  });
});

describe('in a group of one', () => {
  beforeEach(() => distributed.initProcessGroup());
  afterEach(() => distributed.destroyProcessGroup());

  const net = (): nn.Sequential => {
    manualSeed(3);
    return new nn.Sequential(new nn.Linear(6, 70), new nn.BatchNorm1d(70), new nn.ReLU(), new nn.Linear(70, 3));
  };
  // What a compiled step consists of, and the parameters after three of them.
  function stepsOf(
    model: nn.Sequential | nn.parallel.DistributedDataParallel<nn.Sequential>,
    noSync: ((fn: () => void) => void) | null = null,
  ) {
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const backward = (x: Tensor): void => void model.forward(x).square().sum().backward();
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad();
      if (noSync === null) backward(x);
      else noSync(() => backward(x));
      backward(x);
      nn.utils.clipGradNorm_(model.parameters(), 1);
      optimizer.step();
    });
    for (let i = 0; i < 3; i++) step(ones([4, 6]).mul(i - 1));
    const { calls } = step.profile(1);
    return { calls: calls.map(({ kernel, numbers }) => `${kernel} ${numbers}`), values: model.parameters().map(({ data }) => data) };
  }

  it.each([{}, { bucketCapMb: 1e-3 }, { broadcastBuffers: false }])('a recorded step has the calls of the module: %j', (options) => {
    const parallel = new nn.parallel.DistributedDataParallel(net(), options);
    const alone = stepsOf(net());
    expect(stepsOf(parallel)).toEqual(alone);
    const other = new nn.parallel.DistributedDataParallel(net(), options);
    expect(stepsOf(other, (fn) => other.noSync(fn))).toEqual(alone);
  });

  it('a sum of one is no call', () => {
    const [x, y] = [tensor([1, 2]), tensor([3, 4])];
    const step = compile(() => {
      distributed.allReduce(x);
      distributed.allReduce(y, { op: 'mean' });
      return x.add(y);
    });
    for (let i = 0; i < 2; i++) expect(step().toArray()).toEqual([4, 6]);
    expect(step.profile(1).calls.map(({ kernel }) => kernel)).toEqual(['add']);
    const before = x.version.count;
    distributed.allReduce(x);
    expect(x.version.count).toBe(before + 1); // changed in place, as with others
  });
});
