// SGD and Adagrad step the selected rows of a table with a sparse gradient, with the bits of a dense one.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, noGrad, optim, randint, Tensor, train } from '../../src/index';

const int = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);

describe.each<[string, (parameters: Iterable<Tensor>) => optim.SGD | optim.Adagrad]>([
  ['SGD', (parameters) => new optim.SGD(parameters, { lr: 0.1 })],
  ['Adagrad', (parameters) => new optim.Adagrad(parameters, { lr: 0.1, lrDecay: 0.1, initialAccumulatorValue: 0.5 })],
])('%s', (_, make) => {
  // A classifier of words with a table, dense or sparse, whose neighbours in memory are a head's parameters.
  const training = (sparse: boolean) => {
    manualSeed(5);
    const words = new nn.EmbeddingBag(40, 8, { mode: 'sum', sparse });
    const model = new nn.Sequential(words, new nn.Linear(8, 3));
    const loader = new data.DataLoader(new data.TensorDataset(randint(0, 12, [50, 5]), randint(0, 3, [50])), { batchSize: 16 });
    return { model, words, optimizer: make(model.parameters()), criterion: new nn.CrossEntropyLoss(), loader };
  };
  type Training = ReturnType<typeof training>;
  const optionsOf = ({ optimizer, criterion, loader }: Training, epochs: number) => ({
    optimizer,
    criterion,
    loader,
    epochs,
    progress: false,
  });
  const stepOf =
    ({ model, optimizer, criterion }: Training) =>
    (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    };
  const bits = ({ model }: Training) => Object.values(model.stateDict()).map((t) => [...t.values]);
  const epochs = (given: Training, step: (x: Tensor, y: Tensor) => unknown, n = 3) => {
    for (let epoch = 0; epoch < n; epoch++) for (const [x, y] of given.loader) step(x!, y!);
    return bits(given);
  };

  it('gives the bits of a dense table in loop, compiled step and fit, one behind the other', async () => {
    const dense = training(false);
    const [loop, compiled, fitted] = [training(true), training(true), training(true)];
    const expected = epochs(dense, stepOf(dense));
    expect(epochs(loop, stepOf(loop))).toEqual(expected);
    expect(epochs(compiled, compile(stepOf(compiled)))).toEqual(expected);
    await train.fit(fitted.model, optionsOf(fitted, 3));
    expect(bits(fitted)).toEqual(expected);
    const next = epochs(dense, stepOf(dense));
    expect(epochs(fitted, stepOf(fitted))).toEqual(next);
    await train.fit(loop.model, optionsOf(loop, 3));
    expect(bits(loop)).toEqual(next);
  });

  // 0 times Infinity is NaN: a row that was stepped with a gradient of zeros shows it.
  const unnamed = (given: Training) => given.words.weight.data[39 * 8]!;

  it('steps the rows that were named, and no others', async () => {
    for (const kind of ['loop', 'compiled', 'fit']) {
      const given = training(true);
      const [x, y] = [...given.loader][0]!;
      stepOf(given)(x!, y!); // Adagrad's first step is of all rows
      given.words.weight.data[39 * 8] = Infinity;
      if (kind === 'fit') await train.fit(given.model, optionsOf(given, 2));
      else epochs(given, kind === 'loop' ? stepOf(given) : compile(stepOf(given)));
      expect(unnamed(given)).toBe(Infinity);
    }
  });

  it.each<[string, (given: Training) => void]>([
    ['written to by the user', ({ words }) => void words.weight.grad!.data.fill(7)],
    ['changed in place by the user', ({ words }) => void noGrad(() => words.weight.grad!.add_(1))],
    [
      'assigned by the user',
      ({ words }) => {
        words.weight.grad = words.weight.grad!.add(1);
      },
    ],
    ['clipped', ({ words }) => void nn.utils.clipGradNorm_([words.weight], 0.01)],
    [
      'clipped by a norm of NaN',
      ({ words }) => {
        noGrad(() => words.weight.grad!.fill_(Number.NaN));
        nn.utils.clipGradNorm_([words.weight], 1);
      },
    ],
    ['of a dense operation too', ({ words }) => words.weight.square().sum().backward()],
  ])('steps every row of a gradient that was %s', (_, change) => {
    for (const wrap of [(fn: () => void) => fn, (fn: () => void) => compile(fn)]) {
      const results = [true, false].map((sparse) => {
        const given = training(sparse);
        const step = wrap(() => given.optimizer.step());
        const [x, y] = [...given.loader][0]!;
        for (let round = 0; round < 5; round++) {
          given.optimizer.zeroGrad();
          given.criterion.forward(given.model.forward(x!), y!).backward();
          if (round % 2 === 1) change(given);
          step();
        }
        return bits(given);
      });
      expect(results[0]).toEqual(results[1]);
    }
  });

  it('goes on in a fit when the user has a gradient in hand', async () => {
    const [loop, fitted] = [training(true), training(true)];
    for (const given of [loop, fitted]) {
      const [x, y] = [...given.loader][0]!;
      stepOf(given)(x!, y!);
      given.words.weight.grad!.data.fill(3);
    }
    await train.fit(fitted.model, optionsOf(fitted, 2));
    expect(bits(fitted)).toEqual(epochs(loop, stepOf(loop), 2));
  });

  it('goes on with dense steps when its options need them', () => {
    const results = [true, false].map((sparse) => {
      const given = training(sparse);
      const step = compile(stepOf(given));
      epochs(given, step, 1);
      given.optimizer.paramGroups[0]!.weightDecay = 0.1;
      epochs(given, step, 1);
      given.optimizer.paramGroups[0]!.weightDecay = 0;
      return epochs(given, step, 1);
    });
    expect(results[0]).toEqual(results[1]);
  });
});

it('Adagrad without eps makes rows of zeros NaN, as of a dense table', () => {
  const results = [true, false].map((sparse) => {
    manualSeed(4);
    const table = new nn.Embedding(5, 2, { sparse });
    const optimizer = new optim.Adagrad(table.parameters(), { eps: 0 });
    table
      .forward(int([1, 3]))
      .square()
      .sum()
      .backward();
    optimizer.step();
    return [...table.weight.data];
  });
  expect(results[0]).toEqual(results[1]);
  expect(results[0]!.filter(Number.isNaN)).toHaveLength(6);
});
