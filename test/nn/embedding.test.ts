// Tables of rows: what the golden numbers do not say.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, noGrad, ones, optim, type Tensor, tensor, train, zeros } from '../../src';
import { expectClose, expectError, expectSame, flat, thrownBy } from '../helpers';

const F = nn.functional;
const int = (values: unknown): Tensor => tensor(values as number[], { dtype: 'int32' });
const table = () =>
  tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

describe('Embedding', () => {
  it('gives rows for an index of any shape', () => {
    const layer = nn.Embedding.fromPretrained(table());
    expect(layer.forward(int(2)).toArray()).toEqual([5, 6]);
    expect(layer.forward(int([[2, 0]])).toArray()).toEqual([
      [
        [5, 6],
        [1, 2],
      ],
    ]);
    expect(layer.forward(zeros([0, 4], { dtype: 'int32' })).shape).toEqual([0, 4, 2]);
    expect(new nn.Embedding(0, 3).forward(zeros([0], { dtype: 'int32' })).shape).toEqual([0, 3]);
    expect(layer.weight.requiresGrad).toBe(false);
  });

  it('starts normally distributed, with zeros for the padding', () => {
    manualSeed(1);
    const { weight } = new nn.Embedding(200, 50, { paddingIdx: -1 });
    const values = flat(weight);
    expectSame(
      values.slice(-50),
      Array.from({ length: 50 }, () => 0),
    );
    const drawn = values.slice(0, -50);
    const mean = drawn.reduce((a, b) => a + b, 0) / drawn.length;
    const variance = drawn.reduce((a, b) => a + (b - mean) ** 2, 0) / drawn.length;
    expectClose([mean, variance], [0, 1], 0.05); // five standard deviations of the mean of 9,950 numbers
    expect(weight.requiresGrad).toBe(true);
  });

  it('shares the memory of a table that it is given', () => {
    const given = table();
    const layer = nn.Embedding.fromPretrained(given, { freeze: false, paddingIdx: 0 });
    expectSame(layer.weight.narrow(0, 0, 1), [1, 2]); // it is not made zeros
    expect(layer.weight.requiresGrad).toBe(true);
    given.fill_(7);
    expectSame(layer.forward(int([1])), [7, 7]);
    expect(String(layer)).toBe('Embedding(3, 2, padding_idx=0)');
  });

  it('prints as PyTorch prints it', () => {
    const options = { paddingIdx: -1, maxNorm: 1, normType: 1, scaleGradByFreq: true };
    expect(String(new nn.Embedding(10, 3))).toBe('Embedding(10, 3)');
    expect(String(new nn.Embedding(10, 3, options))).toBe(
      'Embedding(10, 3, padding_idx=9, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)',
    );
  });

  it('adds gradients to those that are there, and leaves the padding its own', () => {
    const layer = nn.Embedding.fromPretrained(table(), { freeze: false, paddingIdx: 1 });
    layer.weight.grad = tensor([
      [10, 10],
      [20, 20],
      [30, 30],
    ]);
    layer
      .forward(int([0, 1, 0, 1]))
      .sum()
      .backward();
    expect(layer.weight.grad!.toArray()).toEqual([
      [12, 12],
      [20, 20],
      [30, 30],
    ]);
    layer.zeroGrad();
    layer
      .forward(int([0, 1]))
      .mul(NaN)
      .sum()
      .backward();
    expect(layer.weight.grad!.toArray()).toEqual([
      [NaN, NaN],
      [0, 0],
      [0, 0],
    ]);
  });

  it('shortens rows that are chosen, and no others', () => {
    const layer = nn.Embedding.fromPretrained(table(), { maxNorm: 1 });
    const y = noGrad(() => layer.forward(int([1, 1])));
    expectClose(y, [0.6, 0.8, 0.6, 0.8], 2 ** -22);
    expectSame(layer.weight.narrow(0, 0, 1), [1, 2]);
    expectSame(layer.weight.narrow(0, 2, 1), [5, 6]);
    const odd = nn.Embedding.fromPretrained(
      tensor([
        [NaN, 9],
        [0, 0],
        [Infinity, 1],
      ]),
      { maxNorm: 1 },
    );
    odd.forward(int([0, 1]));
    expect(odd.weight.toArray()).toEqual([
      [NaN, 9], // as in PyTorch: the norm is NaN, which is not larger
      [0, 0],
      [Infinity, 1],
    ]);
  });

  it('refuses bad arguments, and then changes nothing', () => {
    const layer = nn.Embedding.fromPretrained(table(), { maxNorm: 1 });
    expectError(
      () =>
        layer.forward(
          int([
            [0, 1],
            [2, 3],
          ]),
        ),
      RangeError,
      '[Embedding.forward] index[1][1] = 3 is out of range [0, 3)',
    );
    expectError(() => layer.forward(int([-1])), RangeError, '[Embedding.forward] index[0] = -1 is out of range [0, 3)');
    expectSame(layer.weight, table());
    expect(thrownBy(() => layer.forward(ones([1]))).message).toContain('[Embedding.forward] expected index to be int32, got float32');
    expectError(() => new nn.Embedding(3, 2, { paddingIdx: 3 }), RangeError, '[Embedding] expected paddingIdx to be from -3 to 2, got 3');
    expectError(() => new nn.Embedding(-1, 2), RangeError, '[Embedding] expected numEmbeddings to be at least 0, got -1');
    expectError(
      () => nn.Embedding.fromPretrained(ones([2])),
      RangeError,
      '[Embedding.fromPretrained] expected weight [rows, columns], got [2]',
    );
    expectError(
      () => nn.Embedding.fromPretrained(table().requiresGrad_().mul(2)),
      TypeError,
      '[Embedding.fromPretrained] the table was made by mul\n  hint: detach() gives a tensor without its history',
    );
    expectError(
      () => nn.Embedding.fromPretrained(table(), { freeze: 1 as never }),
      TypeError,
      '[Embedding.fromPretrained] expected freeze to be true or false, got 1',
    );
    expectSame(new nn.Embedding(1, 1).weight.shape, [1, 1]); // not the table of the call that failed
    expectError(() => F.embedding(int([0]), ones([2])), RangeError, '[embedding] expected weight [rows, columns], got [2]');
  });
});

