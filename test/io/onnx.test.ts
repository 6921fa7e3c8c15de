import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cat, data, io, manualSeed, nn, noGrad, optim, randint, randn, type Tensor, tensor, train, zeros } from '../../src';
import { differenceOf, runOnnx, temporary, throughOnnx } from './onnx-helpers';

const rounding = 2e-6;

async function expectEqual(
  model: nn.Module,
  inputs: Tensor[],
  options: Partial<Parameters<typeof io.exportOnnx>[2]> = {},
  example = inputs,
): Promise<void> {
  const got = await throughOnnx(model, inputs, { example, ...options });
  model.eval();
  const wanted = noGrad(() => model.call(...(inputs as never[]))) as unknown as Tensor | Tensor[];
  const list = Array.isArray(wanted) ? wanted : [wanted];
  expect(got).toHaveLength(list.length);
  list.forEach((t, i) => {
    expect(differenceOf(got[i]!, t)).toBeLessThanOrEqual(rounding);
  });
}

const mlp = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Linear(5, 16),
    new nn.BatchNorm1d(16),
    new nn.GELU(),
    new nn.Dropout(0.5),
    new nn.Linear(16, 8),
    new nn.LayerNorm(8),
    new nn.ReLU(),
    new nn.Linear(8, 3),
    new nn.Softmax({ dim: 1 }),
  );

// A table beside numbers, and attention over the batch's own features: what no list of layers says.
class Own extends nn.Module {
  table = new nn.Embedding(7, 4);
  first = new nn.Linear(9, 12);
  last = new nn.Linear(6, 2);
  forward(x: Tensor, index: Tensor): Tensor[] {
    const joined = cat([x, this.table.forward(index)], 1);
    const split = this.first.forward(joined).reshape([-1, 2, 6]);
    const weights = split.matmul(split.transpose(1, 2)).softmax(-1);
    const mixed = weights.matmul(split).mean(1);
    return [this.last.forward(mixed), mixed.argmax(1)];
  }
}

// Parts of one column among wider ones, in every place.
class Joined extends nn.Module {
  constructor(private readonly widths: readonly number[]) {
    super();
  }
  forward(x: Tensor): Tensor {
    let at = 0;
    return cat(
      this.widths.map((width) => {
        at += width;
        return x.narrow(1, at - width, width).mul(2);
      }),
      1,
    );
  }
}

