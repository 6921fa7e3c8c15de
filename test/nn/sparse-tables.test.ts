// Tables whose gradients touch few rows: they hold what dense gradients hold, and optimizers step the rows that were named.
import { describe, expect, it } from 'vitest';
import { arange, autograd, compile, data, manualSeed, nn, optim, randint, randn, Tensor, tensor, train } from '../../src/index';
import { expectClose } from '../helpers';

const int = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);
const F = nn.functional;

// The gradients of the same table, sparse and dense, after the same passes.
function both(passes: (table: Tensor, sparse: boolean) => void): { sparse: number[]; dense: number[] } {
  const gradients = [true, false].map((sparse) => {
    manualSeed(1);
    const table = new nn.Parameter(randn([9, 4]));
    passes(table, sparse);
    return [...table.grad!.data];
  });
  return { sparse: gradients[0]!, dense: gradients[1]! };
}

const pass = (table: Tensor, index: number[], sparse: boolean): void => {
  const weights = arange(index.length * 4).reshape([index.length, 4]);
  F.embedding(int(index), table, { sparse, paddingIdx: 0 }).mul(weights).sum().backward();
};

describe('a sparse gradient', () => {
  it.each<[string, (table: Tensor, sparse: boolean) => void]>([
    ['of one pass', (table, sparse) => pass(table, [3, 3, 5, 0], sparse)],
    [
      'after others, whose rows are zeros again',
      (table, sparse) => {
        for (const index of [[1, 2], [2, 7, 7], [8]]) {
          table.grad = null;
          pass(table, index, sparse);
        }
      },
    ],
    [
      'of two passes, which add up',
      (table, sparse) => {
        pass(table, [1, 2], sparse);
        pass(table, [2, 4], sparse);
      },
    ],
    [
      'beside a dense one, before and behind it',
      (table, sparse) => {
        pass(table, [1, 2], sparse);
        table.square().sum().backward();
        table.grad = null;
        table.mul(2).sum().backward();
        pass(table, [5], sparse);
        table.grad = null;
        pass(table, [6], sparse);
      },
    ],
    [
      'in memory that a dense one has brought along',
      (table, sparse) => {
        pass(table, [1, 2], sparse);
        expect(table.grad).not.toBeNull(); // seen: the next gradient has other memory
        table.grad = null;
        table.mul(2).sum().backward();
        table.grad = null;
        pass(table, [5], sparse);
      },
    ],
    [
      'in memory that the user has seen, changed or brought along',
      (table, sparse) => {
        pass(table, [1, 2], sparse);
        table.grad!.data.fill(7);
        table.grad = null;
        pass(table, [4], sparse);
        table.grad = tensor(Float32Array.from({ length: 36 }, (_, i) => i)).reshape([9, 4]);
        pass(table, [4, 5], sparse);
      },
    ],
    [
      'accumulated onto what the user wrote',
      (table, sparse) => {
        pass(table, [1, 2], sparse);
        table.grad!.data.fill(7);
        pass(table, [2, 5], sparse);
      },
    ],
    [
      'that the user has made by autograd.grad, changed and brought along',
      (table, sparse) => {
        const [made] = autograd.grad(
          F.embedding(int([1, 3]), table, { sparse })
            .square()
            .sum(),
          [table],
        );
        made!.data.fill(3);
        table.grad = made!;
        pass(table, [3, 4], sparse);
      },
    ],
    [
      'behind others that autograd.grad has kept apart',
      (table, sparse) => {
        pass(table, [1, 2], sparse);
        autograd.grad(
          F.embedding(int([6, 7]), table, { sparse })
            .square()
            .sum(),
          [table],
        );
        (table as nn.Parameter).clearGradient();
        pass(table, [5], sparse);
      },
    ],
    [
      'that was clipped',
      (table, sparse) => {
        pass(table, [1, 2], sparse);
        nn.utils.clipGradNorm_([table], 0.5);
        pass(table, [3], sparse);
        (table as nn.Parameter).clearGradient();
        pass(table, [4], sparse);
      },
    ],
    [
      'of bags with factors',
      (table, sparse) => {
        const options = { offsets: int([0, 2]), mode: 'sum' as const, perSampleWeights: tensor([1, 2, 3, 4]), sparse };
        F.embeddingBag(int([1, 2, 2, 5]), table, options)
          .square()
          .sum()
          .backward();
      },
    ],
  ])('%s is the dense one', (_, passes) => {
    const { sparse, dense } = both(passes);
    expect(sparse).toEqual(dense);
  });
});

const options = { lr: 0.1, betas: [0.8, 0.9] as const, eps: 1e-3 };

// Adam in float64 for the rows that were named.
function model(values: number[], rows: number[][], gradientOf: (row: number, times: number) => number, width: number): number[] {
  const [w, m, v] = [[...values], values.map(() => 0), values.map(() => 0)];
  rows.forEach((named, s) => {
    const t = s + 1;
    for (const row of new Set(named)) {
      const g = gradientOf(row, named.filter((r) => r === row).length);
      for (let c = 0; c < width; c++) {
        const i = row * width + c;
        m[i]! += 0.2 * (g - m[i]!);
        v[i]! += 0.1 * (g * g - v[i]!);
        w[i]! -= ((0.1 * Math.sqrt(1 - 0.9 ** t)) / (1 - 0.8 ** t)) * (m[i]! / (Math.sqrt(v[i]!) + 1e-3));
      }
    }
  });
  return w;
}