const model = (row: nn.Module, head = new nn.Linear(4, 3)) => {
  class Model extends nn.Module {
    row = row;
    head = head;
    forward(index: Tensor): Tensor {
      const rows = (this.row as nn.Embedding).call(index);
      return this.head.call(rows.shape.length === 3 ? rows.mean(1) : rows);
    }
  }
  return new Model();
};

describe('a fit and a compiled loop give the bits of the loop', () => {
  const layers: Record<string, () => nn.Module> = {
    Embedding: () => new nn.Embedding(6, 4, { paddingIdx: 0 }),
    'Embedding by frequency': () => new nn.Embedding(6, 4, { scaleGradByFreq: true }),
    'Embedding of short rows': () => new nn.Embedding(6, 4, { maxNorm: 0.5 }),
    'EmbeddingBag, mean': () => new nn.EmbeddingBag(6, 4, { paddingIdx: 0 }),
    'EmbeddingBag, sum': () => new nn.EmbeddingBag(6, 4, { mode: 'sum', maxNorm: 1, paddingIdx: 1 }),
    'EmbeddingBag, max': () => new nn.EmbeddingBag(6, 4, { mode: 'max', paddingIdx: 0 }),
  };
  const batches = (): [Tensor, Tensor][] =>
    [0, 1, 2].map((b) => [
      int(Array.from({ length: 5 }, (_, i) => Array.from({ length: 3 }, (_, j) => (i * 5 + j * 3 + b) % 6))),
      int(Array.from({ length: 5 }, (_, i) => (i + b) % 3)),
    ]);
  it.each(Object.entries(layers))('%s', async (_, make) => {
    const run = async (how: 'loop' | 'compiled' | 'fit') => {
      manualSeed(4);
      const net = model(make());
      const optimizer = new optim.Adam(net.parameters(), { lr: 0.05 });
      const criterion = new nn.CrossEntropyLoss();
      const losses: number[] = [];
      if (how === 'fit') {
        losses.push(...(await train.fit(net, { criterion, optimizer, loader: batches(), epochs: 2, progress: false })).loss);
      } else {
        const eager = (x: Tensor, y: Tensor): Tensor => {
          optimizer.zeroGrad();
          const loss = criterion.forward(net.call(x), y);
          loss.backward();
          optimizer.step();
          return loss;
        };
        const step = how === 'compiled' ? compile(eager) : eager;
        for (let epoch = 0; epoch < 2; epoch++) losses.push(batches().reduce((sum, [x, y]) => sum + step(x, y).item(), 0) / 3);
      }
      return [...losses, ...net.parameters().flatMap(flat)];
    };
    const expected = await run('loop');
    expect(expected.every(Number.isFinite)).toBe(true);
    expect(await run('compiled')).toEqual(expected);
    expect(await run('fit')).toEqual(expected);
  });
  it('but evaluation and prediction refuse to shorten rows of a copy', async () => {
    const net = model(new nn.Embedding(6, 4, { maxNorm: 0.5 }));
    await expect(train.predict(net, int([[1, 2]]))).rejects.toThrow('changes a tensor in place in evaluation mode');
    const other = model(new nn.Embedding(6, 4));
    expectSame(
      await train.predict(other, int([[1, 2]])),
      noGrad(() => other.forward(int([[1, 2]]))),
    );
    await expect(train.predict(other, int([[1, 6]]))).rejects.toThrow('out of range [0, 6)');
  });
});

