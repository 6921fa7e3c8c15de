// The precision of a training's products: whoever sets another one meanwhile, what began with it ends with it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  compile,
  data,
  type Float32MatmulPrecision,
  getFloat32MatmulPrecision,
  manualSeed,
  nn,
  noGrad,
  optim,
  randn,
  setFloat32MatmulPrecision,
  type Tensor,
  tensor,
  train,
} from '../../src';
import { temporaryFolder } from '../temporary';
import { bitsOf, makeModel, OwnRows, quiet } from './runs';

const all = ['highest', 'high', 'medium'] as const;
const criterion = new nn.CrossEntropyLoss();
const refusal = /a recorded function has one precision: it was recorded with "highest", and a part of it is at "medium"/;

manualSeed(5);
const x = randn([96, 64]);
const y = tensor(Int32Array.from({ length: 96 }, (_, i) => i % 3));
const rows = new data.TensorDataset(x, y);

afterEach(() => setFloat32MatmulPrecision('highest'));

function setUp(dataset: data.Dataset<[Tensor, Tensor]> = rows) {
  manualSeed(3);
  const model = makeModel([64, 160, 3]);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
  return { model, optimizer, loader: new data.DataLoader(dataset, { batchSize: 20, shuffle: true }), criterion };
}

/** What the loop comes to, each step of so many batches. */
function looped(precision: Float32MatmulPrecision, accumulate = 1): [string[], number] {
  setFloat32MatmulPrecision(precision);
  const { model, optimizer, loader } = setUp();
  for (let epoch = 0; epoch < 3; epoch++) {
    const batches = [...loader];
    for (let i = 0; i < batches.length; i += accumulate) {
      const group = batches.slice(i, i + accumulate);
      optimizer.zeroGrad();
      for (const [xb, yb] of group) {
        const loss = criterion.forward(model.forward(xb!), yb!);
        (group.length > 1 ? loss.div(group.length) : loss).backward();
      }
      optimizer.step();
    }
  }
  const loss = noGrad(() => criterion.forward(model.forward(x), y).item());
  setFloat32MatmulPrecision('highest');
  return [bitsOf(model), loss];
}

describe.each(all)('a fit at %s', (precision) => {
  const other = precision === 'medium' ? 'high' : 'medium';

  async function fitted(options: object, dataset?: data.Dataset<[Tensor, Tensor]>): Promise<[string[], number]> {
    const { model, ...rest } = setUp(dataset);
    const validation = new data.DataLoader(rows, { batchSize: 96 });
    const result = await train.fit(model, { ...rest, ...quiet, validation, epochs: 3, precision, ...options });
    setFloat32MatmulPrecision('highest');
    return [bitsOf(model), result.validationLoss.at(-1)!];
  }

  it('trains and validates as the loop at it does, though callbacks set another', async () => {
    const expected = looped(precision);
    const onEpoch = (): void => setFloat32MatmulPrecision(other);
    expect(await fitted({ onEpoch })).toEqual(expected);
    expect(await fitted({ onEpoch, check: 2 })).toEqual(expected);
    expect(await fitted({ onEpoch }, new OwnRows(x, y))).toEqual(expected);
    expect(await fitted({ onEpoch, accumulate: 2 })).toEqual(looped(precision, 2));
  });

  it('goes on from a checkpoint', async () => {
    const path = join(temporaryFolder(), 'precision.safetensors');
    rmSync(path, { force: true });
    await fitted({ epochs: 2, checkpoint: { path } });
    expect(await fitted({ checkpoint: { path, resume: true } })).toEqual(looped(precision));
  });

  it('leaves the gradients of a step that the optimizer refuses', async () => {
    const gradients = async (run: (parts: ReturnType<typeof setUp>, spoil: () => void) => unknown): Promise<Float32Array> => {
      const parts = setUp();
      const spoil = (): void => {
        parts.optimizer.paramGroups[0]!.lr = -1;
      };
      await expect(async () => run(parts, spoil)).rejects.toThrow('expected lr to be at least 0');
      setFloat32MatmulPrecision('highest');
      return Float32Array.from(parts.model.parameters()[0]!.grad!.data as Float32Array);
    };
    const expected = await gradients(({ model, optimizer, loader }, spoil) => {
      setFloat32MatmulPrecision(precision);
      for (;;) {
        for (const [xb, yb] of loader) {
          optimizer.zeroGrad();
          criterion.forward(model.forward(xb!), yb!).backward();
          optimizer.step();
        }
        spoil();
      }
    });
    const found = await gradients(({ model, ...rest }, onEpoch) => train.fit(model, { ...rest, ...quiet, precision, epochs: 2, onEpoch }));
    expect(found).toEqual(expected);
  });
});

describe('a search', () => {
  const make = ({ precision }: { precision?: Float32MatmulPrecision; lr?: number }) => ({
    ...setUp(),
    epochs: 3,
    ...(precision && { precision }),
  });

  it('keeps the precision that it began with, for any concurrency', async () => {
    for (const precision of ['highest', 'medium'] as const) {
      for (const concurrency of [1, 3]) {
        setFloat32MatmulPrecision(precision);
        const searching = train.search(make, { lr: [1, 2, 3] }, { seed: 1, concurrency });
        setFloat32MatmulPrecision('high');
        const { trials } = await searching;
        expect(trials.map(({ model }) => bitsOf(model!))).toEqual(Array(3).fill(looped(precision)[0]));
      }
    }
  });

  it('may try several, as an option or set where a model is made', async () => {
    const setting = ({ precision }: { precision: Float32MatmulPrecision }) => {
      setFloat32MatmulPrecision(precision);
      return make({});
    };
    for (const makeModel of [make, setting]) {
      for (const options of [{ concurrency: 1 }, { concurrency: 3 }, { halving: { minEpochs: 1, factor: 2 }, concurrency: 1 }]) {
        const { ranking, trials } = await train.search(makeModel, { precision: [...all] }, { seed: 1, ...options });
        expect(getFloat32MatmulPrecision()).toBe('highest');
        for (const { params, model, history } of 'halving' in options ? ranking.slice(0, 1) : trials) {
          expect(history!.epochs).toBe(3);
          expect(bitsOf(model!)).toEqual(looped(params.precision)[0]);
        }
      }
    }
  });
});