describe('SparseAdam', () => {
  it('steps the rows that were named, and no others', () => {
    manualSeed(2);
    const table = new nn.Embedding(6, 3, { sparse: true });
    const before = [...table.weight.data];
    const optimizer = new optim.SparseAdam(table.parameters(), options);
    const batches = [[1, 1, 4], [4], [0, 1]];
    for (const batch of batches) {
      optimizer.zeroGrad();
      table.forward(int(batch)).sum().backward();
      optimizer.step();
    }
    expectClose(
      table.weight,
      model(before, batches, (_, times) => times, 3),
      1e-6,
    );
    expect([...table.weight.data].slice(6, 9)).toEqual(before.slice(6, 9));
    expect(Object.keys(optimizer.stateDict().state[0]!)).toEqual(['step', 'exp_avg', 'exp_avg_sq']);
  });

  it('steps as before where autograd.grad was asked for in between', () => {
    const weights = [true, false].map((asks) => {
      manualSeed(2);
      const table = new nn.Embedding(6, 3, { sparse: true });
      const optimizer = new optim.SparseAdam(table.parameters(), options);
      for (const index of [[1, 4], [2]]) {
        optimizer.zeroGrad();
        table.forward(int(index)).sum().backward();
        if (asks)
          autograd.grad(
            table
              .forward(int([0, 5]))
              .square()
              .sum(),
            [table.weight],
          );
        optimizer.step();
      }
      return [...table.weight.data];
    });
    expect(weights[0]).toEqual(weights[1]);
  });

  it('refuses dense gradients and what is no table', () => {
    const dense = new nn.Embedding(6, 3);
    const optimizer = new optim.SparseAdam(dense.parameters());
    dense
      .forward(int([1]))
      .sum()
      .backward();
    expect(() => optimizer.step()).toThrow('[SparseAdam] a parameter [6, 3] has a dense gradient');
    expect(() => new optim.SparseAdam([new nn.Parameter(tensor([1]))])).toThrow(
      '[SparseAdam] expected tables [rows, columns], got a parameter [1]',
    );
  });

  const network = () => {
    manualSeed(3);
    const words = new nn.EmbeddingBag(40, 8, { mode: 'sum', sparse: true });
    const head = new nn.Linear(8, 3);
    class Model extends nn.Module {
      words = words;
      head = head;
      forward(index: Tensor): Tensor {
        return this.head.forward(this.words.forward(index));
      }
    }
    const model = new Model();
    const sparse = new optim.SparseAdam(words.parameters(), { lr: 0.05 });
    const loader = new data.DataLoader(new data.TensorDataset(randint(0, 40, [50, 5]), randint(0, 3, [50])), { batchSize: 16 });
    return { model, sparse, dense: new optim.Adam(head.parameters(), { lr: 0.01 }), criterion: new nn.CrossEntropyLoss(), loader };
  };
  const bits = (model: nn.Module) => Object.values(model.stateDict()).map((t) => [...t.values]);
  const stepOf =
    ({ model, sparse, dense, criterion }: ReturnType<typeof network>) =>
    (x: Tensor, y: Tensor) => {
      sparse.zeroGrad();
      dense.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      sparse.step();
      dense.step();
      return loss;
    };

  it("gives the loop's bits compiled, with batches of two sizes", () => {
    const [loop, compiled] = [network(), network()];
    const [eager, fast] = [stepOf(loop), compile(stepOf(compiled))];
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const [x, y] of loop.loader) eager(x!, y!);
      for (const [x, y] of compiled.loader) fast(x!, y!);
    }
    expect(bits(compiled.model)).toEqual(bits(loop.model));
  });

  it('gives them in a fit, too, and the loop can go on behind it', async () => {
    const table = () => {
      manualSeed(4);
      const model = new nn.Embedding(30, 3, { sparse: true });
      const x = randint(0, 30, [50]);
      return { model, loader: new data.DataLoader(new data.TensorDataset(x, x.remainder(3)), { batchSize: 16 }) };
    };
    const train3 = ({ model, loader }: ReturnType<typeof table>, optimizer: optim.SparseAdam) => {
      const criterion = new nn.CrossEntropyLoss();
      for (let epoch = 0; epoch < 3; epoch++) {
        for (const [x, y] of loader) {
          optimizer.zeroGrad();
          criterion.forward(model.forward(x!), y!).backward();
          optimizer.step();
        }
      }
    };
    const [loop, fitted] = [table(), table()];
    const [ofLoop, ofFit] = [loop, fitted].map(({ model }) => new optim.SparseAdam(model.parameters(), { lr: 0.05 })) as [
      optim.SparseAdam,
      optim.SparseAdam,
    ];
    train3(loop, ofLoop);
    await train.fit(fitted.model, {
      criterion: new nn.CrossEntropyLoss(),
      optimizer: ofFit,
      loader: fitted.loader,
      epochs: 3,
      progress: false,
    });
    expect(bits(fitted.model)).toEqual(bits(loop.model));
    train3(loop, ofLoop);
    train3(fitted, ofFit);
    expect(bits(fitted.model)).toEqual(bits(loop.model));
  });
});