// Bags in plain JavaScript.
function bagsOf(index: number[], offsets: number[], includeLast = false): number[][] {
  const ends = [...offsets.slice(1), ...(includeLast ? [] : [index.length])];
  return ends.map((end, b) => index.slice(offsets[b], end));
}

describe('EmbeddingBag', () => {
  const weight = () => tensor(Array.from({ length: 5 }, (_, r) => [r + 1, -r, r * r - 3]));
  const expected = (bags: number[][], mode: string, padding: number | null): number[][] =>
    bags.map((bag) => {
      const rows = bag.filter((r) => r !== padding).map((r) => [r + 1, -r, r * r - 3]);
      return [0, 1, 2].map((c) => {
        const column = rows.map((row) => row[c]!);
        if (column.length === 0) return 0;
        const sum = column.reduce((a, b) => a + b, 0);
        return Math.fround(mode === 'max' ? Math.max(...column) : mode === 'sum' ? sum : sum / column.length);
      });
    });
  const index = [4, 1, 1, 0, 3, 2, 2];
  const choices = (['sum', 'mean', 'max'] as const).flatMap((mode) => [null, 1, 2].map((paddingIdx) => ({ mode, paddingIdx })));

  it.each(choices)('$mode, padding $paddingIdx', ({ mode, paddingIdx }) => {
    for (const [offsets, includeLastOffset] of [
      [[0, 2, 2, 3], false],
      [[0, 7, 7], false],
      [[0, 2, 2, 3, 7], true],
      [[0, 1, 5], true], // positions behind the last bag are in none
      [[0], true],
    ] as [number[], boolean][]) {
      const bags = expected(bagsOf(index, offsets, includeLastOffset), mode, paddingIdx);
      const options = { mode, paddingIdx, includeLastOffset, offsets: int(offsets) };
      const y = F.embeddingBag(int(index), weight(), options);
      expect(y.shape).toEqual([bags.length, 3]);
      expectClose(y, bags, 1e-6);
      if (mode === 'max') continue;
      const recorded = compile((i: Tensor, o: Tensor) => F.embeddingBag(i, weightOf, { ...options, offsets: o }));
      const weightOf = weight();
      for (let i = 0; i < 2; i++) expectSame(recorded(int(index), int(offsets)), y);
    }
    const rows = [
      [4, 1, 2],
      [1, 1, 1],
    ];
    const y = F.embeddingBag(int(rows), weight(), { mode, paddingIdx });
    expectClose(y, expected(rows, mode, paddingIdx), 1e-6);
    expect(F.embeddingBag(zeros([0], { dtype: 'int32' }), weight(), { mode, paddingIdx, offsets: int([0, 0]) }).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(F.embeddingBag(zeros([2, 0], { dtype: 'int32' }), weight(), { mode, paddingIdx }).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(F.embeddingBag(zeros([0, 2], { dtype: 'int32' }), weight(), { mode, paddingIdx }).shape).toEqual([0, 3]);
  });

  it('keeps NaN and infinities to their bags', () => {
    const odd = tensor([[NaN], [-Infinity], [2]]);
    for (const mode of ['sum', 'mean', 'max'] as const) {
      const y = F.embeddingBag(int([0, 2, 1, 2]), odd, { mode, offsets: int([0, 1, 2, 3, 4]) });
      expectSame(y, [NaN, 2, -Infinity, 2, 0]);
      const padded = F.embeddingBag(
        int([
          [2, 0],
          [0, 0],
        ]),
        odd,
        { mode, paddingIdx: 0 },
      );
      expectSame(padded, [2, 0]);
    }
  });

  it('divides gradients by how often a row is chosen in all bags', () => {
    const w = weight().requiresGrad_();
    F.embeddingBag(
      int([
        [0, 0, 1],
        [0, 2, 2],
      ]),
      w,
      { mode: 'sum', scaleGradByFreq: true },
    ).backward(
      tensor([
        [1, 0, 0],
        [10, 0, 0],
      ]),
    );
    expectClose(w.grad!.narrow(1, 0, 1), [4, 1, 10, 0, 0], 1e-6);
  });

  it('as a layer takes offsets and weights by name', () => {
    manualSeed(1);
    const layer = new nn.EmbeddingBag(5, 2, { mode: 'sum', includeLastOffset: true });
    const y = layer.forward(int([1, 2]), { offsets: int([0, 1, 2]), perSampleWeights: tensor([2, 3]) });
    expectSame(y, layer.weight.narrow(0, 1, 2).mul(tensor([[2], [3]])));
    expect(layer.call(int([[1, 1]])).shape).toEqual([1, 2]);
    const frozen = nn.EmbeddingBag.fromPretrained(table(), { mode: 'max' });
    expect(frozen.forward(int([[0, 2]])).toArray()).toEqual([[5, 6]]);
    expect(frozen.weight.requiresGrad).toBe(false);
    expect(String(new nn.EmbeddingBag(10, 3))).toBe("EmbeddingBag(10, 3, mode='mean')");
    const options = { maxNorm: 1, mode: 'sum' as const, paddingIdx: 2, includeLastOffset: true, normType: 1, scaleGradByFreq: true };
    expect(String(new nn.EmbeddingBag(10, 3, options))).toBe(
      "EmbeddingBag(10, 3, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True, mode='sum', padding_idx=2)",
    );
  });

  it('refuses what does not fit', () => {
    const w = weight();
    const bad = (offsets: number[], options = {}): string =>
      thrownBy(() => F.embeddingBag(int(index), w, { offsets: int(offsets), ...options })).message;
    expect(bad([1, 2])).toBe('[embeddingBag] expected offsets[0] to be 0, got 1');
    expect(bad([0, 3, 2])).toBe('[embeddingBag] expected offsets[2] to be from 3 to 7, got 2');
    expect(bad([0, 8])).toBe('[embeddingBag] expected offsets[1] to be from 0 to 7, got 8');
    expect(bad([])).toBe('[embeddingBag] expected offsets to begin with 0, got none for 7 positions');
    expect(bad([], { includeLastOffset: true })).toBe('[embeddingBag] expected offsets [bags + 1], got [0]');
    expect(bad([0], { mode: 'most' })).toBe('[embeddingBag] expected mode to be one of "mean", "sum", "max", got "most"');
    expect(bad([0], { paddingIdx: 5 })).toBe('[embeddingBag] expected paddingIdx to be from -5 to 4, got 5');
    expect(bad([0], { perSampleWeights: ones([7]) })).toBe('[embeddingBag] perSampleWeights go with mode "sum", got mode "mean"');
    expect(bad([0], { mode: 'sum', perSampleWeights: ones([6]) })).toBe('[embeddingBag] expected perSampleWeights [7], got [6]');
    expect(bad([0], { mode: 'max', scaleGradByFreq: true })).toBe('[embeddingBag] scaleGradByFreq does not go with mode "max"');
    expectError(
      () => F.embeddingBag(int([[1]]), w, { offsets: int([0]) }),
      TypeError,
      '[embeddingBag] an index [bags, n] takes no offsets: its rows are the bags',
    );
    expect(thrownBy(() => F.embeddingBag(int([1]), w)).message).toContain('an index [n] needs offsets, where each bag begins');
    expectError(() => F.embeddingBag(int(1), w), RangeError, '[embeddingBag] expected index [bags, n] or [n], got []');
    expectError(() => F.embeddingBag(int([[1, 5]]), w), RangeError, '[embeddingBag] index[1] = 5 is out of range [0, 5)');
    const recorded = (mode: nn.BagMode) => compile((i: Tensor, offsets: Tensor) => F.embeddingBag(i, w, { mode, offsets }));
    expect(thrownBy(() => recorded('sum')(int(index), int([1, 2]))).message).toBe('[embeddingBag] offsets[0] = 1 is out of range [0, 1)');
    const sum = recorded('sum');
    sum(int(index), int([0, 2]));
    expect(() => sum(int(index), int([1, 2]))).toThrow(RangeError);
  });
});