describe('a cross-validation', () => {
  it('predicts at the precision that its folds were trained and validated at', async () => {
    const predicted = async (precision?: Float32MatmulPrecision): Promise<[number, Float32Array]> => {
      const options = { folds: 3, seed: 1, predictions: true } as const;
      const { folds, mean, predictions } = await train.crossValidate(
        () => {
          const { loader: _, ...made } = setUp();
          return { ...made, epochs: 1, ...(precision && { precision }) };
        },
        rows,
        options,
      );
      setFloat32MatmulPrecision(precision ?? getFloat32MatmulPrecision());
      for (const { model, rows: own } of folds) {
        const part = noGrad(() => model.eval().forward(x.indexSelect(0, tensor(own))));
        expect(predictions.indexSelect(0, tensor(own)).equal(part)).toBe(true);
      }
      setFloat32MatmulPrecision('highest');
      return [mean.validationLoss, Float32Array.from(predictions.data as Float32Array)];
    };
    const asked = await predicted('medium');
    expect(asked).not.toEqual(await predicted('highest'));
    setFloat32MatmulPrecision('medium');
    expect(await predicted()).toEqual(asked);
  });
});

describe('a recorded function', () => {
  it('that changes the precision is refused, compiled or in a fit', async () => {
    const { model, ...rest } = setUp();
    const first = model[0]!;
    const parts: ((input: Tensor) => Tensor)[] = [
      compile((input: Tensor) => first.call(input), { precision: 'medium' }),
      (input) => {
        setFloat32MatmulPrecision('medium');
        try {
          return first.call(input);
        } finally {
          setFloat32MatmulPrecision('highest');
        }
      },
    ];
    for (const part of parts) {
      class Mixed extends nn.Module {
        readonly model = model;
        forward(input: Tensor): Tensor {
          return model[2]!.call(part(input).relu());
        }
      }
      const mixed = new Mixed();
      expect(() => compile((input: Tensor) => mixed.forward(input))(x)).toThrow(refusal);
      await expect(train.fit(mixed, { ...rest, ...quiet, epochs: 1 })).rejects.toMatchObject({
        code: 'SIMDNN_NOT_RECORDABLE',
        message: expect.stringMatching(refusal),
      });
      await expect(train.predict(mixed, x)).rejects.toThrow(refusal);
      expect(getFloat32MatmulPrecision()).toBe('highest');
    }
    setFloat32MatmulPrecision('medium'); // the same in all of it
    const whole = compile((input: Tensor) => model[2]!.call(parts[0]!(input).relu()));
    const once = whole(x);
    expect(whole(x).equal(once)).toBe(true);
    expect(model.forward(x).equal(once)).toBe(true);
  });
});

describe('of evaluations and predictions', () => {
  const { model } = setUp();
  const loader = new data.DataLoader(rows, { batchSize: 20 });
  const at = <T>(precision: Float32MatmulPrecision, fn: () => T): T => {
    setFloat32MatmulPrecision(precision);
    try {
      return fn();
    } finally {
      setFloat32MatmulPrecision('highest');
    }
  };
  const outputAt = (precision: Float32MatmulPrecision, t: Tensor): string =>
    at(precision, () => noGrad(() => model.forward(t)))
      .toArray()
      .toString();

  it('is their option, of rows at once, on a thread and in pieces, and of batches, call by call', async () => {
    for (const t of [x.narrow(0, 0, 32), x, randn([600, 64])]) {
      const expected = all.map((precision) => outputAt(precision, t));
      expect(new Set(expected).size).toBe(3);
      for (let again = 0; again < 3; again++) {
        for (const [i, precision] of all.entries()) {
          const output = await train.predict(model, t, { precision });
          expect(output.toArray().toString()).toBe(expected[i]);
          expect((await at(precision, () => train.predict(model, t))).toArray().toString()).toBe(expected[i]);
        }
      }
    }
    for (const precision of all) {
      const expected = [...loader].map(([xb]) => outputAt(precision, xb!)).join();
      expect((await train.predict(model, loader, { targets: 1, precision })).toArray().toString()).toBe(expected);
    }
    expect(getFloat32MatmulPrecision()).toBe('highest');
  });

  it('is that of the call where another one is set meanwhile', async () => {
    const figures = async (precision: Float32MatmulPrecision): Promise<number> =>
      (await train.evaluate(model, loader, { criterion, precision })).loss;
    const losses = [await figures('highest'), await figures('high'), await figures('medium')];
    expect(new Set(losses).size).toBe(3);
    const running = at('medium', () => train.evaluate(model, loader, { criterion }));
    expect((await running).loss).toBe(losses[2]);
  });

  it.each(['low', 3])('is refused where it is %s', async (precision) => {
    await expect(train.predict(model, x, { precision: precision as never })).rejects.toThrow(/\[train\.predict\] expected precision/);
    await expect(train.evaluate(model, loader, { criterion, precision: precision as never })).rejects.toThrow(
      /\[train\.evaluate\] expected precision/,
    );
  });
});
