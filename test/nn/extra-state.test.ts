// What modules keep beside their tensors, in state dicts and in files.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { data, io, nn, ones, optim, randn, type Tensor, tensor, train, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';
import { temporaryFolder } from '../temporary';
import { quiet } from '../train/runs';

class Counted extends nn.Module {
  scale = new nn.Parameter(ones([1]));
  calls = 0;
  forward(x: Tensor): Tensor {
    this.calls++;
    return x.mul(this.scale);
  }
  override getExtraState(): unknown {
    return { calls: this.calls, last: [1, null, 'a'], mean: tensor([this.calls]) };
  }
  override setExtraState(state: { calls: number }): void {
    if (typeof state?.calls !== 'number') throw new TypeError('no calls');
    this.calls = state.calls;
  }
}

const make = () => new nn.Sequential(new nn.Linear(1, 1), new Counted());

describe('extra state', () => {
  it('stands behind the tensors of its module, and before those of its parts', () => {
    class Outer extends Counted {
      inner = new nn.Linear(1, 1, { bias: false });
    }
    expect(Object.keys(new Outer().stateDict())).toEqual(['scale', '_extra_state', 'inner.weight']);
    expect(Object.keys(make().stateDict({ prefix: 'a.' }))).toEqual(['a.0.weight', 'a.0.bias', 'a.1.scale', 'a.1._extra_state']);
  });

  it('is loaded after the tensors', () => {
    const [model, copy] = [make(), make()];
    model.forward(zeros([1, 1]));
    const dict = model.stateDict();
    expect(dict['1._extra_state']).toMatchObject({ calls: 1 });
    expect(copy.loadStateDict(dict)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect((copy[1] as Counted).calls).toBe(1);
    const wrong = { ...dict, '0.bias': ones([1]), '1._extra_state': 3 as unknown as Tensor };
    expectError(() => copy.loadStateDict(wrong), TypeError, 'no calls');
    expectSame(copy.getParameter('0.bias'), [1]);
  });

  it('is missing, or not expected, by the methods that there are', () => {
    class Reads extends nn.Module {
      forward(): void {}
      override getExtraState(): unknown {
        return 1;
      }
    }
    class Writes extends nn.Module {
      forward(): void {}
      override setExtraState(): void {}
    }
    const load = (module: nn.Module, dict: object, strict = true) => module.loadStateDict(dict as nn.StateDict, { strict });
    expect(Object.keys(new Reads().stateDict())).toEqual(['_extra_state']);
    expect(Object.keys(new Writes().stateDict())).toEqual([]);
    const fits = 'the state dict does not fit:\n  ';
    expectError(() => load(new Reads(), { _extra_state: 1 }), RangeError, `[Reads.loadStateDict] ${fits}unexpected keys: "_extra_state"`);
    expectError(() => load(new Writes(), {}), RangeError, `[Writes.loadStateDict] ${fits}missing keys: "_extra_state"`);
    expect(load(new Writes(), {}, false).missingKeys).toEqual(['_extra_state']);
    expectError(
      () => new nn.Linear(1, 1).getExtraState(),
      TypeError,
      '[Linear.getExtraState] the class does not override it, so that there is no extra state',
    );
    expectError(
      () => new nn.Linear(1, 1).setExtraState(1),
      TypeError,
      '[Linear.setExtraState] the class does not override it, so that there is no extra state',
    );
    expect(() => (new nn.Linear(1, 1) as unknown as { get_extra_state(): void }).get_extra_state()).toThrow(
      'it is called getExtraState here',
    );
  });

  it('is in a checkpoint, and refused by a file of tensors', async () => {
    const folder = temporaryFolder();
    const [model, copy] = [make(), make()];
    model.forward(zeros([1, 1]));
    await io.saveCheckpoint(join(folder, 'a'), { model });
    await io.loadCheckpoint(join(folder, 'a'), { model: copy });
    expect((copy[1] as Counted).calls).toBe(1);
    expectSame(copy.getParameter('0.weight'), model.getParameter('0.weight'));
    await expect(io.loadCheckpoint(join(folder, 'a'), { model: new nn.Sequential(new nn.Linear(1, 1)) })).rejects.toThrow(
      'the model is another:\n  unexpected keys: "1.scale", "1._extra_state"',
    );
    await expect(io.saveSafetensors(join(folder, 'b'), model.stateDict())).rejects.toThrow(
      '[io.saveSafetensors] "1._extra_state" is what a module keeps beside tensors, and such a file holds tensors alone\n  hint: saveCheckpoint keeps it too, or put it into metadata as text',
    );
  });

  it('of the best epoch is put back', async () => {
    class Marked extends nn.Module {
      layer = new nn.Linear(2, 1);
      mark = 0;
      forward(x: Tensor): Tensor {
        return this.layer.forward(x);
      }
      override getExtraState(): unknown {
        return { mark: this.mark };
      }
      override setExtraState(state: { mark: number }): void {
        this.mark = state.mark;
      }
    }
    const model = new Marked();
    const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), randn([8, 1])), { batchSize: 4 });
    const optimizer = new optim.SGD(model.parameters(), { lr: 100 }); // gets worse at once
    const onEpoch = ({ epoch }: { epoch: number }): void => {
      model.mark = epoch;
    };
    const earlyStopping = { monitor: 'loss', patience: 2, restoreBest: true };
    await train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 3, earlyStopping, onEpoch, ...quiet });
    expect(model.mark).toBeLessThan(3);
  });
});