describe('exportOnnx', () => {
  it.each([[[1, 3]], [[3, 1]], [[2, 1, 2]], [[1, 1]], [[1, 1, 1, 2]]])('joins parts of %j columns', async (widths) => {
    const width = widths.reduce((a, b) => a + b, 0);
    for (const rows of [1, 2, 7]) await expectEqual(new Joined(widths), [randn([rows, width])], {}, [zeros([2, width])]);
  });

  for (const opset of [20, 17] as const) {
    it(`gives an MLP's outputs for any batch, opset ${opset}`, async () => {
      manualSeed(1);
      const model = mlp();
      for (let i = 0; i < 3; i++) model.forward(randn([9, 5]));
      for (const rows of [1, 2, 33]) await expectEqual(model, [randn([rows, 5])], { opset }, [zeros([1, 5])]);
    });

    it(`exports own modules of several inputs and outputs, opset ${opset}`, async () => {
      manualSeed(2);
      const model = new Own();
      const example = [zeros([1, 5]), zeros([1], { dtype: 'int32' })];
      for (const rows of [1, 4, 19])
        await expectEqual(model, [randn([rows, 5]), randint(0, 7, [rows], { dtype: 'int32' })], { opset }, example);
    });
  }

  it('leaves the model as it was, and needs no state of its own', async () => {
    const model = mlp();
    const before = JSON.stringify(model.stateDict());
    await io.exportOnnx(temporary('model.onnx'), model, { example: zeros([2, 5]) });
    expect(model.training).toBe(true);
    expect(JSON.stringify(model.stateDict())).toBe(before);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  it('exports what was trained', async () => {
    manualSeed(3);
    const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    for (let i = 0; i < 5; i++) {
      optimizer.zeroGrad();
      model
        .forward(randn([8, 2]))
        .square()
        .mean()
        .backward();
      optimizer.step();
    }
    await expectEqual(model, [randn([6, 2])]);
  });

  it('puts a scaler in front', async () => {
    const x = tensor([
      [1, 200],
      [3, 500],
      [8, -100],
    ]);
    const scaler = new data.StandardScaler().fit(x);
    const model = new nn.Linear(2, 2);
    const [got] = await throughOnnx(model, [x], { example: x, preprocessing: scaler });
    expect(
      differenceOf(
        got!,
        noGrad(() => model.forward(scaler.transform(x))),
      ),
    ).toBeLessThanOrEqual(rounding);
    for (const options of [{ withMean: false }, { withStd: false }, { withMean: false, withStd: false }]) {
      const partly = new data.StandardScaler(options).fit(x);
      const [out] = await throughOnnx(model, [x], { example: x, preprocessing: partly });
      const wanted = noGrad(() => model.forward(partly.transform(x)));
      expect(differenceOf(out!, wanted)).toBeLessThanOrEqual(1e-4); // unscaled columns of some hundreds
    }
    const embedding = new nn.Embedding(4, 2);
    const indices = tensor(Int32Array.of(0, 1, 2, 3)).reshape([2, 2]);
    await expect(io.exportOnnx('x', embedding, { example: indices, preprocessing: scaler })).rejects.toThrow('takes a float32 example');
    await expect(io.exportOnnx('x', model, { example: x, preprocessing: new data.StandardScaler() })).rejects.toThrow(
      'has not seen data yet',
    );
    await expect(io.exportOnnx('x', model, { example: x, preprocessing: new data.LabelEncoder() as never })).rejects.toThrow(
      'expected preprocessing to be a scaler, a SimpleImputer or a Pipeline of these, got a LabelEncoder',
    );
  });

  describe('puts in front', () => {
    const x = tensor([
      [1, 200, -3],
      [3, 500, 0.5],
      [8, -100, 4],
      [3, 20, 0.25],
    ]);
    const gaps = tensor([
      [1, Number.NaN, -3],
      [Number.NaN, 500, 0.5],
      [8, -100, -1],
      [3, 20, Number.NaN],
    ]);
    // As far as float32 goes: columns that are not scaled are of some hundreds, which the layer multiplies and adds.
    const [scaled, raw] = [2 ** -20, 2 ** -23 * 600];
    it.each<[string, io.ExportOnnxOptions['preprocessing'] & object, Tensor, number]>([
      ['a MinMaxScaler', new data.MinMaxScaler().fit(x), x, scaled],
      ['one of another range', new data.MinMaxScaler({ featureRange: [-1, 3] }).fit(x.narrow(0, 0, 2)), x, scaled],
      ['one that clips', new data.MinMaxScaler({ featureRange: [-1, 3], clip: true }).fit(x.narrow(0, 0, 2)), x, scaled],
      [
        'one of a narrow range far away',
        new data.MinMaxScaler().fit(
          tensor([
            [1e6, 0, 7],
            [1e6 + 1, 1, 7],
          ]),
        ),
        tensor([[1e6 + 0.5, 0.25, 7]]),
        scaled,
      ],
      ['a RobustScaler', new data.RobustScaler({ unitVariance: true }).fit(x), x, scaled],
      ['one that only divides', new data.RobustScaler({ withCentering: false }).fit(x), x, raw],
      ['one that does nothing', new data.RobustScaler({ withCentering: false, withScaling: false }).fit(x), x, raw],
      ['an imputer', new data.SimpleImputer().fit(gaps), gaps, raw],
      ['one of another mark', new data.SimpleImputer({ strategy: 'median', missingValues: -1 }).fit(gaps), gaps, raw],
      ['one of a mark that float32 lacks', new data.SimpleImputer({ missingValues: 0.1 }).fit(gaps), gaps, raw],
      [
        'a pipeline',
        new data.Pipeline([
          ['gaps', new data.SimpleImputer({ strategy: 'mostFrequent' })],
          ['more', new data.Pipeline([['range', new data.MinMaxScaler()]])],
          ['scale', new data.StandardScaler()],
        ]).fit(gaps),
        gaps,
        scaled,
      ],
    ])('%s', async (_, preprocessing, input, most) => {
      const model = new nn.Linear(3, 2);
      const wanted = noGrad(() => model.forward(preprocessing.transform(input)));
      for (const opset of [17, 20] as const) {
        const [got] = await throughOnnx(model, [input], { example: input, preprocessing, opset });
        expect(differenceOf(got!, wanted)).toBeLessThanOrEqual(most);
      }
    });
    it.each<[string, unknown, string]>([
      ['an imputer of strings', new data.SimpleImputer({ strategy: 'mostFrequent' }).fit([['a', 'b', 'c']]), 'is of strings'],
      ['one that adds columns', new data.SimpleImputer({ addIndicator: true }).fit(gaps), 'adds columns, as addIndicator says'],
      [
        'one that leaves some out',
        new data.SimpleImputer().fit([[1, Number.NaN, 2]]),
        'leaves out column 1, in which it has met no number',
      ],
      ['one that has seen nothing', new data.SimpleImputer(), 'the imputer of preprocessing has not seen data yet'],
      [
        'a scaler of other columns',
        new data.MinMaxScaler().fit([1, 2]),
        'expected an example [*, 1] for the scaler of preprocessing, got [*, 3]',
      ],
      ['a pipeline with an encoder', new data.Pipeline([['a', new data.OneHotEncoder()]]), 'a Pipeline of these, got an OneHotEncoder'],
      ['a ColumnTransformer', new data.ColumnTransformer([['a', new data.MinMaxScaler(), [0]]]), 'got a ColumnTransformer'],
    ])('not %s', async (_, preprocessing, message) => {
      const options = { example: x, preprocessing: preprocessing as never };
      await expect(io.exportOnnx('x', new nn.Linear(3, 2), options)).rejects.toThrow(message);
    });
  });

  it('has the weights of a fit that is under way as of its last finished step', async () => {
    const model = new nn.Linear(2, 1);
    const before = [...model.weight.data];
    const dataset = new data.TensorDataset(randn([64, 2]), randn([64, 1]));
    const controller = new AbortController();
    const fitting = train.fit(model, {
      criterion: new nn.MSELoss(),
      optimizer: new optim.SGD(model.parameters(), { lr: 0.05 }),
      loader: new data.DataLoader(dataset, { batchSize: 8 }),
      epochs: 1e6,
      progress: false,
      signal: controller.signal,
    });
    fitting.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    const file = temporary('under-way.onnx');
    await io.exportOnnx(file, model, { example: zeros([1, 2]) });
    controller.abort();
    await fitting.catch(() => {});
    const bytes = readFileSync(file);
    const stale = Buffer.from(Float32Array.from(before).buffer);
    expect(bytes.includes(stale)).toBe(false);
  });

  it('keeps the batch where it is asked to', async () => {
    class Mixing extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.mul(x.shape[0]! ** 2);
      }
    }
    const x = randn([4, 3]);
    await expectEqual(new Mixing(), [x], { dynamicBatch: false });
    await expect(io.exportOnnx('x', new Mixing(), { example: x })).rejects.toThrow(
      'numbers in it follow from the batch size\n  hint: dynamicBatch: false',
    );
  });

  it('takes a mean over the batch', async () => {
    class Centred extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.sub(x.mean(0));
      }
    }
    for (const rows of [1, 5]) await expectEqual(new Centred(), [randn([rows, 3])], {}, [zeros([2, 3])]);
  });

  it('names operations that it cannot export, with their module', async () => {
    class Noisy extends nn.Module {
      part = new nn.Linear(2, 2);
      forward(x: Tensor): Tensor {
        return nn.functional.dropout(this.part.forward(x), 0.5, true);
      }
    }
    await expect(io.exportOnnx('x', new Noisy(), { example: zeros([1, 2]) })).rejects.toMatchObject({
      code: 'SIMDNN_NOT_EXPORTABLE',
      message: expect.stringMatching(/^\[io.exportOnnx\] dropout in Noisy: random numbers are drawn/),
    });
    expect(existsSync('x')).toBe(false);
  });

  it('takes names and file: URLs', async () => {
    const path = temporary('named.onnx');
    const options = { example: zeros([1, 2]), inputNames: ['features'], outputNames: ['scores'] };
    await io.exportOnnx(pathToFileURL(path), new nn.Linear(2, 1), options);
    const text = readFileSync(path, 'latin1');
    for (const name of ['features', 'scores', 'weight', 'bias', 'batch']) expect(text).toContain(name);
    expect((await runOnnx(path, [zeros([3, 2])]))[0]!.shape).toEqual([3, 1]);
  });

  it.each([
    [{ example: 3 }, 'expected example to be a tensor'],
    [{}, 'expected an example'],
    [{ example: [] }, 'expected example to have a tensor, got none'],
    [{ example: zeros([1, 2]), opset: 19 }, 'expected opset to be 17 or 20, got 19'],
    [{ example: zeros([1, 2]), inputNames: ['a', 'b'] }, 'expected 1 inputNames, got 2'],
    [{ example: zeros([1, 2]), inputNames: ['a'], outputNames: ['a'] }, 'is the name of an input and of an output'],
    [{ example: zeros([1, 2]), dynamicBatch: 1 }, 'expected dynamicBatch to be true or false'],
    [{ example: zeros([0, 2]) }, 'expected the example to have rows, got none'],
    [{ exmaple: 3 }, 'unknown option "exmaple"'],
  ])('refuses %o', async (options, message) => {
    await expect(io.exportOnnx(temporary('x'), new nn.Linear(2, 1), options as never)).rejects.toThrow(message);
  });

  it('refuses what is no module', async () => {
    await expect(io.exportOnnx('x', {} as never, { example: zeros([1]) })).rejects.toThrow('expected a module, got an Object');
  });
});

const python = process.env.SIMDNN_PYTHON ?? join(homedir(), '.cache/simdnn-peers/bin/python');
const hasOnnx = existsSync(python) && spawnSync(python, ['-c', 'import onnx']).status === 0;

describe('onnx.checker', () => {
  it.skipIf(!hasOnnx)(`accepts the files${hasOnnx ? '' : ' (skipped: no Python with onnx)'}`, async () => {
    for (const opset of [17, 20] as const) {
      const path = temporary('checked.onnx');
      await io.exportOnnx(path, new Own(), { example: [zeros([1, 5]), zeros([1], { dtype: 'int32' })], opset });
      const code = 'import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)';
      const { status, stderr } = spawnSync(python, ['-c', code, path], { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    }
  });
});
